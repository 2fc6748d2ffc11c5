-- +goose Up
-- Annual rules and the credit-hour ledger (Order 25).
CREATE TABLE rule_set (
    region_id         TEXT NOT NULL,
    year              {{int64}} NOT NULL,
    version           {{int64}} NOT NULL,
    total_tenths      {{int64}} NOT NULL,
    professional_num  {{int64}} NOT NULL,
    professional_den  {{int64}} NOT NULL CHECK (professional_den > 0),
    minutes_per_hour  {{int64}} NOT NULL CHECK (minutes_per_hour IN (40, 45, 50, 60)),
    legal_source      TEXT NOT NULL,
    PRIMARY KEY (region_id, year, version)
){{strict}};

-- The single-entry, append-only, chained ledger. Type, content, time and result are Order 25's mandatory fields.
CREATE TABLE credit_record (
    id              TEXT PRIMARY KEY,
    person_id       TEXT NOT NULL,
    no              {{int64}} NOT NULL,
    year            {{int64}} NOT NULL,
    subject         TEXT NOT NULL CHECK (subject IN ('public', 'professional')),
    form            TEXT NOT NULL,
    source          TEXT NOT NULL CHECK (source IN ('platform', 'seed', 'correction')),
    course_id       TEXT NOT NULL,
    content         TEXT NOT NULL,
    provider        TEXT NOT NULL,
    hours_tenths    {{int64}} NOT NULL CHECK (hours_tenths <> 0),
    minutes_studied {{int64}} NOT NULL,
    started_at      {{int64}} NOT NULL,
    completed_at    {{int64}} NOT NULL,
    result          TEXT NOT NULL,
    rule_version    {{int64}} NOT NULL,
    evidence        TEXT NOT NULL,
    corrects        TEXT NOT NULL,
    actor           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    prev_hash       {{bytes}} NOT NULL,
    hash            {{bytes}} NOT NULL,
    UNIQUE (person_id, no)
){{strict}};
CREATE INDEX credit_record_year ON credit_record (person_id, year, no);
CREATE UNIQUE INDEX credit_record_once ON credit_record (person_id, course_id, year) WHERE source = 'platform';

-- Appeals: "the time is wrong", decided by a person, answered, and booked.
CREATE TABLE appeal (
    id          TEXT PRIMARY KEY,
    person_id   TEXT NOT NULL,
    lesson_id   TEXT NOT NULL,
    from_ms     {{int64}} NOT NULL,
    to_ms       {{int64}} NOT NULL,
    text        TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('submitted', 'granted', 'refused')),
    submitted_at {{int64}} NOT NULL,
    decided_at  {{int64}} NOT NULL,
    decided_by  TEXT NOT NULL,
    answer      TEXT NOT NULL
){{strict}};
CREATE INDEX appeal_person ON appeal (person_id, submitted_at);
CREATE INDEX appeal_state ON appeal (state, submitted_at);

{{if postgres}}
CREATE TRIGGER credit_record_append_only BEFORE UPDATE OR DELETE ON credit_record FOR EACH ROW EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER credit_record_no_update BEFORE UPDATE ON credit_record BEGIN SELECT RAISE(ABORT, 'credit_record is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_record_no_delete BEFORE DELETE ON credit_record BEGIN SELECT RAISE(ABORT, 'credit_record is append-only'); END;
-- +goose StatementEnd
{{end}}

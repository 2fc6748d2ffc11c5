-- +goose Up
-- Sites: a host name under which a provider, or a bureau, shows its own name and filings.
CREATE TABLE site (
    id          TEXT PRIMARY KEY,
    host        TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL,
    region_id   TEXT NOT NULL,
    created_at  {{int64}} NOT NULL,
    CHECK ((provider_id = '') <> (region_id = ''))
){{strict}};

-- What a site says otherwise than the city portal: newest version wins, an empty value falls back to the city's.
CREATE TABLE site_setting (
    site_id TEXT NOT NULL REFERENCES site (id),
    key     TEXT NOT NULL,
    version {{int64}} NOT NULL,
    value   TEXT NOT NULL,
    source  TEXT NOT NULL,
    set_by  TEXT NOT NULL,
    set_at  {{int64}} NOT NULL,
    PRIMARY KEY (site_id, key, version)
){{strict}};

-- What supervision counts (docs/adr/0006). A mark is written in the transaction of the act it tells of; the minute's job
-- folds marks into standings (one learner's year) and tallies (sums of standings). Marks may be read in any order.
CREATE TABLE standing_mark (
    no        {{int64}}{{if postgres}} GENERATED ALWAYS AS IDENTITY{{end}} PRIMARY KEY,
    person_id TEXT NOT NULL,
    year      {{int64}} NOT NULL
){{strict}};

-- A learner's year: about '' = in all, 'provider/x' and 'course/x' = the part of it there.
CREATE TABLE standing (
    person_id           TEXT NOT NULL,
    year                {{int64}} NOT NULL,
    about               TEXT NOT NULL,
    region_id           TEXT NOT NULL,
    courses             {{int64}} NOT NULL,
    completed           {{int64}} NOT NULL,
    public_tenths       {{int64}} NOT NULL,
    professional_tenths {{int64}} NOT NULL,
    done_month          {{int64}} NOT NULL,
    PRIMARY KEY (person_id, year, about)
){{strict}};
CREATE INDEX standing_year ON standing (year, about, person_id);

-- Sums of standings: always equal to their GROUP BY.
CREATE TABLE tally (
    year                {{int64}} NOT NULL,
    about               TEXT NOT NULL,
    region_id           TEXT NOT NULL,
    done_month          {{int64}} NOT NULL,
    learners            {{int64}} NOT NULL,
    courses             {{int64}} NOT NULL,
    completed           {{int64}} NOT NULL,
    public_tenths       {{int64}} NOT NULL,
    professional_tenths {{int64}} NOT NULL,
    PRIMARY KEY (year, about, region_id, done_month)
){{strict}};

CREATE TABLE tally_run (
    id {{int64}} PRIMARY KEY CHECK (id = 1),
    at {{int64}} NOT NULL
){{strict}};

-- A course's learners, for its provider.
CREATE INDEX enrolment_course ON enrolment (course_id, year, id);

-- The anchor job looks for the newest ledger row in the log.
CREATE INDEX merkle_leaf_credit ON merkle_leaf (no) WHERE kind = 'credit';

{{if postgres}}
-- +goose StatementBegin
CREATE FUNCTION mark_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION mark_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO standing_mark (person_id, year) SELECT DISTINCT NEW.id, year FROM standing WHERE person_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION mark_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO standing_mark (person_id, year) SELECT person_id, year FROM standing WHERE year = NEW.year AND about = '';
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER credit_record_mark AFTER INSERT ON credit_record FOR EACH ROW EXECUTE FUNCTION mark_standing();
CREATE TRIGGER enrolment_mark AFTER INSERT OR UPDATE ON enrolment FOR EACH ROW EXECUTE FUNCTION mark_standing();
CREATE TRIGGER person_mark AFTER UPDATE OF region_id ON person FOR EACH ROW EXECUTE FUNCTION mark_person();
CREATE TRIGGER rule_set_mark AFTER INSERT ON rule_set FOR EACH ROW EXECUTE FUNCTION mark_rule();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER credit_record_mark AFTER INSERT ON credit_record
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER enrolment_mark_new AFTER INSERT ON enrolment
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER enrolment_mark_changed AFTER UPDATE ON enrolment
BEGIN INSERT INTO standing_mark (person_id, year) VALUES (NEW.person_id, NEW.year); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER person_mark AFTER UPDATE OF region_id ON person
BEGIN INSERT INTO standing_mark (person_id, year) SELECT DISTINCT NEW.id, year FROM standing WHERE person_id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER rule_set_mark AFTER INSERT ON rule_set
BEGIN INSERT INTO standing_mark (person_id, year) SELECT person_id, year FROM standing WHERE year = NEW.year AND about = ''; END;
-- +goose StatementEnd
{{end}}

-- What is there already is counted by the first run.
INSERT INTO standing_mark (person_id, year) SELECT person_id, year FROM enrolment UNION SELECT person_id, year FROM credit_record;

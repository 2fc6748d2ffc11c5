-- +goose Up
-- Playback: what a credited second is. See docs/design.md and internal/playback/doc.go.

-- The working row of one learner. The hot columns stand last, so that PostgreSQL's WAL holds only them.
CREATE TABLE study (
    learner_id       TEXT PRIMARY KEY,
    session_id       TEXT NOT NULL,
    login_session_id TEXT NOT NULL,
    device_id        TEXT NOT NULL,
    device_name      TEXT NOT NULL,
    course_id        TEXT NOT NULL,
    lesson_id        TEXT NOT NULL,
    media_id         TEXT NOT NULL,
    media_rev        {{int64}} NOT NULL,
    take             {{int64}} NOT NULL,
    final            {{int64}} NOT NULL,
    acquired_at      {{int64}} NOT NULL,
    threshold_ms     {{int64}} NOT NULL CHECK (threshold_ms BETWEEN 1 AND 900000),
    window_no        {{int64}} NOT NULL,
    epoch            {{int64}} NOT NULL,
    anchored_seq     {{int64}} NOT NULL DEFAULT 0,
    prev             TEXT NOT NULL,
    chain_hash       {{bytes}} NOT NULL,
    chain_seq        {{int64}} NOT NULL,
    check_id         TEXT NOT NULL,
    run_no           {{int64}} NOT NULL,
    run_from         {{int64}} NOT NULL,
    run_pay_from     {{int64}} NOT NULL,
    run_floor        {{int64}} NOT NULL,
    run_state        TEXT NOT NULL,
    run_open         {{int64}} NOT NULL,
    open_media_from  {{int64}} NOT NULL,
    open_wall_from   {{int64}} NOT NULL,
    version          {{int64}} NOT NULL,
    expires_at       {{int64}} NOT NULL,
    last_contact     {{int64}} NOT NULL,
    last_seq         {{int64}} NOT NULL,
    wall_cursor      {{int64}} NOT NULL,
    since_check_ms   {{int64}} NOT NULL CHECK (since_check_ms BETWEEN 0 AND 900000),
    run_pos          {{int64}} NOT NULL,
    open_media_to    {{int64}} NOT NULL,
    open_wall_to     {{int64}} NOT NULL,
    CHECK (open_wall_to - open_wall_from = 1000 * (open_media_to - open_media_from))
){{if postgres}} WITH (fillfactor = 70){{end}}{{strict}};
CREATE INDEX study_device ON study (device_id);

-- One acquisition of the lease.
CREATE TABLE playback_session (
    id          TEXT PRIMARY KEY,
    learner_id  TEXT NOT NULL,
    epoch       {{int64}} NOT NULL,
    lesson_id   TEXT NOT NULL,
    media_id    TEXT NOT NULL,
    media_rev   {{int64}} NOT NULL,
    device_id   TEXT NOT NULL,
    device_name TEXT NOT NULL,
    signature   TEXT NOT NULL,
    acquired_at {{int64}} NOT NULL,
    takeover    {{int64}} NOT NULL,
    chain_seq   {{int64}} NOT NULL,
    chain_hash  {{bytes}} NOT NULL,
    UNIQUE (learner_id, epoch)
){{strict}};
CREATE INDEX playback_session_recent ON playback_session (learner_id, acquired_at);

-- A piece of media and a piece of wall time of equal length, credited once (PB-I1, PB-I2).
CREATE TABLE span (
    learner_id TEXT NOT NULL,
    chain_seq  {{int64}} NOT NULL,
    session_id TEXT NOT NULL,
    epoch      {{int64}} NOT NULL,
    lesson_id  TEXT NOT NULL,
    media_id   TEXT NOT NULL,
    media_rev  {{int64}} NOT NULL,
    take       {{int64}} NOT NULL,
    window_no  {{int64}} NOT NULL,
    media_from {{int64}} NOT NULL CHECK (media_from >= 0),
    media_to   {{int64}} NOT NULL,
    wall_from  {{int64}} NOT NULL,
    wall_to    {{int64}} NOT NULL,
    booked_at  {{int64}} NOT NULL,
    chain_hash {{bytes}} NOT NULL,
    PRIMARY KEY (learner_id, chain_seq),
    CHECK (media_to > media_from),
    CHECK (media_to - media_from <= 900000),
    CHECK (wall_to - wall_from = 1000 * (media_to - media_from)),
    CHECK (wall_to <= booked_at)
){{strict}};
CREATE INDEX span_lesson ON span (learner_id, lesson_id, media_from);
CREATE INDEX span_window ON span (learner_id, window_no);
CREATE INDEX span_wall ON span (learner_id, wall_from);

-- Media that a person credited by hand, deciding an appeal: an evidence kind of its own, never over what is credited already.
CREATE TABLE manual_credit (
    learner_id TEXT NOT NULL,
    chain_seq  {{int64}} NOT NULL,
    lesson_id  TEXT NOT NULL,
    media_id   TEXT NOT NULL,
    media_rev  {{int64}} NOT NULL,
    media_from {{int64}} NOT NULL,
    media_to   {{int64}} NOT NULL CHECK (media_to > media_from),
    appeal_id  TEXT NOT NULL,
    actor      TEXT NOT NULL,
    at         {{int64}} NOT NULL,
    chain_hash {{bytes}} NOT NULL,
    PRIMARY KEY (learner_id, chain_seq)
){{strict}};
CREATE INDEX manual_credit_lesson ON manual_credit (learner_id, lesson_id);

-- How a window between two checks ended. confirmed, or reopened: its media may be watched and credited again.
CREATE TABLE window_result (
    learner_id TEXT NOT NULL,
    window_no  {{int64}} NOT NULL,
    result     TEXT NOT NULL CHECK (result IN ('confirmed', 'reopened')),
    check_id   TEXT NOT NULL,
    at         {{int64}} NOT NULL,
    chain_seq  {{int64}} NOT NULL,
    chain_hash {{bytes}} NOT NULL,
    PRIMARY KEY (learner_id, window_no)
){{strict}};

-- A presence check: server state, whatever the page shows (R1.10c, T18-T20).
CREATE TABLE presence_check (
    id          TEXT PRIMARY KEY,
    learner_id  TEXT NOT NULL,
    window_no   {{int64}} NOT NULL,
    epoch       {{int64}} NOT NULL,
    lesson_id   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('due', 'passed', 'late_passed', 'reopened')),
    late        {{int64}} NOT NULL,
    issued_at   {{int64}} NOT NULL,
    deadline_at {{int64}} NOT NULL,
    nonce       TEXT NOT NULL,
    tasks       TEXT NOT NULL,
    answer_mac  TEXT NOT NULL,
    tries       {{int64}} NOT NULL,
    swaps       {{int64}} NOT NULL,
    answered_at {{int64}} NOT NULL
){{strict}};
CREATE INDEX presence_check_learner ON presence_check (learner_id, window_no);

-- Claimed media that earned nothing, with the reason the learner can read (V8).
CREATE TABLE refusal (
    id         TEXT PRIMARY KEY,
    learner_id TEXT NOT NULL,
    lesson_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    run_no     {{int64}} NOT NULL,
    media_from {{int64}} NOT NULL,
    media_to   {{int64}} NOT NULL,
    reason     TEXT NOT NULL,
    at         {{int64}} NOT NULL
){{strict}};
CREATE INDEX refusal_lesson ON refusal (learner_id, lesson_id, at);

-- Segments whose last byte went to a playback session (PB-I3).
CREATE TABLE delivery (
    session_id  TEXT NOT NULL,
    segment_no  {{int64}} NOT NULL,
    finished_at {{int64}} NOT NULL,
    bytes       {{int64}} NOT NULL,
    PRIMARY KEY (session_id, segment_no)
){{strict}};

-- What a learner has of a lesson: a folded cache of spans and window results, recomputed by verify.
CREATE TABLE lesson_progress (
    learner_id   TEXT NOT NULL,
    lesson_id    TEXT NOT NULL,
    course_id    TEXT NOT NULL,
    credited_ms  {{int64}} NOT NULL,
    confirmed_ms {{int64}} NOT NULL,
    full_credit  {{int64}} NOT NULL,
    full_confirm {{int64}} NOT NULL,
    take         {{int64}} NOT NULL,
    updated_at   {{int64}} NOT NULL,
    PRIMARY KEY (learner_id, lesson_id)
){{strict}};
CREATE INDEX lesson_progress_course ON lesson_progress (learner_id, course_id);

{{if postgres}}
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE span ADD CONSTRAINT span_wall_disjoint EXCLUDE USING gist
    (learner_id WITH =, int8range(wall_from, wall_to) WITH &&);
ALTER TABLE span ADD CONSTRAINT span_media_disjoint EXCLUDE USING gist
    (learner_id WITH =, media_id WITH =, media_rev WITH =, take WITH =, int8range(media_from, media_to) WITH &&);
CREATE TRIGGER span_append_only BEFORE UPDATE OR DELETE ON span FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER window_result_append_only BEFORE UPDATE OR DELETE ON window_result FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER playback_session_append_only BEFORE UPDATE OR DELETE ON playback_session FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER manual_credit_append_only BEFORE UPDATE OR DELETE ON manual_credit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refusal_append_only BEFORE UPDATE OR DELETE ON refusal FOR EACH ROW EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER span_wall_disjoint BEFORE INSERT ON span
WHEN EXISTS (SELECT 1 FROM span o WHERE o.learner_id = NEW.learner_id
             AND o.wall_from < NEW.wall_to AND o.wall_from > NEW.wall_from - 900000000 AND o.wall_to > NEW.wall_from)
BEGIN SELECT RAISE(ABORT, 'span: wall time is credited already'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER span_media_disjoint BEFORE INSERT ON span
WHEN EXISTS (SELECT 1 FROM span o WHERE o.learner_id = NEW.learner_id AND o.lesson_id = NEW.lesson_id
             AND o.media_from < NEW.media_to AND o.media_from > NEW.media_from - 900000 AND o.media_to > NEW.media_from
             AND o.media_id = NEW.media_id AND o.media_rev = NEW.media_rev AND o.take = NEW.take)
BEGIN SELECT RAISE(ABORT, 'span: media is credited already'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER span_no_update BEFORE UPDATE ON span BEGIN SELECT RAISE(ABORT, 'span is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER span_no_delete BEFORE DELETE ON span BEGIN SELECT RAISE(ABORT, 'span is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER window_result_no_update BEFORE UPDATE ON window_result BEGIN SELECT RAISE(ABORT, 'window_result is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER window_result_no_delete BEFORE DELETE ON window_result BEGIN SELECT RAISE(ABORT, 'window_result is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER playback_session_no_update BEFORE UPDATE ON playback_session BEGIN SELECT RAISE(ABORT, 'playback_session is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER playback_session_no_delete BEFORE DELETE ON playback_session BEGIN SELECT RAISE(ABORT, 'playback_session is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER manual_credit_no_update BEFORE UPDATE ON manual_credit BEGIN SELECT RAISE(ABORT, 'manual_credit is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER manual_credit_no_delete BEFORE DELETE ON manual_credit BEGIN SELECT RAISE(ABORT, 'manual_credit is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refusal_no_update BEFORE UPDATE ON refusal BEGIN SELECT RAISE(ABORT, 'refusal is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER refusal_no_delete BEFORE DELETE ON refusal BEGIN SELECT RAISE(ABORT, 'refusal is append-only'); END;
-- +goose StatementEnd
{{end}}

-- The anchor job looks for heads that have moved.
CREATE INDEX study_unanchored ON study (learner_id) WHERE chain_seq > anchored_seq;

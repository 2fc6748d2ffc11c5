-- +goose Up
-- Courseware (R1.6, R1.7, R1.8): what was uploaded, what inspection found, who signed, what learners play.

CREATE TABLE original (
    id          TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    hash        TEXT NOT NULL,
    bytes       {{int64}} NOT NULL CHECK (bytes > 0),
    name        TEXT NOT NULL,
    made_from   TEXT NOT NULL,
    repair      TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at {{int64}} NOT NULL,
    UNIQUE (provider_id, hash)
){{strict}};
CREATE INDEX original_hash ON original (hash);

-- An upload from its first byte to its acceptance or refusal. lesson_id is empty for the media library.
CREATE TABLE upload (
    id          TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider (id),
    lesson_id   TEXT NOT NULL,
    profile     TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    name        TEXT NOT NULL,
    bytes       {{int64}} NOT NULL CHECK (bytes > 0),
    state       TEXT NOT NULL CHECK (state IN ('receiving', 'received', 'accepted', 'refused', 'abandoned')),
    code        TEXT NOT NULL,
    params      TEXT NOT NULL,
    original_id TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    created_at  {{int64}} NOT NULL,
    ended_at    {{int64}} NOT NULL,
    CHECK (state <> 'refused' OR code <> ''),
    CHECK (state <> 'accepted' OR original_id <> '')
){{strict}};
CREATE INDEX upload_provider ON upload (provider_id, id);
CREATE INDEX upload_alive ON upload (created_at) WHERE state = 'receiving';

-- Limits of inspection as versions per region and year: newest wins, nothing is overwritten. numbers is JSON of media.InspectionPolicy.
CREATE TABLE inspection_policy (
    region_id    TEXT NOT NULL REFERENCES region (id),
    year         {{int64}} NOT NULL CHECK (year BETWEEN 2015 AND 2100),
    version      {{int64}} NOT NULL CHECK (version >= 1),
    numbers      TEXT NOT NULL,
    legal_source TEXT NOT NULL,
    reason       TEXT NOT NULL,
    set_by       TEXT NOT NULL,
    set_at       {{int64}} NOT NULL,
    PRIMARY KEY (region_id, year, version)
){{strict}};

CREATE TABLE inspection_report (
    id             TEXT PRIMARY KEY,
    original_id    TEXT NOT NULL REFERENCES original (id),
    profile        TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    policy_version {{int64}} NOT NULL,
    policy         TEXT NOT NULL,
    verdict        TEXT NOT NULL CHECK (verdict IN ('pass', 'fail')),
    failing        {{int64}} NOT NULL CHECK (failing >= 0),
    measured       TEXT NOT NULL,
    findings       TEXT NOT NULL,
    took_ms        {{int64}} NOT NULL,
    at             {{int64}} NOT NULL,
    CHECK ((verdict = 'pass') = (failing = 0))
){{strict}};
CREATE INDEX inspection_report_original ON inspection_report (original_id, id);

-- What is to be played in a lesson, one row a revision. origin 'import' is what came packaged with the program: it has no
-- original here and says so.
CREATE TABLE courseware (
    lesson_id       TEXT NOT NULL REFERENCES lesson (id),
    rev             {{int64}} NOT NULL CHECK (rev >= 1),
    origin          TEXT NOT NULL CHECK (origin IN ('upload', 'repair', 'import')),
    profile         TEXT NOT NULL CHECK (profile IN ('video', 'slides')),
    original_id     TEXT NOT NULL,
    report_id       TEXT NOT NULL,
    unwaived        {{int64}} NOT NULL CHECK (unwaived >= 0),
    packaged        {{int64}} NOT NULL CHECK (packaged IN (0, 1)),
    state           TEXT NOT NULL CHECK (state IN ('inspecting', 'refused', 'inspected', 'reviewed', 'published', 'withdrawn')),
    code            TEXT NOT NULL,
    note            TEXT NOT NULL,
    captions        TEXT NOT NULL,
    captions_waiver TEXT NOT NULL,
    content_matches {{int64}} NOT NULL CHECK (content_matches IN (0, 1)),
    uploaded_by     TEXT NOT NULL,
    uploaded_at     {{int64}} NOT NULL,
    reviewed_by     TEXT NOT NULL,
    reviewed_at     {{int64}} NOT NULL,
    published_at    {{int64}} NOT NULL,
    version         {{int64}} NOT NULL,
    PRIMARY KEY (lesson_id, rev),
    -- The gate: whatever a program does, nothing unseen is published.
    CHECK (origin = 'import' OR state NOT IN ('reviewed', 'published') OR
        report_id <> '' AND unwaived = 0 AND packaged = 1 AND content_matches = 1 AND reviewed_by <> '' AND reviewed_by <> uploaded_by
        AND (captions <> '' OR captions_waiver <> ''))
){{strict}};
CREATE INDEX courseware_state ON courseware (state, lesson_id, rev);
CREATE INDEX courseware_original ON courseware (original_id);

-- A failing finding that a reviewer accepts, with the reason.
CREATE TABLE waiver (
    lesson_id TEXT NOT NULL,
    rev       {{int64}} NOT NULL,
    report_id TEXT NOT NULL REFERENCES inspection_report (id),
    no        {{int64}} NOT NULL,
    reason    TEXT NOT NULL CHECK (reason <> ''),
    waived_by TEXT NOT NULL,
    at        {{int64}} NOT NULL,
    PRIMARY KEY (lesson_id, rev, report_id, no)
){{strict}};

-- "No sound at 12:31": what a learner tells from the player, or a bureau officer objects to.
CREATE TABLE courseware_fault (
    id          TEXT PRIMARY KEY,
    lesson_id   TEXT NOT NULL REFERENCES lesson (id),
    rev         {{int64}} NOT NULL,
    source      TEXT NOT NULL CHECK (source IN ('learner', 'bureau')),
    kind        TEXT NOT NULL CHECK (kind IN ('no_sound', 'noise', 'black', 'frozen', 'out_of_sync', 'blurred', 'wrong_content', 'captions', 'other')),
    at_ms       {{int64}} NOT NULL CHECK (at_ms >= 0),
    note        TEXT NOT NULL,
    person_id   TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'mended', 'refused')),
    answer      TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    at          {{int64}} NOT NULL,
    answered_at {{int64}} NOT NULL
){{strict}};
CREATE INDEX courseware_fault_open ON courseware_fault (lesson_id, state, at_ms);
CREATE UNIQUE INDEX courseware_fault_once ON courseware_fault (person_id, lesson_id, rev, kind, at_ms) WHERE state = 'open';

-- Which captions learners get; a change of captions is another file, since files are cached for good.
ALTER TABLE lesson ADD COLUMN captions TEXT NOT NULL DEFAULT 'captions.vtt';

-- Lessons of before were packaged outside and carry their media: they are imports, and say so.
INSERT INTO courseware (lesson_id, rev, origin, profile, original_id, report_id, unwaived, packaged, state, code, note, captions, captions_waiver,
    content_matches, uploaded_by, uploaded_at, reviewed_by, reviewed_at, published_at, version)
SELECT id, media_rev, 'import', 'slides', '', '', 0, 1, 'published', '', '', 'captions.vtt', '', 0, '', 0, '', 0, 0, 1 FROM lesson;

{{if postgres}}
CREATE TRIGGER inspection_policy_append_only BEFORE UPDATE OR DELETE ON inspection_policy FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inspection_report_append_only BEFORE UPDATE OR DELETE ON inspection_report FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER waiver_append_only BEFORE UPDATE OR DELETE ON waiver FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- +goose StatementBegin
CREATE FUNCTION hold_course_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.state = 'published' AND (TG_OP = 'INSERT' OR EXISTS (SELECT 1 FROM lesson l WHERE l.course_id = NEW.id AND NOT EXISTS
        (SELECT 1 FROM courseware w WHERE w.lesson_id = l.id AND w.rev = l.media_rev AND w.state = 'published'))) THEN
        RAISE EXCEPTION 'a lesson of the course has no published courseware' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER course_gate BEFORE INSERT OR UPDATE OF state ON course FOR EACH ROW EXECUTE FUNCTION hold_course_gate();
-- +goose StatementBegin
CREATE FUNCTION hold_lesson_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.media_rev > 0 AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = NEW.id AND w.rev = NEW.media_rev AND w.state = 'published') THEN
        RAISE EXCEPTION 'the courseware is not published' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER lesson_gate BEFORE INSERT OR UPDATE OF media_rev ON lesson FOR EACH ROW EXECUTE FUNCTION hold_lesson_gate();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER inspection_policy_no_update BEFORE UPDATE ON inspection_policy BEGIN SELECT RAISE(ABORT, 'inspection_policy is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER inspection_policy_no_delete BEFORE DELETE ON inspection_policy BEGIN SELECT RAISE(ABORT, 'inspection_policy is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER inspection_report_no_update BEFORE UPDATE ON inspection_report BEGIN SELECT RAISE(ABORT, 'inspection_report is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER inspection_report_no_delete BEFORE DELETE ON inspection_report BEGIN SELECT RAISE(ABORT, 'inspection_report is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER waiver_no_update BEFORE UPDATE ON waiver BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER waiver_no_delete BEFORE DELETE ON waiver BEGIN SELECT RAISE(ABORT, 'waiver is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER course_gate BEFORE UPDATE OF state ON course WHEN NEW.state = 'published' AND EXISTS (SELECT 1 FROM lesson l WHERE l.course_id = NEW.id
    AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = l.id AND w.rev = l.media_rev AND w.state = 'published'))
BEGIN SELECT RAISE(ABORT, 'a lesson of the course has no published courseware'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER course_gate_new BEFORE INSERT ON course WHEN NEW.state = 'published' BEGIN SELECT RAISE(ABORT, 'a course begins without lessons'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lesson_gate_new BEFORE INSERT ON lesson WHEN NEW.media_rev > 0 BEGIN SELECT RAISE(ABORT, 'a lesson begins without courseware'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lesson_gate BEFORE UPDATE OF media_rev ON lesson WHEN NEW.media_rev > 0
    AND NOT EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = NEW.id AND w.rev = NEW.media_rev AND w.state = 'published')
BEGIN SELECT RAISE(ABORT, 'the courseware is not published'); END;
-- +goose StatementEnd
{{end}}

-- +goose Up
-- A time map starts from the revision that learners played when the new one was made (base_rev; 0 = none), which need not be
-- the one before it: a revision between them may never have been packaged or published.
ALTER TABLE media ADD COLUMN base_rev {{int64}} NOT NULL DEFAULT 0;
UPDATE media SET base_rev = rev - 1 WHERE rev > 1 AND EXISTS (SELECT 1 FROM media o WHERE o.id = media.id AND o.rev = media.rev - 1);

-- What a revision was made from: an upload from what learners played when it came in (0: nothing, or before this was noted),
-- a repair from the revision it mends and what it cut off. content is the word of a person: the same lesson again, or another.
ALTER TABLE courseware ADD COLUMN base_rev {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE courseware ADD COLUMN head_ms {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE courseware ADD COLUMN tail_ms {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE courseware ADD COLUMN content TEXT NOT NULL DEFAULT 'same' CHECK (content IN ('same', 'new'));
-- Of a repair of before nobody noted what it cut off: nothing is taken over on a guess.
UPDATE courseware SET content = 'new' WHERE origin = 'repair';
ALTER TABLE upload ADD COLUMN content TEXT NOT NULL DEFAULT 'same' CHECK (content IN ('same', 'new'));

-- Totals stand in the revision of their row, until the learner begins a newer one. Rows of before stand in what was watched last.
ALTER TABLE lesson_progress ADD COLUMN media_id TEXT NOT NULL DEFAULT '';
UPDATE lesson_progress SET
    media_id = coalesce((SELECT s.media_id FROM span s WHERE s.learner_id = lesson_progress.learner_id AND s.lesson_id = lesson_progress.lesson_id
        ORDER BY s.chain_seq DESC LIMIT 1), (SELECT l.media_id FROM lesson l WHERE l.id = lesson_progress.lesson_id), ''),
    media_rev = coalesce((SELECT s.media_rev FROM span s WHERE s.learner_id = lesson_progress.learner_id AND s.lesson_id = lesson_progress.lesson_id
        ORDER BY s.chain_seq DESC LIMIT 1), (SELECT l.media_rev FROM lesson l WHERE l.id = lesson_progress.lesson_id), 1);

-- A learner has begun a newer revision of an unfinished lesson: what was credited in whichever revision (watched), and what of it
-- stands in the new one (credited). maps is where the content of each of those revisions stands in the new one, as it was
-- then: the learner's chain holds the time maps too. Spans stay as they were watched.
CREATE TABLE carried (
    learner_id      TEXT NOT NULL,
    chain_seq       {{int64}} NOT NULL,
    lesson_id       TEXT NOT NULL,
    from_media      TEXT NOT NULL,
    from_rev        {{int64}} NOT NULL,
    media_id        TEXT NOT NULL,
    media_rev       {{int64}} NOT NULL,
    maps            TEXT NOT NULL,
    watched_ms      {{int64}} NOT NULL,
    watched_sure_ms {{int64}} NOT NULL,
    credited_ms     {{int64}} NOT NULL CHECK (credited_ms BETWEEN 0 AND watched_ms),
    confirmed_ms    {{int64}} NOT NULL CHECK (confirmed_ms BETWEEN 0 AND watched_sure_ms),
    at              {{int64}} NOT NULL,
    chain_hash      {{bytes}} NOT NULL,
    PRIMARY KEY (learner_id, chain_seq),
    CHECK (from_media <> media_id OR from_rev <> media_rev)
){{strict}};
CREATE INDEX carried_lesson ON carried (learner_id, lesson_id, chain_seq);

-- Notes, questions and appeals point into the revision in which they were written.
ALTER TABLE lesson_note ADD COLUMN media_rev {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE lesson_question ADD COLUMN media_rev {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE appeal ADD COLUMN media_rev {{int64}} NOT NULL DEFAULT 0;
UPDATE lesson_note SET media_rev = coalesce((SELECT l.media_rev FROM lesson l WHERE l.id = lesson_note.lesson_id), 0);
UPDATE lesson_question SET media_rev = coalesce((SELECT l.media_rev FROM lesson l WHERE l.id = lesson_question.lesson_id), 0);
UPDATE appeal SET media_rev = coalesce((SELECT l.media_rev FROM lesson l WHERE l.id = appeal.lesson_id), 0);

{{if postgres}}
CREATE TRIGGER carried_append_only BEFORE UPDATE OR DELETE ON carried FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What learners have played keeps its timeline: credit stands on it.
-- +goose StatementBegin
CREATE FUNCTION keep_timeline() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = OLD.id AND w.rev = OLD.rev AND w.state IN ('published', 'withdrawn')) THEN
        RAISE EXCEPTION 'the timeline of a published revision does not change' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER media_timeline BEFORE UPDATE OF duration_ms, segment_ms, segments, base_rev, time_map ON media FOR EACH ROW EXECUTE FUNCTION keep_timeline();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER carried_no_update BEFORE UPDATE ON carried BEGIN SELECT RAISE(ABORT, 'carried is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER carried_no_delete BEFORE DELETE ON carried BEGIN SELECT RAISE(ABORT, 'carried is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER media_timeline BEFORE UPDATE OF duration_ms, segment_ms, segments, base_rev, time_map ON media
WHEN EXISTS (SELECT 1 FROM courseware w WHERE w.lesson_id = OLD.id AND w.rev = OLD.rev AND w.state IN ('published', 'withdrawn'))
BEGIN SELECT RAISE(ABORT, 'the timeline of a published revision does not change'); END;
-- +goose StatementEnd
{{end}}

-- +goose Up
-- Faults of courseware come to life. A place is a fault of one kind at one second of one revision: its first report is the
-- head (place = id) and counts the people; an objection of the bureau is a place of its own. captions is the file that was
-- shown, since captions are mended without another revision; mended_rev is what mended it (0 = not mended by a revision).
ALTER TABLE courseware_fault ADD COLUMN provider_id TEXT NOT NULL DEFAULT '';
ALTER TABLE courseware_fault ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE courseware_fault ADD COLUMN people {{int64}} NOT NULL DEFAULT 0;
ALTER TABLE courseware_fault ADD COLUMN captions TEXT NOT NULL DEFAULT '';
ALTER TABLE courseware_fault ADD COLUMN mended_rev {{int64}} NOT NULL DEFAULT 0;

-- The queue of a provider, and what stands under a place.
CREATE INDEX courseware_fault_queue ON courseware_fault (provider_id, state, id) WHERE place = id;
CREATE INDEX courseware_fault_place ON courseware_fault (place);
-- One open place a second, whoever comes first.
CREATE UNIQUE INDEX courseware_fault_head ON courseware_fault (lesson_id, rev, kind, at_ms) WHERE state = 'open' AND source = 'learner' AND place = id;
CREATE INDEX courseware_fault_person ON courseware_fault (person_id, lesson_id);
-- Who is to be told of an objection: the staff of one provider among all people.
CREATE INDEX role_grant_scope ON role_grant (scope, role) WHERE scope <> '';

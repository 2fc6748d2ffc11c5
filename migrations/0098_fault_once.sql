-- +goose Up
-- An officer may also study: what a person has told as a learner does not stand in the way of their objection.
DROP INDEX courseware_fault_once;
CREATE UNIQUE INDEX courseware_fault_once ON courseware_fault (person_id, source, lesson_id, rev, kind, at_ms) WHERE state = 'open';

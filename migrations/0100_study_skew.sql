-- +goose Up
-- How far a learner's own time is ahead of the database's clock since that stepped back, in microseconds (playback/rule.go, at).
ALTER TABLE study ADD COLUMN skew {{int64}} NOT NULL DEFAULT 0;

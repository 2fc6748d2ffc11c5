-- +goose Up
-- A revision of media may come in several renditions, cut at the same instants, and says where the content of the revision
-- before lies in it. An empty map is the same content from the beginning; [] is other content: nothing carries over.
ALTER TABLE media ADD COLUMN renditions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE media ADD COLUMN time_map TEXT NOT NULL DEFAULT '';
-- Totals are folded under the revision that the lesson had then.
ALTER TABLE lesson_progress ADD COLUMN media_rev {{int64}} NOT NULL DEFAULT 1;

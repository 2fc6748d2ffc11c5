-- +goose Up
-- Each sweep of the store counts up, here and in the store's own mark: a database that is behind its store is an old copy, and must not
-- say what the store still needs. -1 = restored, and not yet told that the store is its own. backup_at: when the last backup was complete.
ALTER TABLE installation ADD COLUMN sweep {{int64}} NOT NULL DEFAULT 0 CHECK (sweep >= -1);
ALTER TABLE installation ADD COLUMN backup_at {{int64}};

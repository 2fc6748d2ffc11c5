-- +goose Up
-- The oldest program that may still use this database, by the number of its last migration. A migration that takes away what older
-- programs need raises it, in the version after the one that stopped using it (docs/runbook/upgrade.md). One row.
CREATE TABLE schema_floor (
    id     {{int64}} PRIMARY KEY CHECK (id = 1),
    oldest {{int64}} NOT NULL CHECK (oldest >= 0)
){{strict}};
INSERT INTO schema_floor (id, oldest) VALUES (1, 0);

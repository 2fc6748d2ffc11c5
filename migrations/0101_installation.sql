-- +goose Up
-- The installation that this database belongs to: one row, made at its first start, and a fingerprint of the keys its personal data is
-- sealed with (never a key). Other keys, or none, do not start.
CREATE TABLE installation (
    one     {{int64}} PRIMARY KEY CHECK (one = 1),
    id      TEXT NOT NULL,
    keys    TEXT NOT NULL,
    made_at {{int64}} NOT NULL
){{strict}};

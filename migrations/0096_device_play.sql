-- +goose Up
-- A device key plays for one account at a time (T24): whoever takes a lease, or brings a lapsed one back, writes this row
-- first, so that two who do it at once come one after the other.
CREATE TABLE device_play (
    device_id  TEXT PRIMARY KEY,
    claimed_at {{int64}} NOT NULL
){{strict}};

-- +goose Up
-- Access to outside services (SMS, later payment): versions, the newest wins. The secret is sealed, and erased from every
-- version but the newest; what may be shown stands in fields (JSON).
CREATE TABLE credential (
    gateway     TEXT NOT NULL,
    version     {{int64}} NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'withdrawn')),
    fields      TEXT NOT NULL,
    secret_seal {{bytes}} NOT NULL,
    secret_tail TEXT NOT NULL,
    reason      TEXT NOT NULL,
    set_by      TEXT NOT NULL,
    set_at      {{int64}} NOT NULL,
    PRIMARY KEY (gateway, version)
){{strict}};

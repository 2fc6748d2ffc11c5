-- +goose Up
-- Regions, bureaus, providers, sites, employer units and what operators change.
CREATE TABLE rate_limit (
    key          TEXT PRIMARY KEY,
    window_start {{int64}} NOT NULL,
    count        {{int64}} NOT NULL
){{strict}};

CREATE TABLE region (
    id     TEXT PRIMARY KEY,
    parent TEXT NOT NULL,
    name   TEXT NOT NULL,
    kind   TEXT NOT NULL CHECK (kind IN ('city', 'county', 'zone', 'direct')),
    rank   {{int64}} NOT NULL
){{strict}};

CREATE TABLE provider (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    short_name TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('active', 'ended'))
){{strict}};

CREATE TABLE unit (
    id        TEXT PRIMARY KEY,
    region_id TEXT NOT NULL REFERENCES region (id),
    name      TEXT NOT NULL,
    UNIQUE (region_id, name)
){{strict}};

-- What operators change without a deployment: newest version wins, nothing is overwritten.
CREATE TABLE setting (
    key     TEXT NOT NULL,
    version {{int64}} NOT NULL,
    value   TEXT NOT NULL,
    source  TEXT NOT NULL,
    set_by  TEXT NOT NULL,
    set_at  {{int64}} NOT NULL,
    PRIMARY KEY (key, version)
){{strict}};

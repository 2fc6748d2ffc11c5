-- +goose Up
-- Durable work (internal/platform/jobs). try is the fencing token: only the newest claim may write.
CREATE TABLE job (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    args        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    try         {{int64}} NOT NULL,
    failures    {{int64}} NOT NULL,
    due_at      {{int64}} NOT NULL,
    lease_until {{int64}} NOT NULL,
    done        {{int64}} NOT NULL,
    total       {{int64}} NOT NULL,
    error       TEXT NOT NULL,
    created_at  {{int64}} NOT NULL,
    ended_at    {{int64}} NOT NULL
){{strict}};
-- One job of a kind and key at a time.
CREATE UNIQUE INDEX job_alive ON job (kind, key) WHERE state IN ('waiting', 'running');
CREATE INDEX job_due ON job (due_at, id) WHERE state IN ('waiting', 'running');
CREATE INDEX job_of ON job (kind, key, id);

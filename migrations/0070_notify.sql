-- +goose Up
-- Messages to people: a template's name with its parameters, never a sentence, so that each reader has their own language.
-- The key makes sending idempotent: the same news reaches a person once, however often a job or a request is repeated.
CREATE TABLE message (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL,
    template   TEXT NOT NULL,
    params     TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    created_at {{int64}} NOT NULL,
    read_at    {{int64}} NOT NULL,
    UNIQUE (person_id, dedupe_key)
){{strict}};
CREATE INDEX message_person ON message (person_id, id);
CREATE INDEX message_unread ON message (person_id) WHERE read_at = 0;

-- Kinds of messages a person has switched off.
CREATE TABLE message_mute (
    person_id TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('reminder')),
    muted_at  {{int64}} NOT NULL,
    PRIMARY KEY (person_id, kind)
){{strict}};

-- How far the deadline reminders of a year and a day have come: the last learner served; any process goes on from there.
CREATE TABLE reminder_run (
    year       {{int64}} NOT NULL,
    days       {{int64}} NOT NULL,
    cursor_id  TEXT NOT NULL,
    started_at {{int64}} NOT NULL,
    done_at    {{int64}} NOT NULL,
    PRIMARY KEY (year, days)
){{strict}};

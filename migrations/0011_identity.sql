-- +goose Up
-- People, accounts, devices, logins. ID number and phone are sealed; the index finds them without showing them.
CREATE TABLE person (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    id_number_seal  {{bytes}} NOT NULL,
    id_number_index TEXT NOT NULL UNIQUE,
    id_number_mask  TEXT NOT NULL,
    phone_seal      {{bytes}} NOT NULL,
    phone_index     TEXT NOT NULL UNIQUE,
    phone_mask      TEXT NOT NULL,
    region_id       TEXT NOT NULL,
    unit_id         TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('active', 'locked', 'closing', 'closed')),
    agreed_version  TEXT NOT NULL,
    closing_at      {{int64}} NOT NULL DEFAULT 0,
    large_text      {{int64}} NOT NULL DEFAULT 0,
    created_at      {{int64}} NOT NULL
){{strict}};
CREATE INDEX person_unit ON person (unit_id, id);
CREATE INDEX person_region ON person (region_id, id);

CREATE TABLE role_grant (
    person_id  TEXT NOT NULL REFERENCES person (id),
    role       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    duties     TEXT NOT NULL DEFAULT '',
    granted_by TEXT NOT NULL,
    granted_at {{int64}} NOT NULL,
    PRIMARY KEY (person_id, role, scope)
){{strict}};

CREATE TABLE device (
    id         TEXT PRIMARY KEY,
    public_key {{bytes}} NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('pc', 'phone', 'tablet')),
    created_at {{int64}} NOT NULL
){{strict}};

CREATE TABLE login_session (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    person_id  TEXT NOT NULL REFERENCES person (id),
    device_id  TEXT NOT NULL REFERENCES device (id),
    created_at {{int64}} NOT NULL,
    seen_at    {{int64}} NOT NULL,
    proved_at  {{int64}} NOT NULL,
    ended_at   {{int64}} NOT NULL
){{strict}};
CREATE INDEX login_session_person ON login_session (person_id, ended_at);

-- One-time codes; only their MAC is kept.
CREATE TABLE sms_code (
    id         TEXT PRIMARY KEY,
    phone      TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    code_mac   TEXT NOT NULL,
    expires_at {{int64}} NOT NULL,
    tries      {{int64}} NOT NULL,
    used       {{int64}} NOT NULL
){{strict}};
CREATE INDEX sms_code_phone ON sms_code (phone, purpose, expires_at);

-- Failed logins by account index, whether or not the account exists: the answer must not tell.
CREATE TABLE login_failure (
    account       TEXT PRIMARY KEY,
    failures      {{int64}} NOT NULL,
    blocked_until {{int64}} NOT NULL
){{strict}};

-- What a person agreed to, and when; a new version needs a new row.
CREATE TABLE consent (
    person_id TEXT NOT NULL REFERENCES person (id),
    document  TEXT NOT NULL CHECK (document IN ('agreement', 'privacy')),
    version   TEXT NOT NULL,
    agreed_at {{int64}} NOT NULL,
    PRIMARY KEY (person_id, document, version)
){{strict}};

-- What a person asks and an administrator decides; the wish is sealed, since it may hold an ID number.
CREATE TABLE identity_request (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('correction', 'transfer')),
    person_id  TEXT NOT NULL REFERENCES person (id),
    unit_id    TEXT NOT NULL,
    wish_seal  {{bytes}} NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'withdrawn')),
    created_at {{int64}} NOT NULL,
    decided_at {{int64}} NOT NULL,
    decided_by TEXT NOT NULL,
    answer     TEXT NOT NULL
){{strict}};
CREATE UNIQUE INDEX identity_request_one_pending ON identity_request (person_id, kind) WHERE state = 'pending';
CREATE INDEX identity_request_unit ON identity_request (unit_id, state, id);
CREATE INDEX identity_request_state ON identity_request (state, id);

-- A checked list of learners that waits for its confirmation.
CREATE TABLE unit_import (
    id           TEXT PRIMARY KEY,
    unit_id      TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    rows_seal    {{bytes}} NOT NULL,
    created_at   {{int64}} NOT NULL,
    confirmed_at {{int64}} NOT NULL
){{strict}};

-- ID numbers of closed accounts: blocks early re-use, and lets the bureau find the pseudonymised records.
CREATE TABLE closed_identity (
    person_id       TEXT PRIMARY KEY REFERENCES person (id),
    id_number_index TEXT NOT NULL,
    closed_at       {{int64}} NOT NULL
){{strict}};
CREATE INDEX closed_identity_index ON closed_identity (id_number_index, closed_at);

-- One-time codes by which an account made on the command line gets its password.
CREATE TABLE enrolment_code (
    code_hash  TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES person (id),
    expires_at {{int64}} NOT NULL,
    used_at    {{int64}} NOT NULL
){{strict}};

-- +goose Up
-- What has arrived of an upload, in pieces as they were sent: each is a file of the store, so that any process may take the next one
-- and any worker take the upload in. A piece begins where the ones before it end; its bytes are stored before its row.
CREATE TABLE upload_piece (
    upload_id  TEXT NOT NULL REFERENCES upload (id),
    at         {{int64}} NOT NULL CHECK (at >= 0),
    bytes      {{int64}} NOT NULL CHECK (bytes > 0),
    key        TEXT NOT NULL UNIQUE,
    stored_at  {{int64}} NOT NULL,
    PRIMARY KEY (upload_id, at)
){{strict}};

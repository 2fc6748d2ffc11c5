-- +goose Up
-- Files that prove a correction. The row holds no content: the sealed file lies in the blob store under proof/<id>.
-- due_at says when the file is to be erased; 0 = not yet: it belongs to a request that waits.
CREATE TABLE identity_proof (
    id         TEXT PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES person (id),
    kind       TEXT NOT NULL CHECK (kind IN ('jpeg', 'png', 'pdf')),
    size       {{int64}} NOT NULL,
    request_id TEXT NOT NULL,
    created_at {{int64}} NOT NULL,
    due_at     {{int64}} NOT NULL
){{strict}};
CREATE INDEX identity_proof_person ON identity_proof (person_id);
CREATE INDEX identity_proof_request ON identity_proof (request_id);
CREATE INDEX identity_proof_due ON identity_proof (due_at, id);

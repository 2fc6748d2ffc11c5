-- +goose Up
-- The Merkle log over chain heads and ledger rows, and its signed checkpoints (playback.md 2.9).
-- A leaf is a salted commitment: roots reveal nothing, and deleting a salt honours erasure.
CREATE TABLE merkle_leaf (
    no    {{int64}} PRIMARY KEY,
    kind  TEXT NOT NULL CHECK (kind IN ('study', 'credit')),
    owner TEXT NOT NULL,
    seq   {{int64}} NOT NULL,
    hash  {{bytes}} NOT NULL,
    at    {{int64}} NOT NULL,
    UNIQUE (kind, owner, seq)
){{strict}};

CREATE TABLE merkle_salt (
    no   {{int64}} PRIMARY KEY,
    salt {{bytes}} NOT NULL
){{strict}};

CREATE TABLE merkle_hash (
    no   {{int64}} PRIMARY KEY,
    hash {{bytes}} NOT NULL
){{strict}};

CREATE TABLE merkle_checkpoint (
    size {{int64}} PRIMARY KEY,
    note TEXT NOT NULL,
    at   {{int64}} NOT NULL
){{strict}};

{{if postgres}}
CREATE TRIGGER merkle_leaf_append_only BEFORE UPDATE OR DELETE ON merkle_leaf FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER merkle_hash_append_only BEFORE UPDATE OR DELETE ON merkle_hash FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER merkle_checkpoint_append_only BEFORE UPDATE OR DELETE ON merkle_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER merkle_leaf_no_update BEFORE UPDATE ON merkle_leaf BEGIN SELECT RAISE(ABORT, 'merkle_leaf is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merkle_leaf_no_delete BEFORE DELETE ON merkle_leaf BEGIN SELECT RAISE(ABORT, 'merkle_leaf is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merkle_hash_no_update BEFORE UPDATE ON merkle_hash BEGIN SELECT RAISE(ABORT, 'merkle_hash is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER merkle_checkpoint_no_update BEFORE UPDATE ON merkle_checkpoint BEGIN SELECT RAISE(ABORT, 'merkle_checkpoint is append-only'); END;
-- +goose StatementEnd
{{end}}

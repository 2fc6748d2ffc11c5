-- +goose Up
-- A word on the stored file of an original before its row is there (sweeping 0: whoever takes an upload in needs it), or while an
-- orphan is being erased (1). Both write the same row, so neither acts upon what the other is about to change. It holds until an
-- instant, since its writer may die.
CREATE TABLE original_hold (
    hash     TEXT PRIMARY KEY,
    sweeping {{int64}} NOT NULL CHECK (sweeping IN (0, 1)),
    until    {{int64}} NOT NULL
){{strict}};

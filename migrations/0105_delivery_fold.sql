-- +goose Up
-- What was delivered to a playback session that has long been silent, one row for all its segments and a link of the learner's chain:
-- the rows of delivery it was made of are gone (PB-I3; docs/design.md). list is read by playback/fold.go and, for itself, by verify.
-- When delivery records have been kept as long as the policy asks, list is emptied: its hash, which the chain holds, stays.
CREATE TABLE delivery_fold (
    learner_id TEXT NOT NULL,
    chain_seq  {{int64}} NOT NULL,
    session_id TEXT NOT NULL,
    segments   {{int64}} NOT NULL CHECK (segments > 0),
    bytes      {{int64}} NOT NULL,
    list       {{bytes}} NOT NULL,
    list_hash  {{bytes}} NOT NULL CHECK (length(list_hash) = 32),
    chain_hash {{bytes}} NOT NULL,
    PRIMARY KEY (learner_id, session_id, chain_seq)
){{strict}};
-- Session ids are ordered by time: what is due to be emptied stands first.
CREATE INDEX delivery_fold_kept ON delivery_fold (session_id) WHERE length(list) > 0;
{{if postgres}}
CREATE TRIGGER delivery_fold_no_delete BEFORE DELETE ON delivery_fold FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_fold_no_update BEFORE UPDATE ON delivery_fold FOR EACH ROW
WHEN (length(NEW.list) > 0 OR (NEW.learner_id, NEW.chain_seq, NEW.session_id, NEW.segments, NEW.bytes, NEW.list_hash, NEW.chain_hash)
      <> (OLD.learner_id, OLD.chain_seq, OLD.session_id, OLD.segments, OLD.bytes, OLD.list_hash, OLD.chain_hash))
EXECUTE FUNCTION refuse_change();
{{end}}
{{if sqlite}}
-- +goose StatementBegin
CREATE TRIGGER delivery_fold_no_delete BEFORE DELETE ON delivery_fold BEGIN SELECT RAISE(ABORT, 'delivery_fold is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER delivery_fold_no_update BEFORE UPDATE ON delivery_fold
WHEN length(NEW.list) > 0 OR (NEW.learner_id, NEW.chain_seq, NEW.session_id, NEW.segments, NEW.bytes, NEW.list_hash, NEW.chain_hash)
     <> (OLD.learner_id, OLD.chain_seq, OLD.session_id, OLD.segments, OLD.bytes, OLD.list_hash, OLD.chain_hash)
BEGIN SELECT RAISE(ABORT, 'delivery_fold is append-only'); END;
-- +goose StatementEnd
{{end}}

package credit

import (
	"context"
	"encoding/hex"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

const (
	anchorBatch = 500
	anchorBack  = 10 * time.Minute // how long a transaction may take from making a record's id to committing it
)

// Anchor puts chain heads that moved and new ledger rows into the evidence log and signs a checkpoint. It runs each minute and
// may run in several processes, crash and run again: a row enters the log once, and the mark moves in the same transaction.
// More tells that there was more than one batch.
func (s *Service) Anchor(ctx context.Context, signer *ledger.Signer) (more bool, err error) {
	err = s.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		heads, err := playback.UnanchoredTx(ctx, tx, anchorBatch)
		if err != nil {
			return err
		}
		for _, h := range heads {
			if err := ledger.AppendTx(ctx, tx, "study", h.LearnerID, h.Seq, h.Hash); err != nil {
				return err
			}
			if err := playback.AnchoredTx(ctx, tx, h); err != nil {
				return err
			}
		}
		records, err := unanchoredTx(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := ledger.AppendTx(ctx, tx, "credit", r.PersonID, r.No, mustHex(r.Hash)); err != nil {
				return err
			}
		}
		more = len(heads) == anchorBatch || len(records) == anchorBatch
		return ledger.SignTx(ctx, tx, signer)
	})
	return more, err
}

func mustHex(s string) []byte {
	b, _ := hex.DecodeString(s) // it was made by EncodeToString
	return b
}

// unanchoredTx looks back only as far as the log's newest credit row, less the longest a transaction may take. Rows enter in
// the order of their ids, so a backlog of several batches, however old, is taken in turn.
func unanchoredTx(ctx context.Context, tx *sqldb.Tx) ([]Record, error) {
	newest, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT c.id FROM merkle_leaf m JOIN credit_record c ON c.person_id = m.owner AND c.no = m.seq
		WHERE m.kind = 'credit' ORDER BY m.no DESC LIMIT 1`)
	if err != nil {
		return nil, err
	}
	after := ""
	if at, ok := id.Time(newest); ok {
		after = id.Floor(at.Add(-anchorBack))
	}
	return sqldb.Rows(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM credit_record c WHERE id > $1
		AND NOT EXISTS (SELECT 1 FROM merkle_leaf m WHERE m.kind = 'credit' AND m.owner = c.person_id AND m.seq = c.no) ORDER BY id LIMIT $2`,
		after, anchorBatch)
}

// Bundle is a learner's own evidence, complete enough to be checked without us (C2, V8).
type Bundle struct {
	Name       string            `json:"name"`
	IDNumber   string            `json:"id_number_mask"`
	At         time.Time         `json:"at"`
	Study      playback.Evidence `json:"study"`
	Records    []Record          `json:"records"`
	Checkpoint ledger.Checkpoint `json:"checkpoint"`
	PublicKey  string            `json:"public_key" doc:"Verifier key of the checkpoints"`
	Proofs     []ledger.Proof    `json:"proofs"`
	Pending    bool              `json:"pending" doc:"The newest rows are not in the log yet; they will be within a minute"`
}

const bundleRows = 5000

// Evidence reads the actor's own evidence.
func (s *Service) Evidence(ctx context.Context, signer *ledger.Signer) (b Bundle, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return b, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, err := identity.PersonTx(ctx, tx, actor.PersonID)
		if err != nil {
			return err
		}
		b = Bundle{Name: p.Name, IDNumber: p.IDNumberMask, At: tx.Now(), PublicKey: signer.Public()}
		if b.Study, err = playback.EvidenceTx(ctx, tx, actor.PersonID, bundleRows); err != nil {
			return err
		}
		if b.Records, err = sqldb.Rows(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM credit_record WHERE person_id = $1 ORDER BY no DESC LIMIT $2`, actor.PersonID, bundleRows); err != nil {
			return err
		}
		return b.prove(ctx, tx, actor.PersonID)
	})
	return b, err
}

func (b *Bundle) prove(ctx context.Context, tx *sqldb.Tx, personID string) (err error) {
	if b.Checkpoint, err = ledger.NewestTx(ctx, tx); err != nil {
		return err
	}
	study, err := ledger.ProofsTx(ctx, tx, "study", personID, b.Checkpoint.Size, 1)
	if err != nil {
		return err
	}
	credits, err := ledger.ProofsTx(ctx, tx, "credit", personID, b.Checkpoint.Size, bundleRows)
	if err != nil {
		return err
	}
	b.Proofs = append(study, credits...)
	b.Pending = len(credits) < len(b.Records) || b.Study.ChainSeq > 0 && (len(study) == 0 || study[0].Seq < b.Study.ChainSeq)
	return nil
}

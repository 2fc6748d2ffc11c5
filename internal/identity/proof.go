package identity

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Bounds of one proof, so that a hostile file costs little, and how long a file is kept without need.
const (
	proofBytes  = 5 << 20
	proofPixels = 60_000_000
	proofsADay  = 10
	proofUnused = 24 * time.Hour      // uploaded, but no request names it
	proofAfter  = 30 * 24 * time.Hour // after the answer, for a complaint about it
)

// Proof is an uploaded file that proves a correction.
type Proof struct {
	ID   string `json:"id" doc:"For proof_ref of a correction"`
	Kind string `json:"kind" enum:"jpeg,png,pdf"`
	Size int64  `json:"size" doc:"Bytes"`
}

// ProofFile is a proof with its content in clear, for those who may see it.
type ProofFile struct {
	Proof
	Content []byte
}

// ProofKind tells by its content, never by its name, what a file is: a JPEG or PNG picture or a PDF.
// Errors: Invalid "identity.proof_size" (empty, above 5 MiB, or a picture of more than 60 million points); Invalid "identity.proof_kind".
func ProofKind(content []byte) (string, error) {
	if len(content) == 0 || len(content) > proofBytes {
		return "", tooBig()
	}
	var c image.Config
	var err error
	kind := ""
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		kind = "jpeg"
		c, err = jpeg.DecodeConfig(bytes.NewReader(content))
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		kind = "png"
		c, err = png.DecodeConfig(bytes.NewReader(content))
	case bytes.HasPrefix(content, []byte("%PDF-")) && bytes.Contains(content[max(0, len(content)-1024):], []byte("%%EOF")):
		return "pdf", nil
	}
	if kind == "" || err != nil {
		return "", errs.New(errs.Invalid, "identity.proof_kind").WithField("content", "invalid").WithCause(err)
	}
	if int64(c.Width)*int64(c.Height) > proofPixels {
		return "", tooBig()
	}
	return kind, nil
}

func tooBig() *errs.Error {
	return errs.New(errs.Invalid, "identity.proof_size", "max_mb", proofBytes>>20).WithField("content", "invalid")
}

// KeepProof stores a file of the actor's own, sealed, until a correction names it; after a day without one it is erased.
// Errors: those of ProofKind; Limited "identity.proof_limit" (ten a day).
func (s *Service) KeepProof(ctx context.Context, content []byte) (p Proof, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return p, err
	}
	kind, err := ProofKind(content)
	if err != nil {
		return p, err
	}
	// The row comes first: what it names will be erased in time, whatever happens to the file.
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := limit.AllowTx(ctx, tx, "identity.proof_limit", "proof/"+actor.PersonID, proofsADay, 24*time.Hour); err != nil {
			return err
		}
		p = Proof{ID: id.New(tx.Now()), Kind: kind, Size: int64(len(content))}
		if _, err := tx.Exec(ctx, `INSERT INTO identity_proof (id, person_id, kind, size, request_id, created_at, due_at) VALUES ($1, $2, $3, $4, '', $5, $6)`,
			p.ID, actor.PersonID, p.Kind, p.Size, tx.NowMicro(), tx.Now().Add(proofUnused).UnixMicro()); err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.proof_kept", "person/"+actor.PersonID, map[string]any{"proof": p.ID})
	})
	if err != nil {
		return Proof{}, err
	}
	seal, err := s.keys.Seal(string(content), proofKey(p.ID))
	if err == nil {
		err = s.proofs.Put(ctx, proofKey(p.ID), bytes.NewReader(seal))
	}
	return p, err
}

// proofKey is the file's place in the store and what its seal is bound to.
func proofKey(proofID string) string { return "proof/" + proofID }

// attachTx gives an uploaded file of the person to a request. Errors: Invalid "identity.no_proof".
func attachTx(ctx context.Context, tx *sqldb.Tx, personID, proofID, requestID string) error {
	n, err := tx.Exec(ctx, `UPDATE identity_proof SET request_id = $1, due_at = 0 WHERE id = $2 AND person_id = $3 AND request_id = '' AND due_at > $4`,
		requestID, proofID, personID, tx.NowMicro())
	if err == nil && n == 0 {
		err = errs.New(errs.Invalid, "identity.no_proof").WithField("proof_ref", "invalid")
	}
	return err
}

// releaseTx says when the file of a request that waits no longer is to be erased.
func releaseTx(ctx context.Context, tx *sqldb.Tx, requestID string, after time.Duration) error {
	_, err := tx.Exec(ctx, `UPDATE identity_proof SET due_at = $1 WHERE request_id = $2`, tx.Now().Add(after).UnixMicro(), requestID)
	return err
}

// RequestProof opens the file of a request: for the person, and, while the request waits, for whoever may decide it; each
// such view is audited. Errors: NotFound "identity.no_request", "identity.no_proof".
func (s *Service) RequestProof(ctx context.Context, requestID string) (f ProofFile, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return f, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		r, ok, err := sqldb.One(ctx, tx, scanRequest, requestColumns+`r.id = $1`, requestID)
		if err != nil {
			return err
		}
		own := r.PersonID == actor.PersonID
		if !ok || !own && (r.State != "pending" || !decides(actor, r)) {
			return errs.New(errs.NotFound, "identity.no_request")
		}
		f.Proof, ok, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (p Proof, err error) { return p, row.Scan(&p.ID, &p.Kind, &p.Size) },
			`SELECT id, kind, size FROM identity_proof WHERE request_id = $1`, requestID)
		if err == nil && !ok {
			err = errs.New(errs.NotFound, "identity.no_proof")
		}
		if err != nil || own {
			return err
		}
		return AuditTx(ctx, tx, "identity.proof_viewed", "person/"+r.PersonID, map[string]any{"request": requestID, "proof": f.ID})
	})
	if err != nil {
		return ProofFile{}, err
	}
	f.Content, err = s.openProof(ctx, f.ID)
	return f, err
}

func (s *Service) openProof(ctx context.Context, proofID string) ([]byte, error) {
	file, err := s.proofs.Open(ctx, proofKey(proofID))
	if blob.Missing(err) {
		return nil, errs.New(errs.NotFound, "identity.no_proof").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	seal, err := io.ReadAll(io.LimitReader(file, 2*proofBytes))
	if err != nil {
		return nil, err
	}
	content, err := s.keys.Unseal(seal, proofKey(proofID))
	return []byte(content), err
}

// eraseProofs erases the files whose time has come: first the file, then the row, so that a crash leaves what is tried again.
func (s *Service) eraseProofs(ctx context.Context) error {
	var ids []string
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		ids, err = sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM identity_proof WHERE due_at > 0 AND due_at <= $1 ORDER BY due_at, id LIMIT 200`, tx.NowMicro())
		return err
	})
	for _, proofID := range ids {
		if err == nil {
			err = s.proofs.Remove(ctx, proofKey(proofID))
		}
		if err == nil {
			err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `DELETE FROM identity_proof WHERE id = $1`, proofID)
				return err
			})
		}
	}
	return err
}

// Option of New.
type Option func(*Service)

// WithProofs says where sealed proofs are kept.
func WithProofs(store blob.Store) Option { return func(s *Service) { s.proofs = store } }

// noStore refuses every file: a service that was given no store.
type noStore struct{ blob.Store }

func (noStore) Put(context.Context, string, io.Reader) error {
	return errs.New(errs.Unavailable, "identity.proof_off")
}

func (noStore) Open(context.Context, string) (blob.File, error) {
	return nil, errs.New(errs.Unavailable, "identity.proof_off")
}
func (noStore) Remove(context.Context, string) error { return nil }

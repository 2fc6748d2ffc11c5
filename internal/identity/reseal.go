package identity

import (
	"bytes"
	"context"
	"io"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/sqldb"
)

// Sealed are the columns in which this domain keeps personal data.
func Sealed() []installation.Sealed {
	return []installation.Sealed{
		{Table: "person", Column: "id_number_seal", ID: "id", AAD: func(id string) string { return "person/" + id + "/id_number" }},
		{Table: "person", Column: "phone_seal", ID: "id", AAD: func(id string) string { return "person/" + id + "/phone" }},
		{Table: "identity_request", Column: "wish_seal", ID: "id", AAD: func(id string) string { return "request/" + id }},
		{Table: "unit_import", Column: "rows_seal", ID: "id", AAD: func(id string) string { return "import/" + id }},
	}
}

// ResealProofs is installation.Reseal for the files that prove corrections.
func (s *Service) ResealProofs(ctx context.Context, count bool) (old int64, err error) {
	for info, err := range s.proofs.List(ctx, "proof/") {
		if err != nil {
			return old, err
		}
		is, err := s.resealProof(ctx, info.Key, count)
		if err != nil {
			return old, err
		}
		if is {
			old++
		}
	}
	return old, nil
}

// resealProof tells whether a file was sealed with an older key. One that is erased meanwhile stays erased.
func (s *Service) resealProof(ctx context.Context, key string, count bool) (old bool, err error) {
	f, err := s.proofs.Open(ctx, key)
	if blob.Missing(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	seal, err := io.ReadAll(f)
	if _ = f.Close(); err != nil || s.keys.SealedByUsed(seal) {
		return false, err
	}
	if count {
		return true, nil
	}
	if seal, err = s.keys.Reseal(seal, key); err == nil {
		err = s.proofs.Put(ctx, key, bytes.NewReader(seal))
	}
	if err != nil {
		return false, err
	}
	known, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (bool, error) {
		_, known, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM identity_proof WHERE id = $1`, key[len(proofKey("")):])
		return known, err
	})
	if err == nil && !known {
		err = s.proofs.Remove(ctx, key)
	}
	return true, err
}

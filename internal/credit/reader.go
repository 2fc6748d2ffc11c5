package credit

import (
	"context"

	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

// File is a person's year for those who supervise it.
type File struct {
	Summary  Summary
	Records  []Record
	ProvedTo int64 // the last ledger number in the signed evidence log; later rows wait for the minute's job
}

// FileTx reads it; the caller has checked who may.
func FileTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) (f File, err error) {
	if f.Summary, f.Records, err = summaryTx(ctx, tx, personID, year); err != nil {
		return f, err
	}
	f.ProvedTo, err = ledger.LastTx(ctx, tx, "credit", personID)
	return f, err
}

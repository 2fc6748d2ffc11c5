package media

import (
	"context"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// How long words on a stored original hold: of whoever takes it in, and of whoever erases it. An erasure ends well before.
const (
	heldFor   = 24 * time.Hour
	erasedFor = 5 * time.Minute
	eraseIn   = time.Minute
)

// errErasing is what comes between an upload and the sweep that just erases the same bytes as an orphan: the job tries again.
var errErasing = errs.New(errs.Unavailable, "media.original_erasing")

// holdTx keeps the sweep from a stored file whose row is still to come. It stands before anybody looks whether the file is there.
func holdTx(ctx context.Context, tx *sqldb.Tx, hash string) error {
	n, err := tx.Exec(ctx, `INSERT INTO original_hold (hash, sweeping, until) VALUES ($1, 0, $2) ON CONFLICT (hash) DO UPDATE
		SET sweeping = 0, until = excluded.until WHERE original_hold.sweeping = 0 OR original_hold.until < $3`,
		hash, tx.Now().Add(heldFor).UnixMicro(), tx.NowMicro())
	if err == nil && n == 0 {
		err = errErasing
	}
	return err
}

// heldTx checks in the transaction of the row that its file has been held all the time: otherwise it may be gone.
func heldTx(ctx context.Context, tx *sqldb.Tx, hash string) error {
	n, err := tx.Exec(ctx, `UPDATE original_hold SET until = $1 WHERE hash = $2 AND sweeping = 0`, tx.Now().Add(heldFor).UnixMicro(), hash)
	if err == nil && n == 0 {
		err = errErasing
	}
	return err
}

// eraseTx takes the word for an orphan's erasure; ok is false when somebody needs the file after all, or erases it already.
func eraseTx(ctx context.Context, tx *sqldb.Tx, o owner) (ok bool, err error) {
	needed, err := neededTx(ctx, tx, []owner{o})
	if err != nil || needed[o] {
		return false, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO original_hold (hash, sweeping, until) VALUES ($1, 1, $2) ON CONFLICT (hash) DO UPDATE
		SET sweeping = 1, until = excluded.until WHERE original_hold.until < $3`, o.id, tx.Now().Add(erasedFor).UnixMicro(), tx.NowMicro())
	return n == 1, err
}

// erasedTx gives the word back.
func erasedTx(ctx context.Context, tx *sqldb.Tx, hash string) error {
	_, err := tx.Exec(ctx, `DELETE FROM original_hold WHERE hash = $1 AND sweeping = 1`, hash)
	return err
}

// forgetHoldsTx removes words that hold no longer.
func forgetHoldsTx(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM original_hold WHERE until < $1`, tx.NowMicro())
	return err
}

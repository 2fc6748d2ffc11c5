// Package limit counts attempts in the database, so that a limit holds across processes and restarts.
package limit

import (
	"context"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// AllowTx counts one attempt under key; more than n within a window of per are refused.
// Errors: Limited code with RetryAfter until the window ends.
func AllowTx(ctx context.Context, tx *sqldb.Tx, code, key string, n int64, per time.Duration) error {
	window := tx.NowMicro() / per.Microseconds() * per.Microseconds()
	count, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `INSERT INTO rate_limit (key, window_start, count) VALUES ($1, $2, 1)
		ON CONFLICT (key) DO UPDATE SET count = CASE WHEN rate_limit.window_start = excluded.window_start THEN rate_limit.count + 1 ELSE 1 END,
		window_start = excluded.window_start RETURNING count`, key, window)
	if err != nil {
		return err
	}
	if count > n {
		left := window + per.Microseconds() - tx.NowMicro()
		return errs.New(errs.Limited, code).WithRetry(int(left/1_000_000) + 1)
	}
	return nil
}

// ClearTx forgets the attempts under key, after a success.
func ClearTx(ctx context.Context, tx *sqldb.Tx, key string) error {
	_, err := tx.Exec(ctx, `DELETE FROM rate_limit WHERE key = $1`, key)
	return err
}

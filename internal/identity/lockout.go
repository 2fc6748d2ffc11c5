package identity

import (
	"context"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

const (
	freeFailures = 5
	firstBlock   = 30 * time.Second
	longestBlock = 24 * time.Hour
)

// failTx counts an attempt as failed before its password is looked at, so that concurrent guesses cannot slip past;
// a success clears the count. The account need not exist. Errors: Limited "identity.locked".
func (s *Service) failTx(ctx context.Context, tx *sqldb.Tx, account string) error {
	type row struct{ failures, blocked int64 }
	r, _, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.failures, &r.blocked) },
		`SELECT failures, blocked_until FROM login_failure WHERE account = $1`, account)
	if err != nil {
		return err
	}
	if wait := r.blocked - tx.NowMicro(); wait > 0 {
		return errs.New(errs.Limited, "identity.locked", "by_code", true).WithRetry(int(wait/1_000_000) + 1)
	}
	blocked := int64(0)
	if d := blockAfter(r.failures + 1); d > 0 {
		blocked = tx.Now().Add(d).UnixMicro()
	}
	_, err = tx.Exec(ctx, `INSERT INTO login_failure (account, failures, blocked_until) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until`, account, r.failures+1, blocked)
	return err
}

// blockAfter is how long an account waits after its n-th failure in a row: nothing, then 30 s, doubling to a day.
func blockAfter(n int64) time.Duration {
	d := firstBlock
	for i := int64(freeFailures); i < n && d < longestBlock; i++ {
		d *= 2
	}
	if n < freeFailures {
		return 0
	}
	return min(d, longestBlock)
}

// clearFailuresTx forgets the failures under an account index.
func clearFailuresTx(ctx context.Context, tx *sqldb.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM login_failure WHERE account = $1`, account)
	return err
}

// Unlock ends the wait after repeated failures with a code sent to the account's phone, for both ways to name the account.
// Errors: Invalid "identity.code_wrong".
func (s *Service) Unlock(ctx context.Context, phone, code string) error {
	if err := s.useCode(ctx, phone, ForUnlock, code); err != nil {
		return err
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM login_failure WHERE account = $1 OR account IN
			(SELECT id_number_index FROM person WHERE phone_index = $2)`, index, index)
		return err
	})
}

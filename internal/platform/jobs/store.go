package jobs

import (
	"context"
	"maps"
	"slices"
	"time"

	"xueshi/internal/platform/sqldb"
)

// claim takes the oldest due job that this process can do: one that waits, or one whose worker let its lease run out.
func (q *Queue) claim(ctx context.Context) (j *Job, err error) {
	kinds := slices.Sorted(maps.Keys(q.handlers))
	if len(kinds) == 0 {
		return nil, nil
	}
	var due string
	err = q.db.Read(ctx, func(tx *sqldb.Tx) error {
		args := []any{tx.NowMicro(), tx.NowMicro()}
		for _, k := range kinds {
			args = append(args, k)
		}
		due, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM job
			WHERE (state = 'waiting' AND due_at <= $1 OR state = 'running' AND lease_until <= $2) AND kind IN (`+sqldb.Places(3, len(kinds))+`)
			ORDER BY due_at, id LIMIT 1`, args...)
		return err
	})
	if err != nil || due == "" {
		return nil, err
	}
	err = q.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		j, err = claimTx(ctx, tx, due)
		return err
	})
	return j, err
}

// claimTx is the compare-and-swap by which exactly one worker gets the job.
func claimTx(ctx context.Context, tx *sqldb.Tx, jobID string) (*Job, error) {
	j, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (*Job, error) {
		j := &Job{ID: jobID}
		return j, row.Scan(&j.Kind, &j.Key, &j.args, &j.Try, &j.failures, &j.putAt)
	}, `UPDATE job SET state = 'running', try = try + 1, lease_until = $1,
			failures = failures + CASE WHEN state = 'running' AND lease_until > 0 THEN 1 ELSE 0 END
		WHERE id = $2 AND (state = 'waiting' AND due_at <= $3 OR state = 'running' AND lease_until <= $4)
		RETURNING kind, key, args, try, failures, created_at`, tx.Now().Add(lease).UnixMicro(), jobID, tx.NowMicro(), tx.NowMicro())
	if err != nil || !found {
		return nil, err
	}
	return j, nil
}

// renew moves the lease on and stores the progress; ok is false when another worker holds the job.
func (q *Queue) renew(ctx context.Context, j *Job) (ok bool, err error) {
	err = q.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE job SET lease_until = $1, done = $2, total = $3 WHERE id = $4 AND try = $5 AND state = 'running'`,
			tx.Now().Add(lease).UnixMicro(), j.done.Load(), j.total.Load(), j.ID, j.Try)
		ok = n == 1
		return err
	})
	return ok, err
}

// giveBack lets the next worker begin at once; a try that was cut short is no failure (lease_until 0).
func (q *Queue) giveBack(ctx context.Context, j *Job) error {
	return q.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE job SET lease_until = 0 WHERE id = $1 AND try = $2 AND state = 'running'`, j.ID, j.Try)
		return err
	})
}

// retryTx lets the job wait until an instant, unless another worker holds it.
func retryTx(ctx context.Context, tx *sqldb.Tx, j *Job, work error, failed int64, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE job SET state = 'waiting', failures = failures + $1, due_at = $2, error = $3 WHERE id = $4 AND try = $5 AND state = 'running'`,
		failed, at.UnixMicro(), work.Error(), j.ID, j.Try)
	return err
}

func endTx(ctx context.Context, tx *sqldb.Tx, j *Job, work error) (mine bool, err error) {
	state, text := "done", ""
	if work != nil {
		state, text = "failed", work.Error()
	}
	n, err := tx.Exec(ctx, `UPDATE job SET state = $1, error = $2, done = $3, total = $4, ended_at = $5 WHERE id = $6 AND try = $7 AND state = 'running'`,
		state, text, j.done.Load(), j.total.Load(), tx.NowMicro(), j.ID, j.Try)
	return n == 1, err
}

// Status is how far the newest job of a kind and key is.
type Status struct {
	State       string // waiting, running, done, failed; empty when there is none
	Done, Total int64
	Try         int64
}

// StatusTx reads it.
func StatusTx(ctx context.Context, tx *sqldb.Tx, kind, key string) (Status, error) {
	s, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (s Status, err error) {
		return s, row.Scan(&s.State, &s.Done, &s.Total, &s.Try)
	}, `SELECT state, done, total, try FROM job WHERE kind = $1 AND key = $2 ORDER BY id DESC LIMIT 1`, kind, key)
	return s, err
}

// SweepTx forgets jobs that ended before the instant.
func SweepTx(ctx context.Context, tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM job WHERE state IN ('done', 'failed') AND ended_at < $1`, before.UnixMicro())
	return err
}

// Load is how many jobs of a kind stand in a state that is not an end, and how long the oldest of them has been there.
type Load struct {
	Kind, State string
	Jobs        int64
	Oldest      time.Duration
}

// Loads reads them.
func (q *Queue) Loads(ctx context.Context) ([]Load, error) {
	return sqldb.ReadValue(ctx, q.db, func(tx *sqldb.Tx) ([]Load, error) {
		return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l Load, err error) {
			var since int64
			err = row.Scan(&l.Kind, &l.State, &l.Jobs, &since)
			l.Oldest = tx.Now().Sub(time.UnixMicro(since))
			return l, err
		}, `SELECT kind, state, count(*), min(created_at) FROM job WHERE state IN ('waiting', 'running') GROUP BY kind, state`)
	})
}

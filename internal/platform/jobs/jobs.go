// Package jobs is a durable queue of work in the database: put in the transaction of what it follows from, done by one worker
// at a time, and done again by another when its worker dies.
//
//	waiting ──claim──▶ running ──▶ done
//	   ▲                 │  └────▶ failed   (after MaxTries, or at once by Stop)
//	   └── retry, or the lease ran out ┘
//
// A worker holds a job by a lease that it renews; every claim raises the job's try, and only the holder of the newest try may
// write: so a worker that was thought dead and comes back changes nothing. Work must be safe to repeat.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

const (
	lease    = 20 * time.Second // a dead worker's job waits no longer
	renew    = 5 * time.Second
	poll     = time.Second
	maxTries = 5
	patience = 24 * time.Hour // that a job waits for what does not answer (errs.Unavailable)
	askAgain = 30 * time.Second
)

// errDied is how a job ends that no worker has lived through.
var errDied = errors.New("jobs: each worker of this job died")

// ErrLost ends a worker's context when its job has gone into other hands.
var ErrLost = errors.New("jobs: the job has gone into other hands")

// Job is one piece of work in a worker's hands.
type Job struct {
	ID, Kind, Key string
	Try           int64 // the claim's number, from 1: the fencing token of everything its worker writes
	failures      int64 // tries that ended in an error, or with their worker
	putAt         int64 // µs
	args          string
	done, total   atomic.Int64
}

// Args decodes what the job was put with.
func (j *Job) Args(v any) error { return json.Unmarshal([]byte(j.args), v) }

// Progress tells how much is done, in the worker's own unit; it is stored with the next renewal of the lease.
func (j *Job) Progress(done, total int64) {
	j.done.Store(done)
	j.total.Store(total)
}

// Work does one job. An error of kind Invalid, NotFound or Conflict fails the job at once; Unavailable (a service that does not
// answer) is no failure and is tried again every half minute, for a day; any other is tried again, later each time.
type Work func(ctx context.Context, j *Job) error

// Settle is called in the transaction that ends a job for good, so that what waits for it learns of it: err nil = done.
type Settle func(ctx context.Context, tx *sqldb.Tx, j *Job, err error) error

type handler struct {
	work   Work
	settle Settle
}

// Queue is one process's view of the jobs.
type Queue struct {
	db       *sqldb.DB
	handlers map[string]handler
	wake     chan struct{}
}

// New makes a queue on db; Handle says what it can do.
func New(db *sqldb.DB) *Queue {
	return &Queue{db: db, handlers: map[string]handler{}, wake: make(chan struct{}, 1)}
}

// Handle registers who does the jobs of a kind; before the first Turn.
func (q *Queue) Handle(kind string, work Work, settle Settle) {
	q.handlers[kind] = handler{work, settle}
}

// PutTx puts a job into the caller's transaction. Of one kind and key only one job waits or runs at a time: a second is not put.
func (q *Queue) PutTx(ctx context.Context, tx *sqldb.Tx, kind, key string, args any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO job (id, kind, key, args, state, try, failures, due_at, lease_until, done, total, error, created_at, ended_at)
		VALUES ($1, $2, $3, $4, 'waiting', 0, 0, $5, 0, 0, 0, '', $6, 0) ON CONFLICT DO NOTHING`,
		id.New(tx.Now()), kind, key, string(raw), tx.NowMicro(), tx.NowMicro())
	return err
}

// PutOnceTx is PutTx for what is done once under each key, such as a day, and never twice at a time: nothing is put when a job of the
// kind waits or runs, or when one of the kind and key was there before.
func (q *Queue) PutOnceTx(ctx context.Context, tx *sqldb.Tx, kind, key string, args any) error {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM job WHERE kind = $1 AND (key = $2 OR state IN ('waiting', 'running'))`, kind, key)
	if err != nil || n > 0 {
		return err
	}
	return q.PutTx(ctx, tx, kind, key, args)
}

// Wake lets this process look at once, after the transaction of a PutTx has been committed.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Woken tells that there is something to look for.
func (q *Queue) Woken() <-chan struct{} { return q.wake }

// Turn does the oldest due job, if there is one, and says how long until it is worth looking again.
func (q *Queue) Turn(ctx context.Context) (time.Duration, error) {
	j, err := q.claim(ctx)
	if err != nil || j == nil {
		return poll, err
	}
	return 0, q.do(ctx, j)
}

// do works on a claimed job under its lease and writes how it went.
func (q *Queue) do(ctx context.Context, j *Job) error {
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopped := q.hold(work, cancel, j)
	err := errDied
	if j.failures < maxTries {
		err = run(work, q.handlers[j.Kind].work, j)
	}
	lost := errors.Is(context.Cause(work), ErrLost)
	cancel(nil)
	<-stopped
	if lost {
		return nil // another worker does it; what was done here stands under no name
	}
	if ctx.Err() != nil { // the process stops: the job is given back at once, not after its lease
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return q.giveBack(end, j)
	}
	return q.finish(ctx, j, err)
}

// run calls the work; a panic is an error of this job, not the end of the process.
func run(ctx context.Context, work Work, j *Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return work(ctx, j)
}

// hold renews the lease until work ends, and ends work when the lease is lost.
func (q *Queue) hold(work context.Context, cancel context.CancelCauseFunc, j *Job) <-chan struct{} {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		every := time.NewTicker(renew)
		defer every.Stop()
		for {
			select {
			case <-work.Done():
				return
			case <-every.C:
				if ok, err := q.renew(work, j); err == nil && !ok {
					cancel(ErrLost)
					return
				}
			}
		}
	}()
	return stopped
}

// finish writes the end of a job, or when it is tried again. It changes nothing once the job has gone into other hands.
func (q *Queue) finish(ctx context.Context, j *Job, work error) error {
	waits := errs.KindOf(work) == errs.Unavailable && q.db.Clock().Now().Sub(time.UnixMicro(j.putAt)) < patience
	final := work == nil || !waits && (j.failures+1 >= maxTries || hopeless(work))
	if work != nil {
		slog.WarnContext(ctx, "job", "kind", j.Kind, "key", j.Key, "try", j.Try, "final", final, "error", work.Error())
	}
	return q.db.Write(ctx, func(tx *sqldb.Tx) error {
		switch {
		case waits:
			return retryTx(ctx, tx, j, work, 0, tx.Now().Add(askAgain))
		case !final:
			return retryTx(ctx, tx, j, work, 1, tx.Now().Add(time.Duration((j.failures+1)*(j.failures+1))*5*time.Second))
		}
		mine, err := endTx(ctx, tx, j, work)
		if err != nil || !mine {
			return err
		}
		if settle := q.handlers[j.Kind].settle; settle != nil {
			return settle(ctx, tx, j, work)
		}
		return nil
	})
}

// hopeless tells errors that a repetition cannot heal.
func hopeless(err error) bool {
	k := errs.As(err).Kind
	return k == errs.Invalid || k == errs.NotFound || k == errs.Conflict
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func put(t *testing.T, q *Queue, key string) {
	t.Helper()
	if err := q.db.Write(t.Context(), func(tx *sqldb.Tx) error { return q.PutTx(t.Context(), tx, "k", key, map[string]string{"key": key}) }); err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, q *Queue, key string) (s Status) {
	t.Helper()
	s, err := sqldb.ReadValue(t.Context(), q.db, func(tx *sqldb.Tx) (Status, error) { return StatusTx(t.Context(), tx, "k", key) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func turn(t *testing.T, q *Queue) time.Duration {
	t.Helper()
	next, err := q.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// Many workers, many jobs: each is done once, and a key that is there already is not put again.
func TestEachJobIsDoneOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		var mu sync.Mutex
		did := map[string]int{}
		worker := func() *Queue {
			q := New(env.DB)
			q.Handle("k", func(_ context.Context, j *Job) error {
				mu.Lock()
				defer mu.Unlock()
				did[j.Key]++
				return nil
			}, nil)
			return q
		}
		first := worker()
		for n := range 40 {
			put(t, first, fmt.Sprint(n))
			put(t, first, fmt.Sprint(n))
		}
		var all sync.WaitGroup
		for range 4 {
			q := worker()
			all.Go(func() {
				for {
					next, err := q.Turn(t.Context())
					if err != nil {
						t.Error(err)
					}
					if next > 0 {
						return
					}
				}
			})
		}
		all.Wait()
		turn(t, first)
		for n := range 40 {
			if did[fmt.Sprint(n)] != 1 || status(t, first, fmt.Sprint(n)).State != "done" {
				t.Errorf("job %d: %d times, %+v", n, did[fmt.Sprint(n)], status(t, first, fmt.Sprint(n)))
			}
		}
	})
}

// A worker that died is followed by another once its lease has run out, and not before; the dead one, should it come back,
// changes nothing, and what waits for the job is told once.
func TestADeadWorkersJobIsRepeated(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		told := 0
		q := New(env.DB)
		q.Handle("k", func(context.Context, *Job) error { return nil }, func(context.Context, *sqldb.Tx, *Job, error) error { told++; return nil })
		put(t, q, "a")
		dead, err := q.claim(t.Context())
		if err != nil || dead == nil {
			t.Fatal(dead, err)
		}
		if turn(t, q); status(t, q, "a").State != "running" {
			t.Fatalf("taken while its worker held it: %+v", status(t, q, "a"))
		}
		env.Clock.Advance(lease + time.Second)
		if turn(t, q); status(t, q, "a") != (Status{State: "done", Try: 2}) {
			t.Fatalf("not repeated: %+v", status(t, q, "a"))
		}
		if ok, err := q.renew(t.Context(), dead); ok || err != nil {
			t.Errorf("the dead worker still holds it: %v", err)
		}
		if err := q.finish(t.Context(), dead, errors.New("too late")); err != nil || status(t, q, "a").State != "done" || told != 1 {
			t.Errorf("the dead worker wrote: %+v, told %d times, %v", status(t, q, "a"), told, err)
		}
	})
}

// Errors of ours are tried again, later each time, and not for ever; what the input is to blame for fails at once; a job that
// kills every worker ends too.
func TestFailing(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		var give error
		var last error
		q := New(env.DB)
		q.Handle("k", func(context.Context, *Job) error { return give }, func(_ context.Context, _ *sqldb.Tx, _ *Job, err error) error { last = err; return nil })
		give = errs.New(errs.Invalid, "media.not_video")
		put(t, q, "bad")
		if turn(t, q); status(t, q, "bad").State != "failed" || errs.As(last).Code != "media.not_video" {
			t.Errorf("bad input: %+v, %v", status(t, q, "bad"), last)
		}
		give, last = errors.New("disk"), nil
		put(t, q, "ours")
		for n := range maxTries {
			if s := status(t, q, "ours"); s.State != "waiting" || last != nil {
				t.Fatalf("before try %d: %+v, %v", n+1, s, last)
			}
			turn(t, q)
			if n < maxTries-1 && turn(t, q) != poll {
				t.Fatal("tried again at once")
			}
			env.Clock.Advance(10 * time.Minute)
		}
		if s := status(t, q, "ours"); s.State != "failed" || last == nil {
			t.Errorf("after all tries: %+v, %v", s, last)
		}
		give, last = errs.New(errs.Unavailable, "x.silent"), nil
		put(t, q, "patient")
		for range 2 * maxTries {
			if turn(t, q) != 0 || turn(t, q) != poll || last != nil {
				t.Fatalf("what does not answer is asked again, and not at once: %+v, %v", status(t, q, "patient"), last)
			}
			env.Clock.Advance(askAgain)
		}
		env.Clock.Advance(patience)
		for range maxTries {
			turn(t, q)
			env.Clock.Advance(10 * time.Minute)
		}
		if s := status(t, q, "patient"); s.State != "failed" || errs.As(last).Code != "x.silent" {
			t.Errorf("after a day: %+v, %v", s, last)
		}
		put(t, q, "killer")
		for range maxTries {
			if j, err := q.claim(t.Context()); j == nil || err != nil {
				t.Fatal(j, err)
			}
			env.Clock.Advance(lease + time.Second)
		}
		if turn(t, q); status(t, q, "killer").State != "failed" || !errors.Is(last, errDied) {
			t.Errorf("a job that kills: %+v, %v", status(t, q, "killer"), last)
		}
		put(t, q, "killer") // its key is free again
		if s := status(t, q, "killer"); s.State != "waiting" {
			t.Errorf("%+v", s)
		}
	})
}

// A process that stops gives its job back at once, without a failure; a panic is an error of the job alone.
func TestStoppingAndPanic(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		q := New(env.DB)
		ctx, stop := context.WithCancel(t.Context())
		q.Handle("k", func(ctx context.Context, j *Job) error {
			switch {
			case j.Key == "panics":
				panic("oh")
			case j.Try == 1:
				stop()
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}, nil)
		put(t, q, "a")
		if _, err := q.Turn(ctx); err != nil {
			t.Fatal(err)
		}
		if turn(t, q); status(t, q, "a") != (Status{State: "done", Try: 2}) {
			t.Errorf("not taken up at once: %+v", status(t, q, "a"))
		}
		put(t, q, "panics")
		if turn(t, q); status(t, q, "panics").State != "waiting" {
			t.Errorf("a panic: %+v", status(t, q, "panics"))
		}
	})
}

package playback

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

const (
	maxBatch  = 512
	maxCached = 200_000
	maxTries  = 8 // compare-and-swap misses of one beat
)

// committer gathers what many requests want to store and commits it together: acknowledged = durable.
type committer struct {
	db     *sqldb.DB
	lesson Lessons
	policy policies

	// transact evaluates and stores a batch: durable, unless a measurement replaced it (bench.go).
	transact func(ctx context.Context, b *batchRun, batch []*item) error

	in      chan *item
	stop    chan struct{} // closed: take no more
	done    chan struct{} // closed: everything taken is committed
	cancel  context.CancelFunc
	closing sync.Once

	cache entries
	stats Stats
}

// Stats is what the committer has done since the process started.
type Stats struct {
	Beats, Segments   atomic.Int64 // stored
	CreditedMS        atomic.Int64 // granted, before confirmation
	DeliveredBytes    atomic.Int64
	Batches           atomic.Int64 // committed
	BatchMicroseconds atomic.Int64 // that they took, fsync included
	Missed            atomic.Int64 // compare-and-swaps lost to another process
	Failed            atomic.Int64 // beats and segments that were not stored
}

// item is one waiting request: a beat, or a finished segment.
type item struct {
	beat    *Beat
	seg     *delivered
	out     Outcome
	view    view
	err     error
	tries   int
	settled chan struct{}
}

// delivered is a segment whose last byte was written.
type delivered struct {
	learnerID, sessionID string
	segment, bytes       int64
}

func newCommitter(db *sqldb.DB, lessons Lessons, policy policies) *committer {
	ctx, cancel := context.WithCancel(context.Background())
	c := &committer{db: db, lesson: lessons, policy: policy, in: make(chan *item, 4*maxBatch),
		stop: make(chan struct{}), done: make(chan struct{}), cancel: cancel, cache: newEntries()}
	c.transact = c.durable
	go c.run(ctx)
	return c
}

// close stops after what is waiting has been committed.
func (c *committer) close() {
	c.closing.Do(func() { close(c.stop) })
	<-c.done
	c.cancel()
}

// submit waits until the item is committed or ctx ends.
func (c *committer) submit(ctx context.Context, it *item) error {
	it.settled = make(chan struct{})
	select {
	case c.in <- it:
	case <-c.stop:
		return errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-it.settled:
		return it.err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
	}
	select {
	case <-it.settled:
		return it.err
	default: // it came after the last batch: not stored, so it may be sent again
		return errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
	}
}

func (c *committer) run(ctx context.Context) {
	defer close(c.done)
	var retry []*item
	busy := false
	for {
		batch := retry
		retry = nil
		if len(batch) == 0 {
			it := c.next()
			if it == nil {
				return
			}
			batch = append(batch, it)
		}
		batch = c.gather(c.linger(batch), busy)
		busy = len(batch) > 8
		retry = c.commit(ctx, batch)
	}
}

// next waits for an item; nil once the committer is stopped and nothing waits.
func (c *committer) next() *item {
	select {
	case it := <-c.in:
		return it
	case <-c.stop:
	}
	select {
	case it := <-c.in:
		return it
	default:
		return nil
	}
}

// gather takes what is waiting; under load it waits a millisecond more, so that a commit serves many.
func (c *committer) gather(batch []*item, busy bool) []*item {
	var window <-chan time.Time
	if busy {
		t := time.NewTimer(time.Millisecond)
		defer t.Stop()
		window = t.C
	}
	for len(batch) < maxBatch {
		select {
		case it := <-c.in:
			batch = append(batch, it)
			continue
		default:
		}
		if window == nil {
			return batch
		}
		select {
		case it := <-c.in:
			batch = append(batch, it)
		case <-c.stop:
			return batch
		case <-window:
			return batch
		}
	}
	return batch
}

// commit evaluates and stores a batch; it returns the items that lost a compare-and-swap. When the batch itself cannot be
// applied it is halved, so that one learner's broken row fails that learner and nobody else; not when the database is out of reach.
func (c *committer) commit(ctx context.Context, batch []*item) (retry []*item) {
	b := &batchRun{c: c}
	began := time.Now()
	err := c.transact(ctx, b, batch)
	if err != nil && b.broken != nil && len(batch) > 1 && errs.KindOf(err) != errs.Unavailable {
		b.finish(batch, false)
		return append(c.commit(ctx, batch[:len(batch)/2]), c.commit(ctx, batch[len(batch)/2:])...)
	}
	for _, it := range batch {
		switch {
		case err != nil:
			it.err = err
			if it.seg != nil { // its sender may not wait for the answer
				slog.ErrorContext(ctx, "delivery not booked", "session", it.seg.sessionID, "segment", it.seg.segment, "error", err.Error())
			}
		case b.missed[it]:
			c.stats.Missed.Add(1)
			if it.tries++; it.tries < maxTries {
				retry = append(retry, it)
				continue
			}
			it.err = errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
		}
		c.stats.count(it)
		it.settle()
	}
	b.finish(batch, err == nil)
	c.stats.Batches.Add(1)
	c.stats.BatchMicroseconds.Add(time.Since(began).Microseconds())
	return retry
}

// count notes how an item ended.
func (s *Stats) count(it *item) {
	switch {
	case it.err != nil && (errs.KindOf(it.err) == errs.Internal || errs.KindOf(it.err) == errs.Unavailable):
		s.Failed.Add(1)
	case it.err != nil: // refused by the rule
	case it.beat != nil:
		s.Beats.Add(1)
		s.CreditedMS.Add(it.out.Granted)
	default:
		s.Segments.Add(1)
		s.DeliveredBytes.Add(it.seg.bytes)
	}
}

// durable is one transaction for the whole batch.
func (c *committer) durable(ctx context.Context, b *batchRun, batch []*item) error {
	return c.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		b.reset()
		b.broken = b.apply(ctx, tx, batch)
		return b.broken
	})
}

package playback

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

const (
	maxBatch  = 512
	maxCached = 200_000
	maxTries  = 8 // compare-and-swap misses of one beat
)

// entry is a cached learner: the study row, the credited set of its lesson and what was delivered to its session.
// The database decides; a stale entry misses its compare-and-swap and is read again.
type entry struct {
	study     Study
	lesson    Lesson
	policy    *Policy // of the lease: as it stood when the lease was acquired
	credited  Set
	confirmed int64 // ms of the lesson in confirmed windows; changes only with a passed check
	delivered segments
	cached    bool // not read in this transaction
	stored    calm // of the study row as it is stored
}

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

// view is what an answer shows of the learner's state after a beat.
type view struct {
	study     Study
	lesson    Lesson
	policy    *Policy
	credited  Set
	confirmed int64
	now       int64
}

func (e *entry) view(now int64) view {
	return view{e.study, e.lesson, e.policy, slices.Clone(e.credited), e.confirmed, now}
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
// applied it is halved, so that one learner's broken row fails that learner and nobody else.
func (c *committer) commit(ctx context.Context, batch []*item) (retry []*item) {
	b := &batchRun{c: c}
	err := c.transact(ctx, b, batch)
	if err != nil && b.broken != nil && len(batch) > 1 {
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
			if it.tries++; it.tries < maxTries {
				retry = append(retry, it)
				continue
			}
			it.err = errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
		}
		it.settle()
	}
	b.finish(batch, err == nil)
	return retry
}

// durable is one transaction for the whole batch.
func (c *committer) durable(ctx context.Context, b *batchRun, batch []*item) error {
	return c.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		b.reset()
		b.broken = b.apply(ctx, tx, batch)
		return b.broken
	})
}

// row is a planned insert; it runs once its learner's compare-and-swap has held.
type row func(ctx context.Context, tx *sqldb.Tx) error

// batchRun is one attempt at a batch. Entries are copied before they change, so that a rollback leaves the cache true.
type batchRun struct {
	c       *committer
	touched map[string]*entry
	rows    map[string][]row
	items   map[string][]*item
	folds   map[string][]Lesson // lessons besides the present one whose totals change
	renewed map[string]string   // device whose lapsed lease this batch renews → learner
	missed  map[*item]bool
	lost    map[string]bool
	broken  error // why the batch could not be applied; nil when only the commit failed
}

func (b *batchRun) reset() {
	b.touched = map[string]*entry{}
	b.rows = map[string][]row{}
	b.items = map[string][]*item{}
	b.folds, b.renewed = map[string][]Lesson{}, map[string]string{}
	b.missed, b.lost = map[*item]bool{}, map[string]bool{}
}

func (b *batchRun) finish(batch []*item, ok bool) {
	for _, it := range batch {
		if it.seg != nil && !ok {
			b.c.cache.drop(it.seg.learnerID) // it may name a delivery that was not stored
		}
	}
	for learner, e := range b.touched {
		if !ok || b.lost[learner] {
			b.c.cache.drop(learner)
			continue
		}
		b.c.cache.put(learner, e)
	}
}

func (b *batchRun) apply(ctx context.Context, tx *sqldb.Tx, batch []*item) error {
	if err := b.deliveries(ctx, tx, batch); err != nil {
		return err
	}
	for _, it := range batch {
		if it.beat == nil {
			continue
		}
		e, err := b.entry(ctx, tx, it.beat.LearnerID)
		if err == nil {
			err = b.beat(ctx, tx, it, e)
		}
		if it.err = err; err != nil && errs.KindOf(err) == errs.Internal {
			return err
		}
	}
	return b.store(ctx, tx)
}

// deliveries stores finished segments and notes them in the cached entries.
func (b *batchRun) deliveries(ctx context.Context, tx *sqldb.Tx, batch []*item) error {
	var all deliveries
	for _, it := range batch {
		if it.seg != nil {
			all.add(it.seg)
		}
	}
	if err := all.store(ctx, tx); err != nil {
		return err
	}
	for _, it := range batch {
		if it.seg == nil {
			continue
		}
		if e := b.c.cache.get(it.seg.learnerID); e != nil && e.study.SessionID == it.seg.sessionID {
			if !e.delivered.has(it.seg.segment) {
				e.delivered = e.delivered.add(it.seg.segment)
				b.c.cache.put(it.seg.learnerID, e) // a rollback drops the entry
			}
		}
	}
	return nil
}

// entry is the learner's working copy in this batch.
func (b *batchRun) entry(ctx context.Context, tx *sqldb.Tx, learnerID string) (*entry, error) {
	if e := b.touched[learnerID]; e != nil {
		return e, nil
	}
	e := b.c.cache.get(learnerID)
	if e == nil {
		var err error
		if e, err = b.c.load(ctx, tx, learnerID); err != nil {
			return nil, err
		}
	}
	e.stored = e.study.calm()
	b.touched[learnerID] = e
	return e, nil
}

// load reads a learner's working state from the database.
func (c *committer) load(ctx context.Context, tx *sqldb.Tx, learnerID string) (*entry, error) {
	s, found, err := loadStudy(ctx, tx, learnerID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errs.New(errs.Conflict, "playback.no_lease")
	}
	e := &entry{study: *s}
	if e.lesson, err = c.lesson.LessonTx(ctx, tx, s.LessonID); err != nil {
		return nil, err
	}
	if e.policy, err = c.policy.atTx(ctx, tx, learnerID, s.AcquiredAt); err != nil {
		return nil, err
	}
	if e.credited, err = creditedSet(ctx, tx, learnerID, s.LessonID, s.MediaID, s.MediaRev); err != nil {
		return nil, err
	}
	e.credited = e.credited.Add(Range{s.Open.MediaFrom, s.Open.MediaTo})
	sure, err := confirmedSet(ctx, tx, learnerID, s.LessonID, s.MediaID, s.MediaRev)
	if err != nil {
		return nil, err
	}
	e.confirmed = sure.Total()
	return e, e.readDelivered(ctx, tx)
}

func (e *entry) readDelivered(ctx context.Context, tx *sqldb.Tx) error {
	sent, err := deliveredSegments(ctx, tx, e.study.SessionID)
	e.delivered = nil
	for _, n := range sent {
		e.delivered = e.delivered.add(n)
	}
	return err
}

// beat applies the rule and plans the rows it adds.
func (b *batchRun) beat(ctx context.Context, tx *sqldb.Tx, it *item, e *entry) error {
	s := &e.study
	now := s.at(tx.NowMicro())
	if it.beat.SessionID != s.SessionID || it.beat.Epoch != s.Epoch {
		if len(b.items[s.LearnerID]) > 0 { // beats of this batch stand on this copy: the swap decides about all of them
			b.items[s.LearnerID] = append(b.items[s.LearnerID], it)
			return b.late(ctx, tx, it, e)
		}
		if e.cached { // another process may have given the lease away: only the database may say so
			return b.again(ctx, tx, it)
		}
		return b.late(ctx, tx, it, e)
	}
	ended, err := b.ended(ctx, tx, it.beat, s, now)
	if err != nil {
		return err
	}
	if ended && e.cached && len(b.items[s.LearnerID]) == 0 { // or another process has given it to somebody since
		return b.again(ctx, tx, it)
	}
	if ended {
		it.out = Outcome{State: StateExpired}
		it.view = e.view(now)
		if len(b.items[s.LearnerID]) > 0 {
			b.items[s.LearnerID] = append(b.items[s.LearnerID], it)
		}
		return nil
	}
	env := e.env()
	if len(env.Missing(it.beat.From, min(it.beat.To, e.lesson.DurationMS))) > 0 {
		if err := e.readDelivered(ctx, tx); err != nil { // another process may have sent it
			return err
		}
	}
	it.out = s.Beat(now, *it.beat, env)
	e.credited = env.Credited
	if it.out.CheckDue {
		s.CheckID = newCheckID(tx)
	}
	b.plan(s, s, it.out, now)
	b.items[s.LearnerID] = append(b.items[s.LearnerID], it)
	it.view = e.view(now)
	return nil
}

// again takes a beat on a copy read from the database.
func (b *batchRun) again(ctx context.Context, tx *sqldb.Tx, it *item) error {
	b.c.cache.drop(it.beat.LearnerID)
	delete(b.touched, it.beat.LearnerID)
	fresh, err := b.entry(ctx, tx, it.beat.LearnerID)
	if err != nil {
		return err
	}
	return b.beat(ctx, tx, it, fresh)
}

// ended reports whether the lease cannot be renewed by this beat: it was closed, or it lapsed and its device has begun
// to play for another account meanwhile (T24).
func (b *batchRun) ended(ctx context.Context, tx *sqldb.Tx, beat *Beat, s *Study, now int64) (bool, error) {
	if beat.Seq <= s.LastSeq || s.ExpiresAt > now {
		return false, nil
	}
	if other := b.renewed[s.DeviceID]; s.ExpiresAt == 0 || other != "" && other != s.LearnerID {
		return true, nil
	}
	busy, err := deviceBusy(ctx, tx, s.DeviceID, s.LearnerID, now)
	if err == nil && !busy {
		b.renewed[s.DeviceID] = s.LearnerID
	}
	return busy, err
}

// plan chains the rows a beat adds; they are stored once the learner's compare-and-swap has held.
// where tells which session and lesson they belong to (a superseded one for late beats).
func (b *batchRun) plan(s, where *Study, out Outcome, now int64) {
	for _, sp := range out.Closed {
		b.rows[s.LearnerID] = append(b.rows[s.LearnerID], s.bookSpan(where.place(sp), now))
	}
	at := *where
	for _, r := range out.Refused {
		b.rows[s.LearnerID] = append(b.rows[s.LearnerID], func(ctx context.Context, tx *sqldb.Tx) error { return insertRefusal(ctx, tx, &at, r) })
	}
}

// env is the rule's view of an entry.
func (e *entry) env() *Env {
	return &Env{
		Policy: e.policy, Duration: e.lesson.DurationMS, Credited: e.credited,
		Delivered: func(from, to int64) Set { return e.sent(from, to) },
		Missing: func(from, to int64) (out []int) {
			for n := e.lesson.Segment(from); from < to && n <= e.lesson.Segment(to-1); n++ {
				if !e.delivered.has(n) {
					out = append(out, int(n))
				}
			}
			return out
		},
	}
}

// sent is the part of [from, to) whose segments went to this session.
func (e *entry) sent(from, to int64) (set Set) {
	for n := e.lesson.Segment(from); from < to && n <= e.lesson.Segment(to-1); n++ {
		if e.delivered.has(n) {
			end := (n + 1) * e.lesson.SegmentMS
			if n == e.lesson.Segments-1 {
				end = e.lesson.DurationMS
			}
			set = set.Add(Range{max(from, n*e.lesson.SegmentMS), min(to, end)})
		}
	}
	return set
}

// store writes every touched learner: first the compare-and-swap, then the rows that hang on it.
// Learners go in order, so that two processes never wait for each other in a circle.
func (b *batchRun) store(ctx context.Context, tx *sqldb.Tx) error {
	if len(b.items) == 0 {
		return nil
	}
	learners := slices.Sorted(maps.Keys(b.items))
	held, err := b.swap(ctx, tx, learners)
	if err != nil {
		return err
	}
	for _, learner := range learners {
		if !held[learner] {
			b.lost[learner] = true
			for _, it := range b.items[learner] {
				b.missed[it] = true
			}
			continue
		}
		e := b.touched[learner]
		e.study.Version++
		for _, insert := range b.rows[learner] {
			if err := insert(ctx, tx); err != nil {
				return err
			}
		}
		if len(b.rows[learner]) > 0 {
			for _, l := range append(b.folds[learner], e.lesson) {
				if _, err := foldProgress(ctx, tx, learner, l, 0, e.policy); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

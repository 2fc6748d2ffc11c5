package playback

import (
	"context"
	"maps"
	"slices"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// row is a planned insert; it runs once its learner's compare-and-swap has held.
type row func(ctx context.Context, tx *sqldb.Tx) error

// batchRun is one attempt at a batch. Entries are copied before they change, so that a rollback leaves the cache true.
type batchRun struct {
	c       *committer
	touched map[string]*entry
	rows    map[string][]row
	items   map[string][]*item
	folds   map[string][]Lesson // lessons besides the present one whose totals change
	paid    map[string]Set      // what superseded sessions have earned in this batch
	renewed map[string]string   // device whose lapsed lease this batch renews → learner
	missed  map[*item]bool
	lost    map[string]bool
	broken  error // why the batch could not be applied; nil when only the commit failed
}

func (b *batchRun) reset() {
	b.touched = map[string]*entry{}
	b.rows = map[string][]row{}
	b.items = map[string][]*item{}
	b.folds, b.renewed, b.paid = map[string][]Lesson{}, map[string]string{}, map[string]Set{}
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
				e.note(sent{it.seg.segment, tx.NowMicro()})
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
	if it.beat.Seq > s.LastSeq {
		now = s.passes(tx.NowMicro())
	}
	it.out = s.Beat(now, *it.beat, env)
	e.credited = env.Credited
	if it.out.CheckDue {
		s.CheckID = newCheckID(tx)
	}
	b.plan(s, s, it.out, max(now, e.sentAt))
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

// plan chains the rows a beat adds, booked at an instant; they are stored once the learner's compare-and-swap has held.
// where tells which session and lesson they belong to (a superseded one for late beats).
func (b *batchRun) plan(s, where *Study, out Outcome, booked int64) {
	for _, sp := range out.Closed {
		b.rows[s.LearnerID] = append(b.rows[s.LearnerID], s.bookSpan(where.place(sp), booked))
	}
	at := *where
	for _, r := range out.Refused {
		b.rows[s.LearnerID] = append(b.rows[s.LearnerID], func(ctx context.Context, tx *sqldb.Tx) error { return insertRefusal(ctx, tx, &at, r) })
	}
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
				if _, err := foldProgress(ctx, tx, b.c.lesson, learner, l, 0, e.policy); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

package playback

import (
	"context"
	"slices"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// entry is a cached learner: the study row, the credited set of its lesson and what was delivered to its session.
// The database decides; a stale entry misses its compare-and-swap and is read again.
type entry struct {
	study     Study
	lesson    Lesson
	policy    *Policy // of the lease: as it stood when the lease was acquired
	credited  Set
	confirmed int64 // ms of the lesson in confirmed windows; changes only with a passed check
	finished  bool  // the lesson is credited in full in another revision, and so it stays
	delivered segments
	sentAt    int64 // of the newest of them, µs: nothing is booked before it, even when the clock steps back (PB-I3)
	cached    bool  // not read in this transaction
	stored    calm  // of the study row as it is stored
}

// view is what an answer shows of the learner's state after a beat.
type view struct {
	study     Study
	lesson    Lesson
	policy    *Policy
	credited  Set
	confirmed int64
	finished  bool
	now       int64
}

func (e *entry) view(now int64) view {
	return view{e.study, e.lesson, e.policy, slices.Clone(e.credited), e.confirmed, e.finished, now}
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
	if e.lesson, err = c.lesson.RevisionTx(ctx, tx, s.LessonID, s.Revision()); err != nil {
		return nil, err
	}
	if e.policy, err = c.policy.atTx(ctx, tx, learnerID, s.AcquiredAt); err != nil {
		return nil, err
	}
	w, err := watchedOf(ctx, tx, learnerID, s.LessonID)
	if err != nil {
		return nil, err
	}
	credited, sure, err := w.in(ctx, tx, c.lesson, s.Revision())
	if err != nil {
		return nil, err
	}
	e.credited, e.confirmed = credited.Add(Range{s.Open.MediaFrom, s.Open.MediaTo}), sure.Total()
	row, _, err := standOf(ctx, tx, learnerID, s.LessonID)
	if err != nil {
		return nil, err
	}
	e.finished = row.full && row.at != s.Revision()
	return e, e.readDelivered(ctx, tx)
}

func (e *entry) readDelivered(ctx context.Context, tx *sqldb.Tx) error {
	all, err := deliveredSegments(ctx, tx, e.study.LearnerID, e.study.SessionID)
	e.delivered, e.sentAt = nil, 0
	for _, s := range all {
		e.note(s)
	}
	return err
}

// note takes a delivery in.
func (e *entry) note(s sent) {
	e.delivered, e.sentAt = e.delivered.add(s.segment), max(e.sentAt, s.at)
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

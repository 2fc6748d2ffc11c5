package playback

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"xueshi/internal/platform/sqldb"
)

// superseded is what a place that lost the lease may still claim: wall time before the takeover, for a short while.
// It keeps the promise that nothing honestly watched is lost when somebody goes on on another device (playback.md 2.6).
type superseded struct {
	SessionID   string `json:"session"`
	Epoch       int64  `json:"epoch"`
	Login       string `json:"login"` // ending this login takes the claim away (migration 0080)
	LessonID    string `json:"lesson"`
	MediaID     string `json:"media"`
	MediaRev    int64  `json:"rev"`
	Until       int64  `json:"until"` // the takeover instant, µs: no wall time after it (PB-I5)
	Cursor      int64  `json:"cursor"`
	LastSeq     int64  `json:"seq"`
	LastContact int64  `json:"contact"`
	Run         Run    `json:"run"`
}

// supersede remembers the state of the place that loses the lease at instant until. A lease that was released before
// (closed by its player, or with its login) has said its last: nothing may be claimed under it any more.
func (s *Study) supersede(until int64) error {
	if s.ExpiresAt == 0 {
		s.Prev = ""
		return nil
	}
	raw, err := json.Marshal(superseded{s.SessionID, s.Epoch, s.LoginSessionID, s.LessonID, s.MediaID, s.MediaRev, until, s.Cursor, s.LastSeq, s.LastContact, s.Run})
	s.Prev = string(raw)
	return err
}

// late takes a beat that does not carry the present epoch. The last superseded place is paid for wall time before
// the takeover; everybody else is only told that the lease is gone.
func (b *batchRun) late(ctx context.Context, tx *sqldb.Tx, it *item, e *entry) error {
	s := &e.study
	now := s.at(tx.NowMicro())
	it.out = Outcome{State: StateSuperseded}
	it.view = e.view(now)
	var p superseded
	if s.Prev == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s.Prev), &p); err != nil {
		return fmt.Errorf("superseded state of %s: %w", s.LearnerID, err)
	}
	if it.beat.SessionID != p.SessionID || it.beat.Epoch != p.Epoch || now > p.Until+e.policy.LateMS*1000 {
		return nil
	}
	return b.payLate(ctx, tx, it, e, p)
}

func (b *batchRun) payLate(ctx context.Context, tx *sqldb.Tx, it *item, e *entry, p superseded) (err error) {
	s := &e.study
	old := *s
	old.SessionID, old.Epoch, old.LessonID, old.MediaID, old.MediaRev = p.SessionID, p.Epoch, p.LessonID, p.MediaID, p.MediaRev
	if p.LessonID != s.LessonID {
		if old.Take, err = takeOf(ctx, tx, s.LearnerID, p.LessonID); err != nil {
			return err
		}
	}
	old.Cursor, old.LastSeq, old.LastContact, old.Run, old.Open, old.Final = p.Cursor, p.LastSeq, p.LastContact, p.Run, Span{}, false
	was := &entry{study: old, lesson: e.lesson, policy: e.policy, credited: e.credited}
	if err := b.elsewhere(ctx, tx, e, was); err != nil {
		return err
	}
	if err := was.readDelivered(ctx, tx); err != nil {
		return err
	}
	env := was.env()
	out := was.study.Beat(p.Until, *it.beat, env)
	if out.Repeat {
		return nil
	}
	was.study.closeSpan(&out)
	was.credited = env.Credited
	if err := b.brought(ctx, tx, e, was, out.Closed); err != nil {
		return err
	}
	s.SinceCheck = was.study.SinceCheck
	now := s.passes(tx.NowMicro())
	if s.CheckID == "" && s.SinceCheck >= s.Threshold {
		s.CheckID = newCheckID(tx)
		s.spend(now)
	}
	p.Cursor, p.LastSeq, p.LastContact, p.Run = was.study.Cursor, was.study.LastSeq, was.study.LastContact, was.study.Run
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	s.Prev = string(raw)
	b.plan(s, &old, out, max(now, was.sentAt))
	if !slices.Contains(b.items[s.LearnerID], it) {
		b.items[s.LearnerID] = append(b.items[s.LearnerID], it)
	}
	it.out.Granted = out.Granted
	it.view = e.view(now)
	return nil
}

// elsewhere completes the entry of a superseded place that played another lesson, or another revision of this one.
func (b *batchRun) elsewhere(ctx context.Context, tx *sqldb.Tx, e, was *entry) (err error) {
	s, old := &e.study, &was.study
	if old.LessonID == s.LessonID && old.Revision() == s.Revision() {
		return nil
	}
	if was.lesson, err = b.c.lesson.RevisionTx(ctx, tx, old.LessonID, old.Revision()); err != nil {
		return err
	}
	w, err := watchedOf(ctx, tx, s.LearnerID, old.LessonID)
	if err != nil {
		return err
	}
	if was.credited, _, err = w.in(ctx, tx, b.c.lesson, old.Revision()); err != nil {
		return err
	}
	seen := b.paid[old.SessionID]
	if old.LessonID == s.LessonID { // what is open in the present revision is credited there already
		now, err := movedTx(ctx, tx, b.c.lesson, e.credited, s.Revision(), old.Revision())
		if err != nil {
			return err
		}
		seen = slices.Concat(seen, now)
	}
	for _, r := range seen {
		was.credited = was.credited.Add(r)
	}
	return nil
}

// brought shows the present place what a superseded one has earned.
func (b *batchRun) brought(ctx context.Context, tx *sqldb.Tx, e, was *entry, closed []Span) error {
	s, old := &e.study, &was.study
	if old.LessonID == s.LessonID && old.Revision() == s.Revision() {
		e.credited = was.credited
		return nil
	}
	for _, sp := range closed {
		b.paid[old.SessionID] = b.paid[old.SessionID].Add(Range{sp.MediaFrom, sp.MediaTo})
	}
	if old.LessonID != s.LessonID {
		if len(closed) > 0 {
			b.folds[s.LearnerID] = append(b.folds[s.LearnerID], was.lesson)
		}
		return nil
	}
	got, err := movedTx(ctx, tx, b.c.lesson, b.paid[old.SessionID], old.Revision(), s.Revision())
	for _, r := range got {
		e.credited = e.credited.Add(r)
	}
	return err
}

package playback_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

const sevenHours = 7 * 3_600_000

// folds folds until nothing is due.
func (r *room) folds(c *city.City) {
	r.Helper()
	for more := true; more; {
		var err error
		if more, err = c.Playback.FoldDeliveries(r.Context()); err != nil {
			r.Fatal(err)
		}
	}
}

// count asks the database for a number.
func (r *room) count(query string, args ...any) int64 {
	r.Helper()
	n, err := sqldb.ReadValue(r.Context(), r.c.DB, func(tx *sqldb.Tx) (int64, error) {
		n, _, err := sqldb.One(r.Context(), tx, sqldb.ScanValue[int64], query, args...)
		return n, err
	})
	if err != nil {
		r.Fatal(err)
	}
	return n
}

func (r *room) rows(session string) int64 {
	r.Helper()
	return r.count(`SELECT count(*) FROM delivery WHERE session_id = $1`, session)
}

func (r *room) lists(session string) int64 {
	r.Helper()
	return r.count(`SELECT count(*) FROM delivery_fold WHERE session_id = $1`, session)
}

func TestDeliveriesAreFolded(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.NewWith(t, env, short())
		r := &room{T: t, c: c, person: c.Learner(t)}
		c.Enrol(t, r.person, "c04", "c01")
		r.pc, r.phone = c.Seat(t, r.person, "pc"), c.Seat(t, r.person, "phone")
		slept := r.sleepsAndGoesOn()
		r.supersededIsFolded(slept)
		r.verified()
		r.foldedTwiceAtOnce()
		r.verified()
		r.recordsAreKeptTwoYears()
		r.foldedEditsAreFound()
	})
}

// A machine sleeps for seven hours: its deliveries are folded meanwhile, and what it has in its buffer is paid all the same, by this
// process, which remembers, and by one that has to read.
func (r *room) sleepsAndGoesOn() playback.Lease {
	l := r.acquire(r.pc, long)
	sent := r.rows(l.SessionID)
	r.wait(10_000)
	r.play(r.pc, l, 1, 0, 10_000)
	r.folds(r.c)
	r.want("rows while it studies", r.rows(l.SessionID), sent)
	r.wait(sevenHours)
	r.folds(r.c)
	r.folds(r.c)
	if rows, folds := r.rows(l.SessionID), r.lists(l.SessionID); rows != 0 || folds != 1 {
		r.Errorf("%d rows and %d folds, want 0 and 1", rows, folds)
	}
	r.want("segments", r.count(`SELECT segments FROM delivery_fold WHERE session_id = $1`, l.SessionID), sent)
	r.want("after the sleep", r.play(r.pc, l, 1, 10_000, 20_000).GrantedMS, 10_000)
	r.wait(10_000)
	woken := *r.pc
	woken.Program = r.c.Second(r.T)
	r.want("by another process", r.play(&woken, l, 1, 20_000, 30_000).GrantedMS, 10_000)
	return l
}

// What is sent to a session after its fold is folded later, and beside it.
func (r *room) supersededIsFolded(l playback.Lease) {
	if err := r.pc.Deliver(l, 0); err != nil {
		r.Fatal(err)
	}
	next, err := r.phone.Acquire(other, true)
	if err != nil {
		r.Fatal(err)
	}
	if err := r.phone.Deliver(next, 0); err != nil {
		r.Fatal(err)
	}
	r.folds(r.c)
	r.want("rows of one that was just superseded", r.rows(l.SessionID), 1)
	r.wait(sevenHours)
	if _, err := r.phone.Beat(next, playback.Beat{Seq: 1, Run: 1, State: playback.Playing, Visible: true}); err != nil {
		r.Fatal(err)
	}
	r.folds(r.c)
	if rows, folds := r.rows(l.SessionID), r.lists(l.SessionID); rows != 0 || folds != 2 {
		r.Errorf("superseded: %d rows and %d folds, want 0 and 2", rows, folds)
	}
	r.want("rows of the one that plays", r.rows(next.SessionID), 1)
	r.wait(sevenHours)
}

// Two processes fold at once, while beats move the chain: each delivery is in one fold.
func (r *room) foldedTwiceAtOnce() {
	const sessions = 12
	for range sessions {
		l, err := r.phone.Acquire(other, true)
		if err == nil {
			err = r.phone.Deliver(l, 0)
		}
		if err != nil {
			r.Fatal(err)
		}
		r.wait(600_000)
	}
	r.wait(sevenHours)
	before := r.count(`SELECT coalesce(sum(segments), 0) FROM delivery_fold`) + r.count(`SELECT count(*) FROM delivery`)
	second := r.c.Second(r.T)
	var all sync.WaitGroup
	for _, c := range []*city.City{r.c, second, r.c, second} {
		all.Go(func() {
			if _, err := c.Playback.FoldDeliveries(context.Background()); err != nil {
				r.Error(err)
			}
		})
	}
	all.Wait()
	r.folds(r.c)
	r.want("rows left", r.count(`SELECT count(*) FROM delivery`), 0)
	r.want("segments in folds", r.count(`SELECT coalesce(sum(segments), 0) FROM delivery_fold`), before)
}

// A fold is a link of the chain: nothing of it can be changed, added or taken away unseen.
func (r *room) foldedEditsAreFound() {
	exec := func(query string) error {
		return r.c.DB.Write(r.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(r.Context(), query); return err })
	}
	const first = ` WHERE chain_seq = (SELECT min(chain_seq) FROM delivery_fold)`
	edits := []string{
		`UPDATE delivery_fold SET segments = segments + 1` + first, `UPDATE delivery_fold SET bytes = bytes + 1` + first,
		`UPDATE delivery_fold SET session_id = 'x'` + first, `UPDATE delivery_fold SET list_hash = chain_hash` + first, `UPDATE delivery_fold SET list = chain_hash` + first, `DELETE FROM delivery_fold` + first,
	}
	for _, edit := range edits {
		if err := exec(edit); !sqldb.IsRefused(err) {
			r.Errorf("%s: %v", edit, err)
		}
	}
	drop := []string{"DROP TRIGGER delivery_fold_no_update", "DROP TRIGGER delivery_fold_no_delete"}
	if r.c.DB.Engine() == sqldb.Postgres {
		drop = []string{"DROP TRIGGER delivery_fold_no_update ON delivery_fold", "DROP TRIGGER delivery_fold_no_delete ON delivery_fold"}
	}
	for _, query := range append([]string{`CREATE TABLE kept AS SELECT * FROM delivery_fold`}, drop...) {
		if err := exec(query); err != nil {
			r.Fatal(err)
		}
	}
	for _, edit := range edits {
		if err := exec(edit); err != nil {
			r.Fatal(err)
		}
		report, err := r.report()
		if err != nil || !strings.Contains(strings.Join(report.Findings, "\n"), "chain") {
			r.Errorf("%s: not found: %v, %v", edit, report.Findings, err)
		}
		for _, undo := range []string{`DELETE FROM delivery_fold`, `INSERT INTO delivery_fold SELECT * FROM kept`} {
			if err := exec(undo); err != nil {
				r.Fatal(err)
			}
		}
	}
	r.verified()
}

func (r *room) report() (*verify.Report, error) { return verify.Run(r.Context(), r.c.DB, r.c.Signer) }

// Delivery records may be erased after two years: the chain still holds. Erased before, they are missed.
func (r *room) recordsAreKeptTwoYears() {
	forget := func(before time.Time) (n int64) {
		err := r.c.DB.Write(r.Context(), func(tx *sqldb.Tx) (err error) {
			n, err = playback.ForgetDeliveries(r.Context(), tx, before, 2)
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
		return n
	}
	kept := r.c.Clock.Now()
	r.want("before its time", forget(kept.AddDate(0, 0, -2)), 0)
	r.want("a bounded turn", forget(kept), 2)
	if report, err := r.report(); err != nil || !strings.Contains(strings.Join(report.Findings, "\n"), "before their time") {
		r.Errorf("erased too early, and not found: %v, %v", report.Findings, err)
	}
	r.c.Clock.Advance(25 * 31 * 24 * time.Hour)
	for forget(kept) > 0 {
	}
	r.want("lists left", r.count(`SELECT count(*) FROM delivery_fold WHERE length(list) > 0`), 0)
	report, err := r.report()
	if err != nil || len(report.Findings) > 0 || report.Aged == 0 {
		r.Errorf("after two years: %+v, %v", report, err)
	}
}

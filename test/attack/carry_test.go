package attack

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

const longMS = 1_468_000 // of the long lesson as it comes

// count reads a number.
func count(t testing.TB, c *city.City, query string, args ...any) (n int64) {
	t.Helper()
	err := c.DB.Read(context.Background(), func(tx *sqldb.Tx) error { return tx.QueryRowContext(context.Background(), query, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// half watches [from, to) of the long lesson, answering checks, and leaves.
func half(t testing.TB, c *city.City, d *client.Device, from, to int64) {
	t.Helper()
	p := acquired(t, d)
	for at := from; at < to; {
		at = watch(t, c, p, at, to)
		if p.Answer.Check != nil {
			if result, err := d.Solve(p.Answer.Check); err != nil || result != "passed" {
				t.Fatalf("check: %s, %v", result, err)
			}
			p.Answer.Check = nil
		}
	}
	if _, err := p.Beat("closed", to, to); err != nil {
		t.Fatal(err)
	}
}

func opened(t testing.TB, d *client.Device) *client.Lesson {
	t.Helper()
	l, err := d.Open(long)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A learner in the middle of a lesson goes on where they were when its black head was cut off, and earns the hour once.
func TestARepairedLessonGoesOn(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		person, d := c.Enrolled(t, "c04")
		half(t, c, d, 0, 1_000_000)
		var note struct {
			ID   string
			AtMS int64 `json:"at_ms"`
		}
		if err := d.Do("POST", "/api/learner/lessons/"+long+"/notes", map[string]any{"at_ms": 500_000, "text": "记住", "key": "n1"}, &note); err != nil {
			t.Fatal(err)
		}
		before := opened(t, d)
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		after := opened(t, d)
		if after.Progress.ResumeMS != 998_000 || after.Progress.CreditedMS != 998_000 || before.Progress.ConfirmedMS-after.Progress.ConfirmedMS != 2_000 {
			t.Fatalf("the page shows %+v, before %+v", after.Progress, before.Progress)
		}
		if _, err := d.AcquireWith(long, before.Nonce, true); !isCode(err, "playback.nonce_stale") {
			t.Fatalf("a page of before begins: %v", err)
		}
		if n := count(t, c, `SELECT count(*) FROM carried`); n != 0 {
			t.Fatal("carried before it was begun")
		}
		study(t, c, d, long)
		done := opened(t, d)
		if !done.Progress.Complete || done.Progress.ConfirmedMS < longMS-2_000-5_000 || done.Progress.ConfirmedMS > longMS-2_000 {
			t.Fatalf("at the end: %+v", done.Progress)
		}
		if n := count(t, c, `SELECT minutes_studied FROM credit_record WHERE person_id = $1 AND source = 'platform'`, person.ID); n != (longMS-2_000)/60_000 {
			t.Errorf("%d minutes are booked", n)
		}
		if n := count(t, c, `SELECT count(*) FROM credit_record WHERE person_id = $1`, person.ID); n != 1 {
			t.Errorf("%d records", n)
		}
		if n := count(t, c, `SELECT count(*) FROM carried WHERE learner_id = $1 AND from_rev = 1 AND media_rev = 2 AND watched_ms = 1000000 AND credited_ms = 998000`, person.ID); n != 1 {
			t.Errorf("%d steps in the chain", n)
		}
		var notes struct {
			Items []struct {
				AtMS int64 `json:"at_ms"`
			}
		}
		if err := d.Do("GET", "/api/learner/lessons/"+long+"/notes", nil, &notes); err != nil || len(notes.Items) != 1 || notes.Items[0].AtMS != 498_000 {
			t.Errorf("the note stands at %+v, %v", notes.Items, err)
		}
		agreed(t, c)
		carriedEditsAreFound(t, c)
	})
}

// carriedEditsAreFound changes what was carried over, and what it rests on; verify must find each.
func carriedEditsAreFound(t *testing.T, c *city.City) {
	ctx := context.Background()
	exec := func(query string) {
		t.Helper()
		if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query); return err }); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	const stretch = `UPDATE media SET time_map = replace(time_map, '"from_ms":2000', '"from_ms":1000') WHERE id = 'l0401' AND rev = 2`
	for _, refused := range []string{"UPDATE carried SET credited_ms = credited_ms - 1", "DELETE FROM carried", stretch} {
		if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, refused); return err }); !sqldb.IsRefused(err) {
			t.Errorf("%s: %v", refused, err)
		}
	}
	drop := []string{"DROP TRIGGER carried_no_update", "DROP TRIGGER media_timeline"}
	if c.DB.Engine() == sqldb.Postgres {
		drop = []string{"DROP TRIGGER carried_append_only ON carried", "DROP TRIGGER media_timeline ON media"}
	}
	for _, q := range drop {
		exec(q)
	}
	for _, e := range []struct{ do, undo string }{
		{"UPDATE carried SET credited_ms = credited_ms - 1000", "UPDATE carried SET credited_ms = credited_ms + 1000"},
		{"UPDATE carried SET maps = replace(maps, '2000', '1000')", "UPDATE carried SET maps = replace(maps, '1000', '2000')"},
		{"UPDATE carried SET from_rev = 7", "UPDATE carried SET from_rev = 1"},
		{"UPDATE carried SET at = at + 1", "UPDATE carried SET at = at - 1"},
		{stretch, `UPDATE media SET time_map = replace(time_map, '"from_ms":1000', '"from_ms":2000') WHERE id = 'l0401' AND rev = 2`},
		{"UPDATE media SET base_rev = 0 WHERE id = 'l0401' AND rev = 2", "UPDATE media SET base_rev = 1 WHERE id = 'l0401' AND rev = 2"},
		{"UPDATE lesson_progress SET media_rev = 1 WHERE lesson_id = 'l0401'", "UPDATE lesson_progress SET media_rev = 2 WHERE lesson_id = 'l0401'"},
		{"UPDATE lesson_progress SET credited_ms = credited_ms + 2000 WHERE lesson_id = 'l0401'", "UPDATE lesson_progress SET credited_ms = credited_ms - 2000 WHERE lesson_id = 'l0401'"},
	} {
		exec(e.do)
		if report, err := verify.Run(ctx, c.DB, c.Signer); err != nil || len(report.Findings) == 0 {
			t.Errorf("%s: not found (%v)", e.do, err)
		}
		exec(e.undo)
	}
	agreed(t, c)
}

// An open lease goes on with the revision it began with, to its end; what it earns then is carried over with the rest.
func TestAnOpenLeaseGoesOnWithItsRevision(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		p, err := d.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, p, 0, 60_000)
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		c.Restart(t) // not even a program that has forgotten everything takes the old revision away
		d.Base = c.URL
		watch(t, c, p, 60_000, 120_000)
		if _, bytes, err := p.Segment(10); err != nil || bytes < 1_000 {
			t.Fatalf("a segment of %d bytes, %v: that is not the old revision's", bytes, err)
		}
		if p.Answer.CreditedMS != 120_000 || p.Answer.ResumeMS != 120_000 {
			t.Fatalf("on the old revision: %+v", p.Answer)
		}
		// Late beats of the old revision are paid once, whatever the new one has earned of the same content meanwhile.
		p.Run++
		if err := p.Fetch(120_000, 140_000); err != nil {
			t.Fatal(err)
		}
		c.Clock.Advance(10 * time.Second)
		q, err := d.Acquire(long, true)
		if err != nil {
			t.Fatal(err)
		}
		if q.Answer.ResumeMS != 118_000 || q.Answer.CreditedMS != 118_000 {
			t.Fatalf("on the new revision: %+v", q.Answer)
		}
		if err := q.Fetch(118_000, 124_000); err != nil {
			t.Fatal(err)
		}
		c.Clock.Advance(6 * time.Second)
		if a, err := q.Beat("playing", 118_000, 124_000); err != nil || a.GrantedMS != 6_000 { // 120–126 s of the old one, and goes on
			t.Fatalf("%+v, %v", a, err)
		}
		if a, err := p.Beat("playing", 120_000, 130_000); err != nil || a.GrantedMS != 4_000 {
			t.Fatalf("late: %+v, %v, want the 4 s that nobody has credited", a, err)
		}
		watch(t, c, q, 124_000, 134_000)
		if q.Answer.CreditedMS != 134_000 || !slices.Equal(q.Answer.Credited, [][2]int64{{0, 134_000}}) {
			t.Fatalf("together: %+v", q.Answer)
		}
		agreed(t, c)
	})
}

// Who has finished a lesson has finished it, whatever takes its place.
func TestAFinishedLessonStaysFinished(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		person, d := c.Enrolled(t, "c04")
		study(t, c, d, long)
		c.Replace(t, long, longMS+600_000, 1, media.TimeMap{}) // recorded anew
		p, err := d.Acquire(long, true)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, p, 0, 30_000)
		if l := opened(t, d); !p.Answer.Complete || !l.Progress.Complete || l.Progress.CreditedMS != 30_000 {
			t.Fatalf("%+v, heartbeat %+v", l.Progress, p.Answer)
		}
		if n := count(t, c, `SELECT count(*) FROM credit_record WHERE person_id = $1`, person.ID) + count(t, c, `SELECT count(*) FROM carried`); n != 1 {
			t.Errorf("%d records and steps, want the one record", n)
		}
		var page struct {
			Course struct{ Outline []struct{ State string } }
		}
		if err := d.Do("GET", "/api/learner/lessons/"+long, nil, &page); err != nil || page.Course.Outline[0].State != "done" {
			t.Errorf("%+v %v", page, err)
		}
		agreed(t, c)
	})
}

// What was cut off was all that was missing: then the lesson is finished when it is begun again, and the course is booked.
func TestALessonThatARepairCompletes(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		person, d := c.Enrolled(t, "c04")
		check := (&rig{T: t, c: c, person: person, d: d, p: acquired(t, d)}).toCheck() // at the latest after 900 s
		if result, err := d.Solve(check); err != nil || result != "passed" {
			t.Fatal(result, err)
		}
		had := opened(t, d).Progress.ConfirmedMS
		c.Replace(t, long, had-10_000, 1, media.TimeMap{{LengthMS: had - 10_000}}) // the rest was a black tail
		acquired(t, d)
		if n := count(t, c, `SELECT minutes_studied FROM credit_record WHERE person_id = $1 AND source = 'platform'`, person.ID); n != (had-10_000)/60_000 {
			t.Errorf("%d minutes are booked", n)
		}
		agreed(t, c)
	})
}

// Nor does a policy that has become stricter since take it back, when another revision is begun.
func TestWhatCountedAsFinishedThenStaysFinished(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := playback.DefaultPolicy
		c := city.NewWith(t, env, &p)
		person, d := c.Enrolled(t, "c04")
		half(t, c, d, 0, 600_000)
		half(t, c, d, 601_400, longMS) // a gap within the tolerance
		c.Restart(t)
		d.Base = c.URL
		p.GapMS, p.TotalMS = 500, 500
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		acquired(t, d)
		if l := opened(t, d); !l.Progress.Complete || count(t, c, `SELECT count(*) FROM carried WHERE learner_id = $1`, person.ID) != 0 {
			t.Errorf("%+v", l.Progress)
		}
		agreed(t, c)
	})
}

// A lesson that was credited in full before it was recorded anew loses that with its last check: then it goes on in the new one.
func TestAReopenedWindowUnfinishesALesson(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		p := acquired(t, d)
		for at := int64(0); !p.Answer.Complete; at = watch(t, c, p, at, longMS) {
			if p.Answer.Check != nil {
				if result, err := d.Solve(p.Answer.Check); err != nil || result != "passed" {
					t.Fatalf("check: %s, %v", result, err)
				}
				p.Answer.Check = nil
			}
		}
		c.Clock.Advance(5 * time.Minute) // the last check is late
		c.Replace(t, long, longMS, 1, media.TimeMap{})
		p = acquired(t, d)
		if n := count(t, c, `SELECT count(*) FROM carried`); n != 0 || !p.Answer.Complete {
			t.Fatalf("carried %d times although it is finished: %+v", n, p.Answer)
		}
		for result := ""; result != "reopened"; {
			var due struct{ Check *client.Check }
			if err := d.Do("GET", "/api/learner/playback/check", nil, &due); err != nil || due.Check == nil {
				t.Fatalf("no check is due: %v", err)
			}
			var err error
			if result, err = d.AnswerCheck(due.Check, []string{"no", "no"}); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, c, `SELECT media_rev * 1000000 + credited_ms FROM lesson_progress`); n != 2_000_000 {
			t.Errorf("revision and credit: %d, want the second and none", n)
		}
		watch(t, c, p, 0, 20_000)
		if n := count(t, c, `SELECT credited_ms FROM lesson_progress`); n != 20_000 || p.Answer.Complete {
			t.Errorf("%d ms, %+v", n, p.Answer)
		}
		agreed(t, c)
	})
}

func acquired(t testing.TB, d *client.Device) *client.Play {
	t.Helper()
	p, err := d.Acquire(long, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What a person grants is of the revision that was appealed about, and follows like everything that was watched there.
func TestAnAppealAboutTheRevisionBefore(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		half(t, c, d, 0, 60_000)
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		var a struct{ ID string }
		file := map[string]any{"lesson_id": long, "rev": 9, "from_ms": 30_000, "to_ms": 90_000, "text": "看完了却没有计上"}
		if err := d.Do("POST", "/api/learner/appeals", file, &a); !isCode(err, "media.no_media") {
			t.Fatalf("about a revision that nobody has played: %v", err)
		}
		file["rev"] = 1
		if err := d.Do("POST", "/api/learner/appeals", file, &a); err != nil {
			t.Fatal(err)
		}
		acquired(t, d)
		if err := operator(t, c).Do("POST", "/api/operator/appeals/"+a.ID+"/decision", map[string]any{"grant": true, "answer": "机房记录证实"}, nil); err != nil {
			t.Fatal(err)
		}
		if l := opened(t, d); !slices.Equal(l.Progress.Credited, [][2]int64{{0, 88_000}}) || l.Progress.ConfirmedMS != 30_000 {
			t.Errorf("%+v", l.Progress)
		}
		agreed(t, c)
	})
}

// Two devices begin the new revision in the same instant: it is carried over once, with one lease.
func TestTwoDevicesBeginAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		person, pc := c.Enrolled(t, "c04")
		half(t, c, pc, 0, 60_000)
		phone := c.Login(t, person, "phone")
		phone.Base = c.Second(t).URL
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		nonces := []string{opened(t, pc).Nonce, opened(t, phone).Nonce}
		var all sync.WaitGroup
		got := make([]error, 2)
		for i, d := range []*client.Device{pc, phone} {
			all.Go(func() { _, got[i] = d.AcquireWith(long, nonces[i], true) })
		}
		all.Wait()
		if (got[0] == nil) == (got[1] == nil) {
			t.Errorf("%v, %v: want one of them", got[0], got[1])
		}
		acquired(t, phone)
		if n := count(t, c, `SELECT count(*) FROM carried`); n != 1 {
			t.Errorf("carried %d times", n)
		}
		agreed(t, c)
	})
}

// What fails in the middle has not happened: no step in the chain, totals where they were; the next attempt takes it over.
func TestCarryingOverIsOneStep(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		half(t, c, d, 0, 60_000)
		c.Replace(t, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		break_, mend := []string{`CREATE TRIGGER cut BEFORE INSERT ON playback_session BEGIN SELECT RAISE(ABORT, 'cut'); END`}, "DROP TRIGGER cut"
		if c.DB.Engine() == sqldb.Postgres {
			break_, mend = []string{`CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'cut'; END $$`,
				`CREATE TRIGGER cut BEFORE INSERT ON playback_session FOR EACH ROW EXECUTE FUNCTION cut()`}, "DROP TRIGGER cut ON playback_session"
		}
		ctx := context.Background()
		for _, q := range break_ {
			if _, err := c.DB.Writer().ExecContext(ctx, q); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.Acquire(long, true); err == nil {
			t.Fatal("the lease was given")
		}
		if n := count(t, c, `SELECT (SELECT count(*) FROM carried) * 10 + (SELECT media_rev FROM lesson_progress)`); n != 1 {
			t.Errorf("carried and revision: %d, want none and 1", n)
		}
		agreed(t, c)
		if _, err := c.DB.Writer().ExecContext(ctx, mend); err != nil {
			t.Fatal(err)
		}
		if p := acquired(t, d); p.Answer.ResumeMS != 58_000 || count(t, c, `SELECT count(*) FROM carried`) != 1 {
			t.Errorf("%+v", p.Answer)
		}
		agreed(t, c)
	})
}

var carryAttacks = []attack{
	{"T06", "beats of the old revision replayed after it was carried over", 60_000, func(r *rig) {
		watch(r.T, r.c, r.p, 0, 60_000)
		old := *r.p
		r.c.Replace(r.T, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		r.p = acquired(r.T, r.d)
		for seq := int64(1); seq < 20; seq++ {
			_, _ = old.Send(client.Beat{SessionID: old.SessionID, Epoch: old.Epoch, Seq: seq, Run: 1, FromMS: 0, ToMS: 60_000, State: "playing", Visible: true})
			_, _ = old.Send(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: seq, Run: 1, FromMS: 0, ToMS: 60_000, State: "playing", Visible: true})
			r.wait(10 * time.Second)
		}
	}},
	{"T06", "the cut-off head claimed again in the new revision", 60_000, func(r *rig) {
		watch(r.T, r.c, r.p, 0, 60_000)
		r.c.Replace(r.T, long, longMS, 1, media.TimeMap{{FromMS: 0, ToMS: 2_000, LengthMS: longMS - 2_000}}) // two seconds of title before it
		r.p = acquired(r.T, r.d)
		r.fetch(0, 60_000)
		for range 10 {
			r.p.Run++
			r.wait(10 * time.Second)
			r.beat("playing", 2_000, 12_000)
		}
		if got := r.p.Answer.CreditedMS; got != 60_000 {
			r.Errorf("%d ms stand in the new revision", got)
		}
	}},
	{"T04", "back and forth between revisions", 120_000, func(r *rig) {
		second := r.c.Replace(r.T, long, longMS-2_000, 1, media.Trimmed(2_000, longMS-2_000))
		third := r.c.Replace(r.T, long, longMS, second, media.TimeMap{{FromMS: 60_000, ToMS: 0, LengthMS: 600_000}, {FromMS: 0, ToMS: 600_000, LengthMS: 60_000}})
		for i := range 12 {
			r.c.Bring(r.T, long, []int64{1, second, third}[i%3])
			if p, err := r.d.Acquire(long, true); err == nil {
				r.p = p
			}
			r.p.Run = 1
			at := r.p.Answer.ResumeMS
			for _, from := range []int64{0, at} { // what one has, and as much again
				r.p.Run++
				r.fetch(from, from+10_000)
				r.wait(5 * time.Second)
				r.beat("playing", from, from+10_000)
			}
		}
		r.c.Bring(r.T, long, second)
		if l := opened(r.T, r.d); l.Progress.CreditedMS > r.credited() {
			r.Errorf("%d ms stand in revision %d, %d ms were watched", l.Progress.CreditedMS, second, r.credited())
		}
	}},
	{"T12", "a map that turns the lesson round opens nothing that is not watched", 10_000, func(r *rig) {
		watch(r.T, r.c, r.p, 0, 10_000)
		r.c.Replace(r.T, long, longMS, 1, media.TimeMap{{FromMS: 0, ToMS: longMS - 10_000, LengthMS: 10_000}})
		r.p = acquired(r.T, r.d)
		r.wait(10 * time.Second)
		if a := r.beat("ended", longMS-10_000, longMS); a.Complete || a.GrantedMS > 0 {
			r.Errorf("%+v", a)
		}
	}},
}

func TestReplacingALessonEarnsNothing(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		for _, a := range carryAttacks {
			t.Run(a.threat+" "+a.name, func(t *testing.T) {
				c.Bring(t, long, 1)
				r := &rig{T: t, c: c}
				r.person, r.d = c.Enrolled(t, "c04")
				var err error
				if r.p, err = r.d.Acquire(long, false); err != nil {
					t.Fatal(err)
				}
				r.p.Run = 1
				r.start = c.Clock.Now()
				a.run(r)
				if got, wall := r.credited(), c.Clock.Now().Sub(r.start).Milliseconds(); got > a.most || got > wall {
					t.Errorf("earned %d ms in %d ms, at most %d", got, wall, a.most)
				}
				agreed(t, c)
			})
		}
	})
}

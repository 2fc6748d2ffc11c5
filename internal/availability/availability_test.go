package availability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// run is a platform on one database, watched from noon of the 20th in Shanghai.
type run struct {
	*sqltest.Env
	t   *testing.T
	clk *clock.Fake
	svc *Service
}

func newRun(t *testing.T, env *sqltest.Env) *run {
	t.Helper()
	r := &run{env, t, env.Clock, New(env.DB)}
	r.clk.Set(time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC))
	r.judge()
	return r
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// judge has every minute judged that can be.
func (r *run) judge() {
	r.t.Helper()
	for {
		next, err := r.svc.Judge(r.system())
		r.must(err)
		if next > 0 {
			return
		}
	}
}

func (r *run) system() context.Context { return identity.SystemContext(r.t.Context(), "test") }

func (r *run) as(role identity.Role) context.Context {
	return identity.WithActor(r.t.Context(), identity.Actor{PersonID: "p", AccountID: "p", Grants: []identity.Grant{{Role: role}}})
}

func (r *run) month(name string) Month {
	r.t.Helper()
	m, err := r.svc.Month(r.as(identity.BureauStaff), name)
	r.must(err)
	return m
}

// pass lets minutes go by in which each recorder looks at itself once and ten requests of 40 ms come to it, of which some fail.
func (r *run) pass(minutes, failing int, all ...*Recorder) {
	r.t.Helper()
	for range minutes {
		for _, rec := range all {
			for i := range 10 {
				rec.Observe("GET /api/learner/home", map[bool]int{true: 503, false: 200}[i < failing], 40*time.Millisecond)
			}
			_, err := rec.Turn(r.system())
			r.must(err)
		}
		r.clk.Advance(time.Minute)
	}
}

// settle gives the recorders time to write and judges.
func (r *run) settle(all ...*Recorder) {
	r.pass(judgeAfter+1, 0, all...)
	r.judge()
}

func always(context.Context) bool { return true }

func TestServiceWithoutAPauseIsAvailable(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		a, b := NewRecorder(env.DB, always), NewRecorder(env.DB, always)
		r.pass(10, 0, a, b)
		a.Observe("GET /media/segments/{name}", 500, time.Second)
		a.Observe("GET /api/provider/files/{name}", 500, time.Second)
		a.Observe("POST /api/learner/playback/beat", 500, time.Second) // one fault of many is not a time without service
		r.settle(a, b)
		m := r.month("")
		if m.Minutes != 11 || m.Down != 0 || m.Share != 10000 || len(m.Incidents) != 0 {
			t.Fatalf("got %+v", m)
		}
		if m.Daily.Requests != 221 || m.Daily.Failed != 1 || m.Daily.MeanMS != (220*40+1000+110)/221 {
			t.Errorf("requests of two processes, without media and files: %+v", m.Daily)
		}
		if m.Daily.P50MS < 25 || m.Daily.P50MS >= 50 {
			t.Errorf("half of the requests took 40 ms; said %d", m.Daily.P50MS)
		}
		if m.Peak == nil || m.Peak.Requests < 100 || m.Peak.Requests > 101 {
			t.Errorf("the busiest five minutes hold 5 × 2 × 10 requests and perhaps the one beside: %+v", m.Peak)
		}
		if m.Month != "2026-11" || !slices.Equal(m.Months, []string{"2026-11"}) || len(m.Days) != 1 || m.Days[0].Day != "2026-11-20" {
			t.Errorf("got %+v", m)
		}
	})
}

func TestOneProcessOfTwoCarriesOn(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		a, b := NewRecorder(env.DB, always), NewRecorder(env.DB, func(context.Context) bool { return false })
		r.pass(5, 0, a, b)
		r.settle(a, b)
		if m := r.month(""); m.Down != 0 {
			t.Fatalf("one process served all the time: %+v", m.Incidents)
		}
	})
}

func TestTimesWithoutServiceBecomeIncidents(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		up := true
		a := NewRecorder(env.DB, func(context.Context) bool { return up })
		r.pass(10, 0, a)
		r.pass(4, 8, a) // failing, from 12:10
		r.pass(3, 0, a)
		r.pass(2, 8, a) // within the gap: the same incident
		r.pass(20, 0, a)
		up = false
		r.pass(6, 0, a) // unready, from 12:39
		up = true
		r.pass(10, 0, a)
		r.must(a.Close(r.system()))
		r.clk.Advance(30 * time.Minute) // nobody was there, from 12:55
		a = NewRecorder(env.DB, always)
		r.settle(a)
		m := r.month("")
		var got []string
		for _, i := range slices.Backward(m.Incidents) {
			got = append(got, fmt.Sprintf("%s %s-%s %d %d", i.Kind, i.From.In(zone).Format("15:04"), i.To.In(zone).Format("15:04"), i.Down, i.Failed))
		}
		want := []string{"failing 12:10-12:19 6 48", "unready 12:39-12:45 6 0", "silent 12:55-13:25 30 0"}
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		if m.Down != 42 || m.Days[0].Down != 42 || m.Share != (m.Minutes-42)*10000/m.Minutes {
			t.Errorf("got %d of %d minutes, %d on the day, share %d", m.Down, m.Minutes, m.Days[0].Down, m.Share)
		}
	})
}

func TestMinutesAreHeldWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		a := NewRecorder(env.DB, always)
		r.pass(2, 0, a)
		gone, cancel := context.WithCancel(r.system())
		cancel()
		for range 3 {
			a.Observe("GET /api/learner/home", 503, time.Second)
			_, err := a.Turn(gone)
			if err == nil {
				t.Fatal("a minute was written through a context that had ended")
			}
			r.clk.Advance(time.Minute)
		}
		r.settle(a)
		if m := r.month(""); m.Daily.Failed != 3 || m.Daily.Requests < 30 {
			t.Fatalf("what was seen meanwhile is missing: %+v", m.Daily)
		}
	})
}

func TestJudgingIsDoneOnceByManyProcesses(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		r.clk.Advance(50 * time.Hour) // silent, over two midnights
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				for range 5 {
					if _, err := r.svc.Judge(r.system()); err != nil && !sqldb.IsUnique(err) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		r.judge()
		m := r.month("")
		if len(m.Incidents) != 1 || m.Down != 50*60-judgeAfter || m.Minutes != m.Down || m.Share != 0 {
			t.Fatalf("got %d incidents, %d of %d minutes", len(m.Incidents), m.Down, m.Minutes)
		}
		down := int64(0)
		for _, d := range m.Days {
			down += d.Down
		}
		if len(m.Days) != 3 || down != m.Down || m.Days[1].Down != 24*60 {
			t.Fatalf("the days do not add up: %+v", m.Days)
		}
	})
}

func TestAMonthEndsItsIncidents(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		r.clk.Set(time.Date(2026, 12, 2, 4, 0, 0, 0, time.UTC))
		r.judge()
		november, december := r.month("2026-11"), r.month("2026-12")
		if november.Minutes != 12*60+10*24*60 || november.Down != november.Minutes || december.Down != 36*60-judgeAfter {
			t.Fatalf("got %d of %d, %d of %d", november.Down, november.Minutes, december.Down, december.Minutes)
		}
		if !slices.Equal(december.Months, []string{"2026-12", "2026-11"}) {
			t.Errorf("got %v", december.Months)
		}
		if m := r.month("2026-10"); m.Minutes != 0 || len(m.Days) != 0 {
			t.Errorf("before counting began: %+v", m)
		}
	})
}

func TestOldMinutesGoAndDaysStay(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		a := NewRecorder(env.DB, always)
		r.pass(10, 0, a)
		r.must(a.Close(r.system()))
		r.clk.Advance(24 * time.Hour)
		r.judge()
		r.clk.Advance(keepMinutes * time.Minute)
		r.must(env.DB.Write(r.system(), func(tx *sqldb.Tx) error { // what lies between was like any other time
			_, err := tx.Exec(r.system(), `UPDATE availability_count SET judged = $1 WHERE id = 1`, minuteOf(tx.Now())-24*60)
			return err
		}))
		r.judge()
		rows, err := sqldb.ReadValue(r.system(), env.DB, func(tx *sqldb.Tx) (int64, error) {
			n, _, err := sqldb.One(r.t.Context(), tx, sqldb.ScanValue[int64], `SELECT count(*) FROM availability_minute`)
			return n, err
		})
		r.must(err)
		if rows != 0 {
			t.Errorf("%d minutes of long ago are still there", rows)
		}
		if m := r.month("2026-11"); m.Daily.Requests != 100 {
			t.Errorf("the day's sum is lost: %+v", m.Daily)
		}
	})
}

func TestWhatPeopleSayOfIncidents(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		r := newRun(t, env)
		r.clk.Advance(20 * time.Minute)
		a := NewRecorder(env.DB, always)
		r.pass(30, 0, a)
		r.judge()
		op := r.as(identity.Operator)
		found := r.month("").Incidents[0]
		r.must(r.svc.Explain(op, found.ID, Note{" 机房更换电源 ", "加装备用电源"}))
		if i := r.month("").Incidents[0]; i.Cause != "机房更换电源" || i.Remedy != "加装备用电源" || i.NotedAt == nil {
			t.Errorf("got %+v", i)
		}
		refused := func(err error, code string) {
			t.Helper()
			if !errs.Has(err, code) {
				t.Errorf("got %v, want %s", err, code)
			}
		}
		refused(r.svc.Explain(op, "none", Note{"机房更换电源", ""}), "availability.no_incident")
		refused(r.svc.Explain(op, found.ID, Note{"断电", ""}), "availability.note")
		refused(r.svc.Explain(r.as(identity.BureauStaff), found.ID, Note{"机房更换电源", ""}), "identity.role_required")
		_, err := r.svc.Month(r.as(identity.Learner), "")
		refused(err, "identity.role_required")
		_, err = r.svc.Month(op, "2026-13")
		refused(err, "availability.month")

		at := func(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour-8, minute, 30, 0, time.UTC) }
		report := func(from, to time.Time) error {
			return r.svc.Report(op, Report{from, to, Note{"电信线路中断", ""}})
		}
		for name, times := range map[string][2]time.Time{
			"before counting": {at(11, 50), at(12, 30)}, "nothing": {at(12, 40), at(12, 39)}, "not judged yet": {at(12, 40), at(12, 50)},
			"a year": {at(12, 40), at(12, 45).AddDate(1, 0, 0)},
		} {
			if err := report(times[0], times[1]); !errs.Has(err, "availability.report") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		refused(report(at(12, 19), at(12, 30)), "availability.known")
		before := r.month("").Down
		r.must(report(at(12, 30), at(12, 34)))
		m := r.month("")
		if i := m.Incidents[0]; i.Kind != "reported" || i.Down != 5 || m.Down != before+5 || i.Cause != "电信线路中断" {
			t.Errorf("from 12:30:30 to 12:34:30 are five minutes: %+v", i)
		}
		refused(report(at(12, 33), at(12, 36)), "availability.known")
		if err := r.svc.Report(r.as(identity.Inspector), Report{}); !errors.As(err, new(*errs.Error)) {
			t.Errorf("got %v", err)
		}
	})
}

// A spread tells quantiles within the class that holds them, in order, and is read as it was written.
func TestSpread(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // for repeatable numbers
	for range 200 {
		var s Spread
		var took []int64
		for range 1 + rnd.IntN(400) {
			ms := int64(rnd.ExpFloat64() * float64(Bounds[rnd.IntN(len(Bounds))]))
			s.note(time.Duration(ms) * time.Millisecond)
			took = append(took, ms)
		}
		slices.Sort(took)
		if readSpread(s.String()) != s {
			t.Fatalf("%v is read as %v", s, readSpread(s.String()))
		}
		last := int64(0)
		for _, q := range []float64{.1, .5, .9, .95, .99} {
			got := s.MS(q)
			k := max(0, int(q*float64(len(took))+.999999)-1)
			class, _ := slices.BinarySearch(Bounds[:], took[k]+1)
			low, high := int64(0), Bounds[len(Bounds)-1]
			if class > 0 {
				low = Bounds[class-1]
			}
			if class < len(Bounds) {
				high = Bounds[class]
			}
			if got < low || got > high || got < last {
				t.Fatalf("quantile %v of %v: got %d, outside %d…%d or below %d", q, took, got, low, high, last)
			}
			last = got
		}
	}
	if (Spread{}).MS(.5) != 0 || readSpread("x,-,") != (Spread{}) {
		t.Error("nothing is not nothing")
	}
}

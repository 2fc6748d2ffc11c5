package model

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

var durations = map[string]int64{"l0401": shipped("l0401"), "l0103": shipped("l0103")}

// shipped is the length of a demo lesson in milliseconds, as its media says.
func shipped(lesson string) int64 {
	raw, err := os.ReadFile("../../demo/media/" + lesson + "/lesson.json")
	if err != nil {
		panic(err)
	}
	var m struct {
		DurationMS int64 `json:"duration_ms"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err)
	}
	return m.DurationMS
}

func TestMain(m *testing.M) {
	flag.Parse()
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if !set["rapid.seed"] {
		_ = flag.Set("rapid.seed", fmt.Sprint(time.Now().UnixNano()))
	}
	checks := "8"
	if raceDetector {
		checks = "3"
	}
	if os.Getenv("XUESHI_SOAK") == "1" {
		checks = "2000"
	}
	if !set["rapid.checks"] {
		_ = flag.Set("rapid.checks", checks)
	}
	if !set["rapid.steps"] {
		_ = flag.Set("rapid.steps", "100")
	}
	fmt.Printf("rapid: %s cases an engine, seed %s (-rapid.seed=…)\n", flag.Lookup("rapid.checks").Value, flag.Lookup("rapid.seed").Value)
	city.Main(m)
}

// machine is one learner of a city, seen through the service, with the reference beside it.
type machine struct {
	c, second *city.City
	person    city.Person
	seats     []*city.Seat // pc tab 1, pc tab 2 (the same login), phone, tablet
	out       []bool       // logged out
	logins    int          // after log-outs
	places    []*place     // every lease ever given to this learner
	beats     []sent
	ref       *reference
	check     *playback.Check
	deadline  int64
	late      bool
	tries     int
	dues      [][2]int64
	peak      int64 // the highest instant the clock has shown
}

type sent struct {
	p *place
	b playback.Beat
}

// TestAnySequenceKeepsThePromises is the state machine.
func TestAnySequenceKeepsThePromises(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := playback.DefaultPolicy
		p.CheckMinMS, p.CheckMaxMS = 30_000, 30_000 // a check every half minute of credit: the machine meets many
		c := city.NewWith(t, env, &p)
		second := c.Second(t)
		rapid.Check(t, func(rt *rapid.T) {
			m := &machine{c: c, second: second, ref: newReference(p, durations)}
			m.person = c.Learner(t)
			c.Enrol(t, m.person, "c04", "c01")
			pc := c.Seat(t, m.person, "pc")
			tab := *pc
			m.seats = []*city.Seat{pc, &tab, c.Seat(t, m.person, "phone"), c.Seat(t, m.person, "tablet")}
			m.out = make([]bool, len(m.seats))
			m.advance(0) // logging in took minutes
			m.takeOver(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"acquire": m.acquire, "take over": m.takeOver, "honest play": m.honest, "honest play on": m.honest, "honest play on and on": m.honest, "forged beat": m.forged,
				"replay": m.replay, "deliver": m.deliver, "wait": m.wait, "answer right": m.answerRight, "answer right too": m.answerRight, "answer wrong": m.answerWrong, "answer wrong too": m.answerWrong,
				"another": m.another, "log out and in": func(rt *rapid.T) { m.logout(rt, t) }, "grant by hand": m.grant,
				"restart": func(rt *rapid.T) {
					if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
						m.c.Restart(t)
					}
				},
				"": m.invariants,
			})
			m.spans(rt)
		})
		report, err := verify.Run(context.Background(), c.DB, c.Signer)
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("verify: %v, %v", report.Findings, err)
		}
		t.Logf("%d learners, %d spans, %d windows verified", report.Learners, report.Spans, report.Windows)
	})
}

func (m *machine) now() int64 { return m.c.Clock.Now().UnixMicro() }

func (m *machine) advance(ms int64) {
	m.c.Clock.Advance(time.Duration(ms) * time.Millisecond)
	m.peak = max(m.peak, m.now())
}

// seat draws who acts, and which process takes it.
func (m *machine) seat(rt *rapid.T) (int, *city.Seat) {
	i := rapid.IntRange(0, len(m.seats)-1).Draw(rt, "seat")
	return i, m.through(rt, i)
}

// through is seat i on a process. A login that has ended is known at once where it ended, elsewhere within ten seconds.
func (m *machine) through(rt *rapid.T, i int) *city.Seat {
	s := m.seats[i]
	s.Program = m.c
	if rapid.IntRange(0, 3).Draw(rt, "process") == 0 && !m.out[i] {
		s.Program = m.second
	}
	return s
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Code
}

func want(rt *rapid.T, what, got, wanted string) {
	rt.Helper()
	if got != wanted {
		rt.Fatalf("%s: %q, want %q", what, got, wanted)
	}
}

func (m *machine) acquire(rt *rapid.T)  { m.acquireBy(rt, false) }
func (m *machine) takeOver(rt *rapid.T) { m.acquireBy(rt, true) }

func (m *machine) acquireBy(rt *rapid.T, takeover bool) {
	i, seat := m.seat(rt)
	id := rapid.SampledFrom([]string{"l0401", "l0401", "l0103"}).Draw(rt, "lesson")
	lease, err := seat.Acquire(id, takeover)
	wanted := m.ref.mayAcquire(m.now(), seat.Actor.SessionID, takeover)
	if m.out[i] {
		wanted = "identity.login_required"
	}
	want(rt, "acquire", code(err), wanted)
	if err != nil {
		return
	}
	n := len(m.ref.lessons[id].credited)
	p := &place{lease: lease, lesson: id, seat: i, login: seat.Actor.SessionID, claimed: make([]bool, n), sent: make([]bool, n)}
	m.places = append(m.places, p)
	m.ref.acquired(m.now(), p)
	if lease.Epoch != m.ref.epoch {
		rt.Fatalf("epoch %d, want %d", lease.Epoch, m.ref.epoch)
	}
}

// place draws a lease: mostly the one that holds.
func (m *machine) place(rt *rapid.T) *place {
	if len(m.places) == 0 {
		rt.Skip("nobody has played yet")
	}
	if rapid.IntRange(0, 2).Draw(rt, "stale") > 0 {
		return m.places[len(m.places)-1]
	}
	return m.places[rapid.IntRange(0, len(m.places)-1).Draw(rt, "place")]
}

// beat sends a beat of p and holds what it earned against the reference.
func (m *machine) beat(rt *rapid.T, p *place, b playback.Beat) (earned int64) {
	seat := m.through(rt, p.seat)
	b.LearnerID = m.person.ID
	before := m.credited(rt)
	a, err := seat.Beat(p.lease, b)
	if m.out[p.seat] {
		want(rt, "a beat after log-out", code(err), "identity.login_required")
		return 0
	}
	if err != nil {
		rt.Fatalf("beat %+v: %v", b, err)
	}
	m.beats = append(m.beats, sent{p, b})
	fresh := p != m.ref.holder || b.Seq > p.seq
	if fresh {
		for i := b.From / cell; i < min(b.To/cell, int64(len(p.claimed))); i++ {
			p.claimed[i] = true
		}
	}
	most := m.ref.most(m.now(), p, fresh, b.Visible && b.State != playback.Hidden)
	after, won := m.credited(rt), map[string][]int{}
	for id, cells := range after {
		for i, c := range cells {
			if c && !before[id][i] {
				won[id] = append(won[id], i)
				earned += cell
			}
			if !c && before[id][i] {
				rt.Fatalf("a beat took away %s at %d ms", id, i*cell)
			}
		}
	}
	if earned > most {
		rt.Fatalf("a beat earned %d ms, at most %d: %+v", earned, most, b)
	}
	if a.GrantedMS != earned {
		rt.Fatalf("the answer says %d ms were granted, the rows say %d", a.GrantedMS, earned)
	}
	if p != m.ref.holder && a.State != playback.StateSuperseded {
		rt.Fatalf("a stale place was told %q", a.State)
	}
	if err := m.ref.beaten(m.now(), p, b, fresh, won); err != nil {
		rt.Fatal(err)
	}
	return earned
}

// honest plays on from the first uncredited second, as a player does, and must be credited to the millisecond.
func (m *machine) honest(rt *rapid.T) {
	p := m.ref.holder
	if p == nil || m.out[p.seat] {
		rt.Skip("nobody holds the lease")
	}
	l := m.ref.lessons[p.lesson]
	from := int64(max(0, slices.Index(l.credited, false))) * cell
	step := min(rapid.Int64Range(1, 30).Draw(rt, "cells")*cell, int64(len(l.credited))*cell-from)
	p.run++
	m.beat(rt, p, playback.Beat{Seq: p.seq + 1, Run: p.run, From: from, To: from, State: playback.Paused, Visible: true})
	for no := from / 6000; no*6000 < from+step; no++ {
		m.deliverTo(rt, p, no)
	}
	live, since, at := !m.ref.due && m.ref.expires != 0, m.ref.since, m.ref.at(m.now())
	m.advance(step)
	p.run++
	b := playback.Beat{Seq: p.seq + 1, Run: p.run, From: from, To: from + step, State: playback.Playing, Visible: true}
	fresh := int64(0)
	for i := from / cell; i < (from+step)/cell; i++ {
		if !l.credited[i] {
			fresh += cell
		}
	}
	expect := min(fresh, m.ref.p.CheckMaxMS-since, (m.ref.at(m.now())-at)/1000)
	if !live {
		expect = 0
	}
	if got := m.beat(rt, p, b); got != expect {
		rt.Fatalf("honest play of %d ms from %d earned %d, want %d", step, from, got, expect)
	}
}

// forged claims anything, in any order.
func (m *machine) forged(rt *rapid.T) {
	p := m.place(rt)
	from := rapid.Int64Range(0, 400).Draw(rt, "from") * cell
	if rapid.Bool().Draw(rt, "near") {
		from = int64(max(0, slices.Index(m.ref.lessons[p.lesson].credited, false))) * cell
	}
	m.beat(rt, p, playback.Beat{Seq: max(1, p.seq+rapid.Int64Range(-1, 3).Draw(rt, "seq")+1), Run: p.run + rapid.Int64Range(-1, 1).Draw(rt, "run") + 1,
		From: from, To: from + rapid.Int64Range(0, 200).Draw(rt, "len")*cell, Visible: rapid.IntRange(0, 4).Draw(rt, "visible") > 0,
		State: rapid.SampledFrom([]string{"playing", "playing", "playing", "paused", "seeking", "stalled", "ended", "hidden", "closed"}).Draw(rt, "state")})
}

// replay sends an old beat again: a lost answer, or a thief with a recorder.
func (m *machine) replay(rt *rapid.T) {
	if len(m.beats) == 0 {
		rt.Skip("nothing was sent yet")
	}
	s := m.beats[rapid.IntRange(0, len(m.beats)-1).Draw(rt, "beat")]
	if s.p == m.ref.holder && s.b.Seq > s.p.seq {
		rt.Skip("it was never taken")
	}
	m.beat(rt, s.p, s.b)
}

func (m *machine) deliver(rt *rapid.T) {
	m.deliverTo(rt, m.place(rt), rapid.Int64Range(0, 30).Draw(rt, "segment"))
}

func (m *machine) deliverTo(rt *rapid.T, p *place, no int64) {
	l := m.ref.lessons[p.lesson].credited
	end := int64(0)
	for i, c := range l {
		if c {
			end = int64(i+1) * cell
		}
	}
	wanted := ""
	switch {
	case p != m.ref.holder:
		wanted = "playback.superseded"
	case no*6000 >= int64(len(l))*cell:
		wanted = "playback.no_segment"
	case no*6000 >= end+m.ref.p.WindowMS:
		wanted = "playback.not_released"
	}
	got := code(m.through(rt, p.seat).Deliver(p.lease, no))
	// A process that has not heard of the takeover answers as before it, and may still send: that earns nothing.
	if p == m.ref.holder || !slices.Contains([]string{"", "playback.superseded", "playback.not_released", "playback.no_segment"}, got) {
		want(rt, "segment", got, wanted)
	}
	if got == "" {
		for i := no * 6000 / cell; i < min((no+1)*6000/cell, int64(len(p.sent))); i++ {
			p.sent[i] = true
		}
	}
}

func (m *machine) wait(rt *rapid.T) {
	m.advance(rapid.SampledFrom([]int64{500, 5_000, 10_000, 44_500, 46_000, 90_000, 125_000, 600_000, 3 * 3_600_000, -2_000, -300_000}).Draw(rt, "ms"))
}

func (m *machine) grant(rt *rapid.T) {
	if m.ref.holder == nil || rapid.IntRange(0, 3).Draw(rt, "really") > 0 {
		rt.Skip("rare")
	}
	from := rapid.IntRange(0, int(durations["l0103"]/cell)-20).Draw(rt, "from")
	to := from + rapid.IntRange(1, 20).Draw(rt, "len")
	ctx := context.Background()
	var got int64
	err := m.c.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		got, err = m.c.Playback.GrantTx(ctx, tx, m.person.ID, "l0103", 0, playback.Range{From: int64(from) * cell, To: int64(to) * cell}, "appeal", "operator")
		return err
	})
	if n := m.ref.granted("l0103", from, to); err != nil || got != n {
		rt.Fatalf("granted %d by hand, %v, want %d", got, err, n)
	}
}

func (m *machine) logout(rt *rapid.T, t *testing.T) {
	i := rapid.IntRange(2, 3).Draw(rt, "seat")
	if m.out[i] {
		if m.logins++; m.logins > 5 {
			rt.Skip("ten codes a day are all that one phone gets")
		}
		m.advance(max(0, m.peak-m.now())/1000 + 4_000) // codes are one a minute, and the clock may have stepped back
		*m.seats[i] = *m.c.SeatOn(t, m.person, m.seats[i].Device)
		m.advance(0) // logging in took a minute
		m.out[i] = false
		return
	}
	m.seats[i].Program = m.c
	if err := m.c.Identity.EndSession(m.seats[i].Ctx(), ""); err != nil {
		rt.Fatal(err)
	}
	if h := m.ref.holder; h != nil && h.login == m.seats[i].Actor.SessionID {
		m.ref.expires = 0 // ending a login ends its lease
	}
	m.out[i] = true
}

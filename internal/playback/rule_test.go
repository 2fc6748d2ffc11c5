package playback

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

const sec = int64(1_000_000) // µs

// sim drives the pure rule with a server clock.
type sim struct {
	t   testing.TB
	s   Study
	env Env
	now int64
	seq int64
	run int64
	all []Span
	ref []Refusal
	low int64 // undelivered from here on
}

func newSim(t testing.TB, duration int64) *sim {
	p := DefaultPolicy
	m := &sim{t: t, now: 1_000_000 * sec, run: 1, low: duration}
	m.s = Study{LearnerID: "l", Epoch: 1, Threshold: 900_000, LastContact: m.now, Cursor: m.now, ExpiresAt: m.now + 45*sec}
	m.env = Env{Policy: &p, Duration: duration,
		Delivered: func(from, to int64) Set { return Set{}.Add(Range{from, min(to, m.low)}) },
		Missing: func(from, to int64) []int {
			if to > m.low {
				return []int{int(m.low / 6000)}
			}
			return nil
		}}
	return m
}

func (m *sim) beat(wait, from, to int64, state string) Outcome {
	m.now += wait * 1000
	m.seq++
	return m.take(Beat{LearnerID: "l", Epoch: 1, Seq: m.seq, Run: m.run, From: from, To: to, State: state, Visible: state != Hidden})
}

func (m *sim) take(b Beat) Outcome {
	out := m.s.Beat(m.now, b, &m.env)
	m.all = append(m.all, out.Closed...)
	m.ref = append(m.ref, out.Refused...)
	return out
}

func (m *sim) total() int64 { return m.env.Credited.Total() }

func TestHonestPlayIsCreditedToTheMillisecond(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	for at := int64(0); at < 600_000; at += 10_000 {
		if out := m.beat(10_000, at, at+10_000, Playing); out.Granted != 10_000 {
			t.Fatalf("at %d granted %d, want 10000", at, out.Granted)
		}
	}
	m.beat(0, 600_000, 600_000, Paused)
	if len(m.all) != 1 {
		t.Fatalf("%d spans, want one for one unbroken run", len(m.all))
	}
}

func TestJitterIsRepaidLater(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.beat(14_000, 0, 10_000, Playing) // 4 s late
	m.beat(6_100, 10_000, 20_000, Playing)
	m.beat(9_900, 20_000, 30_000, Playing)
	if m.total() != 30_000 {
		t.Fatalf("credited %d, want 30000: lateness must not cost", m.total())
	}
}

func TestOneShotCompletionEarnsWallTimeAtMost(t *testing.T) {
	t.Parallel()
	m := newSim(t, 240_000)
	out := m.beat(10_000, 0, 240_000, Ended)
	if out.State != StateOverspeed || m.total() != 0 {
		t.Fatalf("state %s, credited %d: T01 must earn nothing", out.State, m.total())
	}
}

func TestSixteenTimesSpeedIsStoppedAndToldWhy(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	var last Outcome
	for i := range int64(20) {
		last = m.beat(1_000, i*16_000, (i+1)*16_000, Playing)
	}
	for i := int64(20); i < 40; i++ {
		last = m.beat(1_000, i*16_000, (i+1)*16_000, Playing)
	}
	if last.State != StateOverspeed || m.total() > 20_000 {
		t.Fatalf("state %s, credited %d ms in 40 s of 16×", last.State, m.total())
	}
	m.beat(0, 640_000, 640_000, Paused)
	if len(m.ref) == 0 || m.ref[len(m.ref)-1].Reason != StateOverspeed {
		t.Fatalf("refusals %v: the learner must be able to read why", m.ref)
	}
}

func TestSilenceIsNotBankedBeyondTheBacklog(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.beat(10_000, 0, 10_000, Playing)
	m.beat(600_000, 10_000, 110_000, Playing)
	if got := m.total() - 10_000; got > 90_000 {
		t.Fatalf("credited %d after a silence, want at most the backlog", got)
	}
}

func TestPauseBanksNothing(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.beat(10_000, 0, 10_000, Playing)
	for range 60 {
		m.run++
		m.beat(10_000, 10_000, 10_000, Paused)
	}
	m.run++
	before := m.total()
	m.beat(1_000, 10_000, 30_000, Playing)
	if got := m.total() - before; got > 11_000 {
		t.Fatalf("a pause banked %d ms, want at most one beat", got)
	}
}

func TestUndeliveredMediaEarnsNothing(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.low = 0
	out := m.beat(10_000, 0, 10_000, Playing)
	if out.State != StateNotDelivered || m.total() != 0 || len(out.Missing) == 0 {
		t.Fatalf("%+v: T03 must earn nothing and say what is missing", out)
	}
	m.low = 3_600_000 // evidence comes late (another process): repaid inside the run
	m.beat(10_000, 10_000, 20_000, Playing)
	if m.total() != 20_000 {
		t.Fatalf("credited %d, want 20000 once the evidence is there", m.total())
	}
}

func TestCreditFreezesExactlyAtTheThreshold(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.s.Threshold = 15_000
	m.beat(10_000, 0, 10_000, Playing)
	out := m.beat(10_000, 10_000, 20_000, Playing)
	if !out.CheckDue || m.total() != 15_000 {
		t.Fatalf("due %v, credited %d: want the grant cut at 15000", out.CheckDue, m.total())
	}
	m.s.CheckID = "c"
	for i := int64(2); i < 8; i++ {
		if out := m.beat(10_000, i*10_000, (i+1)*10_000, Playing); out.Granted != 0 || out.State != StateCheck {
			t.Fatalf("%+v while a check is due: want 0", out)
		}
	}
	m.s.CheckID, m.s.SinceCheck = "", 0
	m.run++
	m.beat(1_000, 80_000, 81_000, Playing)
	if m.total() > 15_000 {
		t.Fatalf("credited %d: what ran on while the check was due must not be paid afterwards", m.total())
	}
}

func TestForwardSeekIsRefused(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.beat(10_000, 0, 10_000, Playing)
	m.run++
	if out := m.beat(10_000, 600_000, 610_000, Playing); out.State != StateAhead || out.Granted != 0 {
		t.Fatalf("%+v, want ahead and 0", out)
	}
	m.run++
	if out := m.beat(10_000, 5_000, 15_000, Playing); out.Granted != 5_000 {
		t.Fatalf("looking back: granted %d, want only the new 5000", out.Granted)
	}
}

func TestHiddenPageEarnsNothing(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	if out := m.beat(10_000, 0, 10_000, Hidden); out.Granted != 0 || out.State != StateHidden {
		t.Fatalf("%+v", out)
	}
}

func TestRepeatedAndOldBeatsChangeNothing(t *testing.T) {
	t.Parallel()
	m := newSim(t, 3_600_000)
	m.beat(10_000, 0, 10_000, Playing)
	before := m.s
	for _, seq := range []int64{1, 0, -5} {
		if out := m.take(Beat{Seq: seq, Run: 1, From: 0, To: 10_000, State: Playing, Visible: true}); !out.Repeat {
			t.Fatalf("seq %d was not taken as a repeat", seq)
		}
	}
	if !reflect.DeepEqual(m.s, before) {
		t.Fatal("a repeat changed the study row")
	}
}

func TestLastLessonAsksForACheckAtItsEnd(t *testing.T) {
	t.Parallel()
	m := newSim(t, 30_000)
	m.s.Final = true
	m.beat(10_000, 0, 10_000, Playing)
	m.beat(10_000, 10_000, 20_000, Playing)
	if out := m.beat(9_000, 20_000, 29_000, Ended); !out.CheckDue {
		t.Fatal("the tail of a course must not stay unconfirmed")
	}
}

// TestInvariantsHoldForAnyPlayer throws any beats at the rule: PB-I1, PB-I2, PB-I4 and "never ahead of the wall".
func TestInvariantsHoldForAnyPlayer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newSim(t, 1_800_000)
		m.s.Threshold = rapid.Int64Range(1_000, 900_000).Draw(rt, "threshold")
		start := m.now
		states := []string{Playing, Playing, Playing, Paused, Seeking, Stalled, Ended, Hidden, Closed}
		for range rapid.IntRange(1, 60).Draw(rt, "beats") {
			if rapid.Bool().Draw(rt, "newrun") {
				m.run++
			}
			from := rapid.Int64Range(0, 1_800_000).Draw(rt, "from")
			if m.s.Run.Open && rapid.IntRange(0, 3).Draw(rt, "continue") > 0 {
				from = m.s.Run.Pos
			}
			to := min(from+rapid.Int64Range(0, 60_000).Draw(rt, "len"), 1_800_000)
			m.low = rapid.Int64Range(0, 1_800_000).Draw(rt, "delivered")
			low := m.low
			had := append(Set(nil), m.env.Credited...)
			due := m.s.CheckID != ""
			out := m.beat(rapid.Int64Range(0, 30_000).Draw(rt, "wait"), from, to, rapid.SampledFrom(states).Draw(rt, "state"))
			if due && out.Granted != 0 {
				rt.Fatalf("credited %d while a check was due", out.Granted)
			}
			for _, c := range m.env.Credited {
				for _, n := range had.Minus(c) {
					if n.To > low {
						rt.Fatalf("credited %v beyond the delivered %d", n, low)
					}
				}
			}
			if out.CheckDue {
				m.s.CheckID = "due"
			} else if m.s.CheckID != "" && rapid.Bool().Draw(rt, "pass") {
				m.s.CheckID, m.s.SinceCheck = "", 0
			}
			if m.s.SinceCheck > m.s.Threshold {
				rt.Fatalf("%d ms since the last check, threshold %d", m.s.SinceCheck, m.s.Threshold)
			}
			if m.total() > (m.now-start)/1000 {
				rt.Fatalf("credited %d in %d of wall", m.total(), (m.now-start)/1000)
			}
		}
		m.s.closeSpanInto(&m.all)
		var wall, media Set
		for _, sp := range m.all {
			if sp.WallTo-sp.WallFrom != 1000*(sp.MediaTo-sp.MediaFrom) || sp.WallTo > m.now || sp.WallFrom < start {
				rt.Fatalf("span %+v", sp)
			}
			w, d := Range{sp.WallFrom, sp.WallTo}, Range{sp.MediaFrom, sp.MediaTo}
			if wall.Minus(w).Total() != w.Len() {
				rt.Fatalf("PB-I1: wall time of %+v was paid before", sp)
			}
			if media.Minus(d).Total() != d.Len() {
				rt.Fatalf("PB-I2: media of %+v was credited before", sp)
			}
			wall, media = wall.Add(w), media.Add(d)
		}
		if media.Total() != m.total() {
			rt.Fatalf("PB-I6: spans give %d, shown %d", media.Total(), m.total())
		}
	})
}

func (s *Study) closeSpanInto(all *[]Span) {
	var out Outcome
	s.closeSpan(&out)
	*all = append(*all, out.Closed...)
}

func TestSetAgainstBitmap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var s Set
		bits := [200]bool{}
		for range rapid.IntRange(0, 40).Draw(rt, "n") {
			from := rapid.Int64Range(0, 199).Draw(rt, "from")
			to := rapid.Int64Range(from, 200).Draw(rt, "to")
			s = s.Add(Range{from, to})
			for i := from; i < to; i++ {
				bits[i] = true
			}
		}
		for i := range int64(200) {
			if s.Contains(i) != bits[i] {
				rt.Fatalf("Contains(%d) = %v in %v", i, s.Contains(i), s)
			}
		}
		for i := 1; i < len(s); i++ {
			if s[i].From <= s[i-1].To {
				rt.Fatalf("not disjoint: %v", s)
			}
		}
		var missing int64
		for _, b := range bits {
			if !b {
				missing++
			}
		}
		if got := s.Minus(Range{0, 200}).Total(); got != missing {
			rt.Fatalf("Minus gives %d, want %d", got, missing)
		}
	})
}

// links are the eight profiles of playback.md 2.4 and the issue: how late each beat arrives, in ms, and what happens on the way.
var links = []struct {
	name  string
	delay func(r *rand.Rand, beat int) int64
}{
	{"good", func(r *rand.Rand, _ int) int64 { return 50 + r.Int64N(100) }},
	{"4G jitter", func(r *rand.Rand, _ int) int64 { return 100 + r.Int64N(3900) }},
	{"spikes", func(r *rand.Rand, _ int) int64 {
		if r.IntN(10) == 0 {
			return 8000
		}
		return 80
	}},
	{"20 s outages", outage(6, 20_000)},
	{"60 s outages", outage(6, 60_000)},
	{"IP change", outage(3, 5_000)},
	{"server restart", outage(2, 30_000)},
	{"tab throttled", func(r *rand.Rand, beat int) int64 {
		if beat%6 == 5 {
			return 50_000
		}
		return 200
	}},
}

// outage cuts the link n times an hour for ms: beats queue and arrive together, in order, when it is back.
func outage(n int, ms int64) func(*rand.Rand, int) int64 {
	every := 360 / n
	return func(r *rand.Rand, beat int) int64 {
		within := int64(beat%every) * 10_000
		if within < ms {
			return ms - within + r.Int64N(100)
		}
		return 50 + r.Int64N(100)
	}
}

// TestHonestLearnersLoseNothing plays 26 hours on each link, 208 in all: at most a second lost an hour, no false flag.
func TestHonestLearnersLoseNothing(t *testing.T) {
	t.Parallel()
	for i, link := range links {
		t.Run(link.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(i), 20261124))
			for hour := range 26 {
				if lost := playHour(t, r, link.delay); lost > 1000 {
					t.Errorf("hour %d: lost %d ms", hour, lost)
				}
			}
		})
	}
}

// playHour plays 3600 s of media at 1.0×, a beat every 10 s, answered one at a time and in order. As the real player does,
// it pauses where the last answer said that the check falls due; the check is passed at once.
func playHour(t *testing.T, r *rand.Rand, delay func(*rand.Rand, int) int64) (lost int64) {
	m := newSim(t, 3_600_000)
	m.s.Threshold = 780_000 + r.Int64N(120_001)
	clock, arrived := m.now, m.now // of the learner's room, and of the last arrival at the server
	var pos, played int64
	for beat := 0; pos < 3_600_000; beat++ {
		step := min(10_000, 3_600_000-pos)
		stop := m.s.PauseAt(m.env.Credited, 3_600_000, m.env.Policy)
		if stop > pos {
			step = min(step, stop-pos)
		}
		clock += step * 1000
		played += step
		arrived = max(arrived+20_000, clock+delay(r, beat)*1000)
		m.now, m.seq = arrived, m.seq+1
		state := Playing
		if pos+step == stop || pos+step == 3_600_000 {
			state = Paused
		}
		out := m.take(Beat{Seq: m.seq, Run: m.run, From: pos, To: pos + step, State: state, Visible: true})
		if out.State == StateOverspeed || out.State == StateAhead {
			t.Fatalf("false flag %s at beat %d", out.State, beat)
		}
		pos += step
		if state == Paused {
			m.run++                     // the next play is another run
			clock = max(clock, arrived) // the learner waits for the check, and answers
			if m.s.CheckID == "" && out.CheckDue {
				m.s.SinceCheck, m.s.Threshold = 0, 780_000+r.Int64N(120_001)
			}
		}
	}
	return played - m.total()
}

// A heartbeat sent again after the clock was set back once began the learner's time anew at the instant of the replay.
func TestOnlyWhatIsStoredMovesTheLearnersTime(t *testing.T) {
	const second = 1_000_000
	s := Study{LastContact: 400 * second}
	for _, now := range []int64{100 * second, 105 * second} {
		if at := s.at(now); at != 400*second || s.Skew != 0 {
			t.Fatalf("asked at %d: %d, skew %d", now, at, s.Skew)
		}
	}
	if at := s.passes(105 * second); at != 400*second {
		t.Fatalf("what is stored first stands at %d", at)
	}
	if at := s.at(110 * second); at != 405*second {
		t.Fatalf("five seconds later it is %d", at)
	}
}

package playback

// Policy is the numbers of the engine (settled.md), in milliseconds unless said otherwise.
// They are policy values of a region and year (policy.go); the zero value is not usable.
type Policy struct {
	BeatMS         int64 `json:"beat_ms"`          // how often the player reports
	LeaseTTLMS     int64 `json:"lease_ttl_ms"`     // how long a silent lease lasts
	BacklogMS      int64 `json:"backlog_ms"`       // how much silent wall time may still be paid: the longest buffer a player can hold
	WindowMS       int64 `json:"window_ms"`        // how far beyond the frontier segments are released
	CheckMinMS     int64 `json:"check_min_ms"`     // presence check threshold: uniform in [min, max] of credited time
	CheckMaxMS     int64 `json:"check_max_ms"`     // never more than 900 s (R1.10c)
	AnswerMS       int64 `json:"answer_ms"`        // how long an answer counts as being in time
	LateMS         int64 `json:"late_ms"`          // how long beats of a superseded epoch are still accepted
	GapMS          int64 `json:"gap_ms"`           // completeness: per gap
	TotalMS        int64 `json:"total_ms"`         // completeness: all gaps together
	AheadMS        int64 `json:"ahead_ms"`         // tolerance of the frontier: a player resumes on a frame, not on a millisecond
	ContinueMS     int64 `json:"continue_ms"`      // how closely a beat must continue its run
	OverspeedMinMS int64 `json:"overspeed_min_ms"` // overspeed is judged over at least this much wall time
	OverspeedPct   int64 `json:"overspeed_pct"`    // media per wall, in percent, above which a run is overspeed
}

// DefaultPolicy is the notice's and settled.md's values.
var DefaultPolicy = Policy{
	BeatMS: 10_000, LeaseTTLMS: 45_000, BacklogMS: 90_000, WindowMS: 90_000,
	CheckMinMS: 780_000, CheckMaxMS: 900_000, AnswerMS: 90_000, LateMS: 120_000,
	GapMS: 2_000, TotalMS: 5_000, AheadMS: 1_500, ContinueMS: 250,
	OverspeedMinMS: 20_000, OverspeedPct: 110,
}

// State is how a beat was taken.
type State string

// The states a player may be told.
const (
	StateOK           State = "ok"
	StateCheck        State = "check"         // a presence check is due: credit is frozen
	StateSuperseded   State = "superseded"    // another place has taken over
	StateExpired      State = "expired"       // the lease was released; acquire again
	StateOverspeed    State = "overspeed"     // the run ran faster than real time: nothing more for this run
	StateNotDelivered State = "not_delivered" // claimed media that we never sent to this session
	StateAhead        State = "ahead"         // the run began beyond the frontier
	StateHidden       State = "hidden"        // the page is hidden
)

// Player states as a beat reports them.
const (
	Playing = "playing"
	Paused  = "paused"
	Seeking = "seeking"
	Stalled = "stalled"
	Ended   = "ended"
	Hidden  = "hidden"
	Closed  = "closed"
)

// Beat is one heartbeat: where the player says it is. Nothing in it is evidence (playback.md 2.5).
type Beat struct {
	LearnerID string
	SessionID string
	Epoch     int64
	Seq       int64
	Run       int64
	From, To  int64 // media positions, ms
	State     string
	Visible   bool
}

// Run is a stretch of continuous play. The zero Run is "not playing".
type Run struct {
	No      int64
	From    int64 // where it began, ms
	Pos     int64 // how far it has come, ms
	PayFrom int64 // what lies before was played while nothing could be earned (hidden page, check due)
	Floor   int64 // server time of the last contact before it began, µs
	State   State // ok, overspeed or ahead: a verdict stays for the whole run
	Open    bool
}

// Span is a piece of media and a piece of wall time of equal length, credited once.
type Span struct {
	MediaFrom, MediaTo int64 // ms
	WallFrom, WallTo   int64 // µs; WallTo-WallFrom = 1000 × (MediaTo-MediaFrom)
}

// Refusal is claimed media that earned nothing, with the reason the learner can read.
type Refusal struct {
	Range
	Reason State
}

// Study is the working state of one learner: lease, wall cursor, presence accumulator, open run, open span.
type Study struct {
	LearnerID      string
	Version        int64 // compare-and-swap token; 0 = not stored yet
	Epoch          int64
	SessionID      string // playback session
	LoginSessionID string
	DeviceID       string
	DeviceName     string
	CourseID       string
	LessonID       string
	MediaID        string
	MediaRev       int64
	Take           int64 // how often this lesson's media was reopened
	Final          bool  // the only lesson of the course not yet fully credited
	AcquiredAt     int64 // µs
	Threshold      int64 // ms of credit at which the next check falls due
	WindowNo       int64
	Prev           string // what a superseded player may still claim, as JSON

	// Hot columns: they change with every beat.
	ExpiresAt   int64 // µs; 0 = released
	LastContact int64 // µs
	LastSeq     int64
	Cursor      int64 // wall cursor, µs: nothing before it can be paid again (PB-I1)
	Skew        int64 // how far the learner's time is ahead of the database's clock, µs; at says why
	SinceCheck  int64 // ms credited since the last passed check (PB-I4)
	CheckID     string
	Run         Run
	Open        Span
	ChainSeq    int64
	ChainHash   []byte
}

// Env is what the rule needs to know besides the study row.
type Env struct {
	Policy    *Policy
	Duration  int64                      // of the lesson's media, ms
	Credited  Set                        // of the lesson, open span included; the rule adds to it
	Delivered func(from, to int64) Set   // the part of [from, to) that was sent to this session
	Missing   func(from, to int64) []int // segments of [from, to) never sent to this session
}

// Outcome is what a beat did. Closed spans and refusals are to be appended; the study row is to be stored.
type Outcome struct {
	Repeat   bool // seq was seen before: nothing changed
	State    State
	Granted  int64 // ms
	Closed   []Span
	Refused  []Refusal
	CheckDue bool // fell due with this beat
	Missing  []int
}

// Beat applies one heartbeat at server time now (µs): playback.md 2.3. The epoch has been checked.
func (s *Study) Beat(now int64, b Beat, env *Env) (out Outcome) {
	if b.Seq <= s.LastSeq {
		return Outcome{Repeat: true, State: s.state()}
	}
	contact := s.LastContact
	s.LastSeq, s.LastContact, s.ExpiresAt = b.Seq, now, now+env.Policy.LeaseTTLMS*1000
	s.follow(b, contact, now, env, &out)
	s.pay(now, b, env, &out)
	if s.CheckID == "" && s.checkFalls(env) {
		out.CheckDue = true
		s.spend(now)
		s.endRun(env, &out)
	}
	switch b.State {
	case Playing:
	case Closed:
		s.endRun(env, &out)
		s.ExpiresAt = 0
	default:
		s.endRun(env, &out)
	}
	return out
}

// state is what a player is told when nothing new happened.
func (s *Study) state() State {
	if s.CheckID != "" {
		return StateCheck
	}
	if s.Run.Open {
		return s.Run.State
	}
	return StateOK
}

// follow moves the run on, or ends it and begins another when the beat does not continue it.
func (s *Study) follow(b Beat, contact, now int64, env *Env, out *Outcome) {
	p := env.Policy
	if s.Run.Open && (b.Run != s.Run.No || abs(b.From-s.Run.Pos) > p.ContinueMS) {
		s.endRun(env, out)
	}
	if !s.Run.Open {
		s.Run = Run{No: b.Run, From: b.From, Pos: b.From, PayFrom: b.From, Floor: contact, State: StateOK, Open: true}
		if b.From > env.Credited.End()+p.AheadMS {
			s.Run.State = StateAhead
		}
	}
	r := &s.Run
	step := b.To - r.Pos
	r.Pos = max(r.Pos, min(b.To, env.Duration))
	if r.State == StateOK && (s.overspeed(now, env) || step*100 > (now-contact)/1000*p.OverspeedPct+p.BacklogMS*100) {
		r.State = StateOverspeed
	}
}

// overspeed judges the whole run: more media than wall time by more than the policy's share.
func (s *Study) overspeed(now int64, env *Env) bool {
	wall := (now - s.Run.Floor) / 1000
	return wall >= env.Policy.OverspeedMinMS && (s.Run.Pos-s.Run.From)*100 > wall*env.Policy.OverspeedPct
}

// pay grants what the run has claimed, was delivered, is not credited, and fits into wall time and check window.
func (s *Study) pay(now int64, b Beat, env *Env, out *Outcome) {
	r := &s.Run
	switch {
	case s.CheckID != "":
		out.State = StateCheck
		s.spend(now)
		s.refuse(StateCheck, env, out)
		return
	case !b.Visible || b.State == Hidden:
		out.State = StateHidden
		s.spend(now)
		s.refuse(StateHidden, env, out)
		return
	case r.State != StateOK:
		out.State = r.State
		return
	}
	out.State = StateOK
	cursor := max(s.Cursor, r.Floor, now-env.Policy.BacklogMS*1000)
	budget := min((now-cursor)/1000, s.Threshold-s.SinceCheck)
	for _, claim := range env.Credited.Minus(Range{r.PayFrom, r.Pos}) {
		for _, piece := range env.Delivered(claim.From, claim.To) {
			g := min(piece.Len(), budget)
			if g <= 0 {
				continue
			}
			s.credit(Range{piece.From, piece.From + g}, cursor, env, out)
			cursor += g * 1000
			budget -= g
			out.Granted += g
		}
		out.Missing = append(out.Missing, env.Missing(claim.From, claim.To)...)
	}
	if out.Granted == 0 && len(out.Missing) > 0 {
		out.State = StateNotDelivered
	}
}

// credit books [m.From, m.To) against wall time from cursor: the open span grows, or a new one begins.
func (s *Study) credit(m Range, cursor int64, env *Env, out *Outcome) {
	if s.Open.MediaTo != m.From || s.Open.WallTo != cursor || s.Open.MediaTo == s.Open.MediaFrom {
		s.closeSpan(out)
		s.Open = Span{MediaFrom: m.From, MediaTo: m.From, WallFrom: cursor, WallTo: cursor}
	}
	s.Open.MediaTo = m.To
	s.Open.WallTo = cursor + m.Len()*1000
	s.Cursor = s.Open.WallTo
	s.SinceCheck += m.Len()
	env.Credited = env.Credited.Add(m)
}

// checkFalls reports whether credit must stop now until a presence check passes (PB-I4): at the threshold,
// and when the course's last lesson has become complete, so that no tail stays unconfirmed.
func (s *Study) checkFalls(env *Env) bool {
	if s.SinceCheck >= s.Threshold {
		return true
	}
	p := env.Policy
	return s.Final && s.SinceCheck > 0 && env.Credited.Complete(env.Duration, p.GapMS, p.TotalMS)
}

// PauseAt is the media position at which the next check will fall due when play goes on from the run's position, if
// that is near enough for the player to be told: it pauses there by itself, so that nothing is watched in vain while
// the answer is on its way. 0 = not near.
func (s *Study) PauseAt(credited Set, duration int64, p *Policy) int64 {
	left := s.Threshold - s.SinceCheck
	if s.CheckID != "" || left > p.BacklogMS+p.BeatMS {
		return 0
	}
	for _, gap := range credited.Minus(Range{s.Run.Pos, duration}) {
		if gap.Len() >= left {
			return gap.From + left
		}
		left -= gap.Len()
	}
	return 0
}

// spend uses up the wall time until now: what passed while nothing could be earned must not pay for later claims (PB-I4).
func (s *Study) spend(now int64) { s.Cursor = max(s.Cursor, now) }

// stepBack is how far the database's clock must be behind an instant already used before it counts as set back, µs. It is longer
// than any transaction of the hot path lives: one that began later and was stored first must never make a learner's time run faster.
const stepBack = 10_000_000

// at is the learner's own instant: the database's clock, never before an instant already used. When the clock was set back (a standby
// took over whose clock is behind, somebody corrected it), the learner's time goes on from where it was instead of standing still
// until the clock has come back there: a second that is watched stays a second, but for those since the last heartbeat, which nobody
// has measured. Skew keeps by how much, from the first thing that is stored afterwards (passes).
func (s *Study) at(now int64) int64 { return max(now+s.ahead(now), s.used()) }

// passes is at, for what is going to be stored.
func (s *Study) passes(now int64) int64 {
	s.Skew = s.ahead(now)
	return s.at(now)
}

// used is the latest instant the learner's time has come to.
func (s *Study) used() int64 { return max(s.LastContact, s.Cursor) }

// ahead is how far the learner's time is ahead of the database's clock.
func (s *Study) ahead(now int64) int64 {
	if used := s.used(); used-now-s.Skew > stepBack {
		return used - now
	}
	return s.Skew
}

// refuse drops what was played while nothing could be earned; it cannot be paid later.
func (s *Study) refuse(reason State, env *Env, out *Outcome) {
	s.note(Range{s.Run.PayFrom, s.Run.Pos}, reason, env, out)
	s.Run.PayFrom = s.Run.Pos
}

// note records the uncredited parts of r of at least a second with the reason.
func (s *Study) note(r Range, reason State, env *Env, out *Outcome) {
	for _, gap := range env.Credited.Minus(r) {
		if gap.Len() >= 1000 {
			out.Refused = append(out.Refused, Refusal{gap, reason})
		}
	}
}

// endRun closes the open span and gives every second the run claimed in vain its reason.
func (s *Study) endRun(env *Env, out *Outcome) {
	s.closeSpan(out)
	r := s.Run
	if !r.Open {
		return
	}
	s.Run.Open = false
	claim := Range{r.PayFrom, r.Pos}
	if r.State != StateOK {
		s.note(claim, r.State, env, out)
		return
	}
	delivered := env.Delivered(claim.From, claim.To)
	for _, gap := range env.Credited.Minus(claim) {
		for _, d := range delivered {
			if part := (Range{max(gap.From, d.From), min(gap.To, d.To)}); part.Len() >= 1000 {
				out.Refused = append(out.Refused, Refusal{part, StateOverspeed})
			}
		}
		for _, u := range delivered.Minus(gap) {
			if u.Len() >= 1000 {
				out.Refused = append(out.Refused, Refusal{u, StateNotDelivered})
			}
		}
	}
}

// closeSpan moves the open span to the list of spans to append.
func (s *Study) closeSpan(out *Outcome) {
	if s.Open.MediaTo > s.Open.MediaFrom {
		out.Closed = append(out.Closed, s.Open)
	}
	s.Open = Span{}
}

func abs(n int64) int64 { return max(n, -n) }

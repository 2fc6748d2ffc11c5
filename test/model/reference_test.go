// Package model holds the playback service against a small reference model: any sequence of leases, heartbeats, checks,
// takeovers, log-outs, restarts and clock steps, on one or two processes over one database, on both engines.
package model

import (
	"fmt"

	"xueshi/internal/playback"
)

// cell is the grid of the model, ms: every claim and every clock step lies on it.
const cell = 500

// reference is what must be true of one learner. It knows no runs and no spans: only who holds the lease, what is
// credited, how much wall time may still pay (cursor), and how much credit has gathered since the last check.
type reference struct {
	p       playback.Policy
	lessons map[string]*lesson
	epoch   int64
	holder  *place // the lease that may earn
	prev    *place // the lease before it: wall time before the takeover only
	expires int64  // µs; 0 = closed
	last    int64  // µs: the learner's own time never goes back
	skew    int64  // µs: how far it is ahead of the machine's clock
	cursor  int64  // µs: nothing before it pays again
	since   int64  // ms credited since the last passed check
	due     bool
	dueFrom int64
	windows int64
	taken   []int64 // instants of takeovers, newest first
}

type lesson struct {
	credited, confirmed, window []bool // by cell; window = credited since the last check was settled
}

// place is one acquisition of the lease.
type place struct {
	lease         playback.Lease
	lesson        string
	seat          int
	login         string
	seq           int64
	run           int64
	claimed, sent []bool
	until, cursor int64 // of a superseded place
}

func newReference(p playback.Policy, durations map[string]int64) *reference {
	r := &reference{p: p, lessons: map[string]*lesson{}}
	for id, ms := range durations {
		n := ms / cell
		r.lessons[id] = &lesson{make([]bool, n), make([]bool, n), make([]bool, n)}
	}
	return r
}

// setBack is how far the machine's clock must fall behind the learner's time to count as set back, µs.
const setBack = 10e6

// at is the learner's own time at the machine's time now. It stands still while the clock catches up with a small step back, and
// runs on beside one that was set back.
func (r *reference) at(now int64) int64 { return max(now+r.skew, r.last) }

// passes is at, and time has passed for the learner: something of theirs was stored.
func (r *reference) passes(now int64) int64 {
	if r.last-(now+r.skew) > setBack {
		r.skew = r.last - now
	}
	r.last = r.at(now)
	return r.last
}

// moves reports whether an acquisition by a login takes a live lease from another login.
func (r *reference) moves(now int64, login string) bool {
	return r.expires > r.at(now) && r.holder.login != login
}

// mayAcquire is the refusal the next acquisition must meet; "" = none.
func (r *reference) mayAcquire(now int64, login string, takeover bool) string {
	if !takeover && r.expires > r.at(now) {
		return "playback.lease_held"
	}
	if !r.moves(now, login) {
		return ""
	}
	now = r.at(now)
	var recent []int64
	for _, t := range r.taken {
		if t > now-15*60e6 {
			recent = append(recent, t)
		}
	}
	if len(recent) > 6 && recent[0]+5*60e6 > now && recent[0]-recent[6] <= 10*60e6 {
		return "playback.takeover_cooldown"
	}
	return ""
}

func (r *reference) acquired(now int64, p *place) {
	moved := r.moves(now, p.login)
	now = r.passes(now)
	if h := r.holder; h != nil {
		h.until, h.cursor = now, r.cursor
		if r.due {
			h.cursor = now
		}
		r.prev = h
		if r.expires == 0 { // released: it has said its last
			r.prev = nil
		}
	}
	r.epoch, r.holder, r.expires, r.last = r.epoch+1, p, now+r.p.LeaseTTLMS*1000, now
	r.cursor = now
	if moved {
		r.taken = append([]int64{now}, r.taken...)
	}
}

// most is how much a beat of p may earn at now, in ms. fresh = its seq has not been seen.
func (r *reference) most(now int64, p *place, fresh, visible bool) int64 {
	if r.due || !fresh || !visible {
		return 0
	}
	wall := int64(0)
	switch at := r.at(now); {
	case p == r.holder && r.expires != 0:
		wall = at - max(r.cursor, at-r.p.BacklogMS*1000)
	case p == r.prev && at <= p.until+r.p.LateMS*1000:
		wall = p.until - max(p.cursor, p.until-r.p.BacklogMS*1000)
	}
	return min(max(0, wall/1000), r.p.CheckMaxMS-r.since)
}

// beaten takes what a beat of p earned; it has been held against most.
func (r *reference) beaten(now int64, p *place, b playback.Beat, fresh bool, earned map[string][]int) error {
	at, n := r.at(now), int64(0)
	for id, cells := range earned {
		l := r.lessons[id]
		end := 0
		for i, c := range l.credited {
			if c {
				end = i + 1
			}
		}
		for _, i := range cells {
			if id != p.lesson || !p.claimed[i] || !p.sent[i] {
				return fmt.Errorf("%s at %d ms was credited, but not claimed by and delivered to the place that earned it", id, i*cell)
			}
			for n := 0; n < 3 && end < i && !p.claimed[end]; n++ { // a run may begin so far beyond the frontier (AheadMS)
				end++
			}
			for end < i && p.claimed[end] { // and pass over a segment that is missing, not over what it never claimed
				end++
			}
			if i > end {
				return fmt.Errorf("%s at %d ms was credited, beyond the frontier at %d", id, i*cell, end*cell)
			}
			l.credited[i], l.window[i] = true, true
			end = max(end, i+1)
		}
		n += int64(len(cells)) * cell
	}
	r.since += n
	if p == r.prev && at <= p.until+r.p.LateMS*1000 && b.Seq > p.seq {
		p.cursor = max(p.cursor, p.until-r.p.BacklogMS*1000) + n*1000
		p.seq = b.Seq
		r.passes(now)
	}
	if p == r.holder && fresh && r.expires != 0 {
		p.seq, r.expires = b.Seq, r.passes(now)+r.p.LeaseTTLMS*1000
		if n > 0 {
			r.cursor = max(r.cursor, at-r.p.BacklogMS*1000) + n*1000
		}
		if r.due || !b.Visible || b.State == playback.Hidden {
			r.cursor = at
		}
		if b.State == playback.Closed {
			r.expires = 0
		}
	}
	if !r.due && r.since >= r.p.CheckMaxMS {
		r.due, r.dueFrom, r.cursor = true, r.passes(now), at
	}
	return nil
}

// settled ends the window: confirmed, or reopened for watching.
func (r *reference) settled(now int64, confirmed bool) {
	for _, l := range r.lessons {
		for i, w := range l.window {
			if w && confirmed {
				l.confirmed[i] = true
			}
			if w && !confirmed && !l.confirmed[i] {
				l.credited[i] = false
			}
			l.window[i] = false
		}
	}
	r.since, r.due, r.windows = 0, false, r.windows+1
	r.cursor = r.passes(now)
}

// granted by hand: confirmed at once, outside of every window.
func (r *reference) granted(id string, from, to int) (n int64) {
	l := r.lessons[id]
	for i := from; i < to; i++ {
		if !l.credited[i] {
			l.credited[i], l.confirmed[i] = true, true
			n += cell
		}
	}
	return n
}

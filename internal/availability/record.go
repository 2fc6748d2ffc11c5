package availability

import (
	"context"
	"strings"
	"sync"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// Recorder writes down what one process sees, minute by minute. What cannot be written is held and written later, so that a database out
// of reach does not hide that it was.
type Recorder struct {
	db      *sqldb.DB
	clk     clock.Clock
	process string
	ready   func(context.Context) bool

	mu   sync.Mutex
	now  minute
	held []minute // ended, not written yet
}

// NewRecorder begins to count for a process that says whether it is ready.
func NewRecorder(db *sqldb.DB, ready func(context.Context) bool) *Recorder {
	now := db.Clock().Now()
	return &Recorder{db: db, clk: db.Clock(), process: id.New(now), ready: ready, now: minute{at: minuteOf(now)}}
}

// Observe counts an answered request; its signature is httpx.Options.Observe's. Only the API counts, without files.
func (r *Recorder) Observe(pattern string, status int, took time.Duration) {
	if !strings.Contains(pattern, " /api/") || strings.Contains(pattern, "/files/") || strings.Contains(pattern, "/uploads") {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.turn()
	m.Requests++
	if status >= 500 {
		m.Failed++
	}
	m.TookUS += took.Microseconds()
	m.Spread.note(took)
}

// turn is the present minute; mu is held.
func (r *Recorder) turn() *minute {
	if at := minuteOf(r.clk.Now()); at > r.now.at { // a clock that is set back counts on into the minute it had reached
		r.held = append(r.held, r.now)
		if len(r.held) > heldMost {
			r.held = r.held[len(r.held)-heldMost:]
		}
		r.now = minute{at: at}
	}
	return &r.now
}

// Turn looks whether the process is ready and writes the minutes that have ended. It says when to come again.
func (r *Recorder) Turn(ctx context.Context) (time.Duration, error) {
	ready := r.ready(ctx)
	r.mu.Lock()
	m := r.turn()
	m.probes++
	if ready {
		m.ready++
	}
	ended := r.held
	r.held = nil
	r.mu.Unlock()
	return probeEvery, r.write(ctx, ended)
}

// Close writes what has been seen so far.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	ended := append(r.held, r.now)
	r.held = nil
	r.mu.Unlock()
	return r.write(ctx, ended)
}

// write stores minutes, and holds them when it cannot. The same minute may be written again: each row is told whole.
func (r *Recorder) write(ctx context.Context, ended []minute) error {
	if len(ended) == 0 {
		return nil
	}
	err := r.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, m := range ended {
			if err := putMinuteTx(ctx, tx, r.process, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.mu.Lock()
		r.held = append(ended, r.held...)
		r.mu.Unlock()
	}
	return err
}

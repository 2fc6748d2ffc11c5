package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
)

// job is work without a caller. Every process runs every job: each turn is bounded and idempotent, so that two processes,
// or one that died half-way, do nothing twice.
type job struct {
	name string
	turn func(ctx context.Context) (next time.Duration, err error) // next = how long until there may be more to do
	wake <-chan struct{}                                           // there is something to do now; nil = never
}

// jobs is everything that happens by itself.
func (a *App) jobs() []job {
	all := []job{
		{name: "anchor", turn: func(ctx context.Context) (time.Duration, error) { return again(a.Credit.Anchor(ctx, a.Signer)) }},
		{name: "closing", turn: func(ctx context.Context) (time.Duration, error) {
			_, err := a.Identity.FinishClosings(ctx)
			return time.Minute, err
		}},
		{name: "fold", turn: func(ctx context.Context) (time.Duration, error) { return again(a.Supervision.Fold(ctx)) }},
		{name: "deliveries", turn: func(ctx context.Context) (time.Duration, error) { return again(a.Playback.FoldDeliveries(ctx)) }},
		{name: "reminders", turn: func(ctx context.Context) (time.Duration, error) { return again(a.Credit.Remind(ctx)) }},
		{name: "availability", turn: a.Availability.Judge},
		{name: "sms", turn: a.Outbox.Resend},
		{name: "courseware", turn: a.Jobs.Turn, wake: a.Jobs.Woken()},
		{name: "uploads", turn: func(ctx context.Context) (time.Duration, error) { return time.Minute, a.Media.Sweep(ctx) }},
	}
	if a.sweep {
		all = append(all, job{name: "store", turn: later(10*time.Minute, a.Media.SweepDaily)})
	}
	return all
}

// again is the rhythm of a job that knows whether there is more to do.
func again(more bool, err error) (time.Duration, error) {
	if more && err == nil {
		return 0, nil
	}
	return time.Minute, err
}

// later lets the first turn wait: what is due once a day must not meet a start.
func later(first time.Duration, turn func(context.Context) (time.Duration, error)) func(context.Context) (time.Duration, error) {
	started := false
	return func(ctx context.Context) (time.Duration, error) {
		if !started {
			started = true
			return first, nil
		}
		return turn(ctx)
	}
}

// Start runs the jobs until Close.
func (a *App) Start(ctx context.Context) { a.run(ctx, a.jobs()) }

// Answering says that this process answers people: from here until Close it writes down how it does.
func (a *App) Answering(ctx context.Context) {
	a.run(ctx, []job{{name: "record", turn: a.recorder.Turn}})
	a.stops = append(a.stops, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkIn)
		defer cancel()
		if err := a.recorder.Close(ctx); err != nil {
			slog.ErrorContext(ctx, "the last minute of this process is not written", "error", err.Error())
		}
	})
}

func (a *App) run(ctx context.Context, all []job) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, j := range all {
		running.Go(func() { j.run(ctx) })
	}
	a.stops = append(a.stops, func() { cancel(); running.Wait() })
}

func (j job) run(ctx context.Context) {
	ctx = identity.SystemContext(ctx, "job:"+j.name)
	for {
		next, err := j.turn(ctx)
		if err != nil && ctx.Err() == nil && !sqldb.IsUnique(err) { // unique: another process was first
			slog.ErrorContext(ctx, "job", "job", j.name, "error", err.Error())
		}
		wait := time.NewTimer(next)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		case <-j.wake:
			wait.Stop()
		}
	}
}

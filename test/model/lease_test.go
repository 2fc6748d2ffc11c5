package model

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/test/city"
)

// op is one call on a learner's lease and what came of it.
type op struct {
	kind     string // read, acquire, takeover, beat, close
	epoch    int64  // acquire: the epoch the nonce was read under; beat and close: the lease's
	result   string // "" = taken; else a refusal or the state told
	newEpoch int64
}

// leaseState is the whole sequential meaning of a lease.
type leaseState struct {
	epoch int64
	live  bool
}

// leaseModel says what one caller after the other would see: at most one place holds, epochs rise by one, a superseded
// place is told so, and nobody gets the lease of a live place without taking over.
var leaseModel = porcupine.Model{
	Init: func() any { return leaseState{} },
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(leaseState), input.(op), output.(op)
		if out.result == "busy" || out.result == "playback.busy" {
			return true, s // refused for now: nothing happened
		}
		switch in.kind {
		case "start":
			return true, leaseState{in.epoch, false}
		case "read":
			return out.epoch == s.epoch, s
		case "acquire", "takeover":
			switch out.result {
			case "":
				return in.epoch == s.epoch && (in.kind == "takeover" || !s.live) && out.newEpoch == s.epoch+1, leaseState{s.epoch + 1, true}
			case "playback.lease_held":
				return in.epoch == s.epoch && s.live && in.kind == "acquire", s
			case "playback.nonce_stale":
				return in.epoch != s.epoch, s
			case "playback.takeover_cooldown": // more than six in ten minutes: nothing happens
				return in.epoch == s.epoch && in.kind == "takeover", s
			}
			return false, s
		}
		switch out.result {
		case string(playback.StateSuperseded):
			return in.epoch < s.epoch, s
		case string(playback.StateExpired):
			return in.epoch == s.epoch && !s.live, s
		case string(playback.StateOK):
			return in.epoch == s.epoch && s.live, leaseState{s.epoch, in.kind != "close"}
		}
		return false, s
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
}

// history is what the callers of one learner saw, with when each call began and ended.
type history struct {
	mu    sync.Mutex
	begin time.Time
	ops   []porcupine.Operation
}

func (h *history) record(client int, in op, f func() op) op {
	call := time.Since(h.begin).Nanoseconds()
	out := f()
	end := time.Since(h.begin).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call, Return: end})
	return out
}

// caller is one browser that acquires, beats and closes as it likes, on any process.
type caller struct {
	t      *testing.T
	h      *history
	no     int
	seat   city.Seat
	cities []*city.City
	r      *rand.Rand
	lease  *playback.Lease
	seq    int64
}

func (c *caller) step() {
	c.seat.Program = c.cities[c.r.IntN(len(c.cities))]
	switch n := c.r.IntN(10); {
	case c.lease == nil || n < 3:
		c.acquire(c.r.IntN(2) == 0)
	case n < 9:
		c.beat("beat", playback.Playing)
	default:
		c.beat("close", playback.Closed)
	}
}

func (c *caller) acquire(takeover bool) {
	var nonce string
	read := c.h.record(c.no, op{kind: "read"}, func() (out op) {
		ctx := context.Background()
		err := c.seat.Program.DB.Read(ctx, func(tx *sqldb.Tx) error {
			p, err := c.seat.Program.Playback.PageTx(ctx, tx, c.seat.Actor, "l0401")
			if err != nil {
				return err
			}
			nonce = p.Nonce
			out.epoch, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT epoch FROM study WHERE learner_id = $1`, c.seat.Actor.PersonID)
			return err
		})
		if err != nil {
			c.t.Errorf("read: %v", err)
		}
		return out
	})
	kind, flag := "acquire", "0"
	if takeover {
		kind, flag = "takeover", "1"
	}
	signature := c.seat.Device.Sign("xueshi-acquire-v1\n" + nonce + "\nl0401\n" + flag)
	c.h.record(c.no, op{kind: kind, epoch: read.epoch}, func() op {
		l, err := c.seat.Program.Playback.Acquire(c.seat.Ctx(), playback.Acquire{LessonID: "l0401", Nonce: nonce, Takeover: takeover, Signature: signature})
		if err != nil {
			return op{result: errs.As(err).Code}
		}
		c.lease, c.seq = &l, 0
		return op{newEpoch: l.Epoch}
	})
}

func (c *caller) beat(kind, state string) {
	c.seq++
	c.h.record(c.no, op{kind: kind, epoch: c.lease.Epoch}, func() op {
		a, err := c.seat.Beat(*c.lease, playback.Beat{Seq: c.seq, Run: 1, State: state, Visible: true})
		if err != nil {
			return op{result: errs.As(err).Code}
		}
		return op{result: string(a.State)}
	})
}

// TestTheLeaseIsLinearizable lets three browsers of each of many learners act at once on two processes, and asks of every
// history whether some order of the calls explains it (G-V4: no double lease).
func TestTheLeaseIsLinearizable(t *testing.T) {
	t.Parallel()
	rounds, learners := 10, 16
	if raceDetector {
		rounds = 3 // each is twenty times as slow
	}
	if os.Getenv("XUESHI_SOAK") == "1" {
		rounds, learners = 2_100, 24 // 50 400 an engine, in less than the life of a login
	}
	seed := uint64(time.Now().UnixNano())
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		t.Logf("seed %d", seed) // it decides what is called; the meeting of calls is the machine's own
		c := city.New(t, env)
		cities := []*city.City{c, c.Second(t)}
		r := rand.New(rand.NewPCG(seed, 1))
		people := make([][]*city.Seat, learners)
		for i := range people {
			p := c.Learner(t)
			c.Enrol(t, p, "c04")
			people[i] = []*city.Seat{c.Seat(t, p, "pc"), c.Seat(t, p, "phone"), c.Seat(t, p, "tablet")}
		}
		checked, calls := 0, 0
		for range rounds {
			c.Clock.Advance(16 * time.Minute) // leases lapse, and earlier takeovers no longer cool down
			histories := make([]*history, len(people))
			var wg sync.WaitGroup
			for i, seats := range people {
				h := &history{begin: time.Now()}
				histories[i] = h
				h.start(t, c, seats[0].Actor.PersonID)
				for no, seat := range seats {
					caller := &caller{t: t, h: h, no: no, seat: *seat, cities: cities, r: rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))}
					wg.Go(func() {
						for range 6 {
							caller.step()
						}
					})
				}
			}
			wg.Wait()
			for _, h := range histories {
				if result, info := porcupine.CheckOperationsVerbose(leaseModel, h.ops, 30*time.Second); result != porcupine.Ok {
					_ = porcupine.VisualizePath(leaseModel, info, "lease-history.html")
					t.Fatalf("%s: no order of these calls explains what the callers saw (drawn in test/model/lease-history.html):\n%s", result, h)
				}
				checked, calls = checked+1, calls+len(h.ops)
			}
		}
		t.Logf("%d histories of %d calls are linearizable", checked, calls)
	})
}

// start is the state in which the round begins: the epoch so far, and nobody live.
func (h *history) start(t *testing.T, c *city.City, person string) {
	t.Helper()
	ctx := context.Background()
	var epoch int64
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		epoch, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT epoch FROM study WHERE learner_id = $1`, person)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.record(9, op{kind: "start", epoch: epoch}, func() op { return op{} })
}

func (h *history) String() (s string) {
	for _, o := range h.ops {
		s += fmt.Sprintf("%d: %9d–%9d  %+v → %+v\n", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
	return s
}

package attack

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// victim is the real program, of a variant that asks for a check every ten seconds of credit, with one learner on two devices.
type victim struct {
	*testing.T
	bin, verifier, data, database string
	srv                           *exec.Cmd
	pc, phone                     *client.Device
}

func newVictim(t *testing.T, env *sqltest.Env) *victim {
	t.Helper()
	v := &victim{T: t, data: t.TempDir(), verifier: city.Program(t)}
	if strings.HasPrefix(env.DSN, "postgres") {
		v.database = env.DSN
	}
	v.bin = filepath.Join(t.TempDir(), "shortcheck")
	build := exec.Command("go", "build", "-o", v.bin, "./test/shortcheck")
	build.Dir = city.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	seed := exec.Command(v.verifier, "demo", "--data", v.data, "--database", v.database, "--media", filepath.Join(city.Root(), "demo"))
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(filepath.Join(v.data, "demo-logins.txt"))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Split(strings.SplitN(string(raw), "\n", 2)[0], "\t")
	v.pc, v.phone = client.New("", "pc"), client.New("", "phone")
	v.start()
	for _, d := range []*client.Device{v.pc, v.phone} {
		if err := d.Do("POST", "/api/public/account/login", map[string]any{"account": f[0], "password": f[1], "device": d.Info()}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func (v *victim) start() {
	v.Helper()
	v.srv, v.pc.Base = process(v.T, v.bin, v.data, v.database)
	v.phone.Base = v.pc.Base
}

// killDuring runs f again and again and kills the program with SIGKILL in the middle of the n-th time.
func (v *victim) killDuring(n int, f func() error) {
	v.Helper()
	for i := 0; ; i++ {
		if i == n {
			go func() { _ = v.srv.Process.Signal(syscall.SIGKILL) }()
		}
		err := f()
		var refused *client.Problem
		if err != nil && !errors.As(err, &refused) {
			break // the connection broke: it is dead
		}
		if i > 20_000 {
			v.Fatal("the program did not die")
		}
	}
	_ = v.srv.Wait()
	v.start()
	verified(v.T, v.verifier, v.data, v.database)
}

func (v *victim) open() *client.Lesson {
	v.Helper()
	l, err := v.pc.Open(long)
	if err != nil {
		v.Fatal(err)
	}
	return l
}

// TestKillDuringTakeoverAndCheck kills the program while two devices take the lease from each other and claim what they
// played, and while answers to a check are on their way: no acknowledged second is lost, none is paid twice, a passed
// check stays passed, and the evidence verifies after every kill.
func TestKillDuringTakeoverAndCheck(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		v := newVictim(t, env)
		for round := range 3 {
			acked := v.takeovers(round)
			if got := v.open().Progress.CreditedMS; got < acked {
				t.Fatalf("round %d: %d ms were acknowledged, %d ms are there", round, acked, got)
			}
		}
		check, credited := v.toCheck()
		passed := false
		v.killDuring(0, func() error {
			if passed { // it was in time: the rest of the calls only wait for the kill
				return v.pc.Do("GET", "/api/learner/playback/check", nil, nil)
			}
			result, err := v.pc.Solve(check)
			passed = result == "passed"
			return err
		})
		l := v.open()
		if l.Progress.CreditedMS != credited {
			t.Errorf("credited %d ms, before the kill %d ms", l.Progress.CreditedMS, credited)
		}
		if passed && l.Progress.ConfirmedMS != credited {
			t.Errorf("confirmed %d of %d ms after an answer that was acknowledged", l.Progress.ConfirmedMS, credited)
		}
		var due struct{ Check *client.Check }
		if err := v.pc.Do("GET", "/api/learner/playback/check", nil, &due); err != nil {
			t.Fatal(err)
		}
		if l.Progress.ConfirmedMS > 0 == (due.Check != nil) {
			t.Errorf("confirmed %d ms, and the check is %+v: the answer was taken by half", l.Progress.ConfirmedMS, due.Check)
		}
	})
}

// takeovers lets both devices take the lease from each other and beat at once until the kill; it returns the most that was
// acknowledged. One takeover each: more of them would cool down, so from then on a device closes the lease for the other.
func (v *victim) takeovers(round int) (acked int64) {
	var mu sync.Mutex
	turn := -1
	v.killDuring(6, func() error {
		turn++
		var wg sync.WaitGroup
		out := make([]error, 2)
		for i, d := range []*client.Device{v.pc, v.phone} {
			wg.Go(func() {
				p, err := d.Acquire(long, turn == 0)
				if err != nil {
					out[i] = err
					return
				}
				begin, from := clock.System{}.Now(), p.Answer.CreditedMS
				if out[i] = p.Fetch(from, from+12_000); out[i] != nil {
					return
				}
				for n, at := 0, from; n < 12; n++ {
					to := from + clock.System{}.Now().Sub(begin).Milliseconds()
					a, err := p.Beat(map[bool]string{false: "playing", true: "closed"}[n == 11], at, to)
					if out[i] = err; err != nil {
						return
					}
					at = to
					mu.Lock()
					acked = max(acked, a.CreditedMS)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for _, err := range out {
			var refused *client.Problem
			if err != nil && !errors.As(err, &refused) {
				return err
			}
		}
		return nil
	})
	if acked == 0 {
		v.Fatalf("round %d: nothing was acknowledged, so nothing was tested", round)
	}
	return acked
}

// toCheck plays honestly in real time until the check is due.
func (v *victim) toCheck() (*client.Check, int64) {
	v.Helper()
	p, err := v.pc.Acquire(long, true)
	if err != nil {
		v.Fatal(err)
	}
	from := v.open().Progress.ResumeMS
	if err := p.Fetch(0, from+40_000); err != nil {
		v.Fatal(err)
	}
	begin := clock.System{}.Now()
	for at := from; at < from+60_000; {
		to := max(at, from+clock.System{}.Now().Sub(begin).Milliseconds())
		a, err := p.Beat("playing", at, to)
		if err != nil {
			v.Fatal(err)
		}
		if at = to; a.Check != nil {
			return a.Check, a.CreditedMS
		}
	}
	v.Fatal("no check fell due")
	return nil, 0
}

package attack

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

func TestMain(m *testing.M) { city.Main(m) }

// process starts the program on data and database and returns its address.
func process(t *testing.T, bin, data, database string, more ...string) (*exec.Cmd, string) {
	t.Helper()
	args := append([]string{"serve", "--data", data, "--database", database, "--addr", "127.0.0.1:0", "--media", filepath.Join(city.Root(), "demo")}, more...)
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), "XUESHI_SHORTCHECK_MS=10000") // heard by test/shortcheck only
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	sc := bufio.NewScanner(out)
	if !sc.Scan() {
		t.Fatal("the program did not start")
	}
	return cmd, sc.Text()
}

// TestKillLosesNoAcknowledgedSecond kills the real program with SIGKILL while heartbeats are on their way, several times.
// What it had acknowledged is there after the restart: on both engines, with their real durability.
func TestKillLosesNoAcknowledgedSecond(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		database := ""
		if strings.HasPrefix(env.DSN, "postgres") {
			database = env.DSN
		}
		data, bin := t.TempDir(), city.Program(t)
		seed := exec.Command(bin, "demo", "--data", data, "--database", database, "--media", filepath.Join(city.Root(), "demo"))
		if out, err := seed.CombinedOutput(); err != nil {
			t.Fatalf("demo: %v\n%s", err, out)
		}
		raw, err := os.ReadFile(filepath.Join(data, "demo-logins.txt"))
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Split(strings.SplitN(string(raw), "\n", 2)[0], "\t")
		srv, url := process(t, bin, data, database)
		d := client.New(url, "pc")
		if err := d.Do("POST", "/api/public/account/login", map[string]any{"account": f[0], "password": f[1], "device": d.Info()}, nil); err != nil {
			t.Fatal(err)
		}
		p, err := d.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Fetch(0, 90_000); err != nil {
			t.Fatal(err)
		}
		begin := clock.System{}.Now()
		for round := range 4 {
			acked := beatUntilKilled(t, srv, p, begin)
			srv, url = process(t, bin, data, database)
			d.Base = url
			l, err := d.Open(long)
			if err != nil {
				t.Fatal(err)
			}
			if l.Progress.CreditedMS < acked {
				t.Fatalf("round %d: acknowledged %d ms, after the kill %d ms", round, acked, l.Progress.CreditedMS)
			}
			if acked == 0 {
				t.Fatalf("round %d: nothing was acknowledged, so nothing was tested", round)
			}
			verified(t, bin, data, database)
		}
	})
}

// verified runs the program's own verifier over what a kill left.
func verified(t *testing.T, bin, data, database string) {
	t.Helper()
	cmd := exec.Command(bin, "verify", "--data", data, "--database", database)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
}

// beatUntilKilled sends heartbeats as fast as they are answered; after the twentieth the program is killed.
func beatUntilKilled(t *testing.T, srv *exec.Cmd, p *client.Play, begin time.Time) (acked int64) {
	t.Helper()
	p.Run++
	var killed atomic.Bool
	from := p.Answer.CreditedMS
	for n := 0; ; n++ {
		to := max(from, clock.System{}.Now().Sub(begin).Milliseconds())
		a, err := p.Beat("playing", from, to)
		if err != nil {
			if !killed.Load() {
				t.Fatalf("beat: %v", err)
			}
			_ = srv.Wait()
			return acked
		}
		acked, from = a.CreditedMS, to
		if n == 20 {
			killed.Store(true)
			go func() { _ = srv.Process.Signal(syscall.SIGKILL) }()
		}
		if n > 100_000 {
			t.Fatal(fmt.Sprintf("%d beats after the kill", n))
		}
	}
}

// Package simulate lets made-up learners study against the real program, as `xueshi bench` does.
package simulate

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/simulate"
	"xueshi/test/city"
)

func TestMain(m *testing.M) { city.Main(m) }

// platform is the program as it ships, over a demo city of its own.
type platform struct {
	*testing.T
	store []string
	base  string
	dir   string
}

func newPlatform(t *testing.T, engine sqldb.Engine) *platform {
	t.Helper()
	p := &platform{T: t, dir: t.TempDir()}
	p.store = []string{"--data", filepath.Join(p.dir, "data")}
	if engine == sqldb.Postgres {
		p.store = append(p.store, "--database", sqltest.Bare(t, engine))
	}
	p.run(0, append([]string{"demo", "--media", filepath.Join(city.Root(), "demo")}, p.store...)...)
	cmd := exec.Command(city.Program(t), append([]string{"serve", "--addr", "127.0.0.1:0", "--demo"}, p.store...)...) //nolint:gosec // our own program
	cmd.Dir = city.Root()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line := bufio.NewScanner(out)
	if !line.Scan() {
		t.Fatal("the server did not start")
	}
	p.base = strings.TrimSpace(line.Text())
	return p
}

// run runs the program and holds its exit code.
func (p *platform) run(code int, args ...string) string {
	p.Helper()
	cmd := exec.Command(city.Program(p.T), args...) //nolint:gosec // our own program
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.Fatalf("xueshi %s: exit %d, want %d: %v\n%s", strings.Join(args, " "), got, code, err, out)
	}
	return string(out)
}

func (p *platform) file(name string) string { return filepath.Join(p.dir, name) }

// people makes learners for the platform.
func (p *platform) people(n string) string {
	p.Helper()
	p.run(0, append([]string{"bench", "people", "--learners", n, "--out", p.file("people.jsonl")}, p.store...)...)
	return p.file("people.jsonl")
}

func (p *platform) report() (r simulate.Report) {
	p.Helper()
	raw, err := os.ReadFile(p.file("report.json"))
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		p.Fatal(err)
	}
	return r
}

func TestAPopulationStudiesAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, engine := range []sqldb.Engine{sqldb.SQLite, sqldb.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, engine)
			people := p.people("6")
			out := p.run(0, "bench", "city", p.base, "--people", people, "--for", "14s", "--shape", "steady", "--out", p.file("report.json"))
			r := p.report()
			if r.WatchedMS < 6*8_000 || r.LostMS > 6_000 || r.CreditedMS < r.WatchedMS-r.LostMS || r.Bytes == 0 || len(r.Stopped) > 0 {
				t.Fatalf("%+v\n%s", r, out)
			}
			for _, l := range r.Lines {
				if l.Errors > 0 || l.Requests == 0 || l.P50MS > l.P95MS || l.P95MS > l.MaxMS {
					t.Errorf("%+v", l)
				}
			}
			p.run(0, append([]string{"verify"}, p.store...)...)
		})
	}
}

// What does not work is said, and the command fails.
func TestWhatFailsIsReported(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, sqldb.SQLite)
	people := p.people("2")
	behind, err := url.Parse(p.base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	var beats atomic.Int64
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/acquire") && beats.Add(1) <= 2 { // each is told "not now" once, and asks again
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/beat") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer between.Close()
	out := p.run(1, "bench", "city", between.URL, "--people", people, "--for", "13s", "--shape", "steady", "--out", p.file("report.json"))
	if r := p.report(); r.Stopped["403"] != 2 || !strings.Contains(out, "2 learners could not go on") {
		t.Fatalf("%+v\n%s", r, out)
	}
	for _, l := range p.report().Lines {
		if l.Class == simulate.Acquire && (l.Errors != 2 || l.Requests != 4) {
			t.Errorf("%+v", l)
		}
	}
	p.run(1, "bench", "city", "nowhere", "--people", people)
	p.run(1, "bench", "city", p.base, "--people", p.file("report.json"))
	p.run(80, "bench", "city", p.base, "--people", people, "--shape", "round") // kong's exit code for a wrong flag
	p.run(1, "bench", "people", "--learners", "0", "--data", p.file("other"))
	if out := p.run(1, "bench", "people", "--learners", "1", "--data", p.file("other")); !strings.Contains(out, "not the demo city") {
		t.Error(out)
	}
}

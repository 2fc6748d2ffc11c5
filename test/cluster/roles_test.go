package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"xueshi/internal/app"
)

// operated starts a process with an operations listener and gives its address.
func (p *platform) operated(flags ...string) (s *process, ops string) {
	p.Helper()
	ops = fmt.Sprintf("127.0.0.1:%d", freePort(p.T))
	return p.process(append(flags, "--database", p.database, "--ops", ops)...), "http://" + ops
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// A process that only answers people does no job; a worker does it, and answers nobody but those who look after it.
func TestRolesShareTheWork(t *testing.T) {
	t.Parallel()
	p := &platform{T: t, data: t.TempDir()}
	p.seed()
	web, _ := p.operated("--role", "web")
	p.url = fmt.Sprintf("http://127.0.0.1:%d", web.port)
	file := film(t, 2)
	if n, err := upload(p.provider(), file, len(file), 0); n > 0 || err != nil {
		t.Fatal(n, err)
	}
	if n := p.number(`SELECT count(*) FROM job WHERE kind = 'media.intake' AND state = 'waiting' AND try = 0`); n != 1 {
		t.Fatalf("%d jobs wait untouched", n)
	}
	ops := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	worker := &process{platform: p, port: freePort(t), args: []string{"serve", "--data", p.data, "--addr", fmt.Sprintf("127.0.0.1:%d", web.port), "--role", "worker", "--ops", ops}}
	worker.ready = func() bool {
		res, err := http.Get("http://" + ops + "/readyz")
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	}
	worker.start() // at the web process's address, which it must not want
	t.Cleanup(func() { _ = worker.cmd.Process.Kill(); _ = worker.cmd.Wait() })
	p.arrived(file)
	if _, metrics := get(t, "http://"+ops+"/metrics"); !strings.Contains(metrics, `xueshi_build_info{`) {
		t.Error("the worker tells nothing")
	}
}

// What a process tells about itself, while it serves, while its store is away, and while it leaves.
func TestOperationsListener(t *testing.T) {
	t.Parallel()
	p := &platform{T: t, data: t.TempDir()}
	p.seed()
	s, ops := p.operated("--leave", "5s")
	p.url = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	if status, body := get(t, ops+"/livez"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("livez: %d %q", status, body)
	}
	status, body := get(t, ops+"/readyz")
	var said struct {
		Ready  bool
		Checks []app.Check
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != http.StatusOK || !said.Ready {
		t.Fatalf("readyz: %d %s", status, body)
	}
	for _, name := range []string{"database", "clock", "store", "disk"} {
		if !slices.ContainsFunc(said.Checks, func(c app.Check) bool { return c.Name == name && c.State != app.CheckFail && c.Detail != "" }) {
			t.Errorf("readyz says nothing of %s: %s", name, body)
		}
	}
	for _, path := range []string{"/metrics", "/readyz", "/livez"} { // the web app's page for what does not exist, at most
		if _, body := get(t, p.url+path); strings.Contains(body, "xueshi_") || strings.Contains(body, `"checks"`) {
			t.Errorf("people see %s", path)
		}
	}
	p.metrics(ops)
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, "it is not ready", func() bool { status, body = get(t, ops+"/readyz"); return status == http.StatusServiceUnavailable })
	if !strings.Contains(body, "leaving") {
		t.Errorf("it leaves, and says %s", body)
	}
	res, err := http.Get(p.url + "/api/public/courses")
	if err != nil || res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("while it leaves it answers %v, %v, and keeps its connection", res, err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// metrics holds names and help texts against Prometheus's rules, and some figures against what was done.
func (p *platform) metrics(ops string) {
	p.Helper()
	devices := p.learners(1)
	l := &learner{Device: devices[0]}
	l.Base = p.url
	if err := l.begin(); err != nil {
		p.Fatal(err)
	}
	<-time.After(1100 * time.Millisecond)
	if a, err := l.play.Beat("paused", 0, 1000); err != nil || a.CreditedMS != 1000 {
		p.Fatalf("%+v, %v", a, err)
	}
	status, text := get(p.T, ops+"/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || status != http.StatusOK {
		p.Fatalf("%d, %v", status, err)
	}
	for _, m := range problems {
		if strings.HasPrefix(m.Metric, "xueshi_") {
			p.Errorf("%s: %s", m.Metric, m.Text)
		}
	}
	for _, want := range []string{`xueshi_heartbeats_total 1`, `xueshi_credited_seconds_total 1`, `xueshi_deliveries_total 1[56]`, `xueshi_commit_waiting 0`,
		`xueshi_http_requests_total\{class="2xx",route="POST /api/learner/playback/beat"\} 1`, `xueshi_http_request_seconds_count\{route="POST /api/learner/playback/beat"\} 1`} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(text) {
			p.Errorf("no %s", want)
		}
	}
	if ids := regexp.MustCompile(`route="[^"]*[0-9]{4}`).FindString(text); ids != "" {
		p.Errorf("a label holds an id: %s", ids)
	}
}

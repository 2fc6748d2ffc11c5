// Package cluster breaks parts of a running platform while people study: real processes behind the nginx of deploy/, PostgreSQL
// with its standby by the recipe of deploy/, an S3 server. What was acknowledged must be there afterwards, once.
package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/client"
	"xueshi/internal/demo"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb"
	"xueshi/test/city"
)

// The key of the tests' own S3 server; the program takes it from the environment alone.
const s3Key, s3Secret = "tester", "tester-secret"

func TestMain(m *testing.M) {
	_ = os.Setenv("AWS_ACCESS_KEY_ID", s3Key)
	_ = os.Setenv("AWS_SECRET_ACCESS_KEY", s3Secret)
	city.Main(m)
}

// back is how long anybody may have to wait until the platform takes what they send again.
const back = 30 * time.Second

// slowSet leaves a test out of the quick loop, never out of CI.
func slowSet(t *testing.T) {
	t.Helper()
	if os.Getenv("XUESHI_TEST_ALL") != "1" {
		t.Skip("faults belong to the slow set: XUESHI_TEST_ALL=1")
	}
	t.Parallel()
}

// platform is processes of the real program over one database and one store.
type platform struct {
	*testing.T
	data, database, storage string
	url                     string // nginx before all of them
	all                     []*process
	staff                   demo.Login // of a provider
	people                  int        // learners made
}

// process is one of them, at an address that it keeps.
type process struct {
	*platform
	port int
	args []string
	env  []string
	cmd  *exec.Cmd
	// ready tells whether it does its work; nil = it answers people.
	ready func() bool
}

// newPlatform makes the demo city and starts a process for each database address: processes may reach the same database by
// different ways.
func newPlatform(t *testing.T, storage string, databases ...string) *platform {
	t.Helper()
	return newPlatformIn(t, t.TempDir(), storage, databases...)
}

// newPlatformIn is newPlatform with its files in a folder that the test has prepared.
func newPlatformIn(t *testing.T, data, storage string, databases ...string) *platform {
	t.Helper()
	p := &platform{T: t, data: data, database: databases[0], storage: storage}
	p.seed()
	for _, dsn := range databases {
		p.all = append(p.all, p.process("--database", dsn))
	}
	p.url = p.nginx()
	return p
}

// opened is the program inside this one, for what a test prepares; its messages go to a simulator.
func (p *platform) opened() *app.App {
	p.Helper()
	a, err := app.New(context.Background(), app.Config{Data: p.data, Database: p.database, Storage: p.storage,
		Demo: filepath.Join(city.Root(), "demo"), Simulate: true}, clock.System{}, nil)
	if err != nil {
		p.Fatal(err)
	}
	return a
}

// learners makes people, logs each in on a device of their own and enrols them in the long course.
func (p *platform) learners(n int) (devices []*client.Device) {
	p.Helper()
	a := p.opened()
	srv := httptest.NewServer(a.Handler)
	defer func() {
		srv.Close()
		if err := a.Close(); err != nil {
			p.Fatal(err)
		}
	}()
	ctx := identity.SystemContext(context.Background(), "test")
	for range n {
		p.people++
		phone := fmt.Sprintf("151%08d", p.people)
		err := a.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := a.Identity.CreatePersonTx(ctx, tx, identity.NewPerson{Name: "学员", IDNumber: city.IDNumber(int64(7000 + p.people)), Phone: phone, RegionID: "140902", UnitID: "u01",
				Agreed: "2026-1", Grants: []identity.Grant{{Role: identity.Learner}}})
			return err
		})
		if err == nil {
			err = a.Identity.SendCode(ctx, phone, "login", fmt.Sprintf("10.9.%d.1", p.people))
		}
		d := client.New(srv.URL, "test pc")
		if err == nil {
			err = d.Do("POST", "/api/public/account/login-by-code", map[string]any{"phone": phone, "code": a.SMS.Code(phone, "login"), "device": d.Info()}, nil)
		}
		if err == nil {
			err = d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": "c04"}, nil)
		}
		if err != nil {
			p.Fatal(err)
		}
		d.Base, d.HTTP.Timeout = p.url, 20*time.Second // cookies are the host's, not the port's
		devices = append(devices, d)
	}
	return devices
}

// process starts the program once more on the platform's data, at a free address.
func (p *platform) process(flags ...string) *process {
	p.Helper()
	port := freePort(p.T)
	args := []string{"serve", "--data", p.data, "--addr", fmt.Sprintf("127.0.0.1:%d", port), "--media", filepath.Join(city.Root(), "demo"), "--proxied"}
	if p.storage != "" {
		args = append(args, "--storage", p.storage)
	}
	s := &process{platform: p, port: port, args: append(args, flags...)}
	s.start()
	p.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	return s
}

func (s *process) start() {
	s.Helper()
	s.run(exec.Command(city.Program(s.T), s.args...))
}

func (s *process) run(cmd *exec.Cmd) {
	s.Helper()
	s.cmd = cmd
	s.cmd.Env = append(append(os.Environ(), s.env...), s.cmd.Env...)
	s.cmd.Stderr = newest(s.T, fmt.Sprintf("process-%d.log", s.port))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	if s.ready == nil {
		s.ready = s.answers
	}
	eventually(s.T, "a process is ready", s.ready)
}

// answers tells whether the process takes requests that need the database.
func (s *process) answers() bool {
	c := http.Client{Timeout: 2 * time.Second}
	res, err := c.Get(fmt.Sprintf("http://127.0.0.1:%d/api/public/courses", s.port))
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// stop ends the process as an operator does, and waits until it has ended.
func (s *process) stop() {
	s.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("the process that was told to end: %v", err)
	}
}

// kill ends the process as a machine that loses power does.
func (s *process) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
}

// nginx stands before all processes, by the configuration of deploy/nginx; it gives the address.
func (p *platform) nginx() string {
	p.Helper()
	raw, err := os.ReadFile(filepath.Join(city.Root(), "deploy", "nginx", "xueshi.conf.template"))
	if err != nil {
		p.Fatal(err)
	}
	port, upstreams := freePort(p.T), ""
	for _, s := range p.all {
		upstreams += fmt.Sprintf("server 127.0.0.1:%d max_fails=2 fail_timeout=2s; ", s.port)
	}
	values := map[string]string{"XUESHI_UPSTREAMS": upstreams, "XUESHI_LISTEN": fmt.Sprintf("127.0.0.1:%d", port), "XUESHI_SITE": "_"}
	site := os.Expand(string(raw), func(name string) string { // as envsubst with a list of names: nginx's own variables stay
		if v, ours := values[name]; ours {
			return v
		}
		return "$" + name
	})
	dir := p.TempDir()
	conf := fmt.Sprintf("daemon off; worker_processes 1; pid %[1]s/pid; error_log %[1]s/error.log;\nevents { worker_connections 512; }\nhttp { access_log off;\n"+
		"client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%[2]s}\n", dir, site)
	if os.Getuid() == 0 {
		conf = "user root;" + conf
	}
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o644); err != nil {
		p.Fatal(err)
	}
	cmd := exec.Command("/usr/sbin/nginx", "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	eventually(p.T, "nginx answers", func() bool {
		res, err := http.Get(url + "/healthz")
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	})
	return url
}

// verified runs the program's own verifier over what is left.
func (p *platform) verified() {
	p.Helper()
	cmd := exec.Command(city.Program(p.T), "verify", "--data", p.data, "--database", p.database)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Errorf("verify: %v\n%s", err, out)
	}
}

// number is what a statement counts in the platform's database.
func (p *platform) number(query string, args ...any) (n int64) {
	p.Helper()
	db, err := sqldb.Open(p.Context(), app.Config{Data: p.data, Database: p.database}.DSN(), clock.System{})
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Read(p.Context(), func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(p.Context(), tx, sqldb.ScanValue[int64], query, args...)
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return n
}

// newest is a file for a program's log; the end of it is shown when the test fails.
func newest(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if raw, err := os.ReadFile(f.Name()); err == nil && t.Failed() {
			t.Logf("%s:\n%s", name, raw[max(0, len(raw)-3000):])
		}
		_ = f.Close()
	})
	return f
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}

// eventually waits until something holds, a minute at most.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

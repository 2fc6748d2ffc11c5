// Package city starts the real program over a fresh demo city for tests: real HTTP on loopback, a real database, and a
// clock the test moves.
package city

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"xueshi/internal/app"
	"xueshi/internal/client"
	"xueshi/internal/demo"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
)

// City is a running platform.
type City struct {
	*app.App
	Clock *clock.Fake
	URL   string
	// Logins are the people of the demo city, made with New.
	Logins []demo.Login
	cfg    app.Config
	policy *playback.Policy
	clk    *clock.Fake
	srv    *httptest.Server
}

// Root is the repository's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// New starts a city on env's database.
func New(t testing.TB, env *sqltest.Env) *City {
	t.Helper()
	return NewWith(t, env, nil)
}

// NewWith is New under another playback policy (nil = the notice's numbers).
func NewWith(t testing.TB, env *sqltest.Env, policy *playback.Policy) *City {
	t.Helper()
	return start(t, env, app.Config{}, policy)
}

// NewOn is New with its files in an object store ("s3://…").
func NewOn(t testing.TB, env *sqltest.Env, storage string) *City {
	t.Helper()
	return start(t, env, app.Config{Storage: storage}, nil)
}

// NewSealed is New with segments that leave as sealed files, through a cache before this host.
func NewSealed(t testing.TB, env *sqltest.Env) *City {
	t.Helper()
	return start(t, env, app.Config{CDN: "self"}, nil)
}

func start(t testing.TB, env *sqltest.Env, cfg app.Config, policy *playback.Policy) *City {
	t.Helper()
	tm := seeded[env.Engine()]
	tm.database.Into(t, env)
	cfg.Data, cfg.Database, cfg.Demo, cfg.Simulate = t.TempDir(), env.DSN, demoFolder(), true
	CopyFolder(t, tm.files, cfg.Data)
	if cfg.Storage != "" {
		must(t, os.RemoveAll(filepath.Join(cfg.Data, "blobs")))
	}
	c := &City{Clock: env.Clock, clk: env.Clock, policy: policy, cfg: cfg, Logins: tm.logins}
	c.open(t)
	if cfg.Storage != "" {
		must(t, PutFolder(context.Background(), c.Store, filepath.Join(tm.files, "blobs")))
	}
	t.Cleanup(func() { c.srv.Close(); _ = c.Close() })
	return c
}

func (c *City) open(t testing.TB) {
	t.Helper()
	a, err := app.New(context.Background(), c.cfg, c.clk, c.policy, sqldb.WithProcessClock())
	if err != nil {
		t.Fatal(err)
	}
	c.App = a
	c.srv = httptest.NewServer(a.Handler)
	c.URL = c.srv.URL
}

// Restart stops the program and starts it again on the same data, as an update or a crash between requests does.
func (c *City) Restart(t testing.TB) {
	t.Helper()
	c.srv.Close()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.open(t)
}

// Second starts another process's worth of the program on the same database.
func (c *City) Second(t testing.TB) *City {
	t.Helper()
	o := &City{Clock: c.Clock, clk: c.clk, cfg: c.cfg, policy: c.policy}
	o.open(t)
	t.Cleanup(func() { o.srv.Close(); _ = o.Close() })
	return o
}

var people atomic.Int64

// Person is a learner of the city who can log in by code.
type Person struct{ ID, Phone string }

// Learner makes a learner.
func (c *City) Learner(t testing.TB) Person {
	t.Helper()
	n := people.Add(1)
	p := Person{Phone: fmt.Sprintf("150%08d", n)}
	ctx := identity.SystemContext(context.Background(), "test")
	err := c.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		p.ID, err = c.Identity.CreatePersonTx(ctx, tx, identity.NewPerson{Name: "学员", IDNumber: IDNumber(n), Phone: p.Phone, RegionID: "140902", UnitID: "u01",
			Agreed: "2026-1", Grants: []identity.Grant{{Role: identity.Learner}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Login logs the person in on a new device by a code from the SMS simulator.
func (c *City) Login(t testing.TB, p Person, device string) *client.Device {
	t.Helper()
	d := client.New(c.URL, device)
	c.LoginOn(t, p, d)
	return d
}

// LoginOn logs the person in on a device that exists.
func (c *City) LoginOn(t testing.TB, p Person, d *client.Device) {
	t.Helper()
	c.Clock.Advance(61e9) // one code a minute
	must(t, d.Do("POST", "/api/public/account/code", map[string]any{"phone": p.Phone, "purpose": "login"}, nil))
	must(t, d.Do("POST", "/api/public/account/login-by-code", map[string]any{"phone": p.Phone, "code": c.SMS.Code(p.Phone, "login"), "device": d.Info()}, nil))
}

// Enrolled is a fresh learner, logged in and enrolled in course.
func (c *City) Enrolled(t testing.TB, course string) (Person, *client.Device) {
	t.Helper()
	p := c.Learner(t)
	d := c.Login(t, p, "test pc")
	must(t, d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": course}, nil))
	return p, d
}

// IDNumber makes a resident number with a right check digit.
func IDNumber(n int64) string {
	body := fmt.Sprintf("140902%d0615%03d", 1950+n/900, 100+n%900)
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for k, w := range weights {
		sum += int(body[k]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Data is the folder of the city's files.
func (c *City) Data() string { return c.cfg.Data }

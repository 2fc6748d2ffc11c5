// Package backup makes backups of running platforms and puts them back elsewhere.
package backup

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/backup"
	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

func TestMain(m *testing.M) { city.Main(m) }

func silent(string, ...any) {}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makes makes a backup of a city.
func makes(t *testing.T, c *city.City, to string, keep int) (dir string, m *backup.Manifest) {
	t.Helper()
	dir, m, err := c.Backup(identity.SystemContext(context.Background(), "test"), to, keep, false, silent)
	must(t, err)
	return dir, m
}

// place is an empty place for a restored platform on the same engine.
func place(t *testing.T, engine sqldb.Engine) app.Config {
	t.Helper()
	cfg := app.Config{Data: filepath.Join(t.TempDir(), "restored")}
	if engine == sqldb.Postgres {
		cfg.Database = sqltest.Bare(t, engine)
	}
	return cfg
}

func keysOf(c *city.City) string { return filepath.Join(c.Data(), "keys") }

// pupil studies from the beginning of the long lesson and knows what was acknowledged.
type pupil struct {
	t     *testing.T
	dev   *client.Device
	play  *client.Play
	mu    sync.Mutex
	acked int64
}

func newPupil(t *testing.T, c *city.City) *pupil {
	t.Helper()
	_, d := c.Enrolled(t, "c04")
	p, err := d.Acquire("l0401", false)
	must(t, err)
	must(t, p.Fetch(0, 90_000))
	_, err = p.Beat("playing", 0, 0)
	must(t, err)
	return &pupil{t: t, dev: d, play: p}
}

func (p *pupil) watch(from, to int64) {
	a, err := p.play.Beat("playing", from, to)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked = a.CreditedMS
}

func (p *pupil) promised() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acked
}

// While learners study a backup is made; elsewhere it holds all that they were told before it began, and all of it is proved.
func TestABackupUnderLoadIsRestored(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		pupils := []*pupil{newPupil(t, c), newPupil(t, c), newPupil(t, c)}
		ctx, end := context.WithCancel(context.Background())
		var studying sync.WaitGroup
		begun := make(chan bool, 1)
		studying.Go(func() {
			for at := int64(0); ctx.Err() == nil && at < 85_000; at += 500 {
				c.Clock.Advance(500 * time.Millisecond)
				for _, p := range pupils {
					p.watch(at, at+500)
				}
				if at == 10_000 {
					begun <- true
				}
			}
		})
		<-begun
		var before, after []int64
		for _, p := range pupils {
			before = append(before, p.promised())
		}
		dir, m := makes(t, c, t.TempDir(), 0)
		for _, p := range pupils {
			after = append(after, p.promised()+1500) // a beat may be stored and not yet answered
		}
		end()
		studying.Wait()
		if m.Files < 100 || m.Rows["person"] < 10 {
			t.Errorf("a backup of %d files, %d people", m.Files, m.Rows["person"])
		}

		cfg := place(t, c.DB.Engine())
		report, err := app.Restore(t.Context(), cfg, dir, keysOf(c), 100, silent)
		must(t, err)
		if report.Learners < len(pupils) {
			t.Errorf("%d learners were recomputed", report.Learners)
		}
		r := opened(t, cfg, c.Clock)
		srv := httptest.NewServer(r.Handler)
		defer srv.Close()
		for i, p := range pupils {
			p.dev.Base = srv.URL // they are still logged in
			now, err := p.dev.Open("l0401")
			must(t, err)
			credited := now.Progress.CreditedMS
			if credited < before[i] || credited > after[i] || before[i] < 10_000 {
				t.Errorf("pupil %d: %d ms restored; %d were acknowledged before the backup, at most %d when it ended", i, credited, before[i], after[i])
			}
		}
		if full, err := verify.Run(t.Context(), r.DB, r.Signer); err != nil || len(full.Findings) > 0 {
			t.Errorf("%v, %v", full.Findings, err)
		}
		if at, err := installation.BackedUp(t.Context(), c.DB); err != nil || at.UnixMicro() != m.Made.UnixMicro() {
			t.Errorf("the last backup was at %v, %v", at, err)
		}
	})
}

// opened starts the program on what was restored.
func opened(t *testing.T, cfg app.Config, clk clock.Clock) *app.App {
	t.Helper()
	cfg.Demo, cfg.Simulate = filepath.Join(city.Root(), "demo"), true
	a, err := app.New(t.Context(), cfg, clk, nil, sqldb.WithProcessClock())
	must(t, err)
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// A restored platform has its own store and may sweep it; so may the first, still.
func TestARestoredPlatformHasItsOwnStore(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	dir, _ := makes(t, c, t.TempDir(), 0)
	cfg := place(t, sqldb.SQLite)
	_, err := app.Restore(t.Context(), cfg, dir, keysOf(c), 1, silent)
	must(t, err)
	r := opened(t, cfg, c.Clock)
	for name, a := range map[string]*app.App{"restored": r, "first": c.App} {
		if err := installation.Owned(t.Context(), a.DB, a.Store); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := os.Stat(filepath.Join(cfg.Data, "keys", "sealing.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys: %v, %v", info, err)
	}
}

// Files that are among the copies are not copied again; older backups go, and files with them that nothing names any more.
func TestBackupsShareTheirFiles(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	to := t.TempDir()
	must(t, os.Mkdir(filepath.Join(to, "20200101T000000Z"), 0o700)) // one that was not finished
	first, _ := makes(t, c, to, 0)
	poster := filepath.Join(to, "files", "media", "l0401", "1", "poster.jpg")
	old, err := os.Stat(poster)
	must(t, err)
	must(t, c.Store.Remove(t.Context(), "media/l0102/1/poster.jpg"))
	c.Clock.Advance(time.Hour)
	second, _ := makes(t, c, to, 2)
	if now, err := os.Stat(poster); err != nil || !os.SameFile(old, now) {
		t.Errorf("copied again: %v", err)
	}
	gone := filepath.Join(to, "files", "media", "l0102", "1", "poster.jpg")
	if _, err := os.Stat(gone); err != nil {
		t.Error("the first backup lost a file:", err)
	}
	c.Clock.Advance(time.Hour)
	third, _ := makes(t, c, to, 2)
	for dir, there := range map[string]bool{first: false, second: true, third: true, filepath.Join(to, "20200101T000000Z"): false, gone: false, poster: true} {
		if _, err := os.Stat(dir); (err == nil) != there {
			t.Errorf("%s: %v", dir, err)
		}
	}
	cfg := place(t, sqldb.SQLite)
	_, err = app.Restore(t.Context(), cfg, second, keysOf(c), 1, silent)
	must(t, err)
	unlock, err := sqldb.TryLock(filepath.Join(to, ".lock"))
	must(t, err)
	defer unlock()
	if _, _, err := c.Backup(identity.SystemContext(t.Context(), "test"), to, 0, false, silent); err == nil {
		t.Error("two backups at once")
	}
}

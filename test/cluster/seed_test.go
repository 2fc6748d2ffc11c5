package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/kernel/clock"
	"xueshi/test/city"
)

// seed is the demo city at today's date, made once for each engine; the tests start with copies of its folders.
type seed struct {
	sync.Once
	data   string // the program's
	pg     string // PostgreSQL's
	logins []demo.Login
	err    error
}

var onSQLite, onPostgres seed

// once makes the city with f if that was not done yet.
func (s *seed) once(t *testing.T, f func() error) *seed {
	t.Helper()
	s.Do(func() {
		s.err = errors.New("the test that made the city failed") // unless f comes back
		s.data = folder(t)
		s.err = f()
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s
}

func (s *seed) fill(database string) error {
	ctx := context.Background()
	a, err := app.New(ctx, app.Config{Data: s.data, Database: database, Demo: media(), Simulate: true}, clock.System{}, nil)
	if err != nil {
		return err
	}
	s.logins, _, err = demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS(media())})
	return errors.Join(err, a.Close())
}

func media() string { return filepath.Join(city.Root(), "demo") }

// folder outlives its test.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(city.Scratch(), "seed-")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// seededPostgres is a server's folder with the city in it, made with the first server that is asked for.
func seededPostgres(t *testing.T) *seed {
	t.Helper()
	s := &onPostgres
	return s.once(t, func() error {
		s.pg = folder(t)
		p := &postgres{T: t, home: given(t, s.pg), port: freePort(t)}
		p.do(filepath.Join(bin(t), "initdb"), "-D", p.data(), "-U", "xueshi", "--auth=trust", "--no-locale", "-E", "UTF8", "--wal-segsize=1")
		p.start()
		err := s.fill(dsn(p))
		p.do(filepath.Join(bin(t), "pg_ctl"), "stop", "-m", "fast", "-w", "-D", p.data())
		_ = p.cmd.Wait()
		return err
	})
}

// seed gives the platform a city. A server of the tests has its half already.
func (p *platform) seed() {
	p.Helper()
	s := &onSQLite
	if p.database == "" {
		s.once(p.T, func() error { return s.fill("") })
	} else {
		s = seededPostgres(p.T)
	}
	city.CopyFolder(p.T, s.data, p.data)
	if p.storage != "" {
		p.intoStore(filepath.Join(p.data, "blobs"))
	}
	for _, l := range s.logins {
		if strings.Contains(fmt.Sprint(l.Roles), "provider_staff:jinyun") {
			p.staff = l
		}
	}
}

// intoStore moves the files of a folder into the platform's store.
func (p *platform) intoStore(from string) {
	p.Helper()
	a := p.opened()
	err := city.PutFolder(p.Context(), a.Store, from)
	if err = errors.Join(err, a.Close(), os.RemoveAll(from)); err != nil {
		p.Fatal(err)
	}
}

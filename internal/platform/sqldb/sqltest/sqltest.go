// Package sqltest gives each test a fresh, migrated database on both engines.
//
// PostgreSQL comes from XUESHI_TEST_POSTGRES (a DSN whose role may create databases); `make test` starts a
// private cluster and sets it. Without it the PostgreSQL half FAILS when XUESHI_TEST_ALL=1 (CI), and is
// left out with a log line in the quick loop: never silently.
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
	"xueshi/migrations"
)

// Start is where the fake clocks of tests stand: a working morning in the busy season.
var Start = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// Env is one database with its fake clock.
type Env struct {
	*sqldb.DB
	Clock *clock.Fake
	DSN   string
}

// Each runs f on a fresh SQLite database and on a fresh PostgreSQL database, in parallel subtests.
func Each(t *testing.T, f func(t *testing.T, env *Env)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// SQLite makes a fresh migrated SQLite database in the test's folder.
func SQLite(t testing.TB) *Env {
	t.Helper()
	return migrated.sqlite(t)
}

// Postgres makes a fresh migrated PostgreSQL database.
func Postgres(t testing.TB) *Env {
	t.Helper()
	return migrated.postgres(t)
}

// EachBare is Each on databases without a schema, for tests of migrations.
func EachBare(t *testing.T, f func(t *testing.T, env *Env)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, bare(t, filepath.Join(t.TempDir(), "test.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, bare(t, database(t, "template0")))
	})
}

// Template is a database that is filled once for each engine in a test binary; tests take copies of it, which is a matter of
// milliseconds.
type Template struct {
	// Fill writes what is in it, after the migrations.
	Fill func(env *Env) error
	lite struct {
		sync.Once
		raw []byte
		err error
	}
	pg struct {
		sync.Once
		name string
		err  error
	}
}

var migrated = &Template{}

// Into puts a copy of the template in the place of env's database.
func (tm *Template) Into(t testing.TB, env *Env) {
	t.Helper()
	if !env.Clock.Now().Equal(Start) {
		t.Fatal("the template is older than the test's clock says")
	}
	if env.Engine() == sqldb.SQLite {
		*env = *tm.sqlite(t)
		return
	}
	*env = *tm.postgres(t)
}

func (tm *Template) fill(dsn string) error {
	ctx := context.Background()
	clk := clock.NewFake(Start)
	db, err := sqldb.Open(ctx, dsn, clk, sqldb.WithProcessClock())
	if err != nil {
		return err
	}
	if err = sqldb.Migrate(ctx, db, migrations.FS, ""); err == nil && tm.Fill != nil {
		err = tm.Fill(&Env{DB: db, Clock: clk, DSN: dsn})
	}
	return errors.Join(err, db.Close())
}

func (tm *Template) sqlite(t testing.TB) *Env {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	tm.lite.Do(func() {
		if tm.lite.err = tm.fill(path); tm.lite.err == nil { // closed, it is one file
			tm.lite.raw, tm.lite.err = os.ReadFile(path)
		}
	})
	if tm.lite.err != nil {
		t.Fatal(tm.lite.err)
	}
	if err := os.WriteFile(path, tm.lite.raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return bare(t, path)
}

func (tm *Template) postgres(t testing.TB) *Env {
	t.Helper()
	admin := server(t)
	tm.pg.Do(func() {
		tm.pg.name = "tmpl_" + id.Secret(8)
		exec(t, admin, "CREATE DATABASE "+tm.pg.name)
		tm.pg.err = tm.fill(withDatabase(t, admin, tm.pg.name))
	})
	if tm.pg.err != nil {
		t.Fatal(tm.pg.err)
	}
	return bare(t, database(t, tm.pg.name))
}

// database makes a PostgreSQL database from another and gives its DSN.
func database(t testing.TB, from string) string {
	t.Helper()
	admin, name := server(t), "t_"+id.Secret(8)
	exec(t, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, from))
	t.Cleanup(func() { exec(t, admin, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)) })
	return withDatabase(t, admin, name)
}

// server is the DSN of the tests' PostgreSQL.
func server(t testing.TB) string {
	t.Helper()
	admin := os.Getenv("XUESHI_TEST_POSTGRES")
	if admin == "" {
		if os.Getenv("XUESHI_TEST_ALL") == "1" {
			t.Fatal("XUESHI_TEST_POSTGRES is not set: the PostgreSQL half must run (see `make test`)")
		}
		t.Skip("PostgreSQL left out of the quick loop: XUESHI_TEST_POSTGRES is not set")
	}
	return admin
}

// Bare is where an empty database of an engine is, or, on SQLite, can be made.
func Bare(t testing.TB, engine sqldb.Engine) (dsn string) {
	t.Helper()
	if engine == sqldb.SQLite {
		return filepath.Join(t.TempDir(), "bare.db")
	}
	return database(t, "template0")
}

func bare(t testing.TB, dsn string) *Env {
	t.Helper()
	clk := clock.NewFake(Start)
	db, err := sqldb.Open(context.Background(), dsn, clk, sqldb.WithProcessClock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &Env{DB: db, Clock: clk, DSN: dsn}
}

func withDatabase(t testing.TB, dsn, name string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

var adminMu sync.Mutex // CREATE DATABASE from one template must not run twice at once

func exec(t testing.TB, dsn, query string) {
	t.Helper()
	adminMu.Lock()
	defer adminMu.Unlock()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Package sqltest gives each test a fresh, migrated database on both engines.
//
// PostgreSQL comes from XUESHI_TEST_POSTGRES (a DSN whose role may create databases); `make test` starts a
// private cluster and sets it. Without it the PostgreSQL half FAILS when XUESHI_TEST_ALL=1 (CI), and is
// left out with a log line in the quick loop: never silently.
package sqltest

import (
	"context"
	"database/sql"
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
	dsn := filepath.Join(t.TempDir(), "test.db")
	return open(t, dsn)
}

// Postgres makes a fresh migrated PostgreSQL database from a template.
func Postgres(t testing.TB) *Env {
	t.Helper()
	return open(t, database(t, ""))
}

// database makes a PostgreSQL database from a template ("" = the migrated one) and gives its DSN.
func database(t testing.TB, from string) string {
	t.Helper()
	admin := os.Getenv("XUESHI_TEST_POSTGRES")
	if admin == "" {
		if os.Getenv("XUESHI_TEST_ALL") == "1" {
			t.Fatal("XUESHI_TEST_POSTGRES is not set: the PostgreSQL half must run (see `make test`)")
		}
		t.Skip("PostgreSQL left out of the quick loop: XUESHI_TEST_POSTGRES is not set")
	}
	if from == "" {
		from = templateDB(t, admin)
	}
	name := "t_" + id.Secret(8)
	exec(t, admin, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, from))
	t.Cleanup(func() { exec(t, admin, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)) })
	return withDatabase(t, admin, name)
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

func open(t testing.TB, dsn string) *Env {
	t.Helper()
	env := bare(t, dsn)
	if err := sqldb.Migrate(context.Background(), env.DB, migrations.FS, ""); err != nil {
		t.Fatal(err)
	}
	return env
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

var template struct {
	sync.Once
	name string
	err  error
}

// templateDB migrates one database per test binary; the tests copy it, which takes milliseconds.
func templateDB(t testing.TB, admin string) string {
	t.Helper()
	template.Do(func() {
		template.name = "tmpl_" + id.Secret(8)
		exec(t, admin, "CREATE DATABASE "+template.name)
		ctx := context.Background()
		db, err := sqldb.Open(ctx, withDatabase(t, admin, template.name), clock.System{})
		if err != nil {
			template.err = err
			return
		}
		template.err = sqldb.Migrate(ctx, db, migrations.FS, "")
		if err := db.Close(); err != nil && template.err == nil {
			template.err = err
		}
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	return template.name
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

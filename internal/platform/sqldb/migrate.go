package sqldb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing/fstest"
	"text/template"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// types is the whole type map of the migrations (settled.md): everything else in the text is common SQL.
var types = map[Engine]map[string]string{
	SQLite:   {"int64": "INTEGER", "bytes": "BLOB", "bool": "INTEGER", "strict": " STRICT"},
	Postgres: {"int64": "BIGINT", "bytes": "BYTEA", "bool": "BOOLEAN", "strict": ""},
}

// Render turns one migration text into the engine's SQL: {{int64}}, {{bytes}}, {{bool}}, {{strict}} and
// blocks {{if sqlite}}…{{end}}, {{if postgres}}…{{end}}.
func Render(engine Engine, text string) (string, error) {
	funcs := template.FuncMap{
		"sqlite":   func() bool { return engine == SQLite },
		"postgres": func() bool { return engine == Postgres },
	}
	for name, sqlType := range types[engine] {
		funcs[name] = func() string { return sqlType }
	}
	t, err := template.New("migration").Funcs(funcs).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, nil)
	return b.String(), err
}

// Migrate brings the schema to the newest version. Several processes may call it at once: PostgreSQL takes a
// session lock; SQLite's writer is one connection and BEGIN IMMEDIATE is its lock within a process, while
// a file lock beside the database keeps a second process out (goose has no SQLite lock).
func Migrate(ctx context.Context, db *DB, migrations fs.FS, lockPath string) error {
	rendered, err := renderAll(db.engine, migrations)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	dialect, opts := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.engine == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	} else if lockPath != "" {
		unlock, err := lockFile(lockPath)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer unlock()
	}
	p, err := goose.NewProvider(dialect, db.write, rendered, opts...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err = p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Version is the newest migration that the database has.
func Version(ctx context.Context, db *DB) (version int64, err error) {
	return ReadValue(ctx, db, func(tx *Tx) (int64, error) {
		v, _, err := One(ctx, tx, ScanValue[int64], `SELECT max(version_id) FROM goose_db_version WHERE is_applied = $1`, true)
		return v, err
	})
}

// Oldest is the number of the last migration of the oldest program that may still use the database.
func Oldest(ctx context.Context, db *DB) (int64, error) {
	return ReadValue(ctx, db, func(tx *Tx) (int64, error) {
		v, _, err := One(ctx, tx, ScanValue[int64], `SELECT oldest FROM schema_floor WHERE id = 1`)
		return v, err
	})
}

func renderAll(engine Engine, migrations fs.FS) (fs.FS, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, n := range names {
		raw, err := fs.ReadFile(migrations, n)
		if err != nil {
			return nil, err
		}
		text, err := Render(engine, string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(n), err)
		}
		out[n] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	}
	return out, nil
}

// LockPath is where the migration lock of a SQLite database lies; empty for PostgreSQL.
func LockPath(dsn string) string {
	if strings.Contains(dsn, "://") {
		return ""
	}
	return dsn + ".migrate.lock"
}

// TryLock is the advisory lock of a file, for work that only one process does at a time. Errors: another has it.
func TryLock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryFlock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// lockFile holds an exclusive advisory lock on path until the returned function is called.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing releases the lock
}

package sqldb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// hurried is a database whose hot batches wait a tenth of a second, other writes six tenths.
func hurried(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqltest.Postgres(t).DSN, clock.System{}, sqldb.Hurried(50))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// A statement that is not answered ends, prepared or not, and its caller is told to come again; the database is used on.
func TestASilentDatabaseIsGivenUp(t *testing.T) {
	t.Parallel()
	db := hurried(t)
	ctx := context.Background()
	const forever = `SELECT pg_sleep(600)`
	for name, silent := range map[string]func(tx *sqldb.Tx) error{
		"statement": func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, forever); return err },
		"prepared": func(tx *sqldb.Tx) error {
			stmt, err := tx.Prepared(ctx, forever)
			if err == nil {
				_, err = stmt.ExecContext(ctx)
			}
			return err
		},
		"rows": func(tx *sqldb.Tx) error {
			_, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], forever)
			return err
		},
	} {
		for _, write := range []func(context.Context, func(*sqldb.Tx) error) error{db.Write, db.WriteCAS} {
			begun := time.Now()
			err := write(ctx, silent)
			var e *errs.Error
			if !errors.As(err, &e) || e.Kind != errs.Unavailable || e.Code != "database.unavailable" {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("%s: given up after %v", name, took)
			}
		}
	}
	must(t, db.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, `SELECT 1`); return err }))
}

// Work of many statements may take longer than any one of them.
func TestLongWorkIsNoSilence(t *testing.T) {
	t.Parallel()
	db := hurried(t)
	ctx := context.Background()
	must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
		for begun := time.Now(); time.Since(begun) < 1500*time.Millisecond; {
			if _, err := tx.Exec(ctx, `SELECT pg_sleep(0.05)`); err != nil {
				return err
			}
		}
		return nil
	}))
}

// The caller's own end is the caller's: nothing is called unavailable.
func TestTheCallersEndIsNoSilence(t *testing.T) {
	t.Parallel()
	db := hurried(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		cancel()
		_, err := tx.Exec(ctx, `SELECT pg_sleep(600)`)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Connections that the server has ended are not the callers' trouble.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	env := sqltest.Postgres(t)
	ctx := context.Background()
	busy := func(each func(tx *sqldb.Tx) error) {
		t.Helper()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := env.WriteCAS(ctx, each); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	busy(func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, `SELECT pg_sleep(0.2)`); return err })
	other, err := sqldb.Open(ctx, env.DSN, clock.System{})
	must(t, err)
	defer func() { _ = other.Close() }()
	must(t, other.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return err
	}))
	busy(func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, `SELECT 1`); return err })
}

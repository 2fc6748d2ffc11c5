package installation

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// started is a database that has its keys.
func started(t *testing.T, env *sqltest.Env) *sqldb.DB {
	t.Helper()
	if _, err := Keys(t.Context(), env.DB, filepath.Join(t.TempDir(), "keys")); err != nil {
		t.Fatal(err)
	}
	return env.DB
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want %q", err, says)
	}
}

func TestAStoreBelongsToOneDatabase(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx, db, store := t.Context(), started(t, env), blob.NewLocal(t.TempDir())
		var group sync.WaitGroup
		for range 6 { // processes that start for the first time at once
			group.Go(func() {
				if err := Claim(ctx, db, store); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		must(t, Claim(ctx, db, store))
		must(t, CountSweep(ctx, db, store))
		must(t, CountSweep(ctx, db, store))
		if m, err := readMark(ctx, store); err != nil || m.Sweep != 2 {
			t.Errorf("the store counts %+v, %v", m, err)
		}

		other := started(t, sqltest.SQLite(t))
		refused(t, Claim(ctx, other, store), "another installation")
		refused(t, CountSweep(ctx, other, store), "another installation")
		refused(t, Owned(ctx, other, store), "another installation")
		before, err := Adopt(ctx, other, store)
		if err != nil || before.Sweep != 2 {
			t.Fatal(before, err)
		}
		must(t, CountSweep(ctx, other, store))
		refused(t, CountSweep(ctx, db, store), "another installation")
	})
}

// What lies in a store that does not say whose it is may be anybody's.
func TestAStoreThatWasUsedIsNotClaimed(t *testing.T) {
	t.Parallel()
	db, store := started(t, sqltest.SQLite(t)), blob.NewLocal(t.TempDir())
	must(t, store.Put(t.Context(), "originals/ab/abcd", strings.NewReader("somebody's")))
	must(t, Claim(t.Context(), db, store))
	if err := CountSweep(t.Context(), db, store); !errors.Is(err, ErrUnmarked) {
		t.Errorf("an unmarked store is swept: %v", err)
	}
	if _, err := Adopt(t.Context(), db, store); err != nil {
		t.Fatal(err)
	}
	must(t, CountSweep(t.Context(), db, store))
	must(t, store.Put(t.Context(), MarkKey, strings.NewReader(`{"sweep":`)))
	refused(t, Claim(t.Context(), db, store), "mark")
	refused(t, CountSweep(t.Context(), db, store), "mark")
}

// A database that has not seen its store's last sweep is an old copy: it must not say what is needed.
func TestAnOlderDatabaseDoesNotSweep(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx, db, store := t.Context(), started(t, env), blob.NewLocal(t.TempDir())
		must(t, Claim(ctx, db, store))
		must(t, CountSweep(ctx, db, store))
		back := func(sweep int64) {
			must(t, db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE installation SET sweep = $1`, sweep)
				return err
			}))
		}
		back(0)
		refused(t, CountSweep(ctx, db, store), "older copy")
		if m, err := Read(ctx, db); err != nil || m.Sweep != 0 {
			t.Errorf("a refused sweep is counted: %+v, %v", m, err)
		}
		must(t, Claim(ctx, db, store)) // it serves all the same
		if _, err := Adopt(ctx, db, store); err != nil {
			t.Fatal(err)
		}
		must(t, CountSweep(ctx, db, store))
		back(7) // a process that died between the database and the store
		must(t, CountSweep(ctx, db, store))
		must(t, Disown(ctx, db))
		refused(t, CountSweep(ctx, db, store), "older copy")
		refused(t, Owned(ctx, db, store), "older copy")
	})
}

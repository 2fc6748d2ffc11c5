package installation

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestKeysAndDatabaseBelongTogether(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		dir := filepath.Join(t.TempDir(), "keys")
		first, err := Keys(t.Context(), env.DB, dir)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := first.Seal("a", "row")
		if err != nil {
			t.Fatal(err)
		}
		again, err := Keys(t.Context(), env.DB, dir)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := again.Unseal(sealed, "row"); v != "a" || err != nil {
			t.Errorf("a second start reads %q, %v", v, err)
		}
		lost := filepath.Join(t.TempDir(), "keys")
		if _, err := Keys(t.Context(), env.DB, lost); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("lost keys: %v", err)
		}
		if _, err := os.Stat(lost); !os.IsNotExist(err) {
			t.Error("new keys were made where the right ones belong")
		}
		foreign := filepath.Join(t.TempDir(), "keys")
		if _, err := secret.Open(foreign); err != nil {
			t.Fatal(err)
		}
		if _, err := Keys(t.Context(), env.DB, foreign); err == nil || !strings.Contains(err.Error(), "another") {
			t.Errorf("foreign keys: %v", err)
		}
		if err := os.Remove(filepath.Join(dir, "index.json")); err != nil {
			t.Fatal(err)
		}
		if _, err := Keys(t.Context(), env.DB, dir); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("half of the keys: %v", err)
		}
	})
}

// Processes that start for the first time at once have the same keys.
func TestFirstStartsAtOnceShareTheirKeys(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		dir := filepath.Join(t.TempDir(), "keys")
		all := make([]*secret.Keys, 8)
		var group sync.WaitGroup
		for i := range all {
			group.Go(func() {
				var err error
				if all[i], err = Keys(t.Context(), env.DB, dir); err != nil {
					t.Errorf("process %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if t.Failed() {
			return
		}
		sealed, err := all[0].Seal("a", "row")
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range all {
			if v, err := k.Unseal(sealed, "row"); v != "a" || err != nil {
				t.Errorf("process %d reads %q, %v", i, v, err)
			}
		}
	})
}

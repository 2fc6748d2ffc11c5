package app_test

import (
	"context"
	"path/filepath"
	"testing"

	"xueshi/internal/identity"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// A key is changed while people use the platform: at each step all that was ever sealed opens, and in the end the old key is gone.
func TestTheSealingKeyIsChanged(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		ctx, dir := identity.SystemContext(context.Background(), "test"), filepath.Join(c.Data(), "keys")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		older := func(count bool) int64 {
			t.Helper()
			n, err := c.Reseal(ctx, count, func(string, ...any) {})
			must(err)
			return n
		}
		first := c.Learner(t)
		reads := func(p city.Person) {
			t.Helper()
			c.Login(t, p, "pc")
			seal, err := sqldb.ReadValue(ctx, c.DB, func(tx *sqldb.Tx) ([]byte, error) {
				v, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[[]byte], `SELECT phone_seal FROM person WHERE id = $1`, p.ID)
				return v, err
			})
			must(err)
			if phone, err := c.Keys.Unseal(seal, "person/"+p.ID+"/phone"); err != nil || phone != p.Phone {
				t.Errorf("%q, %v", phone, err)
			}
		}
		_, err := secret.UseSealingKey(dir)
		if err == nil {
			t.Error("the only key was changed for itself")
		}
		_, err = secret.AddSealingKey(dir)
		must(err)
		c.Restart(t)
		if n := older(true); n != 0 {
			t.Errorf("%d values are old before the new key is used", n)
		}
		_, err = secret.UseSealingKey(dir)
		must(err)
		c.Restart(t)
		second := c.Learner(t)
		reads(first)
		reads(second)
		people := count(t, c, `SELECT count(*) FROM person`)
		if n := older(true); n < 2*(people-1) {
			t.Errorf("%d old values of %d people", n, people)
		}
		if older(false) == 0 || older(true) != 0 {
			t.Error("values are left that only the old key opens")
		}
		if n, err := secret.RetireSealingKeys(dir); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		c.Restart(t)
		reads(first)
		reads(second)
		if all, err := secret.SealingKeys(dir); err != nil || len(all) != 1 || !all[0].Used {
			t.Errorf("%v, %v", all, err)
		}
		if older(true) != 0 {
			t.Error("what was counted as sealed anew does not open")
		}
	})
}

func count(t *testing.T, c *city.City, query string) int64 {
	t.Helper()
	n, err := sqldb.ReadValue(t.Context(), c.DB, func(tx *sqldb.Tx) (int64, error) {
		v, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], query)
		return v, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

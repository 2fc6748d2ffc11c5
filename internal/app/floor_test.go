package app_test

import (
	"context"
	"strings"
	"testing"

	"xueshi/internal/app"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/migrations"
	"xueshi/test/city"
)

// A program that is too old for a database does not start on it, and one that still runs is not ready any more.
func TestAnOldProgramLeavesANewerDatabaseAlone(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		ctx := context.Background()
		raise := func(to int64) {
			t.Helper()
			if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE schema_floor SET oldest = $1 WHERE id = 1`, to)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		newest, err := migrations.Newest()
		if err != nil {
			t.Fatal(err)
		}
		database := func() app.Check { return c.Checks(ctx)[0] }
		raise(newest)
		if got := database(); got.State != app.CheckOK {
			t.Fatalf("the newest program is new enough: %+v", got)
		}
		raise(newest + 1)
		if got := database(); got.State != app.CheckFail || !strings.Contains(got.Detail, "newer version") {
			t.Fatalf("got %+v", got)
		}
		if _, err := app.New(ctx, app.Config{Data: c.Data(), Database: env.DSN, Demo: city.Root() + "/demo"}, clock.System{}, nil); err == nil || !strings.Contains(err.Error(), "upgrade.md") {
			t.Fatalf("it started: %v", err)
		}
	})
}

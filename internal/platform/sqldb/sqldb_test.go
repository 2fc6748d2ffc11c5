package sqldb_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestRowsAndOne(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		err := env.Write(ctx, func(tx *sqldb.Tx) error {
			for _, a := range []string{"a", "b"} {
				if _, err := tx.Exec(ctx, `INSERT INTO audit_entry (id, at, account_id, action, object, detail) VALUES ($1, $2, $3, $4, $5, $6)`, a, tx.NowMicro(), "x", "t", "o", "{}"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = env.Read(ctx, func(tx *sqldb.Tx) error {
			ids, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM audit_entry ORDER BY id`)
			if err != nil || len(ids) != 2 {
				t.Errorf("ids %v, %v", ids, err)
			}
			_, found, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM audit_entry WHERE id = $1`, "none")
			if err != nil || found {
				t.Errorf("found %v, %v", found, err)
			}
			at, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT at FROM audit_entry WHERE id = $1`, "a")
			if at != sqltest.Start.UnixMicro() {
				t.Errorf("at %d, %v: want the injected clock", at, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAppendOnlyRowsRefuseChange(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		for _, q := range []string{`UPDATE audit_entry SET action = 'x'`, `DELETE FROM audit_entry`} {
			err := env.Write(ctx, func(tx *sqldb.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO audit_entry (id, at, account_id, action, object, detail) VALUES ('a', 1, 'x', 't', 'o', '{}')`); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, q)
				return err
			})
			if !sqldb.IsRefused(err) {
				t.Errorf("%s: %v, want a refusal", q, err)
			}
		}
	})
}

func TestWriteSerialisesReadModifyWrite(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		must(t, env.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `CREATE TABLE counter (n BIGINT NOT NULL)`)
			return errors.Join(err, second(tx.Exec(ctx, `INSERT INTO counter VALUES (0)`)))
		}))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					if err := env.Write(ctx, func(tx *sqldb.Tx) error {
						n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT n FROM counter`)
						if err != nil {
							return err
						}
						return second(tx.Exec(ctx, `UPDATE counter SET n = $1`, n+1))
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		must(t, env.Read(ctx, func(tx *sqldb.Tx) error {
			n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT n FROM counter`)
			if n != 40 {
				t.Errorf("n = %d, want 40: an update was lost", n)
			}
			return err
		}))
	})
}

func second(_ int64, err error) error { return err }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

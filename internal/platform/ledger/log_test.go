package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestLogFindsEveryEdit(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		s, err := ledger.NewSigner(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		write := func(f func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := env.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		for n := range int64(25) {
			write(func(tx *sqldb.Tx) error {
				if err := ledger.AppendTx(ctx, tx, "study", "l", n, fmt.Appendf(nil, "hash %d", n)); err != nil || n%5 != 4 {
					return err
				}
				return ledger.SignTx(ctx, tx, s)
			})
		}
		findings := func() (f []string) {
			t.Helper()
			write(func(tx *sqldb.Tx) (err error) { f, err = ledger.CheckTx(ctx, tx, s); return err })
			return f
		}
		if f := findings(); len(f) > 0 {
			t.Fatal(f)
		}
		write(func(tx *sqldb.Tx) error {
			if ok, err := ledger.OpensTx(ctx, tx, "study", "l", 3, []byte("hash 3")); !ok || err != nil {
				t.Errorf("leaf 3 does not open: %v", err)
			}
			if ok, _ := ledger.OpensTx(ctx, tx, "study", "l", 3, []byte("hash 4")); ok {
				t.Error("leaf 3 opens to another row")
			}
			return nil
		})
		if err := env.Write(ctx, func(tx *sqldb.Tx) error { return ledger.AppendTx(ctx, tx, "study", "l", 3, nil) }); !sqldb.IsUnique(err) {
			t.Errorf("a row twice in the log: %v", err)
		}
		for _, q := range []string{"UPDATE merkle_leaf SET at = 1", "DELETE FROM merkle_leaf", "UPDATE merkle_hash SET no = no", "UPDATE merkle_checkpoint SET at = 1"} {
			if err := env.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, q); return err }); !sqldb.IsRefused(err) {
				t.Errorf("%s: %v, want a refusal", q, err)
			}
		}
		drop := []string{"DROP TRIGGER merkle_leaf_no_update", "DROP TRIGGER merkle_leaf_no_delete", "DROP TRIGGER merkle_hash_no_update", "DROP TRIGGER merkle_checkpoint_no_update"}
		if env.Engine() == sqldb.Postgres {
			drop = []string{"DROP TRIGGER merkle_leaf_append_only ON merkle_leaf", "DROP TRIGGER merkle_hash_append_only ON merkle_hash", "DROP TRIGGER merkle_checkpoint_append_only ON merkle_checkpoint"}
		}
		exec := func(q string, args ...any) {
			write(func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, q, args...); return err })
		}
		for _, q := range drop {
			exec(q)
		}
		junk := bytes.Repeat([]byte{1}, 32)
		for n := range 25 {
			var kept []byte
			write(func(tx *sqldb.Tx) (err error) {
				kept, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[[]byte], `SELECT hash FROM merkle_leaf WHERE no = $1`, n)
				return err
			})
			exec(`UPDATE merkle_leaf SET hash = $1 WHERE no = $2`, junk, n)
			if len(findings()) == 0 {
				t.Errorf("an edit of leaf %d was not found", n)
			}
			exec(`UPDATE merkle_leaf SET hash = $1 WHERE no = $2`, kept, n)
		}
		exec(`DELETE FROM merkle_leaf WHERE no >= 22`)
		if len(findings()) == 0 {
			t.Error("a cut tail was not found")
		}
	})
}

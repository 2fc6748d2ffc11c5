package credit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"xueshi/internal/credit"
	"xueshi/internal/identity"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// A backlog that is older than the job looks back, in an empty log and in more than one batch, enters the log entirely.
func TestAnchorTakesAnOldBacklog(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx, svc := identity.SystemContext(context.Background(), "test"), credit.New(env.DB)
		signer, err := ledger.NewSigner(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		const rows = 700
		book := func(n int) {
			t.Helper()
			if err := env.Write(ctx, func(tx *sqldb.Tx) error {
				for i := range n {
					if err := credit.AppendTx(ctx, tx, credit.Record{PersonID: fmt.Sprintf("p%03d", i%100), Year: 2026, Subject: "public", Form: "distance", Source: "seed",
						CourseID: "x", Content: "x", HoursTenths: 1, StartedAt: tx.Now(), CompletedAt: tx.Now(), Result: "completed"}); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		anchored := func(want int64) {
			t.Helper()
			env.Clock.Advance(time.Hour)
			for more := true; more; {
				var err error
				if more, err = svc.Anchor(ctx, signer); err != nil {
					t.Fatal(err)
				}
			}
			if err := env.Read(ctx, func(tx *sqldb.Tx) error {
				size, err := ledger.SizeTx(ctx, tx)
				if err == nil && size != want {
					t.Fatalf("%d rows in the log, want %d", size, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		book(rows)
		anchored(rows)
		book(3)
		anchored(rows + 3)
		anchored(rows + 3)
		if err := env.Read(ctx, func(tx *sqldb.Tx) error {
			last, err := ledger.LastTx(ctx, tx, "credit", "p000")
			if err == nil && last != rows/100+1 {
				t.Errorf("the last proved row of p000 is %d, want %d", last, rows/100+1)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

package installation

import (
	"context"
	"fmt"

	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

// Sealed is a column of sealed values.
type Sealed struct {
	Table, Column string
	ID            string                 // an expression that names a row, text
	AAD           func(id string) string // what a row's seal is bound to
}

// resealBatch is how many rows are looked at in one transaction.
const resealBatch = 500

// Reseal looks at every value of a column, and seals anew what was sealed with a key that is not in use any more; with count it only
// counts. It may be stopped and begun again, and may run while people change the same rows.
func Reseal(ctx context.Context, db *sqldb.DB, keys *secret.Keys, c Sealed, count bool) (old int64, err error) {
	for after, more := "", true; more && err == nil; {
		var n int64
		last := after
		err = db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			rows, err := c.rowsTx(ctx, tx, after)
			n, more = 0, len(rows) == resealBatch
			for _, r := range rows {
				if err != nil {
					return err
				}
				if len(r.seal) == 0 || keys.SealedByUsed(r.seal) { // an erased value has no seal
					continue
				}
				n++
				if !count {
					err = c.resealTx(ctx, tx, keys, r)
				}
			}
			if more {
				last = rows[resealBatch-1].id
			}
			return err
		})
		old, after = old+n, last // not within: a transaction may be tried again
	}
	return old, err
}

type sealedRow struct {
	id   string
	seal []byte
}

func (c Sealed) rowsTx(ctx context.Context, tx *sqldb.Tx, after string) ([]sealedRow, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r sealedRow, err error) { return r, row.Scan(&r.id, &r.seal) },
		`SELECT `+c.ID+`, `+c.Column+` FROM `+c.Table+` WHERE `+c.ID+` > $1 ORDER BY 1 LIMIT $2`, after, resealBatch)
}

func (c Sealed) resealTx(ctx context.Context, tx *sqldb.Tx, keys *secret.Keys, r sealedRow) error {
	seal, err := keys.Reseal(r.seal, c.AAD(r.id))
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.Table, r.id, err)
	}
	_, err = tx.Exec(ctx, `UPDATE `+c.Table+` SET `+c.Column+` = $1 WHERE `+c.ID+` = $2`, seal, r.id)
	return err
}

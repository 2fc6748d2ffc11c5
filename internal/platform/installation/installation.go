// Package installation holds a database and its key folder together: what was sealed with lost keys nobody can read again, so a
// program that has other keys, or none, must not begin to seal with them.
package installation

import (
	"context"
	"encoding/hex"
	"fmt"

	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

// Keys opens the keys in dir for a database: the first start makes both the keys and the database's mark. Several processes may do
// so at once. Errors: the folder is empty though the database has a mark, or holds another installation's keys.
func Keys(ctx context.Context, db *sqldb.DB, dir string) (*secret.Keys, error) {
	want, err := known(ctx, db)
	if err != nil {
		return nil, err
	}
	if want != "" && !secret.Made(dir) {
		return nil, fmt.Errorf("the keys of this database are missing in %s: put the installation's key folder there (docs/runbook/keys.md)", dir)
	}
	keys, err := secret.Open(dir)
	if err != nil {
		return nil, err
	}
	have := Fingerprint(keys)
	if want == "" {
		if want, err = bind(ctx, db, have); err != nil {
			return nil, err
		}
	}
	if want != have {
		return nil, fmt.Errorf("the keys in %s are another installation's: put the key folder of this database there (docs/runbook/keys.md)", dir)
	}
	return keys, nil
}

// Fingerprint tells keys apart without telling anything of them.
func Fingerprint(keys *secret.Keys) string {
	return hex.EncodeToString(keys.Derive("fingerprint")[:16])
}

// known is the fingerprint that the database knows; empty before its first start.
func known(ctx context.Context, db *sqldb.DB) (string, error) {
	return sqldb.ReadValue(ctx, db, func(tx *sqldb.Tx) (string, error) { return knownTx(ctx, tx) })
}

func knownTx(ctx context.Context, tx *sqldb.Tx) (string, error) {
	keys, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT keys FROM installation`)
	return keys, err
}

// bind marks the database, unless another process was first; it gives the fingerprint that stands.
func bind(ctx context.Context, db *sqldb.DB, have string) (stands string, err error) {
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO installation (one, id, keys, made_at) VALUES (1, $1, $2, $3) ON CONFLICT (one) DO NOTHING`, id.New(tx.Now()), have, tx.NowMicro())
		if err == nil {
			stands, err = knownTx(ctx, tx)
		}
		return err
	})
	return stands, err
}

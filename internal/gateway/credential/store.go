package credential

import (
	"context"
	"encoding/json"

	"xueshi/internal/platform/sqldb"
)

// row is one version as stored.
type row struct {
	version       int64
	state         string
	fields        map[string]string
	seal          []byte
	tail          string
	reason, setBy string
	setAt         int64
}

const columns = `SELECT version, state, fields, secret_seal, secret_tail, reason, set_by, set_at FROM credential `

func scanRow(sc sqldb.Scanner) (r row, err error) {
	var fields string
	if err = sc.Scan(&r.version, &r.state, &fields, &r.seal, &r.tail, &r.reason, &r.setBy, &r.setAt); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(fields), &r.fields)
}

func newestTx(ctx context.Context, tx *sqldb.Tx, gateway string) (row, bool, error) {
	return sqldb.One(ctx, tx, scanRow, columns+`WHERE gateway = $1 ORDER BY version DESC LIMIT 1`, gateway)
}

// insertTx appends a version and erases the secrets of those before it.
func insertTx(ctx context.Context, tx *sqldb.Tx, gateway string, r row) error {
	fields, err := json.Marshal(r.fields)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE credential SET secret_seal = $1 WHERE gateway = $2`, []byte{}, gateway); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO credential (gateway, version, state, fields, secret_seal, secret_tail, reason, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, gateway, r.version, r.state, string(fields), r.seal, r.tail, r.reason, r.setBy, tx.NowMicro())
	return err
}

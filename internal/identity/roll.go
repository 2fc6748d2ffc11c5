package identity

import (
	"context"
	"time"

	"xueshi/internal/platform/sqldb"
)

// RollEntry is a learner as jobs see one.
type RollEntry struct{ PersonID, RegionID string }

// RollTx lists active learners registered before a time, by id from after on, at most n: jobs walk over all learners by it.
func RollTx(ctx context.Context, tx *sqldb.Tx, after string, before time.Time, n int) ([]RollEntry, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (e RollEntry, err error) { return e, row.Scan(&e.PersonID, &e.RegionID) },
		`SELECT p.id, p.region_id FROM person p WHERE p.id > $1 AND p.state = 'active' AND p.created_at < $2
			AND EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.role = 'learner') ORDER BY p.id LIMIT $3`, after, before.UnixMicro(), n)
}

// HoldersTx lists the active people who hold a role in exactly this scope, at most 200: those who are to be told.
func HoldersTx(ctx context.Context, tx *sqldb.Tx, role Role, scope string) ([]string, error) {
	return sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT g.person_id FROM role_grant g JOIN person p ON p.id = g.person_id
		WHERE g.scope = $1 AND g.scope <> '' AND g.role = $2 AND p.state = 'active' ORDER BY g.person_id LIMIT 200`, scope, string(role))
}

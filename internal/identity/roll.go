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

package identity

import (
	"context"
	"encoding/json"
	"fmt"

	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// AuditTx appends one row to the audit trail, in the same transaction as the act it tells of (R2.1d, RQ-I10).
// action is a stable code ("identity.reveal_id_number"), object names the row acted on ("person/01h…"),
// detail is encoded as JSON and must hold no clear personal data.
func AuditTx(ctx context.Context, tx *sqldb.Tx, action, object string, detail map[string]any) error {
	actor, _ := ActorFrom(ctx)
	body, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_entry (id, at, account_id, action, object, detail)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		id.New(tx.Now()), tx.NowMicro(), actor.AccountID, action, object, string(body))
	return err
}

package credit

import (
	"context"

	"xueshi/internal/platform/sqldb"
)

// Export implements identity.Exporter: every ledger entry and every appeal with what was attached to it.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	records, err := sqldb.Rows(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM credit_record WHERE person_id = $1 ORDER BY no`, personID)
	if err != nil {
		return "", nil, err
	}
	appeals, err := sqldb.Rows(ctx, tx, scanAppeal, `SELECT `+appealColumns+` FROM appeal a JOIN person p ON p.id = a.person_id JOIN lesson l ON l.id = a.lesson_id
		WHERE a.person_id = $1 ORDER BY a.id`, personID)
	return "credit", map[string]any{"records": records, "appeals": appeals}, err
}

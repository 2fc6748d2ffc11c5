package enrolment

import (
	"context"
	"time"

	"xueshi/internal/platform/sqldb"
)

// exported is an enrolment as its owner gets it.
type exported struct {
	Enrolment
	Source      string     `json:"source"`
	CompletedAt *time.Time `json:"completed_at"`
}

// Export implements identity.Exporter: every enrolment the person ever had.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	all, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (e exported, err error) {
		var at, completed int64
		err = row.Scan(&e.ID, &e.PersonID, &e.CourseID, &e.Year, &e.State, &at, &e.Source, &completed)
		e.EnrolledAt = time.UnixMicro(at).UTC()
		if completed > 0 {
			done := time.UnixMicro(completed).UTC()
			e.CompletedAt = &done
		}
		return e, err
	}, `SELECT `+columns+`, source, completed_at FROM enrolment WHERE person_id = $1 ORDER BY id`, personID)
	return "enrolments", all, err
}

// Package enrolment is who may study what, in which credit year, until when.
package enrolment

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// Enrolment is the right to study a course for a year.
type Enrolment struct {
	ID         string    `json:"id"`
	PersonID   string    `json:"-"`
	CourseID   string    `json:"course_id"`
	Year       int64     `json:"year"`
	State      string    `json:"state" enum:"active,completed,void"`
	EnrolledAt time.Time `json:"enrolled_at"`
}

// Service is the use cases of enrolment.
type Service struct{ db *sqldb.DB }

// New makes the service.
func New(db *sqldb.DB) *Service { return &Service{db} }

// Enrol gives the actor a free course for the course's year. Enrolling twice gives the same enrolment.
// Errors: NotFound "catalog.no_course"; Conflict "enrolment.withdrawn", "enrolment.year_closed"; Precondition "identity.consent_required", "enrolment.payment_required".
func (s *Service) Enrol(ctx context.Context, courseID string) (e Enrolment, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return e, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := identity.ConsentedTx(ctx, tx, actor.PersonID); err != nil {
			return err
		}
		c, err := catalog.CourseTx(ctx, tx, courseID)
		if err != nil {
			return err
		}
		switch {
		case c.State == "withdrawn":
			return errs.New(errs.Conflict, "enrolment.withdrawn")
		case c.State != "published":
			return errs.New(errs.NotFound, "catalog.no_course")
		case c.PriceFen > 0:
			return errs.New(errs.Precondition, "enrolment.payment_required")
		}
		if err := openTx(ctx, tx, c.Year); err != nil {
			return err
		}
		e, err = GrantTx(ctx, tx, actor.PersonID, courseID, c.Year, "self")
		return err
	})
	return e, err
}

// GrantTx enrols a person; it is what paid orders and unit enrolments will call. It is idempotent.
func GrantTx(ctx context.Context, tx *sqldb.Tx, personID, courseID string, year int64, source string) (Enrolment, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO enrolment (id, person_id, course_id, year, source, state, enrolled_at, completed_at)
		VALUES ($1, $2, $3, $4, $5, 'active', $6, 0) ON CONFLICT (person_id, course_id, year) DO NOTHING`,
		id.New(tx.Now()), personID, courseID, year, source, tx.NowMicro()); err != nil {
		return Enrolment{}, err
	}
	e, _, err := sqldb.One(ctx, tx, scan, `SELECT `+columns+` FROM enrolment WHERE person_id = $1 AND course_id = $2 AND year = $3`, personID, courseID, year)
	return e, err
}

const columns = `id, person_id, course_id, year, state, enrolled_at`

func scan(row sqldb.Scanner) (e Enrolment, err error) {
	var at int64
	err = row.Scan(&e.ID, &e.PersonID, &e.CourseID, &e.Year, &e.State, &at)
	e.EnrolledAt = time.UnixMicro(at).UTC()
	return e, err
}

// openTx refuses a year that has not opened or whose make-up time is over.
func openTx(ctx context.Context, tx *sqldb.Tx, year int64) error {
	type window struct{ opens, makeup int64 }
	w, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (w window, err error) { return w, row.Scan(&w.opens, &w.makeup) },
		`SELECT opens_at, makeup_end_at FROM year_window WHERE year = $1`, year)
	if err == nil && (!found || tx.NowMicro() < w.opens || tx.NowMicro() >= w.makeup) {
		err = errs.New(errs.Conflict, "enrolment.year_closed", "year", year)
	}
	return err
}

// Ending is a credit year whose studying ends soon.
type Ending struct {
	Year  int64
	EndAt time.Time
}

// EndingTx lists the years whose studying ends within d from now.
func EndingTx(ctx context.Context, tx *sqldb.Tx, d time.Duration) ([]Ending, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (e Ending, err error) {
		var at int64
		err = row.Scan(&e.Year, &at)
		e.EndAt = time.UnixMicro(at).UTC()
		return e, err
	}, `SELECT year, study_end_at FROM year_window WHERE study_end_at > $1 AND study_end_at <= $2 ORDER BY year`, tx.NowMicro(), tx.Now().Add(d).UnixMicro())
}

// MayStudyTx is the person's enrolment for the lesson's course, while its year is open.
// Errors: Forbidden "playback.not_enrolled"; Conflict "enrolment.year_closed".
func MayStudyTx(ctx context.Context, tx *sqldb.Tx, personID, courseID string) (Enrolment, error) {
	e, err := EnrolledTx(ctx, tx, personID, courseID)
	if err != nil {
		return e, err
	}
	return e, openTx(ctx, tx, e.Year)
}

// EnrolledTx is the person's newest enrolment in a course, whether or not its year is still open.
// Errors: Forbidden "playback.not_enrolled".
func EnrolledTx(ctx context.Context, tx *sqldb.Tx, personID, courseID string) (Enrolment, error) {
	e, found, err := sqldb.One(ctx, tx, scan, `SELECT `+columns+` FROM enrolment WHERE person_id = $1 AND course_id = $2 AND state <> 'void' ORDER BY year DESC LIMIT 1`, personID, courseID)
	if err == nil && !found {
		err = errs.New(errs.Forbidden, "playback.not_enrolled", "course_id", courseID)
	}
	return e, err
}

// OfTx lists a person's enrolments of a year.
func OfTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) ([]Enrolment, error) {
	return sqldb.Rows(ctx, tx, scan, `SELECT `+columns+` FROM enrolment WHERE person_id = $1 AND year = $2 AND state <> 'void' ORDER BY id DESC LIMIT 200`, personID, year)
}

// ActiveTx lists a person's unfinished enrolments in a course, over all years.
func ActiveTx(ctx context.Context, tx *sqldb.Tx, personID, courseID string) ([]Enrolment, error) {
	return sqldb.Rows(ctx, tx, scan, `SELECT `+columns+` FROM enrolment WHERE person_id = $1 AND course_id = $2 AND state = 'active' ORDER BY year`, personID, courseID)
}

// CompleteTx marks an enrolment completed, in the transaction that books its hours.
func CompleteTx(ctx context.Context, tx *sqldb.Tx, enrolmentID string) error {
	_, err := tx.Exec(ctx, `UPDATE enrolment SET state = 'completed', completed_at = $1 WHERE id = $2 AND state = 'active'`, tx.NowMicro(), enrolmentID)
	return err
}

package fault

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Service is the use cases of faults; it implements identity.Exporter and identity.Eraser.
type Service struct {
	db      *sqldb.DB
	catalog *catalog.Service
	notices identity.Notices
}

// New makes the service; c opens the files of a revision for the bureau, notices is how people hear of answers and objections.
func New(db *sqldb.DB, c *catalog.Service, notices identity.Notices) *Service {
	return &Service{db, c, notices}
}

// Report tells a fault of a lesson that the actor is enrolled in. As long as it is open, telling it again gives the report
// that is there. Errors: NotFound "catalog.no_lesson", "media.no_media"; Forbidden "playback.not_enrolled";
// Invalid "fault.draft" with the field; Limited "fault.limit" (twenty a day).
func (s *Service) Report(ctx context.Context, d Draft) (o Own, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return o, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := enrolledTx(ctx, tx, actor.PersonID, d.LessonID, d.Rev)
		if err != nil {
			return err
		}
		if err := d.check(l, false); err != nil {
			return err
		}
		d.Rev = l.MediaRev
		var found bool
		if o, found, err = ownOpenTx(ctx, tx, actor.PersonID, d); err != nil || found {
			return err
		}
		if err := limit.AllowTx(ctx, tx, "fault.limit", "fault/"+actor.PersonID, dayMost, 24*time.Hour); err != nil {
			return err
		}
		head, found, err := joinTx(ctx, tx, d)
		if err != nil {
			return err
		}
		if !found {
			head = ""
		}
		if _, err := insertTx(ctx, tx, d, l, "learner", actor.PersonID, head); err != nil {
			return err
		}
		if o, found, err = ownOpenTx(ctx, tx, actor.PersonID, d); err == nil && !found {
			err = errs.New(errs.Internal, "internal")
		}
		return err
	})
	return o, err
}

// Mine lists what the actor has told of a lesson, the newest first, at most fifty.
// Errors: NotFound "catalog.no_lesson"; Forbidden "playback.not_enrolled".
func (s *Service) Mine(ctx context.Context, lessonID string) (out []Own, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := enrolledTx(ctx, tx, actor.PersonID, lessonID, 0); err != nil {
			return err
		}
		out, err = sqldb.Rows(ctx, tx, scanOwn, `SELECT `+ownColumns+` WHERE f.person_id = $1 AND f.lesson_id = $2 AND f.source = 'learner'
			ORDER BY f.id DESC LIMIT 50`, actor.PersonID, lessonID)
		return err
	})
	if out == nil {
		out = []Own{}
	}
	return out, err
}

// enrolledTx is a lesson of a course the person is enrolled in, as a revision that is or was played has it.
func enrolledTx(ctx context.Context, tx *sqldb.Tx, personID, lessonID string, rev int64) (catalog.Lesson, error) {
	l, err := catalog.LessonAtTx(ctx, tx, lessonID, rev)
	if err == nil {
		_, err = enrolment.EnrolledTx(ctx, tx, personID, l.CourseID)
	}
	return l, err
}

// Export implements identity.Exporter: everything the person has told or objected to.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	all, err := sqldb.Rows(ctx, tx, scanOwn, `SELECT `+ownColumns+` WHERE f.person_id = $1 ORDER BY f.id`, personID)
	return "faults", all, err
}

// EraseTx implements identity.Eraser: that something is wrong at a second stays, who told it and their words go. Objections are
// acts of an authority and stay as they are.
func (s *Service) EraseTx(ctx context.Context, tx *sqldb.Tx, personID string) error {
	_, err := tx.Exec(ctx, `UPDATE courseware_fault SET note = '', person_id = 'closed/' || id WHERE person_id = $1 AND source = 'learner'`, personID)
	return err
}

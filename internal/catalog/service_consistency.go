package catalog

import (
	"context"

	"xueshi/internal/identity"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// CourseDrafts is a course as its provider works on it.
type CourseDrafts struct {
	Items       []LessonDraft         `json:"items"`
	Consistency []media.LessonFinding `json:"consistency" doc:"Lessons that differ from the course's other lessons in loudness or voice (R1.8c); for a reviewer's ears, it stops nothing"`
	NeedMinutes int64                 `json:"need_minutes" doc:"Length of all lessons that the marked hours need"`
}

// consistencyTx holds the newest inspected revision of each lesson of a course against the others; a course has one teacher.
func consistencyTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]media.LessonFinding, error) {
	lessons, err := sqldb.Rows(ctx, tx, scanCompared, `SELECT l.id, r.loudness_milli, r.pitch_milli FROM lesson l
		JOIN courseware w ON w.lesson_id = l.id JOIN inspection_report r ON r.id = w.report_id
		WHERE l.course_id = $1 AND w.rev = (SELECT max(v.rev) FROM courseware v WHERE v.lesson_id = l.id AND v.report_id <> '' AND v.state <> 'refused')
		ORDER BY l.number`, courseID)
	if err != nil {
		return nil, err
	}
	policy, _, err := media.PolicyTx(ctx, tx)
	return media.JudgeCourse(lessons, &policy), err
}

func scanCompared(row sqldb.Scanner) (l media.LessonMeasured, err error) {
	var loudness, pitch int64
	err = row.Scan(&l.LessonID, &loudness, &pitch)
	l.Loudness, l.Pitch = float64(loudness)/1000, float64(pitch)/1000
	return l, err
}

// apartTx is what sets one lesson apart from the others of its course.
func apartTx(ctx context.Context, tx *sqldb.Tx, courseID, lessonID string) ([]media.Finding, error) {
	all, err := consistencyTx(ctx, tx, courseID)
	out := []media.Finding{}
	for _, f := range all {
		if f.LessonID == lessonID {
			out = append(out, f.Finding)
		}
	}
	return out, err
}

// Drafts is a course of the provider's with its lessons as they are worked on. Errors: NotFound "catalog.no_course".
func (s *Service) Drafts(ctx context.Context, providerID, courseID string) (out CourseDrafts, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return out, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		c, err := ownCourseTx(ctx, tx, providerID, courseID)
		if err != nil {
			return err
		}
		if out.Items, err = draftsTx(ctx, tx, courseID); err != nil {
			return err
		}
		if out.Consistency, err = consistencyTx(ctx, tx, courseID); err != nil {
			return err
		}
		need, err := neededTx(ctx, tx, c)
		out.NeedMinutes = minutesUp(need)
		return err
	})
	return out, err
}

package supervision

import (
	"context"
	"fmt"
	"strings"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
)

// courseCountsTx adds up a course's tallies over the regions.
func courseCountsTx(ctx context.Context, tx *sqldb.Tx, c catalog.Course) (learners, completed int64, err error) {
	t, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (t counts, err error) { return t, row.Scan(&t.learners, &t.completed) },
		`SELECT coalesce(CAST(sum(learners) AS BIGINT), 0), coalesce(CAST(sum(completed) AS BIGINT), 0) FROM tally WHERE year = $1 AND about = $2`, c.Year, "course/"+c.ID)
	return t.learners, t.completed, err
}

func scanCourseLearner(row sqldb.Scanner) (l CourseLearner, err error) {
	var enrolled, completed int64
	err = row.Scan(&l.ID, &l.Name, &l.Region, &l.CourseID, &l.Course, &l.State, &enrolled, &completed, &l.ConfirmedMS, &l.DurationMS)
	l.Name, l.EnrolledAt = identity.MaskName(l.Name), time.UnixMicro(enrolled).UTC()
	if completed > 0 {
		at := time.UnixMicro(completed).UTC()
		l.CompletedAt = &at
	}
	return l, err
}

// courseLearnersTx walks the enrolments from the newest down; the two sums are of one learner and one course each.
func courseLearnersTx(ctx context.Context, tx *sqldb.Tx, f LearnerFilter) ([]CourseLearner, error) {
	where, args := []string{"c.provider_id = $1", "e.year = $2", "e.state <> 'void'"}, []any{f.ProviderID, f.Year}
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if f.CourseID != "" {
		add("e.course_id = $%d", f.CourseID)
	}
	if f.State != "" {
		add("e.state = $%d", f.State)
	}
	if f.After != "" {
		add("e.id < $%d", f.After)
	}
	args = append(args, f.Limit+1)
	return sqldb.Rows(ctx, tx, scanCourseLearner, `SELECT e.id, p.name, coalesce(r.name, ''), c.id, c.title, e.state, e.enrolled_at, e.completed_at,
		(SELECT coalesce(CAST(sum(g.confirmed_ms) AS BIGINT), 0) FROM lesson_progress g WHERE g.learner_id = e.person_id AND g.course_id = c.id),
		(SELECT coalesce(CAST(sum(m.duration_ms) AS BIGINT), 0) FROM lesson l JOIN media m ON m.id = l.media_id AND m.rev = l.media_rev WHERE l.course_id = c.id)
		FROM enrolment e JOIN course c ON c.id = e.course_id JOIN person p ON p.id = e.person_id LEFT JOIN region r ON r.id = p.region_id
		WHERE `+strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY e.id DESC LIMIT $%d", len(args)), args...)
}

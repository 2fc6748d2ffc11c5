package supervision

import (
	"context"
	"fmt"
	"slices"
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

// courseLearnersTx lists enrolments from the newest down. Each course is walked along its own index and the walks are merged:
// one statement over all courses would sort every enrolment for each page.
func courseLearnersTx(ctx context.Context, tx *sqldb.Tx, f LearnerFilter) ([]CourseLearner, error) {
	courses, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM course WHERE provider_id = $1 AND ($2 = '' OR id = $3) ORDER BY id`,
		f.ProviderID, f.CourseID, f.CourseID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range courses {
		some, err := enrolmentsTx(ctx, tx, c, f)
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	where, args := oneOf("e.id", 1, ids[:min(f.Limit+1, len(ids))])
	// The two sums are of one learner and one course each; lengths are of the revisions in which the learner has the lessons.
	return sqldb.Rows(ctx, tx, scanCourseLearner, `SELECT e.id, p.name, coalesce(r.name, ''), c.id, c.title, e.state, e.enrolled_at, e.completed_at,
		(SELECT coalesce(CAST(sum(g.confirmed_ms) AS BIGINT), 0) FROM lesson_progress g WHERE g.learner_id = e.person_id AND g.course_id = c.id),
		(SELECT coalesce(CAST(sum(m.duration_ms) AS BIGINT), 0) FROM lesson l LEFT JOIN lesson_progress g ON g.learner_id = e.person_id AND g.lesson_id = l.id
			JOIN media m ON m.id = coalesce(g.media_id, l.media_id) AND m.rev = coalesce(g.media_rev, l.media_rev) WHERE l.course_id = c.id)
		FROM enrolment e JOIN course c ON c.id = e.course_id JOIN person p ON p.id = e.person_id LEFT JOIN region r ON r.id = p.region_id
		WHERE `+where+` ORDER BY e.id DESC`, args...)
}

// enrolmentsTx are the newest of one course before the cursor.
func enrolmentsTx(ctx context.Context, tx *sqldb.Tx, courseID string, f LearnerFilter) ([]string, error) {
	where, args := []string{"course_id = $1", "year = $2", "state <> 'void'"}, []any{courseID, f.Year}
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if f.State != "" {
		add("state = $%d", f.State)
	}
	if f.After != "" {
		add("id < $%d", f.After)
	}
	args = append(args, f.Limit+1)
	return sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM enrolment WHERE `+strings.Join(where, " AND ")+
		fmt.Sprintf(" ORDER BY id DESC LIMIT $%d", len(args)), args...)
}

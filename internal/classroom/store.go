package classroom

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/platform/sqldb"
)

const noteColumns = `n.id, n.lesson_id, l.title, n.course_id, n.at_ms, n.media_rev, l.media_rev, n.text, n.created_at, n.updated_at FROM lesson_note n JOIN lesson l ON l.id = n.lesson_id`

func scanNote(row sqldb.Scanner) (n Note, err error) {
	var created, updated int64
	err = row.Scan(&n.ID, &n.LessonID, &n.Lesson, &n.CourseID, &n.AtMS, &n.rev, &n.playing, &n.Text, &created, &updated)
	n.CreatedAt, n.UpdatedAt = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	return n, err
}

const questionColumns = `q.id, q.person_id, p.name, q.provider_id, q.course_id, c.title, q.lesson_id, l.title, q.at_ms, q.media_rev, l.media_rev, q.text, q.shared, q.state, q.asked_at,
	q.answer, q.answered_as, q.answered_at, q.hidden_reason FROM lesson_question q JOIN lesson l ON l.id = q.lesson_id
	JOIN course c ON c.id = q.course_id JOIN person p ON p.id = q.person_id`

func scanQuestion(row sqldb.Scanner) (q Question, err error) {
	var shared, asked, answered int64
	err = row.Scan(&q.ID, &q.personID, &q.Name, &q.providerID, &q.CourseID, &q.Course, &q.LessonID, &q.Lesson, &q.AtMS, &q.rev, &q.playing, &q.Text, &shared, &q.State, &asked,
		&q.Answer, &q.AnsweredAs, &answered, &q.HiddenReason)
	q.Shared, q.AskedAt = shared != 0, time.UnixMicro(asked).UTC()
	if answered > 0 {
		at := time.UnixMicro(answered).UTC()
		q.AnsweredAt = &at
	}
	return q, err
}

// notesTx reads notes, each where its place stands in what is played now.
func notesTx(ctx context.Context, tx *sqldb.Tx, query string, args ...any) ([]Note, error) {
	out, err := sqldb.Rows(ctx, tx, scanNote, query, args...)
	var places catalog.Places
	for i := range out {
		if n := &out[i]; err == nil && n.rev != n.playing {
			n.AtMS, err = places.AtTx(ctx, tx, n.LessonID, n.rev, n.AtMS)
		}
	}
	return out, err
}

// questionsTx reads questions, each where its place stands in what is played now.
func questionsTx(ctx context.Context, tx *sqldb.Tx, query string, args ...any) ([]Question, error) {
	out, err := sqldb.Rows(ctx, tx, scanQuestion, query, args...)
	var places catalog.Places
	for i := range out {
		if q := &out[i]; err == nil && q.rev != q.playing {
			q.AtMS, err = places.AtTx(ctx, tx, q.LessonID, q.rev, q.AtMS)
		}
	}
	return out, err
}

// one is the only row of a list, if there is one.
func one[T any](rows []T, err error) (t T, found bool, _ error) {
	if err == nil && len(rows) > 0 {
		return rows[0], true, nil
	}
	return t, false, err
}

// visible is what a learner may see of a lesson's questions: $1 the lesson, $2 the learner.
const visible = `q.lesson_id = $1 AND (q.person_id = $2 OR q.shared = 1 AND q.state = 'answered')`

func countsTx(ctx context.Context, tx *sqldb.Tx, personID, lessonID string) (c Counts, err error) {
	if c.Notes, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM lesson_note WHERE person_id = $1 AND lesson_id = $2`, personID, lessonID); err != nil {
		return c, err
	}
	c.Questions, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM lesson_question q WHERE `+visible, lessonID, personID)
	return c, err
}

// newest is the cursor of a descending list's first page: it sorts after every id, in every collation.
func newest(after string) string {
	if after == "" {
		return "z"
	}
	return after
}

// cut makes a page of n out of n+1 rows and gives the cursor of the next one.
func cut[T any](rows []T, n int, id func(T) string, err error) ([]T, string, error) {
	if rows == nil {
		rows = []T{}
	}
	if err != nil || len(rows) <= n {
		return rows, "", err
	}
	return rows[:n], id(rows[n-1]), nil
}

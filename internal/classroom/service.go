package classroom

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Service is the use cases of classroom; it implements identity.Exporter and identity.Eraser.
type Service struct {
	db      *sqldb.DB
	notices identity.Notices
}

// New makes the service; notices is how askers hear of answers.
func New(db *sqldb.DB, notices identity.Notices) *Service { return &Service{db, notices} }

// Draft is a note or a question as the page sends it.
type Draft struct {
	LessonID string
	AtMS     int64  // position in the lesson, 0 ≤ AtMS ≤ its duration
	Rev      int64  // of the lesson's media, where AtMS is; 0 = the one that is played now
	Text     string // trimmed; control characters are dropped
	Key      string // the page's own name for it: sending it again after a lost answer adds nothing
}

// prepareTx cleans a draft and checks it against its lesson, which the actor must be enrolled in (in any year, ended or not).
// Errors: NotFound "catalog.no_lesson", "media.no_media"; Forbidden "playback.not_enrolled"; e with fields.
func (d *Draft) prepareTx(ctx context.Context, tx *sqldb.Tx, personID string, e *errs.Error, shortest, longest int) (catalog.Lesson, error) {
	l, err := lessonTx(ctx, tx, personID, d.LessonID, d.Rev)
	if err != nil {
		return l, err
	}
	if d.Text, err = clean(d.Text, e, shortest, longest); err != nil {
		return l, err
	}
	if d.AtMS < 0 || d.AtMS > l.DurationMS {
		return l, e.WithField("at_ms", "range")
	}
	if d.Key == "" || len(d.Key) > 60 || strings.ContainsFunc(d.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return l, e.WithField("key", "invalid")
	}
	return l, nil
}

// lessonTx is a lesson of a course the person is enrolled in, as a revision of its media has it (0 = the one played now).
func lessonTx(ctx context.Context, tx *sqldb.Tx, personID, lessonID string, rev int64) (catalog.Lesson, error) {
	l, err := catalog.LessonAtTx(ctx, tx, lessonID, rev)
	if err != nil {
		return l, err
	}
	_, err = enrolment.EnrolledTx(ctx, tx, personID, l.CourseID)
	return l, err
}

// clean trims a text, drops what no reader sees, and holds it to its length; e is the error otherwise.
func clean(text string, e *errs.Error, shortest, longest int) (string, error) {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\t", " ")))
	if n := utf8.RuneCountInString(text); n < shortest || n > longest {
		return "", e.WithField("text", "length")
	}
	return text, nil
}

// Counts is how much there is beside a lesson, for the tabs of its page.
type Counts struct {
	Notes     int64 `json:"notes" doc:"The learner's own notes on the lesson"`
	Questions int64 `json:"questions" doc:"Questions on the lesson that the learner may see"`
}

// Counts counts the actor's notes and the questions they may see on a lesson.
// Errors: NotFound "catalog.no_lesson"; Forbidden "playback.not_enrolled".
func (s *Service) Counts(ctx context.Context, lessonID string) (c Counts, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return c, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := lessonTx(ctx, tx, actor.PersonID, lessonID, 0); err != nil {
			return err
		}
		c, err = countsTx(ctx, tx, actor.PersonID, lessonID)
		return err
	})
	return c, err
}

// Export implements identity.Exporter: every note and every question with its answer.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	notes, err := notesTx(ctx, tx, `SELECT `+noteColumns+` WHERE n.person_id = $1 ORDER BY n.id`, personID)
	if err != nil {
		return "", nil, err
	}
	questions, err := questionsTx(ctx, tx, `SELECT `+questionColumns+` WHERE q.person_id = $1 ORDER BY q.id`, personID)
	for i := range questions {
		questions[i].Mine = true
	}
	return "classroom", map[string]any{"notes": notes, "questions": questions}, err
}

// EraseTx implements identity.Eraser: notes and questions are the person's own words and go with the account.
func (s *Service) EraseTx(ctx context.Context, tx *sqldb.Tx, personID string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM lesson_note WHERE person_id = $1`, personID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM lesson_question WHERE person_id = $1`, personID)
	return err
}

package classroom

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Bounds of questions and answers.
const (
	askLeast    = 4    // characters of a question
	askMost     = 1000 // characters
	askHour     = 10   // questions an hour
	answerLeast = 2    // characters of an answer
	answerMost  = 2000 // characters
	reasonLeast = 4    // characters of a reason for hiding
	reasonMost  = 200  // characters
)

// Question is a question to the teacher at a position of a lesson.
type Question struct {
	ID           string     `json:"id"`
	LessonID     string     `json:"lesson_id"`
	Lesson       string     `json:"lesson"`
	CourseID     string     `json:"course_id"`
	Course       string     `json:"course"`
	Name         string     `json:"name" doc:"Masked for everybody"`
	Mine         bool       `json:"mine" doc:"Asked by the one who reads it"`
	AtMS         int64      `json:"at_ms"`
	Text         string     `json:"text"`
	Shared       bool       `json:"shared" doc:"Other learners of the course may see it once it is answered"`
	State        string     `json:"state" enum:"open,answered,hidden"`
	AskedAt      time.Time  `json:"asked_at"`
	Answer       string     `json:"answer"`
	AnsweredAs   string     `json:"answered_as" enum:",teacher,provider_staff"`
	AnsweredAt   *time.Time `json:"answered_at"`
	HiddenReason string     `json:"hidden_reason" doc:"Why it is hidden; for its asker and the staff"`

	personID, providerID string
	rev, playing         int64 // of the media: where it was asked, and what is played now
}

// Ask asks the teacher. The same key again gives the question that is there.
// Errors: those of a draft with Invalid "classroom.question"; Limited "classroom.ask_limit" (ten an hour).
func (s *Service) Ask(ctx context.Context, d Draft, shared bool) (q Question, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return q, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := d.prepareTx(ctx, tx, actor.PersonID, errs.New(errs.Invalid, "classroom.question", "least", askLeast, "most", askMost), askLeast, askMost)
		if err != nil {
			return err
		}
		var found bool
		if q, found, err = sentTx(ctx, tx, actor.PersonID, d.Key); err != nil || found {
			return err
		}
		if err := limit.AllowTx(ctx, tx, "classroom.ask_limit", "ask/"+actor.PersonID, askHour, time.Hour); err != nil {
			return err
		}
		c, err := catalog.CourseTx(ctx, tx, l.CourseID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO lesson_question (id, person_id, provider_id, course_id, lesson_id, media_rev, at_ms, text, shared, state, sent_key, asked_at,
			answer, answered_by, answered_as, answered_at, hidden_reason, hidden_by, hidden_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, '', '', '', 0, '', '', 0)`,
			id.New(tx.Now()), actor.PersonID, c.ProviderID, c.ID, l.ID, l.MediaRev, d.AtMS, d.Text, flag(shared), d.Key, tx.NowMicro()); err != nil {
			return err
		}
		q, _, err = sentTx(ctx, tx, actor.PersonID, d.Key)
		return err
	})
	return q.seenBy(actor), err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func sentTx(ctx context.Context, tx *sqldb.Tx, personID, key string) (Question, bool, error) {
	return one(questionsTx(ctx, tx, `SELECT `+questionColumns+` WHERE q.person_id = $1 AND q.sent_key = $2`, personID, key))
}

// seenBy is a question as the actor may see it: names masked.
func (q Question) seenBy(a identity.Actor) Question {
	q.Name, q.Mine = identity.MaskName(q.Name), q.personID == a.PersonID
	return q
}

// Questions lists what the actor may see of a lesson's questions, the newest first: their own in every state, and the shared
// ones of others that are answered. Errors: NotFound "catalog.no_lesson"; Forbidden "playback.not_enrolled".
func (s *Service) Questions(ctx context.Context, lessonID, after string, n int) (out []Question, next string, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := lessonTx(ctx, tx, actor.PersonID, lessonID, 0); err != nil {
			return err
		}
		out, err = questionsTx(ctx, tx, `SELECT `+questionColumns+` WHERE `+visible+` AND q.id < $3 ORDER BY q.id DESC LIMIT $4`,
			lessonID, actor.PersonID, newest(after), n+1)
		return err
	})
	for i := range out {
		out[i] = out[i].seenBy(actor)
	}
	return cut(out, n, func(x Question) string { return x.ID }, err)
}

package classroom

import (
	"context"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Bounds of notes.
const (
	noteMost  = 2000 // characters
	noteHour  = 120  // notes an hour
	noteSpace = 500  // notes on one lesson
)

// Note is a learner's own note at a position of a lesson.
type Note struct {
	ID        string    `json:"id"`
	LessonID  string    `json:"lesson_id"`
	Lesson    string    `json:"lesson"`
	CourseID  string    `json:"course_id"`
	AtMS      int64     `json:"at_ms"`
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	rev, playing int64 // of the media: where it was written, and what is played now
}

// AddNote writes a note. The same key again gives the note that is there.
// Errors: those of a draft with Invalid "classroom.note"; Limited "classroom.note_limit"; Conflict "classroom.note_full".
func (s *Service) AddNote(ctx context.Context, d Draft) (n Note, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return n, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := d.prepareTx(ctx, tx, actor.PersonID, errs.New(errs.Invalid, "classroom.note", "least", 1, "most", noteMost), 1, noteMost)
		if err != nil {
			return err
		}
		var found bool
		if n, found, err = one(notesTx(ctx, tx, `SELECT `+noteColumns+` WHERE n.person_id = $1 AND n.sent_key = $2`, actor.PersonID, d.Key)); err != nil || found {
			return err
		}
		if err := limit.AllowTx(ctx, tx, "classroom.note_limit", "note/"+actor.PersonID, noteHour, time.Hour); err != nil {
			return err
		}
		c, err := countsTx(ctx, tx, actor.PersonID, l.ID)
		if err == nil && c.Notes >= noteSpace {
			err = errs.New(errs.Conflict, "classroom.note_full", "most", noteSpace)
		}
		if err != nil {
			return err
		}
		n = Note{ID: id.New(tx.Now()), LessonID: l.ID, Lesson: l.Title, CourseID: l.CourseID, AtMS: d.AtMS, Text: d.Text, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
		_, err = tx.Exec(ctx, `INSERT INTO lesson_note (id, person_id, course_id, lesson_id, media_rev, at_ms, text, sent_key, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, n.ID, actor.PersonID, l.CourseID, l.ID, l.MediaRev, d.AtMS, d.Text, d.Key, tx.NowMicro(), tx.NowMicro())
		return err
	})
	return n, err
}

// EditNote changes the text of one of the actor's notes. Errors: NotFound "classroom.no_note"; Invalid "classroom.note".
func (s *Service) EditNote(ctx context.Context, noteID, text string) (n Note, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return n, err
	}
	if text, err = clean(text, errs.New(errs.Invalid, "classroom.note", "least", 1, "most", noteMost), 1, noteMost); err != nil {
		return n, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE lesson_note SET text = $1, updated_at = $2 WHERE id = $3 AND person_id = $4`, text, tx.NowMicro(), noteID, actor.PersonID); err != nil {
			return err
		}
		var found bool
		n, found, err = one(notesTx(ctx, tx, `SELECT `+noteColumns+` WHERE n.id = $1 AND n.person_id = $2`, noteID, actor.PersonID))
		if err == nil && !found {
			err = errs.New(errs.NotFound, "classroom.no_note")
		}
		return err
	})
	return n, err
}

// DeleteNote deletes one of the actor's notes for good. Errors: NotFound "classroom.no_note".
func (s *Service) DeleteNote(ctx context.Context, noteID string) error {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM lesson_note WHERE id = $1 AND person_id = $2`, noteID, actor.PersonID)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "classroom.no_note")
		}
		return err
	})
}

// LessonNotes lists the actor's notes on a lesson, the newest first. An enrolment is not asked for: notes outlive it.
func (s *Service) LessonNotes(ctx context.Context, lessonID, after string, n int) ([]Note, string, error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, "", err
	}
	return s.notes(ctx, `n.person_id = $1 AND n.lesson_id = $2`, actor.PersonID, lessonID, after, n)
}

// CourseNotes lists the actor's notes on all lessons of a course, the newest first.
func (s *Service) CourseNotes(ctx context.Context, courseID, after string, n int) ([]Note, string, error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, "", err
	}
	return s.notes(ctx, `n.person_id = $1 AND n.course_id = $2`, actor.PersonID, courseID, after, n)
}

func (s *Service) notes(ctx context.Context, where, personID, objectID, after string, n int) (out []Note, next string, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = notesTx(ctx, tx, `SELECT `+noteColumns+` WHERE `+where+` AND n.id < $3 ORDER BY n.id DESC LIMIT $4`, personID, objectID, newest(after), n+1)
		return err
	})
	return cut(out, n, func(x Note) string { return x.ID }, err)
}

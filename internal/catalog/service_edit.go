package catalog

import (
	"context"
	"encoding/json"
	"strings"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// CourseDraft is what a provider writes about a course. Subject, year, hours and order bind learners and hold still once it is submitted.
type CourseDraft struct {
	Title       string `json:"title" minLength:"2" maxLength:"80"`
	Summary     string `json:"summary" maxLength:"500"`
	Subject     string `json:"subject" enum:"public,professional"`
	Year        int64  `json:"year" minimum:"2015" maximum:"2100"`
	HoursTenths int64  `json:"hours_tenths" minimum:"1" maximum:"2000" doc:"Marked credit hours in tenths"`
	Teacher     string `json:"teacher" minLength:"2" maxLength:"40"`
	TeacherBio  string `json:"teacher_bio" maxLength:"500"`
	Sequential  bool   `json:"sequential" doc:"Lessons unlock in order"`
}

// LessonDraft is a lesson as its provider sees it, with or without something to play.
type LessonDraft struct {
	ID        string            `json:"id"`
	Chapter   string            `json:"chapter"`
	Number    int64             `json:"number"`
	Title     string            `json:"title"`
	Handout   string            `json:"handout"`
	Newest    *Courseware       `json:"newest" doc:"Its newest revision; null = no file yet"`
	Playing   int64             `json:"playing" doc:"Revision that learners play; 0 = none"`
	Questions []OutlineQuestion `json:"questions"`
}

// LessonText is what a provider writes about a lesson.
type LessonText struct {
	Chapter string `json:"chapter" maxLength:"60"`
	Title   string `json:"title" minLength:"1" maxLength:"80"`
	Handout string `json:"handout,omitempty" maxLength:"20000"`
}

// CreateCourse begins a course as a draft.
func (s *Service) CreateCourse(ctx context.Context, providerID string, d CourseDraft) (c Course, err error) {
	if _, err := identity.RequireDuty(ctx, providerID, identity.DutyCourse); err != nil {
		return c, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		courseID := id.New(tx.Now())
		if _, err := tx.Exec(ctx, `INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, 0, $11, 'draft')`,
			courseID, providerID, courseID, strings.TrimSpace(d.Title), d.Summary, d.Subject, d.Year, d.HoursTenths, strings.TrimSpace(d.Teacher), d.TeacherBio, flag(d.Sequential)); err != nil {
			return err
		}
		if c, err = CourseTx(ctx, tx, courseID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.course_create", "course/"+courseID, map[string]any{"title": c.Title})
	})
	return c, err
}

// EditCourse changes what stands about a course. Errors: Conflict "catalog.course_bound" when a bound field would change after the draft.
func (s *Service) EditCourse(ctx context.Context, providerID, courseID string, d CourseDraft) error {
	if _, err := identity.RequireDuty(ctx, providerID, identity.DutyCourse); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		c, err := ownCourseTx(ctx, tx, providerID, courseID)
		if err != nil {
			return err
		}
		if c.State != "draft" && (c.Subject != d.Subject || c.Year != d.Year || c.HoursTenths != d.HoursTenths || c.Sequential != d.Sequential) {
			return errs.New(errs.Conflict, "catalog.course_bound")
		}
		if _, err := tx.Exec(ctx, `UPDATE course SET title = $1, summary = $2, subject = $3, year = $4, hours_tenths = $5, teacher = $6, teacher_bio = $7, sequential = $8 WHERE id = $9`,
			strings.TrimSpace(d.Title), d.Summary, d.Subject, d.Year, d.HoursTenths, strings.TrimSpace(d.Teacher), d.TeacherBio, flag(d.Sequential), c.ID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.course_edit", "course/"+c.ID, map[string]any{"before": c.Title, "after": d.Title})
	})
}

// AddLesson puts a lesson at the end of a draft. Errors: Conflict "catalog.course_bound" after the draft; Limited "catalog.too_many_lessons".
func (s *Service) AddLesson(ctx context.Context, providerID, courseID string, t LessonText) (lessonID string, err error) {
	err = s.editDraft(ctx, providerID, courseID, "catalog.lesson_add", func(tx *sqldb.Tx, c Course) error {
		if c.Lessons >= 200 {
			return errs.New(errs.Invalid, "catalog.too_many_lessons", "max", 200)
		}
		lessonID = id.New(tx.Now())
		_, err := tx.Exec(ctx, `INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout, captions)
			SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, 0, '[]', $6, '' FROM lesson WHERE course_id = $7`,
			lessonID, c.ID, strings.TrimSpace(t.Chapter), strings.TrimSpace(t.Title), lessonID, t.Handout, c.ID)
		return err
	})
	return lessonID, err
}

// EditLesson changes a lesson's texts, in any state of the course.
func (s *Service) EditLesson(ctx context.Context, providerID, lessonID string, t LessonText) error {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE lesson SET chapter = $1, title = $2, handout = $3 WHERE id = $4`,
			strings.TrimSpace(t.Chapter), strings.TrimSpace(t.Title), t.Handout, lessonID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.lesson_edit", "lesson/"+lessonID, map[string]any{"title": t.Title})
	})
}

// RemoveLesson takes a lesson out of a draft with its renditions, which nobody has played; what was uploaded for it stays in the media library.
// Errors: Conflict "catalog.course_bound" once learners may know it.
func (s *Service) RemoveLesson(ctx context.Context, providerID, courseID, lessonID string) error {
	return s.editDraft(ctx, providerID, courseID, "catalog.lesson_remove", func(tx *sqldb.Tx, c Course) error {
		played, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT media_rev FROM lesson WHERE id = $1 AND course_id = $2`, lessonID, c.ID)
		if err != nil {
			return err
		}
		if played > 0 {
			return errs.New(errs.Conflict, "catalog.course_bound")
		}
		for _, sql := range []string{`DELETE FROM courseware WHERE lesson_id = $1`, `DELETE FROM content_question WHERE lesson_id = $1`, `DELETE FROM lesson WHERE id = $1`,
			`DELETE FROM media WHERE id = $1`} {
			if _, err := tx.Exec(ctx, sql, lessonID); err != nil {
				return err
			}
		}
		return nil
	})
}

// OrderLessons numbers a draft's lessons anew: ids of all its lessons, in order. Errors: Invalid "catalog.order" when one is missing or foreign.
func (s *Service) OrderLessons(ctx context.Context, providerID, courseID string, ids []string) error {
	return s.editDraft(ctx, providerID, courseID, "catalog.lesson_order", func(tx *sqldb.Tx, c Course) error {
		if int64(len(ids)) != c.Lessons {
			return errs.New(errs.Invalid, "catalog.order")
		}
		// Two passes, since a number is unique within its course.
		for pass, offset := range []int{100_000, 0} {
			for i, lessonID := range ids {
				n, err := tx.Exec(ctx, `UPDATE lesson SET number = $1 WHERE id = $2 AND course_id = $3 AND (number < 100000 OR $4 = 1)`, offset+i+1, lessonID, c.ID, pass)
				if err != nil {
					return err
				}
				if n == 0 {
					return errs.New(errs.Invalid, "catalog.order")
				}
			}
		}
		return nil
	})
}

// editDraft runs f on a course of the provider's that is still a draft, and audits it.
func (s *Service) editDraft(ctx context.Context, providerID, courseID, action string, f func(tx *sqldb.Tx, c Course) error) error {
	if _, err := identity.RequireDuty(ctx, providerID, identity.DutyCourse); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		c, err := ownCourseTx(ctx, tx, providerID, courseID)
		if err != nil {
			return err
		}
		if c.State != "draft" {
			return errs.New(errs.Conflict, "catalog.course_bound")
		}
		if err := f(tx, c); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, action, "course/"+c.ID, nil)
	})
}

// QuestionDraft is a content question of a presence check as its provider writes it.
type QuestionDraft struct {
	AtMS    int64    `json:"at_ms" minimum:"0" doc:"Asked only of those who have studied so far"`
	Text    string   `json:"text" minLength:"4" maxLength:"200"`
	Options []string `json:"options" minItems:"2" maxItems:"6"`
	Answer  int64    `json:"answer" minimum:"0" doc:"Index of the right option"`
}

// SetQuestions replaces a lesson's content questions. Errors: Invalid "catalog.question" {no}.
func (s *Service) SetQuestions(ctx context.Context, providerID, lessonID string, qs []QuestionDraft) error {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return err
	}
	for i, q := range qs {
		if q.Answer >= int64(len(q.Options)) || hasDouble(q.Options) {
			return errs.New(errs.Invalid, "catalog.question", "no", i+1)
		}
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM content_question WHERE lesson_id = $1`, lessonID); err != nil {
			return err
		}
		for no, q := range qs {
			options, err := json.Marshal(q.Options)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO content_question (lesson_id, no, at_ms, text, options, answer) VALUES ($1, $2, $3, $4, $5, $6)`,
				lessonID, no, q.AtMS, q.Text, string(options), q.Answer); err != nil {
				return err
			}
		}
		return identity.AuditTx(ctx, tx, "catalog.questions", "lesson/"+lessonID, map[string]any{"questions": len(qs)})
	})
}

func hasDouble(options []string) bool {
	seen := map[string]bool{}
	for _, o := range options {
		if strings.TrimSpace(o) == "" || seen[o] {
			return true
		}
		seen[o] = true
	}
	return false
}

// Package catalog is what is offered: courses of two subjects, their lessons, and the questions of presence checks.
package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// Course is a creditable unit with marked hours.
type Course struct {
	ID          string `json:"id"`
	ProviderID  string `json:"provider_id"`
	Provider    string `json:"provider"`
	Code        string `json:"code"`
	Title       string `json:"title"`
	Summary     string `json:"summary"`
	Subject     string `json:"subject" enum:"public,professional"`
	Year        int64  `json:"year"`
	Hours       string `json:"hours" doc:"Credit hours, one decimal"`
	HoursTenths int64  `json:"-"`
	Minutes     int64  `json:"minutes"`
	Teacher     string `json:"teacher"`
	TeacherBio  string `json:"teacher_bio"`
	PriceFen    int64  `json:"price_fen"`
	Sequential  bool   `json:"sequential"`
	State       string `json:"state"`
	Lessons     int64  `json:"lessons"`
}

// Lesson is a playable unit.
type Lesson struct {
	ID         string   `json:"id"`
	CourseID   string   `json:"course_id"`
	Chapter    string   `json:"chapter"`
	Number     int64    `json:"number"`
	Title      string   `json:"title"`
	MediaID    string   `json:"media_id"`
	MediaRev   int64    `json:"media_rev"`
	DurationMS int64    `json:"duration_ms"`
	Points     []string `json:"points"`
	Handout    string   `json:"handout"`
	Captions   string   `json:"-"` // file of its captions beside the media; empty = none
}

// Hours writes tenths of hours as "0.4".
func Hours(tenths int64) string {
	sign := ""
	if tenths < 0 {
		sign, tenths = "-", -tenths
	}
	return fmt.Sprintf("%s%d.%d", sign, tenths/10, tenths%10)
}

const courseColumns = `c.id, c.provider_id, p.short_name, c.code, c.title, c.summary, c.subject, c.year, c.hours_tenths, c.minutes, c.teacher,
	c.teacher_bio, c.price_fen, c.sequential, c.state, (SELECT count(*) FROM lesson l WHERE l.course_id = c.id)`

func scanCourse(row sqldb.Scanner) (c Course, err error) {
	var sequential int64
	err = row.Scan(&c.ID, &c.ProviderID, &c.Provider, &c.Code, &c.Title, &c.Summary, &c.Subject, &c.Year, &c.HoursTenths, &c.Minutes, &c.Teacher,
		&c.TeacherBio, &c.PriceFen, &sequential, &c.State, &c.Lessons)
	c.Hours, c.Sequential = Hours(c.HoursTenths), sequential != 0
	return c, err
}

// Filter narrows the public list.
type Filter struct {
	Text, Subject, ProviderID string
	Year                      int64
	MinTenths, MaxTenths      int64 // 0 = no bound
	After                     string
	Limit                     int
}

// Service reads the catalogue for everybody, and makes it for the providers.
type Service struct {
	db    *sqldb.DB
	files *media.Service
}

// New makes the service; files are where lessons come from.
func New(db *sqldb.DB, files *media.Service) *Service { return &Service{db, files} }

// Search lists published courses, newest id last, keyset-paged.
func (s *Service) Search(ctx context.Context, f Filter) (out []Course, next string, err error) {
	where, args := []string{"c.state = 'published'"}, []any{}
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if f.Year != 0 {
		add("c.year = $%d", f.Year)
	}
	if f.Subject != "" {
		add("c.subject = $%d", f.Subject)
	}
	if f.ProviderID != "" {
		add("c.provider_id = $%d", f.ProviderID)
	}
	if f.MinTenths > 0 {
		add("c.hours_tenths >= $%d", f.MinTenths)
	}
	if f.MaxTenths > 0 {
		add("c.hours_tenths <= $%d", f.MaxTenths)
	}
	if f.Text != "" {
		add(`lower(c.title || ' ' || c.teacher || ' ' || c.summary) LIKE $%d ESCAPE '\'`, "%"+sqldb.EscapeLike(strings.ToLower(f.Text))+"%")
	}
	if f.After != "" {
		add("c.id > $%d", f.After)
	}
	args = append(args, f.Limit+1)
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id WHERE `+
			strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY c.id LIMIT $%d", len(args)), args...)
		return err
	})
	if len(out) > f.Limit {
		out = out[:f.Limit]
		next = out[f.Limit-1].ID
	}
	return out, next, err
}

// Course reads one course that may be shown, with its lessons. Errors: NotFound "catalog.no_course".
func (s *Service) Course(ctx context.Context, courseID string) (c Course, lessons []Lesson, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if c, err = CourseTx(ctx, tx, courseID); err != nil {
			return err
		}
		if c.State != "published" && c.State != "withdrawn" {
			return errs.New(errs.NotFound, "catalog.no_course")
		}
		lessons, err = LessonsTx(ctx, tx, courseID)
		return err
	})
	return c, lessons, err
}

// CourseTx reads a course in any state.
func CourseTx(ctx context.Context, tx *sqldb.Tx, courseID string) (Course, error) {
	c, found, err := sqldb.One(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id WHERE c.id = $1`, courseID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_course")
	}
	return c, err
}

const lessonColumns = `l.id, l.course_id, l.chapter, l.number, l.title, l.media_id, l.media_rev, m.duration_ms, l.points, l.handout, l.captions`

func scanLesson(row sqldb.Scanner) (l Lesson, err error) {
	var points string
	err = row.Scan(&l.ID, &l.CourseID, &l.Chapter, &l.Number, &l.Title, &l.MediaID, &l.MediaRev, &l.DurationMS, &points, &l.Handout, &l.Captions)
	if err == nil {
		err = json.Unmarshal([]byte(points), &l.Points)
	}
	return l, err
}

// LessonsTx lists a course's lessons in order.
func LessonsTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]Lesson, error) {
	return sqldb.Rows(ctx, tx, scanLesson, `SELECT `+lessonColumns+` FROM lesson l JOIN media m ON m.id = l.media_id AND m.rev = l.media_rev
		WHERE l.course_id = $1 ORDER BY l.number`, courseID)
}

// LessonTx reads one lesson. Errors: NotFound "catalog.no_lesson".
func LessonTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (Lesson, error) {
	l, found, err := sqldb.One(ctx, tx, scanLesson, `SELECT `+lessonColumns+` FROM lesson l JOIN media m ON m.id = l.media_id AND m.rev = l.media_rev
		WHERE l.id = $1`, lessonID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_lesson")
	}
	return l, err
}

// Question is a content question with its answer, for the server's eyes.
type Question struct {
	Text    string
	Options []string
	Answer  int
}

// QuestionsTx are the lesson's questions on media before the position ms.
func QuestionsTx(ctx context.Context, tx *sqldb.Tx, lessonID string, before int64) ([]Question, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (q Question, err error) {
		var options string
		if err = row.Scan(&q.Text, &options, &q.Answer); err == nil {
			err = json.Unmarshal([]byte(options), &q.Options)
		}
		return q, err
	}, `SELECT text, options, answer FROM content_question WHERE lesson_id = $1 AND at_ms <= $2 ORDER BY no`, lessonID, before)
}

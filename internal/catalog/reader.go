package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// ListFilter narrows a provider's own list; empty fields do not.
type ListFilter struct {
	ProviderID, State, Subject string
	Year                       int64
	After                      string
	Limit                      int
}

// ListTx lists a provider's courses in every state, keyset-paged by id.
func ListTx(ctx context.Context, tx *sqldb.Tx, f ListFilter) (out []Course, next string, err error) {
	where, args := []string{"c.provider_id = $1"}, []any{f.ProviderID}
	add := func(cond string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(cond, len(args)))
	}
	if f.State != "" {
		add("c.state = $%d", f.State)
	}
	if f.Subject != "" {
		add("c.subject = $%d", f.Subject)
	}
	if f.Year != 0 {
		add("c.year = $%d", f.Year)
	}
	if f.After != "" {
		add("c.id > $%d", f.After)
	}
	args = append(args, f.Limit+1)
	out, err = sqldb.Rows(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id WHERE `+
		strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY c.id LIMIT $%d", len(args)), args...)
	if len(out) > f.Limit {
		out = out[:f.Limit]
		next = out[f.Limit-1].ID
	}
	return out, next, err
}

// StatesTx counts a provider's courses by state.
func StatesTx(ctx context.Context, tx *sqldb.Tx, providerID string) (map[string]int64, error) {
	out := map[string]int64{}
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		var state string
		var n int64
		err := row.Scan(&state, &n)
		out[state] = n
		return struct{}{}, err
	}, `SELECT state, count(*) FROM course WHERE provider_id = $1 GROUP BY state`, providerID)
	return out, err
}

// OutlineLesson is a lesson as its provider sees it.
type OutlineLesson struct {
	Lesson
	Slides      int               `json:"slides"`
	Width       int64             `json:"width"`
	Height      int64             `json:"height"`
	CaptionsURL string            `json:"captions_url"`
	PosterURL   string            `json:"poster_url"`
	Questions   []OutlineQuestion `json:"questions"`
}

// OutlineQuestion is a content question with its answer: for the provider, never for a learner.
type OutlineQuestion struct {
	AtMS    int64    `json:"at_ms" doc:"Asked only of those who have studied so far"`
	Text    string   `json:"text"`
	Options []string `json:"options"`
	Answer  int      `json:"answer" doc:"Index of the right option"`
}

// OutlineTx lists a course's lessons with media facts and questions.
func OutlineTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]OutlineLesson, error) {
	lessons, err := LessonsTx(ctx, tx, courseID)
	if err != nil {
		return nil, err
	}
	out := make([]OutlineLesson, len(lessons))
	for i, l := range lessons {
		m, err := media.Tx(ctx, tx, l.MediaID, l.MediaRev)
		if err != nil {
			return nil, err
		}
		base := fmt.Sprintf("/media/public/%s/%d/", m.ID, m.Rev)
		out[i] = OutlineLesson{Lesson: l, Slides: len(m.Slides), Width: m.Width, Height: m.Height, CaptionsURL: captionsURL(base, l), PosterURL: base + "poster.jpg"}
		if out[i].Questions, err = outlineQuestionsTx(ctx, tx, l.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func captionsURL(base string, l Lesson) string {
	if l.Captions == "" {
		return ""
	}
	return base + l.Captions
}

func outlineQuestionsTx(ctx context.Context, tx *sqldb.Tx, lessonID string) ([]OutlineQuestion, error) {
	out, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (q OutlineQuestion, err error) {
		var options string
		if err = row.Scan(&q.AtMS, &q.Text, &options, &q.Answer); err == nil {
			err = json.Unmarshal([]byte(options), &q.Options)
		}
		return q, err
	}, `SELECT at_ms, text, options, answer FROM content_question WHERE lesson_id = $1 ORDER BY no`, lessonID)
	if out == nil {
		out = []OutlineQuestion{}
	}
	return out, err
}

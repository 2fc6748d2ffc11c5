package learner

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/classroom"
	"xueshi/internal/platform/httpx"
)

type listOf struct {
	httpx.Paging
	ID string `path:"id" maxLength:"40"`
}

// DraftBody is a note or a question as the page sends it.
type DraftBody struct {
	AtMS int64  `json:"at_ms" doc:"Position in the lesson"`
	Rev  int64  `json:"rev,omitempty" minimum:"0" doc:"Of the media that the page shows; 0 = what is played now"`
	Text string `json:"text" maxLength:"8000"`
	Key  string `json:"key" maxLength:"60" doc:"The page's own name for it: sending it twice adds one"`
}

func (b DraftBody) of(lessonID string) classroom.Draft {
	return classroom.Draft{LessonID: lessonID, AtMS: b.AtMS, Rev: b.Rev, Text: b.Text, Key: b.Key}
}

// RegisterClassroom registers notes and questions beside a lesson.
func RegisterClassroom(api huma.API, svc *classroom.Service) {
	const lesson = "/api/learner/lessons/{id}"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: lesson + "/classroom", Summary: "How many notes and questions there are"},
		func(ctx context.Context, in *byID) (*httpx.Body[classroom.Counts], error) {
			return answer(svc.Counts(ctx, in.ID))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: lesson + "/notes", Summary: "Own notes on a lesson, the newest first"},
		func(ctx context.Context, in *listOf) (*httpx.Body[httpx.Page[classroom.Note]], error) {
			return answerPage(svc.LessonNotes(ctx, in.ID, in.After, in.Limit))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/courses/{id}/notes", Summary: "Own notes on all lessons of a course"},
		func(ctx context.Context, in *listOf) (*httpx.Body[httpx.Page[classroom.Note]], error) {
			return answerPage(svc.CourseNotes(ctx, in.ID, in.After, in.Limit))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: lesson + "/notes", Summary: "Write a note", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body DraftBody
		}) (*httpx.Body[classroom.Note], error) {
			return answer(svc.AddNote(ctx, in.Body.of(in.ID)))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/learner/notes/{id}", Summary: "Change a note"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Text string `json:"text" maxLength:"8000"`
			}
		}) (*httpx.Body[classroom.Note], error) {
			return answer(svc.EditNote(ctx, in.ID, in.Body.Text))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodDelete, Path: "/api/learner/notes/{id}", Summary: "Delete a note", DefaultStatus: 204},
		func(ctx context.Context, in *byID) (*struct{}, error) { return nil, svc.DeleteNote(ctx, in.ID) })
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: lesson + "/questions", Summary: "Own questions and answered ones of others"},
		func(ctx context.Context, in *listOf) (*httpx.Body[httpx.Page[classroom.Question]], error) {
			return answerPage(svc.Questions(ctx, in.ID, in.After, in.Limit))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: lesson + "/questions", Summary: "Ask the teacher", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				DraftBody
				Shared bool `json:"shared" doc:"Other learners of the course may see it once it is answered"`
			}
		}) (*httpx.Body[classroom.Question], error) {
			return answer(svc.Ask(ctx, in.Body.of(in.ID), in.Body.Shared))
		})
}

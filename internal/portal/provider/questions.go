// Package provider is the providers' portal: what teachers and staff of a provider do.
package provider

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/classroom"
	"xueshi/internal/platform/httpx"
)

// RegisterQuestions registers the answering of learners' questions.
func RegisterQuestions(api huma.API, svc *classroom.Service) {
	const base = "/api/provider/questions"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base, Summary: "Questions to the own providers in a state"},
		func(ctx context.Context, in *struct {
			httpx.Paging
			State string `query:"state" enum:"open,answered,hidden" default:"open"`
		}) (*httpx.Body[httpx.Page[classroom.Question]], error) {
			items, next, err := svc.Desk(ctx, in.State, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[classroom.Question]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "/{id}/answer", Summary: "Answer a question, or change the answer"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Text   string `json:"text" maxLength:"8000"`
				Change bool   `json:"change,omitempty" doc:"Put this in place of the answer given"`
			}
		}) (*httpx.Body[classroom.Question], error) {
			return answer(svc.Answer(ctx, in.ID, in.Body.Text, in.Body.Change))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "/{id}/hide", Summary: "Hide a question, with a reason"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Reason string `json:"reason" maxLength:"1000"`
			}
		}) (*httpx.Body[classroom.Question], error) {
			return answer(svc.Hide(ctx, in.ID, in.Body.Reason))
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "/{id}/restore", Summary: "Show a hidden question again"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
		}) (*httpx.Body[classroom.Question], error) {
			return answer(svc.Restore(ctx, in.ID))
		})
}

func answer(q classroom.Question, err error) (*httpx.Body[classroom.Question], error) {
	if err != nil {
		return nil, err
	}
	return httpx.OK(q)
}

package learner

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/credit"
	"xueshi/internal/platform/httpx"
)

func (s Services) appeals(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/appeals", Summary: "The learner's own appeals"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[credit.Appeal]], error) {
			items, err := s.Credit.OwnAppeals(ctx)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []credit.Appeal{}
			}
			return httpx.OK(httpx.Page[credit.Appeal]{Items: items})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/learner/appeals", Summary: "The time is wrong: appeal with the evidence attached"},
		func(ctx context.Context, in *struct {
			Body struct {
				LessonID string `json:"lesson_id" maxLength:"40"`
				Rev      int64  `json:"rev,omitempty" minimum:"0" doc:"Of the media that the page shows; 0 = what is played now"`
				FromMS   int64  `json:"from_ms"`
				ToMS     int64  `json:"to_ms"`
				Text     string `json:"text" maxLength:"2000"`
			}
		}) (*httpx.Body[credit.Appeal], error) {
			a, err := s.Credit.Submit(ctx, in.Body.LessonID, in.Body.Rev, in.Body.FromMS, in.Body.ToMS, in.Body.Text)
			if err != nil {
				return nil, err
			}
			return httpx.OK(a)
		})
}

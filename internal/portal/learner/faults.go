package learner

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/fault"
	"xueshi/internal/platform/httpx"
)

// RegisterFaults registers telling what is wrong with a lesson.
func RegisterFaults(api huma.API, svc *fault.Service) {
	const faults = "/api/learner/lessons/{id}/faults"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: faults, Summary: "What one has told of a lesson, and the answers"},
		func(ctx context.Context, in *byID) (*httpx.Body[httpx.Page[fault.Own]], error) {
			items, err := svc.Mine(ctx, in.ID)
			return answerPage(items, "", err)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: faults, Summary: "Tell what is wrong at a second of a lesson", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Rev  int64  `json:"rev,omitempty" minimum:"0" doc:"Of the media that the page shows; 0 = what is played now"`
				Kind string `json:"kind" enum:"no_sound,noise,black,frozen,out_of_sync,blurred,wrong_content,captions,other"`
				AtMS int64  `json:"at_ms" doc:"Position in the lesson"`
				Note string `json:"note,omitempty" maxLength:"2000" doc:"Needed for other"`
			}
		}) (*httpx.Body[fault.Own], error) {
			return answer(svc.Report(ctx, fault.Draft{LessonID: in.ID, Rev: in.Body.Rev, Kind: in.Body.Kind, AtMS: in.Body.AtMS, Note: in.Body.Note}))
		})
}

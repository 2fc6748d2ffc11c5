package bureau

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/fault"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/coursefile"
)

// Revision names one revision of a lesson's courseware.
type Revision struct {
	Lesson string `path:"lesson" maxLength:"40"`
	Rev    int64  `path:"rev" minimum:"1"`
}

// RegisterCourseware registers the reading of inspection reports, and objections.
func RegisterCourseware(mux *http.ServeMux, api huma.API, svc *fault.Service) {
	const one = "/api/bureau/lessons/{lesson}/courseware/{rev}"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/courseware", Summary: "Lessons that the jurisdiction's learners play, with the verdict of inspection"},
		func(ctx context.Context, in *struct {
			httpx.Paging
			Provider string `query:"provider" maxLength:"40"`
			Show     string `query:"show" enum:"failing,waived,faults,uninspected," doc:"Empty = all; faults = something is open"`
		}) (*httpx.Body[httpx.Page[fault.Line]], error) {
			items, next, err := svc.Inspections(ctx, fault.LineFilter{ProviderID: in.Provider, Show: in.Show}, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []fault.Line{}
			}
			return httpx.OK(httpx.Page[fault.Line]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: one, Summary: "A revision's inspection report, sign-off and faults"},
		func(ctx context.Context, in *Revision) (*httpx.Body[fault.Dossier], error) {
			d, err := svc.Dossier(ctx, in.Lesson, in.Rev)
			if err != nil {
				return nil, err
			}
			return httpx.OK(d)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: one + "/objections", Summary: "Object to a revision at a second", DefaultStatus: 201},
		func(ctx context.Context, in *struct {
			Revision
			Body struct {
				Kind string `json:"kind" enum:"no_sound,noise,black,frozen,out_of_sync,blurred,wrong_content,captions,other"`
				AtMS int64  `json:"at_ms"`
				Text string `json:"text" maxLength:"2000" doc:"What is objected to; the provider's staff read it"`
			}
		}) (*httpx.Body[fault.Place], error) {
			p, err := svc.Object(ctx, fault.Draft{LessonID: in.Lesson, Rev: in.Rev, Kind: in.Body.Kind, AtMS: in.Body.AtMS, Note: in.Body.Text})
			if err != nil {
				return nil, err
			}
			return httpx.OK(p)
		})
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: one + "/files/{file...}",
		Summary:   "A file of a revision for the bureau: playlist, segments, poster, pictures of the report (report/NAME)",
		Responses: coursefile.Answer()}, func(w http.ResponseWriter, r *http.Request) {
		lesson := r.PathValue("lesson")
		coursefile.Serve(w, r, coursefile.Source{
			Playlist: func(ctx context.Context, rev int64, name string) (string, error) {
				return svc.Playlist(ctx, lesson, rev, name)
			},
			File: func(ctx context.Context, rev int64, name string) (blob.File, error) {
				return svc.File(ctx, lesson, rev, name)
			},
		})
	})
}

package provider

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/fault"
	"xueshi/internal/platform/httpx"
)

// RegisterFaults registers the queue of faults and the answering of them.
func RegisterFaults(api huma.API, svc *fault.Service) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "faults", Summary: "Faults that were told of the provider's courseware, by place"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
			State  string `query:"state" enum:"open,mended,refused," doc:"Empty = all, the newest first"`
			Source string `query:"source" enum:"learner,bureau,"`
			Course string `query:"course" maxLength:"40"`
			Lesson string `query:"lesson" maxLength:"40"`
			Rev    int64  `query:"rev" minimum:"0"`
		}) (*httpx.Body[httpx.Page[fault.Place]], error) {
			items, next, err := svc.Queue(ctx, in.Provider, fault.Filter{State: in.State, Source: in.Source, CourseID: in.Course, LessonID: in.Lesson, Rev: in.Rev}, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[fault.Place]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "faults/waiting", Summary: "How many faults are open"},
		func(ctx context.Context, in *struct{ Scope }) (*httpx.Body[fault.Waiting], error) {
			w, err := svc.Waiting(ctx, in.Provider)
			if err != nil {
				return nil, err
			}
			return httpx.OK(w)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "faults/{fault}/answer", Summary: "Answer a place: mended, or nothing was wrong"},
		func(ctx context.Context, in *struct {
			Scope
			Fault string `path:"fault" maxLength:"40"`
			Body  fault.Answer
		}) (*httpx.Body[fault.Place], error) {
			p, err := svc.Answer(ctx, in.Provider, in.Fault, in.Body)
			if err != nil {
				return nil, err
			}
			return httpx.OK(p)
		})
}

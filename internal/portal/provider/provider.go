// Package provider is the API of the organisations that give courses: their desk, courses and learners.
package provider

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/catalog"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/supervision"
)

// Scope names the provider; each use case checks that the actor works for it.
type Scope struct {
	Provider string `path:"provider" maxLength:"40"`
}

// Register puts the portal on api.
func Register(api huma.API, s *supervision.Service) {
	const base = "/api/provider/providers/{provider}/"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/provider/providers", Summary: "The providers the actor works for"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[org.Provider]], error) {
			items, err := s.Mine(ctx)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []org.Provider{}
			}
			return httpx.OK(httpx.Page[org.Provider]{Items: items})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "desk", Summary: "The provider's figures of a year"},
		func(ctx context.Context, in *struct {
			Scope
			Year int64 `query:"year" minimum:"0" maximum:"2100"`
		}) (*httpx.Body[supervision.ProviderDesk], error) {
			d, err := s.Desk(ctx, in.Provider, in.Year)
			if err != nil {
				return nil, err
			}
			return httpx.OK(d)
		})
	courses(api, s, base)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "learners", Summary: "Enrolments in the provider's courses, the newest first"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
			Year   int64  `query:"year" minimum:"0" maximum:"2100" doc:"0 = the present one"`
			Course string `query:"course" maxLength:"40"`
			State  string `query:"state" enum:"active,completed,"`
		}) (*httpx.Body[httpx.Page[supervision.CourseLearner]], error) {
			items, next, err := s.CourseLearners(ctx, supervision.LearnerFilter{ProviderID: in.Provider, CourseID: in.Course, State: in.State,
				Year: in.Year, After: in.After, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []supervision.CourseLearner{}
			}
			return httpx.OK(httpx.Page[supervision.CourseLearner]{Items: items, Next: next})
		})
}

func courses(api huma.API, s *supervision.Service, base string) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "courses", Summary: "The provider's courses in every state"},
		func(ctx context.Context, in *struct {
			Scope
			httpx.Paging
			State   string `query:"state" enum:"draft,inspecting,reviewed,published,withdrawn,"`
			Subject string `query:"subject" enum:"public,professional,"`
			Year    int64  `query:"year" minimum:"0" maximum:"2100" doc:"0 = every year"`
		}) (*httpx.Body[httpx.Page[supervision.ProviderCourse]], error) {
			items, next, err := s.Courses(ctx, catalog.ListFilter{ProviderID: in.Provider, State: in.State, Subject: in.Subject, Year: in.Year,
				After: in.After, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[supervision.ProviderCourse]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "courses/{id}", Summary: "One of the provider's courses with lessons and questions"},
		func(ctx context.Context, in *struct {
			Scope
			ID string `path:"id" maxLength:"40"`
		}) (*httpx.Body[supervision.ProviderOutline], error) {
			o, err := s.Course(ctx, in.Provider, in.ID)
			if err != nil {
				return nil, err
			}
			return httpx.OK(o)
		})
}

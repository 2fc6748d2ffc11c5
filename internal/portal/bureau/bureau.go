// Package bureau is the API of the authorities: overview, learners and providers of a jurisdiction.
package bureau

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/platform/httpx"
	"xueshi/internal/supervision"
)

// YearIn is the query of every page about a year.
type YearIn struct {
	Year int64 `query:"year" minimum:"0" maximum:"2100" doc:"Credit year; 0 = the present one"`
}

// Register puts the portal on api.
func Register(api huma.API, s *supervision.Service) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/overview", Summary: "A jurisdiction's year in figures"},
		func(ctx context.Context, in *struct {
			YearIn
			Region string `query:"region" maxLength:"40" doc:"A region within the jurisdiction; empty = all of it"`
		}) (*httpx.Body[supervision.Overview], error) {
			o, err := s.Overview(ctx, in.Year, in.Region)
			if err != nil {
				return nil, err
			}
			return httpx.OK(o)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/learners", Summary: "The jurisdiction's learners with their hours of a year"},
		func(ctx context.Context, in *struct {
			YearIn
			httpx.Paging
			Region string `query:"region" maxLength:"40"`
			Text   string `query:"q" maxLength:"60" doc:"Beginning of a name, or part of a unit's name"`
		}) (*httpx.Body[httpx.Page[supervision.LearnerLine]], error) {
			items, next, err := s.Learners(ctx, in.Year, in.Region, in.Text, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []supervision.LearnerLine{}
			}
			return httpx.OK(httpx.Page[supervision.LearnerLine]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/learners/{id}", Summary: "A learner's file of a year"},
		func(ctx context.Context, in *struct {
			YearIn
			ID string `path:"id" maxLength:"40"`
		}) (*httpx.Body[supervision.LearnerFile], error) {
			f, err := s.Learner(ctx, in.ID, in.Year)
			if err != nil {
				return nil, err
			}
			return httpx.OK(f)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/providers", Summary: "The providers as the jurisdiction's learners use them"},
		func(ctx context.Context, in *YearIn) (*httpx.Body[httpx.Page[supervision.ProviderLine]], error) {
			items, err := s.Providers(ctx, in.Year)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[supervision.ProviderLine]{Items: items})
		})
}

package bureau

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/availability"
	"xueshi/internal/platform/httpx"
)

// RegisterAvailability registers the page on availability and response times; operators read it too.
func RegisterAvailability(api huma.API, svc *availability.Service) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/bureau/availability", Summary: "Availability and response times of a month, and its incidents"},
		func(ctx context.Context, in *struct {
			Month string `query:"month" maxLength:"7" doc:"2026-11; empty = the present one"`
		}) (*httpx.Body[availability.Month], error) {
			m, err := svc.Month(ctx, in.Month)
			if err != nil {
				return nil, err
			}
			return httpx.OK(m)
		})
}

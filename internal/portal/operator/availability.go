package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/availability"
	"xueshi/internal/platform/httpx"
)

// RegisterAvailability registers what operators say of incidents.
func RegisterAvailability(api huma.API, svc *availability.Service) {
	const base = "/api/operator/incidents"
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "/{id}", OperationID: "explain-incident", Summary: "What was behind an incident and what was done about it",
		DefaultStatus: http.StatusNoContent}, func(ctx context.Context, in *struct {
		ID   string `path:"id" maxLength:"40"`
		Body availability.Note
	}) (*struct{}, error) {
		return nil, svc.Explain(ctx, in.ID, in.Body)
	})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base, OperationID: "report-incident", Summary: "An incident that no process could see",
		DefaultStatus: http.StatusNoContent}, func(ctx context.Context, in *struct{ Body availability.Report }) (*struct{}, error) {
		return nil, svc.Report(ctx, in.Body)
	})
}

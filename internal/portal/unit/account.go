// Package unit is the API of employers' administrators.
package unit

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/session"
)

type account struct{ svc *identity.Service }

// RegisterAccount registers a unit's people: list, import, and the requests its administrator decides.
func RegisterAccount(api huma.API, svc *identity.Service) {
	a := account{svc}
	const base = "/api/unit/units/{unit}/"
	httpx.Handle(api, huma.Operation{Method: "GET", Path: "/api/unit/units", OperationID: "own-units"}, a.units)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: "/api/unit/import-template.xlsx", OperationID: "import-template"}, a.template)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "learners", OperationID: "unit-learners"}, a.learners)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "import", OperationID: "preview-import", MaxBodyBytes: 3 << 20, BodyReadTimeout: time.Minute}, a.preview)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: "/api/unit/imports/{id}/confirm", OperationID: "confirm-import"}, a.confirm)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "requests", OperationID: "unit-requests"}, a.requests)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: "/api/unit/requests/{id}/proof", OperationID: "unit-proof"}, a.proof)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: "/api/unit/requests/{id}/decide", OperationID: "unit-decide", DefaultStatus: 204}, a.decide)
}

func (a account) units(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[identity.AdminUnit]], error) {
	items, err := a.svc.OwnUnits(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[identity.AdminUnit]{Items: items})
}

func (a account) template(ctx context.Context, _ *struct{}) (*httpx.File, error) {
	if _, err := identity.Require(ctx, identity.UnitAdmin); err != nil {
		return nil, err
	}
	content, err := identity.ImportTemplate()
	if err != nil {
		return nil, err
	}
	return httpx.Attachment("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "learners.xlsx", content)
}

func (a account) proof(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40"`
}) (*httpx.File, error) {
	return session.Proof(a.svc.RequestProof(ctx, in.ID))
}

func (a account) learners(ctx context.Context, in *struct {
	Unit string `path:"unit" maxLength:"40"`
	Text string `query:"q" maxLength:"60" doc:"Part of the name"`
	httpx.Paging
}) (*httpx.Body[httpx.Page[identity.Account]], error) {
	items, err := a.svc.UnitLearners(ctx, in.Unit, in.Text, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	page := httpx.Page[identity.Account]{Items: items}
	if len(items) == in.Limit {
		page.Next = items[len(items)-1].ID
	}
	return httpx.OK(page)
}

func (a account) preview(ctx context.Context, in *struct {
	Unit string `path:"unit" maxLength:"40"`
	Body struct {
		Content []byte `json:"content" doc:"The XLSX or CSV file, base64; at most 2 MiB"`
	}
}) (*httpx.Body[identity.ImportPreview], error) {
	p, err := a.svc.PreviewImport(ctx, in.Unit, in.Body.Content)
	if err != nil {
		return nil, err
	}
	return httpx.OK(p)
}

type imported struct {
	Made   int                 `json:"made"`
	Errors []identity.RowError `json:"errors" doc:"Rows taken since the preview"`
}

func (a account) confirm(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40"`
}) (*httpx.Body[imported], error) {
	n, taken, err := a.svc.ConfirmImport(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return httpx.OK(imported{n, taken})
}

func (a account) requests(ctx context.Context, in *struct {
	Unit string `path:"unit" maxLength:"40"`
	Kind string `query:"kind" enum:"transfer,correction" required:"true"`
	httpx.Paging
}) (*httpx.Body[httpx.Page[identity.Request]], error) {
	items, err := a.svc.PendingRequests(ctx, in.Unit, in.Kind, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	page := httpx.Page[identity.Request]{Items: items}
	if len(items) == in.Limit {
		page.Next = items[len(items)-1].ID
	}
	return httpx.OK(page)
}

func (a account) decide(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Approve bool   `json:"approve"`
		Answer  string `json:"answer,omitempty" maxLength:"500" doc:"Needed for a refusal"`
	}
}) (*struct{}, error) {
	return nil, a.svc.Decide(ctx, in.ID, in.Body.Approve, in.Body.Answer)
}

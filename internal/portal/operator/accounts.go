// Package operator is the API of those who run the platform.
package operator

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/session"
)

type accounts struct{ svc *identity.Service }

// RegisterAccount registers the care of accounts: search, grants, locks, reveals, corrections.
func RegisterAccount(api huma.API, svc *identity.Service) {
	a := accounts{svc}
	const base = "/api/operator/accounts/"
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "find", OperationID: "find-account"}, a.find)
	httpx.Handle(api, huma.Operation{Method: "PUT", Path: base + "{id}/grants", OperationID: "grant", DefaultStatus: 204}, a.grant)
	httpx.Handle(api, huma.Operation{Method: "DELETE", Path: base + "{id}/grants", OperationID: "revoke", DefaultStatus: 204}, a.revoke)
	httpx.Handle(api, huma.Operation{Method: "PUT", Path: base + "{id}/lock", OperationID: "lock-account", DefaultStatus: 204}, a.lock)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "{id}/reveal", OperationID: "reveal-id-number"}, a.reveal)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "requests", OperationID: "all-requests"}, a.requests)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "requests/{id}/proof", OperationID: "operator-proof"}, a.proof)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "requests/{id}/decide", OperationID: "operator-decide", DefaultStatus: 204}, a.decide)
}

// find is a POST so that phones and ID numbers stay out of access logs.
func (a accounts) find(ctx context.Context, in *struct {
	Body struct {
		Account string `json:"account" maxLength:"20" doc:"Exact phone or ID number"`
	}
}) (*httpx.Body[identity.Account], error) {
	v, err := a.svc.FindAccount(ctx, in.Body.Account)
	if err != nil {
		return nil, err
	}
	return httpx.OK(v)
}

func (a accounts) grant(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Role   string   `json:"role" maxLength:"40"`
		Scope  string   `json:"scope,omitempty" maxLength:"40"`
		Duties []string `json:"duties,omitempty" enum:"admin,course,exam,finance,service" maxItems:"5"`
	}
}) (*struct{}, error) {
	return nil, a.svc.Grant(ctx, in.ID, identity.Grant{Role: identity.Role(in.Body.Role), Scope: in.Body.Scope, Duties: in.Body.Duties})
}

func (a accounts) revoke(ctx context.Context, in *struct {
	ID    string `path:"id" maxLength:"40"`
	Role  string `query:"role" required:"true" maxLength:"40"`
	Scope string `query:"scope" maxLength:"40"`
}) (*struct{}, error) {
	return nil, a.svc.Revoke(ctx, in.ID, identity.Role(in.Role), in.Scope)
}

func (a accounts) lock(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Locked bool   `json:"locked"`
		Reason string `json:"reason" minLength:"2" maxLength:"500"`
	}
}) (*struct{}, error) {
	return nil, a.svc.SetLocked(ctx, in.ID, in.Body.Locked, in.Body.Reason)
}

type revealed struct {
	IDNumber string `json:"id_number"`
}

func (a accounts) reveal(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Reason string `json:"reason" maxLength:"500"`
	}
}) (*httpx.Body[revealed], error) {
	n, err := a.svc.RevealIDNumber(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return httpx.OK(revealed{n})
}

func (a accounts) requests(ctx context.Context, in *struct {
	Kind string `query:"kind" enum:"transfer,correction" required:"true"`
	httpx.Paging
}) (*httpx.Body[httpx.Page[identity.Request]], error) {
	items, err := a.svc.PendingRequests(ctx, "", in.Kind, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	page := httpx.Page[identity.Request]{Items: items}
	if len(items) == in.Limit {
		page.Next = items[len(items)-1].ID
	}
	return httpx.OK(page)
}

func (a accounts) decide(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Approve bool   `json:"approve"`
		Answer  string `json:"answer,omitempty" maxLength:"500" doc:"Needed for a refusal"`
	}
}) (*struct{}, error) {
	return nil, a.svc.Decide(ctx, in.ID, in.Body.Approve, in.Body.Answer)
}

func (a accounts) proof(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"40"`
}) (*httpx.File, error) {
	return session.Proof(a.svc.RequestProof(ctx, in.ID))
}

package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/platform/httpx"
)

type gateways struct {
	creds  *credential.Service
	outbox *sms.Outbox
}

// RegisterGateways registers the care of outside services: their credentials, and how the SMS gateway does.
func RegisterGateways(api huma.API, creds *credential.Service, outbox *sms.Outbox) {
	g := gateways{creds, outbox}
	const base = "/api/operator/gateways"
	op := func(method, path, id, summary string) huma.Operation {
		o := huma.Operation{Method: method, Path: base + path, OperationID: id, Summary: summary}
		if method == http.MethodPut || id == "withdraw-credential" {
			o.DefaultStatus = http.StatusNoContent
		}
		return o
	}
	httpx.Handle(api, op(http.MethodGet, "", "gateways", "Outside services and the credentials they work with"), g.list)
	httpx.Handle(api, op(http.MethodGet, "/{gateway}/versions", "credential-versions", "Versions of a credential, newest first"), g.versions)
	httpx.Handle(api, op(http.MethodPut, "/{gateway}", "put-credential", "A new version of a credential; it holds at once"), g.put)
	httpx.Handle(api, op(http.MethodPost, "/{gateway}/withdraw", "withdraw-credential", "End the use of a credential"), g.withdraw)
	httpx.Handle(api, op(http.MethodPost, "/sms/test", "test-sms", "Send a test message and tell how it went"), g.test)
	httpx.Handle(api, op(http.MethodGet, "/sms/overview", "sms-overview", "Messages of the last seven days by result"), g.overview)
	httpx.Handle(api, op(http.MethodGet, "/sms/troubles", "sms-troubles", "Messages that have not gone through, newest first"), g.troubles)
}

func (g gateways) list(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[credential.View]], error) {
	items, err := g.creds.List(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[credential.View]{Items: items})
}

func (g gateways) versions(ctx context.Context, in *struct {
	Gateway string `path:"gateway" maxLength:"20"`
	httpx.Paging
}) (*httpx.Body[httpx.Page[credential.View]], error) {
	items, next, err := g.creds.Versions(ctx, in.Gateway, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[credential.View]{Items: items, Next: next})
}

func (g gateways) put(ctx context.Context, in *struct {
	Gateway string `path:"gateway" maxLength:"20"`
	Body    credential.Change
}) (*struct{}, error) {
	return nil, g.creds.Put(ctx, in.Gateway, in.Body)
}

func (g gateways) withdraw(ctx context.Context, in *struct {
	Gateway string `path:"gateway" maxLength:"20"`
	Body    struct {
		Version int64  `json:"version" minimum:"1" doc:"The version that is to end"`
		Reason  string `json:"reason" maxLength:"200"`
	}
}) (*struct{}, error) {
	return nil, g.creds.Withdraw(ctx, in.Gateway, in.Body.Version, in.Body.Reason)
}

func (g gateways) test(ctx context.Context, in *struct {
	Body struct {
		Phone   string `json:"phone" maxLength:"20"`
		Purpose string `json:"purpose" enum:"register,login,reset,phone,step_up,unlock" doc:"Whose template to use"`
	}
}) (*httpx.Body[sms.Trial], error) {
	v, err := g.outbox.Try(ctx, in.Body.Phone, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	return httpx.OK(v)
}

func (g gateways) overview(ctx context.Context, _ *struct{}) (*httpx.Body[sms.Overview], error) {
	v, err := g.outbox.Overview(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(v)
}

func (g gateways) troubles(ctx context.Context, in *struct {
	httpx.Paging
}) (*httpx.Body[httpx.Page[sms.Trouble]], error) {
	items, err := g.outbox.Troubles(ctx, in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	p := httpx.Page[sms.Trouble]{Items: items}
	if len(items) > in.Limit {
		p.Items, p.Next = items[:in.Limit], items[in.Limit-1].ID
	}
	if p.Items == nil {
		p.Items = []sms.Trouble{}
	}
	return httpx.OK(p)
}

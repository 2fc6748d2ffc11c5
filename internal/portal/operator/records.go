package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
)

type records struct{ svc *identity.Service }

// RegisterRecords registers the legal texts and the audit trail.
func RegisterRecords(api huma.API, svc *identity.Service) {
	r := records{svc}
	const base = "/api/operator/"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "texts/{document}", OperationID: "text-history"}, r.history)
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "texts/{document}", OperationID: "publish-text", MaxBodyBytes: 512 << 10}, r.publish)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "audit", OperationID: "audit-log"}, r.audit)
}

func (r records) history(ctx context.Context, in *struct {
	httpx.Paging
	Document string `path:"document" enum:"agreement,privacy"`
}) (*httpx.Body[httpx.Page[identity.LegalText]], error) {
	n, err := before(in.After)
	if err != nil {
		return nil, err
	}
	items, err := r.svc.LegalHistory(ctx, in.Document, n, in.Limit)
	if err != nil {
		return nil, err
	}
	return httpx.OK(numbered(items, in.Limit, func(t identity.LegalText) int64 { return t.No }))
}

func (r records) publish(ctx context.Context, in *struct {
	Document string `path:"document" enum:"agreement,privacy"`
	Body     struct {
		BodyZH string `json:"body_zh" maxLength:"50000" doc:"Light text: headings, lists, paragraphs; no HTML"`
		BodyEN string `json:"body_en,omitempty" maxLength:"50000"`
		Reason string `json:"reason" maxLength:"500" doc:"What changed"`
	}
}) (*httpx.Body[identity.LegalText], error) {
	t, err := r.svc.PublishText(ctx, in.Document, in.Body.BodyZH, in.Body.BodyEN, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return httpx.OK(t)
}

func (r records) audit(ctx context.Context, in *struct {
	httpx.Paging
	Account string `query:"account" maxLength:"60"`
	Object  string `query:"object" maxLength:"100"`
	Action  string `query:"action" maxLength:"60"`
	From    string `query:"from" maxLength:"10" doc:"First day, 2026-01-01"`
	To      string `query:"to" maxLength:"10" doc:"Last day"`
}) (*httpx.Body[httpx.Page[identity.AuditEntry]], error) {
	items, next, err := r.svc.AuditLog(ctx, identity.AuditFilter{Account: in.Account, Object: in.Object, Action: in.Action, From: in.From, To: in.To}, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []identity.AuditEntry{}
	}
	return httpx.OK(httpx.Page[identity.AuditEntry]{Items: items, Next: next})
}

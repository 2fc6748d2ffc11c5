package learner

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/session"
)

type account struct {
	svc     *identity.Service
	cookies session.Cookies
}

type made struct {
	ID string `json:"id"`
}

// RegisterAccount registers what people do with their own account, whatever their role.
func RegisterAccount(api huma.API, svc *identity.Service, cookies session.Cookies) {
	a := account{svc, cookies}
	const base = "/api/learner/account/"
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "me", OperationID: "me"}, a.me)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "logout", OperationID: "log-out", DefaultStatus: 204}, a.logOut)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "sessions", OperationID: "sessions"}, a.sessions)
	httpx.Handle(api, huma.Operation{Method: "DELETE", Path: base + "sessions/{id}", OperationID: "end-session", DefaultStatus: 204}, a.endSession)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "password", OperationID: "change-password", DefaultStatus: 204}, a.password)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "consent", OperationID: "consent", DefaultStatus: 204}, a.consent)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "code", OperationID: "send-own-code", DefaultStatus: 204}, a.code)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "step-up", OperationID: "step-up", DefaultStatus: 204}, a.stepUp)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "phone", OperationID: "change-phone", DefaultStatus: 204}, a.phone)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "requests", OperationID: "own-requests"}, a.requests)
	httpx.Handle(api, huma.Operation{Method: "DELETE", Path: base + "requests/{id}", OperationID: "withdraw-request", DefaultStatus: 204}, a.withdraw)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "corrections", OperationID: "ask-correction", DefaultStatus: 201}, a.correction)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "proofs", OperationID: "keep-proof", DefaultStatus: 201,
		MaxBodyBytes: 7 << 20, BodyReadTimeout: time.Minute}, a.keepProof)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "requests/{id}/proof", OperationID: "own-proof"}, a.proof)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "unit-transfer", OperationID: "ask-transfer", DefaultStatus: 201}, a.transfer)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "export", OperationID: "export-own-data"}, a.export)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "close", OperationID: "close-account", DefaultStatus: 204}, a.close)
	httpx.Handle(api, huma.Operation{Method: "DELETE", Path: base + "close", OperationID: "keep-account", DefaultStatus: 204}, a.keep)
	httpx.Handle(api, huma.Operation{Method: "DELETE", Path: base + "posts/{provider}", OperationID: "leave-provider", DefaultStatus: 204}, a.leave)
}

func (a account) consent(ctx context.Context, in *struct {
	Body struct {
		Agreed string `json:"agreed" maxLength:"81" doc:"As GET /api/public/account/agreements gives it"`
	}
}) (*struct{}, error) {
	return nil, a.svc.Agree(ctx, in.Body.Agreed)
}

type byID struct {
	ID string `path:"id" maxLength:"40"`
}

func (a account) code(ctx context.Context, in *struct {
	Body struct {
		Purpose string `json:"purpose" enum:"step_up,phone"`
	}
}) (*struct{}, error) {
	return nil, a.svc.SendOwnCode(ctx, in.Body.Purpose, session.Address(ctx))
}

func (a account) stepUp(ctx context.Context, in *struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"6"`
	}
}) (*struct{}, error) {
	return nil, a.svc.StepUp(ctx, in.Body.Password, in.Body.Code)
}

func (a account) phone(ctx context.Context, in *struct {
	Body struct {
		Phone    string `json:"phone" maxLength:"20"`
		Code     string `json:"code" maxLength:"6" doc:"Code sent to the new phone"`
		Password string `json:"password,omitempty" maxLength:"200"`
		OldCode  string `json:"old_code,omitempty" maxLength:"6" doc:"Code sent to the old phone, instead of the password"`
	}
}) (*struct{}, error) {
	return nil, a.svc.ChangePhone(ctx, in.Body.Phone, in.Body.Code, in.Body.Password, in.Body.OldCode)
}

func (a account) requests(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[identity.Request]], error) {
	items, err := a.svc.OwnRequests(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[identity.Request]{Items: items})
}

func (a account) withdraw(ctx context.Context, in *byID) (*struct{}, error) {
	return nil, a.svc.WithdrawRequest(ctx, in.ID)
}

func (a account) correction(ctx context.Context, in *struct {
	Body struct {
		Name     string `json:"name,omitempty" maxLength:"90"`
		IDNumber string `json:"id_number,omitempty" maxLength:"20"`
		Proof    string `json:"proof,omitempty" maxLength:"2000"`
		ProofRef string `json:"proof_ref,omitempty" maxLength:"100"`
	}
}) (*httpx.Body[made], error) {
	b := in.Body
	return asMade(a.svc.AskCorrection(ctx, identity.Wish{Name: b.Name, IDNumber: b.IDNumber, Proof: b.Proof, ProofRef: b.ProofRef}))
}

func (a account) keepProof(ctx context.Context, in *struct {
	Body struct {
		Content []byte `json:"content" doc:"A JPEG, PNG or PDF file, base64; at most 5 MiB"`
	}
}) (*httpx.Body[identity.Proof], error) {
	p, err := a.svc.KeepProof(ctx, in.Body.Content)
	if err != nil {
		return nil, err
	}
	return httpx.OK(p)
}

func (a account) proof(ctx context.Context, in *byID) (*httpx.File, error) {
	return session.Proof(a.svc.RequestProof(ctx, in.ID))
}

func (a account) transfer(ctx context.Context, in *struct {
	Body struct {
		UnitID string `json:"unit_id" maxLength:"40"`
	}
}) (*httpx.Body[made], error) {
	return asMade(a.svc.AskTransfer(ctx, in.Body.UnitID))
}

func asMade(id string, err error) (*httpx.Body[made], error) {
	if err != nil {
		return nil, err
	}
	return httpx.OK(made{id})
}

func (a account) export(ctx context.Context, _ *struct{}) (*httpx.Body[map[string]json.RawMessage], error) {
	data, err := a.svc.ExportOwn(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(data)
}

func (a account) close(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.svc.AskClosing(ctx)
}

func (a account) keep(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, a.svc.WithdrawClosing(ctx)
}

type loggedOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a account) me(ctx context.Context, _ *struct{}) (*httpx.Body[identity.Me], error) {
	m, err := a.svc.Me(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(m)
}

func (a account) logOut(ctx context.Context, _ *struct{}) (*loggedOut, error) {
	return &loggedOut{a.cookies.Clear()}, a.svc.EndSession(ctx, "")
}

func (a account) sessions(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[identity.Session]], error) {
	items, err := a.svc.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(httpx.Page[identity.Session]{Items: items})
}

func (a account) endSession(ctx context.Context, in *byID) (*struct{}, error) {
	return nil, a.svc.EndSession(ctx, in.ID)
}

func (a account) password(ctx context.Context, in *struct {
	Body struct {
		Present string `json:"present" maxLength:"200"`
		Next    string `json:"next" maxLength:"200"`
	}
}) (*struct{}, error) {
	return nil, a.svc.ChangePassword(ctx, in.Body.Present, in.Body.Next)
}

func (a account) leave(ctx context.Context, in *struct {
	Provider string `path:"provider" maxLength:"40"`
}) (*struct{}, error) {
	return nil, a.svc.Leave(ctx, in.Provider)
}

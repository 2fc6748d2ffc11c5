package public

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/session"
)

type loggedIn struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

// Session is who is logged in, as the pages need it.
type Session struct {
	LoggedIn      bool     `json:"logged_in"`
	PersonID      string   `json:"person_id,omitempty"`
	SessionID     string   `json:"session_id,omitempty"`
	RegionID      string   `json:"region_id,omitempty"`
	UnitID        string   `json:"unit_id,omitempty"`
	Roles         []Held   `json:"roles"`
	Portals       []string `json:"portals" doc:"Route trees this account may open"`
	ConsentNeeded bool     `json:"consent_needed" doc:"A version of the agreement is still to be agreed to"`
}

// Held is one role within one scope.
type Held struct {
	Role   string   `json:"role"`
	Scope  string   `json:"scope"`
	Duties []string `json:"duties,omitempty"`
}

var portalOf = map[identity.Role]string{
	identity.Learner: "learner", identity.UnitAdmin: "unit", identity.Teacher: "provider", identity.ProviderStaff: "provider", identity.Marker: "provider",
	identity.Agent: "agent", identity.TeamLeader: "agent", identity.BureauStaff: "bureau", identity.Inspector: "bureau", identity.Operator: "operator",
}

func sessionOf(a identity.Actor) Session {
	s := Session{LoggedIn: true, PersonID: a.PersonID, SessionID: a.SessionID, RegionID: a.RegionID, UnitID: a.UnitID, Roles: []Held{}, Portals: []string{}}
	seen := map[string]bool{}
	for _, g := range a.Grants {
		s.Roles = append(s.Roles, Held{string(g.Role), g.Scope, g.Duties})
		if p := portalOf[g.Role]; p != "" && !seen[p] {
			seen[p] = true
			s.Portals = append(s.Portals, p)
		}
	}
	return s
}

type account struct {
	svc     *identity.Service
	cookies session.Cookies
}

func (a account) answer(ctx context.Context, l identity.Login, err error) (*loggedIn, error) {
	if err != nil {
		return nil, err
	}
	s := sessionOf(l.Actor)
	s.ConsentNeeded, err = a.svc.ConsentNeeded(identity.WithActor(ctx, l.Actor))
	return &loggedIn{a.cookies.Set(l.Token), s}, err
}

// RegisterAccount registers registration, login and the ways back into an account.
func RegisterAccount(api huma.API, svc *identity.Service, cookies session.Cookies) {
	a := account{svc, cookies}
	const base = "/api/public/account/"
	httpx.Handle(api, huma.Operation{Method: "GET", Path: "/api/public/session", OperationID: "session"}, a.session)
	httpx.Handle(api, huma.Operation{Method: "GET", Path: base + "agreements", OperationID: "agreement-versions"}, a.agreements)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "code", OperationID: "send-code", DefaultStatus: 204}, a.code)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "register", OperationID: "register"}, a.register)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "login", OperationID: "log-in"}, a.logIn)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "login-by-code", OperationID: "log-in-by-code"}, a.logInByCode)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "enrol", OperationID: "enrol-operator"}, a.enrol)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "reset-password", OperationID: "reset-password", DefaultStatus: 204}, a.reset)
	httpx.Handle(api, huma.Operation{Method: "POST", Path: base + "unlock", OperationID: "unlock", DefaultStatus: 204}, a.unlock)
}

func (a account) session(ctx context.Context, _ *struct{}) (*httpx.Body[Session], error) {
	actor, ok := identity.ActorFrom(ctx)
	if !ok {
		return httpx.OK(Session{Roles: []Held{}, Portals: []string{}})
	}
	s := sessionOf(actor)
	var err error
	if s.ConsentNeeded, err = a.svc.ConsentNeeded(ctx); err != nil {
		return nil, err
	}
	return httpx.OK(s)
}

func (a account) agreements(ctx context.Context, _ *struct{}) (*httpx.Body[identity.Agreements], error) {
	v, err := a.svc.AgreementVersions(ctx)
	if err != nil {
		return nil, err
	}
	return httpx.OK(v)
}

func (a account) code(ctx context.Context, in *struct {
	Body struct {
		Phone   string `json:"phone" maxLength:"20"`
		Purpose string `json:"purpose" enum:"register,login,reset,phone,unlock"`
	}
}) (*struct{}, error) {
	return nil, a.svc.SendCode(ctx, in.Body.Phone, in.Body.Purpose, session.Address(ctx))
}

func (a account) register(ctx context.Context, in *struct {
	Body struct {
		Name     string              `json:"name" maxLength:"90"`
		IDNumber string              `json:"id_number" maxLength:"20"`
		Phone    string              `json:"phone" maxLength:"20"`
		Code     string              `json:"code" maxLength:"6"`
		Password string              `json:"password" maxLength:"200"`
		RegionID string              `json:"region_id" maxLength:"40"`
		UnitID   string              `json:"unit_id" maxLength:"40"`
		Agreed   string              `json:"agreed" maxLength:"81" doc:"As GET agreements gives it"`
		Device   identity.DeviceInfo `json:"device"`
	}
}) (*loggedIn, error) {
	b := in.Body
	l, err := a.svc.Register(ctx, identity.Registration{Name: b.Name, IDNumber: b.IDNumber, Phone: b.Phone, Code: b.Code, Password: b.Password,
		RegionID: b.RegionID, UnitID: b.UnitID, Agreed: b.Agreed, Device: b.Device})
	return a.answer(ctx, l, err)
}

func (a account) logIn(ctx context.Context, in *struct {
	Body struct {
		Account  string              `json:"account" maxLength:"20" doc:"Phone or ID number"`
		Password string              `json:"password" maxLength:"200"`
		Device   identity.DeviceInfo `json:"device"`
	}
}) (*loggedIn, error) {
	l, err := a.svc.LogIn(ctx, in.Body.Account, in.Body.Password, session.Address(ctx), in.Body.Device)
	return a.answer(ctx, l, err)
}

func (a account) logInByCode(ctx context.Context, in *struct {
	Body struct {
		Phone  string              `json:"phone" maxLength:"20"`
		Code   string              `json:"code" maxLength:"6"`
		Device identity.DeviceInfo `json:"device"`
	}
}) (*loggedIn, error) {
	l, err := a.svc.LogInByCode(ctx, in.Body.Phone, in.Body.Code, in.Body.Device)
	return a.answer(ctx, l, err)
}

func (a account) enrol(ctx context.Context, in *struct {
	Body struct {
		Code     string              `json:"code" maxLength:"60"`
		Password string              `json:"password" maxLength:"200"`
		Device   identity.DeviceInfo `json:"device"`
	}
}) (*loggedIn, error) {
	l, err := a.svc.Enrol(ctx, in.Body.Code, in.Body.Password, in.Body.Device)
	return a.answer(ctx, l, err)
}

func (a account) reset(ctx context.Context, in *struct {
	Body struct {
		Phone    string `json:"phone" maxLength:"20"`
		Code     string `json:"code" maxLength:"6"`
		IDTail   string `json:"id_tail" maxLength:"4" doc:"Last four characters of the ID number"`
		Password string `json:"password" maxLength:"200"`
	}
}) (*struct{}, error) {
	return nil, a.svc.ResetPassword(ctx, in.Body.Phone, in.Body.Code, in.Body.IDTail, in.Body.Password)
}

func (a account) unlock(ctx context.Context, in *struct {
	Body struct {
		Phone string `json:"phone" maxLength:"20"`
		Code  string `json:"code" maxLength:"6"`
	}
}) (*struct{}, error) {
	return nil, a.svc.Unlock(ctx, in.Body.Phone, in.Body.Code)
}

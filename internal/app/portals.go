package app

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/enrolment"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/bureau"
	"xueshi/internal/portal/learner"
	mediaportal "xueshi/internal/portal/media"
	"xueshi/internal/portal/operator"
	"xueshi/internal/portal/provider"
	"xueshi/internal/portal/public"
	"xueshi/internal/portal/session"
	"xueshi/internal/portal/static"
	"xueshi/internal/portal/unit"
)

// handler is the whole HTTP side: portals, media, the web app.
func (a *App) handler(lessons *lessons, cookies session.Cookies, o httpx.Options) http.Handler {
	mux := http.NewServeMux()
	a.register(mux, httpx.New(mux, Version), lessons, cookies, o.Clock)
	mux.HandleFunc("/api/", public.NoAPI)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("/", static.Handler())
	return httpx.Wrap(cookies.Middleware(a.Identity, httpx.Routed(mux)), o)
}

// register puts every portal on mux and into the document of api.
func (a *App) register(mux *http.ServeMux, api huma.API, lessons *lessons, cookies session.Cookies, clk clock.Clock) {
	orgs, enrolments := org.New(a.DB), enrolment.New(a.DB)
	public.Register(api, public.Services{Identity: a.Identity, Org: orgs, Catalog: a.Catalog, Enrolment: enrolments, Cookies: cookies})
	learner.Register(mux, api, learner.Services{Identity: a.Identity, Enrolment: enrolments, Playback: a.Playback, Credit: a.Credit,
		Notify: a.Notify, Classroom: a.Classroom, Fault: a.Fault, Lessons: &lessonPages{lessons, a.Playback}, Signer: a.Signer, Clock: clk, Cookies: cookies})
	unit.RegisterAccount(api, a.Identity)
	provider.Register(api, a.Supervision)
	provider.RegisterQuestions(api, a.Classroom)
	provider.RegisterMaking(mux, api, provider.Making{Catalog: a.Catalog, Media: a.Media})
	provider.RegisterFaults(api, a.Fault)
	provider.RegisterStaff(api, a.Identity)
	bureau.Register(api, a.Supervision)
	bureau.RegisterCourseware(mux, api, a.Fault)
	bureau.RegisterAvailability(api, a.Availability)
	desk := operator.Desk{DB: a.DB, Org: orgs, Identity: a.Identity, Credit: a.Credit, Granter: a.Playback}
	operator.RegisterAccount(api, a.Identity)
	operator.RegisterDesk(api, desk)
	operator.RegisterSites(api, desk)
	operator.RegisterOrganisations(api, desk)
	operator.RegisterPolicies(api, operator.Policies{Media: a.Media, Playback: a.Playback, Credit: a.Credit, Enrolment: enrolments})
	operator.RegisterRecords(api, a.Identity)
	operator.RegisterAvailability(api, a.Availability)
	operator.RegisterGateways(api, a.Credentials, a.Outbox)
	mediaportal.Register(mux, api, a.delivery)
}

// OpenAPI is the document of all portals, indented, for the web client to be generated from. It needs no database.
func OpenAPI() ([]byte, error) {
	mux := http.NewServeMux()
	api := httpx.New(mux, Version)
	(&App{}).register(mux, api, newLessons(nil), session.Cookies{}, nil)
	raw, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, raw, "", " ")
	b.WriteByte('\n')
	return b.Bytes(), err
}

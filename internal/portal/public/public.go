// Package public is the portal of people who are not logged in: login, registration, catalogue, help.
package public

import (
	"context"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/portal/session"
)

// Services are the use cases this portal offers.
type Services struct {
	Identity  *identity.Service
	Org       *org.Service
	Catalog   *catalog.Service
	Enrolment *enrolment.Service
	Cookies   session.Cookies
}

// Register puts the portal on api.
func Register(api huma.API, s Services) {
	RegisterAccount(api, s.Identity, s.Cookies)
	s.courses(api)
	s.site(api)
	s.texts(api)
}

// AtHost is the name the browser asked for: it decides whose site answers.
type AtHost struct{ host string }

// Resolve implements huma.Resolver.
func (h *AtHost) Resolve(ctx huma.Context) []error {
	h.host = ctx.Host()
	return nil
}

type searchIn struct {
	AtHost
	httpx.Paging
	Text     string `query:"q" maxLength:"60"`
	Subject  string `query:"subject" enum:"public,professional,"`
	Provider string `query:"provider" maxLength:"40"`
	Year     int64  `query:"year" minimum:"0" maximum:"2100"`
	MinTenth int64  `query:"min_tenths" minimum:"0" maximum:"10000"`
	MaxTenth int64  `query:"max_tenths" minimum:"0" maximum:"10000"`
}

// CourseDetail is a course with its lessons.
type CourseDetail struct {
	Course  catalog.Course   `json:"course"`
	Lessons []catalog.Lesson `json:"lessons"`
}

func (s Services) courses(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/public/courses", Summary: "Search published courses"},
		func(ctx context.Context, in *searchIn) (*httpx.Body[httpx.Page[catalog.Course]], error) {
			own, found, err := s.Org.SiteAt(ctx, in.host)
			if err != nil {
				return nil, err
			}
			if found && own.ProviderID != "" {
				in.Provider = own.ProviderID // a provider's site shows its own courses, whatever was asked
			}
			items, next, err := s.Catalog.Search(ctx, catalog.Filter{Text: in.Text, Subject: in.Subject, ProviderID: in.Provider, Year: in.Year,
				MinTenths: in.MinTenth, MaxTenths: in.MaxTenth, After: in.After, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []catalog.Course{}
			}
			return httpx.OK(httpx.Page[catalog.Course]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/public/courses/{id}", Summary: "One course with its lessons"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
		}) (*httpx.Body[CourseDetail], error) {
			c, lessons, err := s.Catalog.Course(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			for i := range lessons {
				lessons[i].Handout = "" // for enrolled learners
			}
			return httpx.OK(CourseDetail{c, lessons})
		})
}

// Site is what every page shows of the site itself.
type Site struct {
	ID         string             `json:"id" doc:"Of the provider's or bureau's site; empty on the city portal"`
	ProviderID string             `json:"provider_id" doc:"Whose site it is; empty on the city portal"`
	Regions    []org.Region       `json:"regions"`
	Providers  []org.Provider     `json:"providers"`
	Years      []enrolment.Window `json:"years" doc:"Credit years that have begun, the newest first"`
	Settings   map[string]string  `json:"settings" doc:"Public settings as this site has them: site name, hotline, filings, agreement version"`
}

func (s Services) site(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/public/site", Summary: "Site settings, regions, providers"},
		func(ctx context.Context, in *AtHost) (*httpx.Body[Site], error) {
			out, err := s.siteAt(ctx, in.host)
			if err != nil {
				return nil, err
			}
			return httpx.OK(out)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/public/units", Summary: "Employer units of a region"},
		func(ctx context.Context, in *struct {
			Region string `query:"region" maxLength:"40" required:"true"`
			Text   string `query:"q" maxLength:"40"`
		}) (*httpx.Body[httpx.Page[org.Unit]], error) {
			units, err := s.Org.Units(ctx, in.Region, in.Text)
			if err != nil {
				return nil, err
			}
			if units == nil {
				units = []org.Unit{}
			}
			return httpx.OK(httpx.Page[org.Unit]{Items: units})
		})
}

// siteAt is what the name in the Host header shows: the city portal's settings under the site's own.
func (s Services) siteAt(ctx context.Context, host string) (out Site, err error) {
	if out.Regions, err = s.Org.Regions(ctx); err != nil {
		return out, err
	}
	if out.Providers, err = s.Org.Providers(ctx); err != nil {
		return out, err
	}
	if out.Years, err = s.Enrolment.Windows(ctx); err != nil {
		return out, err
	}
	settings, err := s.Org.Settings(ctx)
	if err != nil {
		return out, err
	}
	own, _, err := s.Org.SiteAt(ctx, host)
	if err != nil {
		return out, err
	}
	out.ID, out.ProviderID, out.Settings = own.ID, own.ProviderID, map[string]string{}
	for _, v := range settings {
		out.Settings[v.Key] = v.Value
	}
	maps.Copy(out.Settings, own.Settings)
	return out, nil
}

// NoAPI answers unknown API paths with a problem.
func NoAPI(w http.ResponseWriter, r *http.Request) {
	httpx.WriteProblem(w, r, errs.New(errs.NotFound, "request.no_such_path"))
}

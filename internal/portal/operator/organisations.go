package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/catalog"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/sqldb"
)

// Reason is why something is changed, for the audit trail.
type Reason struct {
	Reason string `json:"reason" minLength:"2" maxLength:"200"`
}

// RegisterOrganisations puts regions, providers, employers and their sites on api.
func RegisterOrganisations(api huma.API, d Desk) {
	d.regions(api)
	d.providers(api)
	d.units(api)
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/operator/sites", Summary: "Add a site for a provider or a bureau", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			Body struct {
				Host       string `json:"host" maxLength:"253" doc:"Host name without port, lower case"`
				ProviderID string `json:"provider_id,omitempty" maxLength:"40"`
				RegionID   string `json:"region_id,omitempty" maxLength:"40"`
				Reason
			}
		}) (*struct{}, error) {
			b := in.Body
			return d.change(ctx, "org.site_added", "site/"+b.Host, b.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				return map[string]any{"provider": b.ProviderID, "region": b.RegionID},
					org.AddSiteTx(ctx, tx, org.Site{ID: id.New(tx.Now()), Host: b.Host, ProviderID: b.ProviderID, RegionID: b.RegionID})
			})
		})
}

// change does one change of an operator's in a transaction, audited with its reason.
func (d Desk) change(ctx context.Context, action, object string, r Reason, f func(tx *sqldb.Tx) (map[string]any, error)) (*struct{}, error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return nil, err
	}
	return nil, d.DB.Write(ctx, func(tx *sqldb.Tx) error {
		detail, err := f(tx)
		if err != nil {
			return err
		}
		detail["reason"] = r.Reason
		return identity.AuditTx(ctx, tx, action, object, detail)
	})
}

func (d Desk) regions(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/operator/regions", Summary: "Add a region", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			Body struct {
				ID     string `json:"id" maxLength:"10" doc:"Administrative code (GB/T 2260)"`
				Parent string `json:"parent" maxLength:"10" doc:"The city; empty only for the first region of all, the city itself"`
				Name   string `json:"name" maxLength:"40"`
				Kind   string `json:"kind" enum:"city,county,zone,direct"`
				Reason
			}
		}) (*struct{}, error) {
			r := org.Region{ID: in.Body.ID, Parent: in.Body.Parent, Name: in.Body.Name, Kind: in.Body.Kind}
			return d.change(ctx, "org.region_added", "region/"+r.ID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				return map[string]any{"name": r.Name, "kind": r.Kind}, org.AddRegionTx(ctx, tx, r)
			})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/operator/regions/{id}", Summary: "Rename a region", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Name string `json:"name" maxLength:"40"`
				Reason
			}
		}) (*struct{}, error) {
			return d.change(ctx, "org.region_changed", "region/"+in.ID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				was, err := org.RenameRegionTx(ctx, tx, in.ID, in.Body.Name)
				return map[string]any{"name": in.Body.Name, "was": was}, err
			})
		})
}

func (d Desk) providers(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/providers", Summary: "Every provider, ended ones too"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[org.Provider]], error) {
			if _, err := identity.Require(ctx, identity.Operator); err != nil {
				return nil, err
			}
			items, err := d.Org.AllProviders(ctx)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []org.Provider{}
			}
			return httpx.OK(httpx.Page[org.Provider]{Items: items})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/operator/providers", Summary: "Add a provider", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			Body struct {
				ID        string `json:"id" maxLength:"20" doc:"Letters, digits and hyphens; it stands in addresses and never changes"`
				Name      string `json:"name" maxLength:"60"`
				ShortName string `json:"short_name" maxLength:"12"`
				Reason
			}
		}) (*struct{}, error) {
			p := org.Provider{ID: in.Body.ID, Name: in.Body.Name, ShortName: in.Body.ShortName}
			return d.change(ctx, "org.provider_added", "provider/"+p.ID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				return map[string]any{"name": p.Name}, org.AddProviderTx(ctx, tx, p)
			})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/operator/providers/{id}", Summary: "Rename a provider, end it, or let it go on", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Name      string `json:"name" maxLength:"60"`
				ShortName string `json:"short_name" maxLength:"12"`
				State     string `json:"state" enum:"active,ended"`
				Reason
			}
		}) (*struct{}, error) {
			p := org.Provider{ID: in.ID, Name: in.Body.Name, ShortName: in.Body.ShortName, State: in.Body.State}
			return d.change(ctx, "org.provider_changed", "provider/"+p.ID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				was, err := org.EditProviderTx(ctx, tx, p)
				if err == nil && p.State == "ended" {
					err = endedTx(ctx, tx, p.ID)
				}
				return map[string]any{"name": p.Name, "was": was.Name, "state": p.State}, err
			})
		})
}

// endedTx refuses to end a provider whose courses can still be chosen: whoever has enrolled studies on, nobody new may begin.
// Errors: Conflict "org.provider_courses" {n}.
func endedTx(ctx context.Context, tx *sqldb.Tx, providerID string) error {
	states, err := catalog.StatesTx(ctx, tx, providerID)
	if n := states["published"]; err == nil && n > 0 {
		err = errs.New(errs.Conflict, "org.provider_courses", "n", n)
	}
	return err
}

func (d Desk) units(api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/units", Summary: "Employers by name"},
		func(ctx context.Context, in *struct {
			httpx.Paging
			Region string `query:"region" maxLength:"40"`
			Q      string `query:"q" maxLength:"60" doc:"Part of the name"`
		}) (*httpx.Body[httpx.Page[org.Unit]], error) {
			if _, err := identity.Require(ctx, identity.Operator); err != nil {
				return nil, err
			}
			items, next, err := d.Org.UnitPage(ctx, in.Region, in.Q, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []org.Unit{}
			}
			return httpx.OK(httpx.Page[org.Unit]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/operator/units", Summary: "Add an employer", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			Body struct {
				RegionID string `json:"region_id" maxLength:"40"`
				Name     string `json:"name" maxLength:"60"`
				Reason
			}
		}) (*struct{}, error) {
			u := org.Unit{RegionID: in.Body.RegionID, Name: in.Body.Name}
			return d.change(ctx, "org.unit_added", "unit/"+u.RegionID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				made, err := org.AddUnitTx(ctx, tx, u)
				return map[string]any{"unit": made.ID, "name": u.Name}, err
			})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/operator/units/{id}", Summary: "Rename an employer", DefaultStatus: 204},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Name string `json:"name" maxLength:"60"`
				Reason
			}
		}) (*struct{}, error) {
			return d.change(ctx, "org.unit_changed", "unit/"+in.ID, in.Body.Reason, func(tx *sqldb.Tx) (map[string]any, error) {
				was, err := org.RenameUnitTx(ctx, tx, in.ID, in.Body.Name)
				return map[string]any{"name": in.Body.Name, "was": was.Name}, err
			})
		})
}

package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/identity"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/sqldb"
)

// RegisterSites puts the sites' settings on api.
func RegisterSites(api huma.API, d Desk) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/sites", Summary: "Every site with its own settings"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[org.Site]], error) {
			if _, err := identity.Require(ctx, identity.Operator); err != nil {
				return nil, err
			}
			items, err := d.Org.Sites(ctx)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []org.Site{}
			}
			return httpx.OK(httpx.Page[org.Site]{Items: items})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/operator/sites/{id}/settings/{key}", Summary: "Change a site's setting: a new version with its reason",
		DefaultStatus: 204}, d.putSite)
}

// putSite appends a version of a site's setting, audited; an empty value falls back to the city portal's.
func (d Desk) putSite(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"40"`
	Key  string `path:"key" maxLength:"60"`
	Body struct {
		Value  string `json:"value" maxLength:"4000"`
		Source string `json:"source" minLength:"2" maxLength:"200" doc:"Legal source or reason"`
	}
}) (*struct{}, error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return nil, err
	}
	return nil, d.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := org.PutSiteTx(ctx, tx, in.ID, org.Setting{Key: in.Key, Value: in.Body.Value, Source: in.Body.Source}, actor.AccountID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "org.site_setting_changed", "site/"+in.ID, map[string]any{"key": in.Key, "source": in.Body.Source})
	})
}

package operator

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/credit"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/sqldb"
)

// Desk is the operator's daily work: appeals to decide, settings to change.
type Desk struct {
	DB       *sqldb.DB
	Org      *org.Service
	Identity *identity.Service
	Credit   *credit.Service
	Granter  credit.Granter
}

// Waiting is what waits for an operator.
type Waiting struct {
	Appeals     identity.Waiting `json:"appeals" doc:"Learners who say their time is wrong"`
	Transfers   identity.Waiting `json:"transfers" doc:"Learners who change their unit"`
	Corrections identity.Waiting `json:"corrections" doc:"Names or ID numbers to be corrected"`
}

// Decided is how an appeal ended.
type Decided struct {
	GrantedMS int64 `json:"granted_ms"`
}

// RegisterDesk puts it on api.
func RegisterDesk(api huma.API, d Desk) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/waiting", Summary: "How much waits for an operator, and since when"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[Waiting], error) {
			requests, err := d.Identity.RequestsWaiting(ctx)
			if err != nil {
				return nil, err
			}
			appeals, err := d.Credit.AppealsWaiting(ctx)
			if err != nil {
				return nil, err
			}
			return httpx.OK(Waiting{appeals, requests["transfer"], requests["correction"]})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/appeals", Summary: "Appeals in a state, the oldest first"},
		func(ctx context.Context, in *struct {
			httpx.Paging
			State string `query:"state" enum:"submitted,granted,refused" default:"submitted"`
		}) (*httpx.Body[httpx.Page[credit.Appeal]], error) {
			items, next, err := d.Credit.Appeals(ctx, in.State, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			if items == nil {
				items = []credit.Appeal{}
			}
			return httpx.OK(httpx.Page[credit.Appeal]{Items: items, Next: next})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/operator/appeals/{id}/decision", Summary: "Decide an appeal"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body struct {
				Grant  bool   `json:"grant"`
				Answer string `json:"answer" maxLength:"2000"`
			}
		}) (*httpx.Body[Decided], error) {
			ms, err := d.Credit.Decide(ctx, in.ID, in.Body.Grant, in.Body.Answer, d.Granter)
			if err != nil {
				return nil, err
			}
			return httpx.OK(Decided{ms})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/operator/settings", Summary: "The newest version of every setting"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[org.Setting]], error) {
			if _, err := identity.Require(ctx, identity.Operator); err != nil {
				return nil, err
			}
			items, err := d.Org.Settings(ctx)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[org.Setting]{Items: items})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: "/api/operator/settings/{key}", Summary: "Change a setting: a new version with its reason", DefaultStatus: 204}, d.put)
}

// put appends a version of a known setting, audited. Unknown keys are refused: a typing error must not become a setting.
func (d Desk) put(ctx context.Context, in *struct {
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
		n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM setting WHERE key = $1`, in.Key)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.NotFound, "org.no_setting")
		}
		if err := org.PutTx(ctx, tx, org.Setting{Key: in.Key, Value: in.Body.Value, Source: in.Body.Source}, actor.AccountID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "org.setting_changed", "setting/"+in.Key, map[string]any{"source": in.Body.Source})
	})
}

package identity

import (
	"context"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Found is what the operator's search shows of an account besides its masks: names instead of ids, and when it was used.
type Found struct {
	RegionName  string    `json:"region_name"`
	UnitName    string    `json:"unit_name"`
	CreatedAt   time.Time `json:"created_at"`
	ActiveLogin int64     `json:"active_logins" doc:"Devices logged in now"`
	Held        []Held    `json:"held"`
}

// Held is one role as the account page shows it.
type Held struct {
	Role      string    `json:"role"`
	Scope     string    `json:"scope"`
	ScopeName string    `json:"scope_name" doc:"Of the unit, provider or region"`
	Duties    []string  `json:"duties"`
	GrantedAt time.Time `json:"granted_at"`
}

// addFound reads it, and Grants with it.
func (a *Account) addFound(ctx context.Context, tx *sqldb.Tx) (err error) {
	f := &Found{}
	if _, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		var at int64
		err := row.Scan(&f.RegionName, &f.UnitName, &at, &f.ActiveLogin)
		f.CreatedAt = time.UnixMicro(at).UTC()
		return struct{}{}, err
	}, `SELECT coalesce(r.name, ''), coalesce(u.name, ''), p.created_at,
			(SELECT count(*) FROM login_session l WHERE l.person_id = p.id AND l.ended_at = 0)
		FROM person p LEFT JOIN region r ON r.id = p.region_id LEFT JOIN unit u ON u.id = p.unit_id WHERE p.id = $1`, a.ID); err != nil {
		return err
	}
	f.Held, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (h Held, err error) {
		var duties string
		var at int64
		err = row.Scan(&h.Role, &h.Scope, &h.ScopeName, &duties, &at)
		h.Duties, h.GrantedAt = []string{}, time.UnixMicro(at).UTC()
		if duties != "" {
			h.Duties = strings.Split(duties, ",")
		}
		return h, err
	}, `SELECT g.role, g.scope, coalesce(u.name, v.name, r.name, ''), g.duties, g.granted_at FROM role_grant g
		LEFT JOIN unit u ON u.id = g.scope LEFT JOIN provider v ON v.id = g.scope LEFT JOIN region r ON r.id = g.scope
		WHERE g.person_id = $1 ORDER BY g.role, g.scope`, a.ID)
	for _, h := range f.Held {
		a.Grants = append(a.Grants, h.Role+"@"+h.Scope)
	}
	a.Found = f
	return err
}

// scopeQuery finds the unit, provider or region that a role's scope must be.
var scopeQuery = map[Role]string{
	UnitAdmin: `SELECT count(*) FROM unit WHERE id = $1`,
	Teacher:   `SELECT count(*) FROM provider WHERE id = $1`, ProviderStaff: `SELECT count(*) FROM provider WHERE id = $1`, Marker: `SELECT count(*) FROM provider WHERE id = $1`,
	BureauStaff: `SELECT count(*) FROM region WHERE id = $1`, Inspector: `SELECT count(*) FROM region WHERE id = $1`,
}

// scopeTx refuses a grant within something that does not exist. Errors: Invalid "identity.grant" with the field scope.
func scopeTx(ctx context.Context, tx *sqldb.Tx, g Grant) error {
	query := scopeQuery[g.Role]
	if query == "" {
		return nil
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], query, g.Scope)
	if err == nil && n == 0 {
		err = errs.New(errs.Invalid, "identity.grant").WithField("scope", "invalid")
	}
	return err
}

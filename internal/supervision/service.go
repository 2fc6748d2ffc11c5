package supervision

import (
	"context"
	"slices"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// Service is the use cases of supervision and of a provider's own view.
type Service struct{ db *sqldb.DB }

// New makes the service.
func New(db *sqldb.DB) *Service { return &Service{db} }

// scopes are the roots of the actor's jurisdiction; the system's is everything.
func scopes(a identity.Actor, roles ...identity.Role) (out []string) {
	if a.System {
		return []string{""}
	}
	for _, r := range roles {
		out = append(out, a.Scopes(r)...)
	}
	return out
}

// areaTx is the part of the actor's jurisdiction that was asked for: all of it, or one region and what lies below.
// Errors: Forbidden "identity.scope_required" when the region lies outside.
func areaTx(ctx context.Context, tx *sqldb.Tx, a identity.Actor, asked string) ([]org.Region, error) {
	all, err := org.AreaTx(ctx, tx, scopes(a, identity.BureauStaff, identity.Inspector))
	if err != nil || asked == "" {
		return all, err
	}
	if !slices.ContainsFunc(all, func(r org.Region) bool { return r.ID == asked }) {
		return nil, errs.New(errs.Forbidden, "identity.scope_required")
	}
	return org.AreaTx(ctx, tx, []string{asked})
}

// in keeps a statement within the regions: each carries its jurisdiction itself. An empty jurisdiction sees nothing.
func in(column string, from int, regions []org.Region) (string, []any) {
	ids := make([]string, len(regions))
	for i, r := range regions {
		ids[i] = r.ID
	}
	return oneOf(column, from, ids)
}

// oneOf is "column IN ($from…)" with its arguments; of nothing, it is false.
func oneOf(column string, from int, values []string) (string, []any) {
	if len(values) == 0 {
		return "1 = 0", nil
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return column + " IN (" + sqldb.Places(from, len(values)) + ")", args
}

// yearOr is the year asked for, or the present one.
func yearOr(tx *sqldb.Tx, year int64) int64 {
	if year != 0 {
		return year
	}
	return int64(civil.DateOf(tx.Now(), civil.Shanghai).Year)
}

package org

import (
	"context"
	"slices"

	"xueshi/internal/platform/sqldb"
)

// AreaTx lists the regions with these ids and all below them, in the order the bureau reports them.
// A root "" stands for every region, as in a grant without scope.
func AreaTx(ctx context.Context, tx *sqldb.Tx, roots []string) ([]Region, error) {
	if len(roots) == 0 {
		return nil, nil
	}
	start, args := `id IN (`+sqldb.Places(1, len(roots))+`)`, make([]any, len(roots))
	for i, r := range roots {
		args[i] = r
	}
	if slices.Contains(roots, "") {
		start, args = `parent = ''`, nil
	}
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r Region, err error) {
		return r, row.Scan(&r.ID, &r.Parent, &r.Name, &r.Kind)
	}, `WITH RECURSIVE area (id) AS (SELECT id FROM region WHERE `+start+` UNION SELECT r.id FROM region r JOIN area a ON r.parent = a.id)
		SELECT r.id, r.parent, r.name, r.kind FROM region r JOIN area a ON a.id = r.id ORDER BY r.rank, r.id`, args...)
}

// ProvidersTx lists the active providers with these ids; "" stands for all of them, as in a grant without scope.
func ProvidersTx(ctx context.Context, tx *sqldb.Tx, ids []string) ([]Provider, error) {
	all, err := sqldb.Rows(ctx, tx, scanProvider, `SELECT id, name, short_name, state FROM provider WHERE state = 'active' ORDER BY name`)
	if slices.Contains(ids, "") {
		return all, err
	}
	return slices.DeleteFunc(all, func(p Provider) bool { return !slices.Contains(ids, p.ID) }), err
}

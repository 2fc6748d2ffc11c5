package org

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// What is added here is never removed: rows of learners, courses and credit name it for good. Each function expects that the
// portal has checked the actor, and audits.

var (
	regionID   = regexp.MustCompile(`^[0-9]{4,6}[a-z0-9]{0,4}$`) // administrative code (GB/T 2260), a zone's with letters behind it
	providerID = regexp.MustCompile(`^[a-z][a-z0-9-]{1,19}$`)
	hostName   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	kinds      = []string{"county", "zone", "direct"}
)

// named tells whether a name can stand in a list: trimmed, and from 2 to most characters.
func named(s string, most int) bool {
	n := utf8.RuneCountInString(s)
	return s == strings.TrimSpace(s) && n >= 2 && n <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}

// wrong is a refusal that names every field that is not good.
func wrong(e *errs.Error, good map[string]bool) error {
	for _, f := range []string{"id", "parent", "kind", "name", "short_name", "state", "host", "region_id"} {
		if ok, asked := good[f]; asked && !ok {
			e = e.WithField(f, "invalid")
		}
	}
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// taken turns the database's refusal of a double into ours.
func taken(err error, ours *errs.Error) error {
	if sqldb.IsUnique(err) {
		return ours
	}
	return err
}

// AddRegionTx adds a reporting branch below the city, or the city itself to an empty platform; it is reported last.
// Errors: Invalid "org.region" with the fields; Conflict "org.region_exists" for an id or a name that is taken.
func AddRegionTx(ctx context.Context, tx *sqldb.Tx, r Region) error {
	all, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r Region, err error) {
		return r, row.Scan(&r.ID, &r.Parent, &r.Name, &r.Kind)
	}, `SELECT id, parent, name, kind FROM region ORDER BY rank, id`)
	if err != nil {
		return err
	}
	below := slices.ContainsFunc(all, func(x Region) bool { return x.ID == r.Parent && x.Kind == "city" }) && slices.Contains(kinds, r.Kind)
	first := len(all) == 0 && r.Parent == "" && r.Kind == "city"
	if err := wrong(errs.New(errs.Invalid, "org.region"), map[string]bool{"id": regionID.MatchString(r.ID), "name": named(r.Name, 40), "parent": below || first, "kind": below || first}); err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(x Region) bool { return x.ID == r.ID || x.Name == r.Name }) {
		return errs.New(errs.Conflict, "org.region_exists")
	}
	_, err = tx.Exec(ctx, `INSERT INTO region (id, parent, name, kind, rank) VALUES ($1, $2, $3, $4, $5)`, r.ID, r.Parent, r.Name, r.Kind, len(all))
	return taken(err, errs.New(errs.Conflict, "org.region_exists"))
}

// RenameRegionTx gives a region another name and returns the old one.
// Errors: NotFound "org.no_region"; Invalid "org.region"; Conflict "org.region_exists".
func RenameRegionTx(ctx context.Context, tx *sqldb.Tx, regionID, name string) (was string, err error) {
	r, err := RegionTx(ctx, tx, regionID)
	if err != nil {
		return "", err
	}
	if err := wrong(errs.New(errs.Invalid, "org.region"), map[string]bool{"name": named(name, 40)}); err != nil {
		return "", err
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM region WHERE name = $1 AND id <> $2`, name, regionID)
	if err != nil {
		return "", err
	}
	if n > 0 {
		return "", errs.New(errs.Conflict, "org.region_exists")
	}
	_, err = tx.Exec(ctx, `UPDATE region SET name = $1 WHERE id = $2`, name, regionID)
	return r.Name, err
}

// AllProviders lists providers in every state, the active ones first.
func (s *Service) AllProviders(ctx context.Context) (out []Provider, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanProvider, `SELECT id, name, short_name, state FROM provider ORDER BY state, name LIMIT 500`)
		return err
	})
	return out, err
}

func scanProvider(row sqldb.Scanner) (p Provider, err error) {
	return p, row.Scan(&p.ID, &p.Name, &p.ShortName, &p.State)
}

func (p Provider) check() error {
	return wrong(errs.New(errs.Invalid, "org.provider"), map[string]bool{"id": providerID.MatchString(p.ID), "name": named(p.Name, 60), "short_name": named(p.ShortName, 12),
		"state": p.State == "active" || p.State == "ended"})
}

// AddProviderTx adds an active provider. Errors: Invalid "org.provider" with the fields; Conflict "org.provider_exists".
func AddProviderTx(ctx context.Context, tx *sqldb.Tx, p Provider) error {
	p.State = "active"
	if err := p.check(); err != nil {
		return err
	}
	if err := otherNameTx(ctx, tx, p); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO provider (id, name, short_name, state) VALUES ($1, $2, $3, $4)`, p.ID, p.Name, p.ShortName, p.State)
	return taken(err, errs.New(errs.Conflict, "org.provider_exists"))
}

// EditProviderTx changes names and state of a provider and returns what stood there. An ended provider is in no list any more;
// that it gives no courses any more is for the portal to see to.
// Errors: NotFound "org.no_provider"; Invalid "org.provider" with the fields; Conflict "org.provider_exists".
func EditProviderTx(ctx context.Context, tx *sqldb.Tx, p Provider) (was Provider, err error) {
	was, found, err := sqldb.One(ctx, tx, scanProvider, `SELECT id, name, short_name, state FROM provider WHERE id = $1`, p.ID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "org.no_provider")
	}
	if err != nil {
		return was, err
	}
	if err := p.check(); err != nil {
		return was, err
	}
	if err := otherNameTx(ctx, tx, p); err != nil {
		return was, err
	}
	_, err = tx.Exec(ctx, `UPDATE provider SET name = $1, short_name = $2, state = $3 WHERE id = $4`, p.Name, p.ShortName, p.State, p.ID)
	return was, err
}

// ActiveTx refuses what an ended provider may not do any more. Errors: Conflict "org.provider_ended"; NotFound "org.no_provider".
func ActiveTx(ctx context.Context, tx *sqldb.Tx, providerID string) error {
	state, found, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT state FROM provider WHERE id = $1`, providerID)
	switch {
	case err != nil:
		return err
	case !found:
		return errs.New(errs.NotFound, "org.no_provider")
	case state != "active":
		return errs.New(errs.Conflict, "org.provider_ended")
	}
	return nil
}

// otherNameTx refuses a name that another provider has.
func otherNameTx(ctx context.Context, tx *sqldb.Tx, p Provider) error {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM provider WHERE (name = $1 OR short_name = $2) AND id <> $3`, p.Name, p.ShortName, p.ID)
	if err == nil && n > 0 {
		err = errs.New(errs.Conflict, "org.provider_exists")
	}
	return err
}

// UnitPage lists employers by name: of a region, or of all with "", whose name contains text; after is the id of the last one seen.
func (s *Service) UnitPage(ctx context.Context, regionID, text, after string, limit int) (out []Unit, next string, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (u Unit, err error) {
			return u, row.Scan(&u.ID, &u.RegionID, &u.Name)
		}, `SELECT id, region_id, name FROM unit WHERE (region_id = $1 OR $2 = '') AND name LIKE $3 ESCAPE '\'
			AND ($4 = '' OR (name, id) > (SELECT u.name, u.id FROM unit u WHERE u.id = $5)) ORDER BY name, id LIMIT $6`,
			regionID, regionID, "%"+sqldb.EscapeLike(text)+"%", after, after, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID
	}
	return out, next, err
}

// AddUnitTx adds an employer to a region. Errors: NotFound "org.no_region"; Invalid "org.unit"; Conflict "org.unit_exists".
func AddUnitTx(ctx context.Context, tx *sqldb.Tx, u Unit) (Unit, error) {
	if _, err := RegionTx(ctx, tx, u.RegionID); err != nil {
		return u, err
	}
	if err := wrong(errs.New(errs.Invalid, "org.unit"), map[string]bool{"name": named(u.Name, 60)}); err != nil {
		return u, err
	}
	u.ID = id.New(tx.Now())
	_, err := tx.Exec(ctx, `INSERT INTO unit (id, region_id, name) VALUES ($1, $2, $3)`, u.ID, u.RegionID, u.Name)
	return u, taken(err, errs.New(errs.Conflict, "org.unit_exists"))
}

// RenameUnitTx gives an employer another name and returns what stood there.
// Errors: NotFound "org.no_unit"; Invalid "org.unit"; Conflict "org.unit_exists".
func RenameUnitTx(ctx context.Context, tx *sqldb.Tx, unitID, name string) (was Unit, err error) {
	if was, err = UnitTx(ctx, tx, unitID); err != nil {
		return was, err
	}
	if err := wrong(errs.New(errs.Invalid, "org.unit"), map[string]bool{"name": named(name, 60)}); err != nil {
		return was, err
	}
	_, err = tx.Exec(ctx, `UPDATE unit SET name = $1 WHERE id = $2`, name, unitID)
	return was, taken(err, errs.New(errs.Conflict, "org.unit_exists"))
}

// validHost tells whether a browser could ask for it: a DNS name, no address.
func validHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && len(host) <= 253 && hostName.MatchString(host)
}

package media

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// PolicyVersion is one version of the inspection policy for a credit year; the city has one for all its regions. Version 0 is the
// program's own (DefaultInspectionPolicy), which nobody set and no reason stands behind.
type PolicyVersion struct {
	Year        int64            `json:"year"`
	Version     int64            `json:"version"`
	Values      InspectionPolicy `json:"values"`
	LegalSource string           `json:"legal_source"`
	Reason      string           `json:"reason"`
	SetBy       string           `json:"set_by" doc:"Account"`
	SetByName   string           `json:"set_by_name" doc:"Masked"`
	SetAt       *time.Time       `json:"set_at" doc:"null for version 0"`
}

const policySelect = `SELECT k.year, k.version, k.numbers, k.legal_source, k.reason, k.set_by, coalesce(p.name, ''), k.set_at
	FROM inspection_policy k JOIN region r ON r.id = k.region_id LEFT JOIN person p ON p.id = k.set_by WHERE r.parent = '' AND k.year = $1 `

// scanPolicy reads a version; a number that its time did not know has its default.
func scanPolicy(row sqldb.Scanner) (v PolicyVersion, err error) {
	var numbers string
	var at int64
	if err = row.Scan(&v.Year, &v.Version, &numbers, &v.LegalSource, &v.Reason, &v.SetBy, &v.SetByName, &at); err != nil {
		return v, err
	}
	set := time.UnixMicro(at).UTC()
	v.SetByName, v.SetAt, v.Values = identity.MaskName(v.SetByName), &set, DefaultInspectionPolicy
	return v, json.Unmarshal([]byte(numbers), &v.Values)
}

// policyTx is the newest version of a year, or version 0.
func policyTx(ctx context.Context, tx *sqldb.Tx, year int64) (PolicyVersion, error) {
	v, found, err := sqldb.One(ctx, tx, scanPolicy, policySelect+`ORDER BY k.version DESC LIMIT 1`, year)
	if !found {
		v = PolicyVersion{Year: year, Values: DefaultInspectionPolicy}
	}
	return v, err
}

// PolicyTx is the policy in force now, with its version.
func PolicyTx(ctx context.Context, tx *sqldb.Tx) (InspectionPolicy, int64, error) {
	v, err := policyTx(ctx, tx, creditYear(tx.Now()))
	return v.Values, v.Version, err
}

// PolicyNow is a year's newest version, or version 0.
func (s *Service) PolicyNow(ctx context.Context, year int64) (v PolicyVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return v, err
	}
	return sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (PolicyVersion, error) { return policyTx(ctx, tx, year) })
}

// PolicyHistory lists a year's versions, the newest first: those before version before.
func (s *Service) PolicyHistory(ctx context.Context, year, before int64, limit int) (out []PolicyVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	return sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) ([]PolicyVersion, error) {
		return sqldb.Rows(ctx, tx, scanPolicy, policySelect+`AND k.version < $2 ORDER BY k.version DESC LIMIT $3`, year, before, limit)
	})
}

// SetPolicy appends a version for a credit year; it holds for inspections that begin from now on, and reports keep the numbers
// they were made under. v.Version is the one its author looked at; Year, Values, LegalSource and Reason are taken from v. It
// returns the new number.
// Errors: Invalid "media.policy_bounds" with fields, "media.policy" (reason, legal_source, year missing); Conflict
// "media.policy_stale" {version} when somebody else was first.
func (s *Service) SetPolicy(ctx context.Context, v PolicyVersion) (version int64, err error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return 0, err
	}
	e := errs.New(errs.Invalid, "media.policy")
	v.Reason, v.LegalSource = strings.TrimSpace(v.Reason), strings.TrimSpace(v.LegalSource)
	for _, f := range []struct {
		ok   bool
		name string
	}{{v.Year >= 2015 && v.Year <= 2100, "year"}, {utf8.RuneCountInString(v.Reason) >= 4, "reason"}, {utf8.RuneCountInString(v.LegalSource) >= 2, "legal_source"}} {
		if !f.ok {
			e = e.WithField(f.name, "invalid")
		}
	}
	if len(e.Fields) > 0 {
		return 0, e
	}
	if err := v.Values.Check(); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		version, err = setPolicyTx(ctx, tx, v, actor.AccountID)
		return err
	})
	return version, err
}

func setPolicyTx(ctx context.Context, tx *sqldb.Tx, v PolicyVersion, by string) (int64, error) {
	old, err := policyTx(ctx, tx, v.Year)
	if err != nil {
		return 0, err
	}
	numbers, err := json.Marshal(v.Values)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	if old.Version == v.Version {
		n, err = tx.Exec(ctx, `INSERT INTO inspection_policy (region_id, year, version, numbers, legal_source, reason, set_by, set_at)
			SELECT r.id, $1, $2, $3, $4, $5, $6, $7 FROM region r WHERE r.parent = '' ON CONFLICT (region_id, year, version) DO NOTHING`,
			v.Year, v.Version+1, string(numbers), v.LegalSource, v.Reason, by, tx.NowMicro())
	}
	if err == nil && n == 0 {
		err = errs.New(errs.Conflict, "media.policy_stale", "version", old.Version)
	}
	if err != nil {
		return 0, err
	}
	return v.Version + 1, identity.AuditTx(ctx, tx, "media.policy_set", "inspection-policy", map[string]any{
		"year": v.Year, "version": v.Version + 1, "reason": v.Reason, "legal_source": v.LegalSource, "changed": old.Values.changed(&v.Values)})
}

// changed is every number that differs, by its name in a form, as [before, after].
func (p *InspectionPolicy) changed(now *InspectionPolicy) map[string][2]float64 {
	out := map[string][2]float64{}
	note := func(name string, a, b float64) {
		if a != b {
			out[name] = [2]float64{a, b}
		}
	}
	for _, n := range limits {
		note("video."+n.Name, *n.of(&p.Video), *n.of(&now.Video))
		note("slides."+n.Name, *n.of(&p.Slides), *n.of(&now.Slides))
	}
	for i, b := range CourseBounds() {
		note(b.Name, *p.course()[i], *now.course()[i])
	}
	return out
}

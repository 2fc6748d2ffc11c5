package playback

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// PolicyVersion is one version of the numbers for a region and credit year. Version 0 is the program's own (DefaultPolicy).
type PolicyVersion struct {
	RegionID    string    `json:"region_id"`
	RegionName  string    `json:"region_name"`
	Year        int64     `json:"year"`
	Version     int64     `json:"version"`
	Values      Policy    `json:"values"`
	LegalSource string    `json:"legal_source"`
	Reason      string    `json:"reason"`
	SetBy       string    `json:"set_by" doc:"Account"`
	SetByName   string    `json:"set_by_name" doc:"Masked"`
	SetAt       time.Time `json:"set_at"`
}

// DefaultSource is the legal source of DefaultPolicy.
const DefaultSource = "2021 年远程继续教育平台要求；平台默认值"

const policySelect = `, k.region_id, r.name, k.year, k.version, k.legal_source, k.reason, k.set_by, coalesce(p.name, ''), k.set_at
	FROM playback_policy k JOIN region r ON r.id = k.region_id LEFT JOIN person p ON p.id = k.set_by `

func scanPolicy(row sqldb.Scanner) (v PolicyVersion, err error) {
	var at int64
	err = row.Scan(append(v.Values.targets(), &v.RegionID, &v.RegionName, &v.Year, &v.Version, &v.LegalSource, &v.Reason, &v.SetBy, &v.SetByName, &at)...)
	v.SetByName, v.SetAt = identity.MaskName(v.SetByName), time.UnixMicro(at).UTC()
	return v, err
}

// PoliciesNow lists the newest version of every region of a year, at most 100; a region without one goes by its nearest
// ancestor, then by version 0.
func (s *Service) PoliciesNow(ctx context.Context, year int64) (out []PolicyVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanPolicy, `SELECT `+policyColumns("k.")+policySelect+`WHERE k.year = $1 AND k.version =
			(SELECT max(version) FROM playback_policy o WHERE o.region_id = k.region_id AND o.year = k.year) ORDER BY r.rank, r.id LIMIT 100`, year)
		return err
	})
	return out, err
}

// PolicyHistory lists the versions of a region and year, the newest first: those before version before.
func (s *Service) PolicyHistory(ctx context.Context, regionID string, year, before int64, limit int) (out []PolicyVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanPolicy, `SELECT `+policyColumns("k.")+policySelect+`WHERE k.region_id = $1 AND k.year = $2
			AND k.version < $3 ORDER BY k.version DESC LIMIT $4`, regionID, year, before, limit)
		return err
	})
	return out, err
}

// SetPolicy appends a version for a region and credit year; it holds from the next acquisition of a lease on.
// RegionID, Year, Values, LegalSource and Reason are taken from v. It returns the version's number.
// Errors: Invalid "playback.policy_bounds" with fields, "playback.policy" (reason, legal_source, year missing); NotFound "org.no_region".
func (s *Service) SetPolicy(ctx context.Context, v PolicyVersion) (version int64, err error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return 0, err
	}
	e := errs.New(errs.Invalid, "playback.policy")
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
	if err := v.Values.check(); err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		version, err = setPolicyTx(ctx, tx, v, actor.AccountID)
		return err
	})
	return version, err
}

func setPolicyTx(ctx context.Context, tx *sqldb.Tx, v PolicyVersion, by string) (int64, error) {
	if _, err := org.RegionTx(ctx, tx, v.RegionID); err != nil {
		return 0, err
	}
	old, found, err := sqldb.One(ctx, tx, scanPolicy, `SELECT `+policyColumns("k.")+policySelect+
		`WHERE k.region_id = $1 AND k.year = $2 ORDER BY k.version DESC LIMIT 1`, v.RegionID, v.Year)
	if err != nil {
		return 0, err
	}
	if !found {
		old.Values = DefaultPolicy
	}
	args := append([]any{v.RegionID, v.Year, old.Version + 1, v.LegalSource, v.Reason, by, tx.NowMicro()}, v.Values.args()...)
	if _, err := tx.Exec(ctx, `INSERT INTO playback_policy (region_id, year, version, legal_source, reason, set_by, set_at, `+policyColumns("")+`)
		VALUES (`+sqldb.Places(1, len(args))+`)`, args...); err != nil {
		return 0, err
	}
	return old.Version + 1, identity.AuditTx(ctx, tx, "playback.policy_set", "policy/"+v.RegionID, map[string]any{
		"region": v.RegionID, "year": v.Year, "version": old.Version + 1, "reason": v.Reason, "legal_source": v.LegalSource, "changed": changed(old.Values, v.Values)})
}

// changed is every number that differs, as [before, after].
func changed(old, now Policy) map[string][2]int64 {
	out := map[string][2]int64{}
	for _, n := range numbers {
		if a, b := *n.of(&old), *n.of(&now); a != b {
			out[n.name] = [2]int64{a, b}
		}
	}
	return out
}

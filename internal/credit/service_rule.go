package credit

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

// RuleVersion is one version of a rule set, with who set it and why. SetAt is nil where no person set it (demo).
type RuleVersion struct {
	Rule
	RegionName string     `json:"region_name"`
	Reason     string     `json:"reason"`
	SetBy      string     `json:"set_by" doc:"Account; empty where no person set it"`
	SetByName  string     `json:"set_by_name" doc:"Masked"`
	SetAt      *time.Time `json:"set_at"`
}

const ruleSelect = `SELECT s.region_id, g.name, s.year, s.version, s.total_tenths, s.professional_num, s.professional_den, s.minutes_per_hour,
	s.legal_source, s.reason, s.set_by, coalesce(p.name, ''), s.set_at
	FROM rule_set s JOIN region g ON g.id = s.region_id LEFT JOIN person p ON p.id = s.set_by `

func scanRule(row sqldb.Scanner) (v RuleVersion, err error) {
	var at int64
	err = row.Scan(&v.RegionID, &v.RegionName, &v.Year, &v.Version, &v.TotalTenths, &v.ProfessionalNum, &v.ProfessionalDen, &v.MinutesPerHour,
		&v.LegalSource, &v.Reason, &v.SetBy, &v.SetByName, &at)
	v.SetByName, v.ProfessionalNeed = identity.MaskName(v.SetByName), v.need()
	if at > 0 {
		t := time.UnixMicro(at).UTC()
		v.SetAt = &t
	}
	return v, err
}

// DefaultRule is Order 25's own rule: what a region and year without a rule set go by.
func DefaultRule() Rule {
	r := defaultRule
	r.ProfessionalNeed = r.need()
	return r
}

// RulesNow lists the newest version of every region of a year, at most 100.
func (s *Service) RulesNow(ctx context.Context, year int64) (out []RuleVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanRule, ruleSelect+`WHERE s.year = $1 AND s.version =
			(SELECT max(version) FROM rule_set o WHERE o.region_id = s.region_id AND o.year = s.year) ORDER BY g.rank, g.id LIMIT 100`, year)
		return err
	})
	return out, err
}

// RuleHistory lists the versions of a region and year, the newest first: those before version before.
func (s *Service) RuleHistory(ctx context.Context, regionID string, year, before int64, limit int) (out []RuleVersion, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanRule, ruleSelect+`WHERE s.region_id = $1 AND s.year = $2 AND s.version < $3 ORDER BY s.version DESC LIMIT $4`,
			regionID, year, before, limit)
		return err
	})
	return out, err
}

// fits names the inputs that no rule set may have: Order 25, Art. 8 asks for 90 hours, "generally" two thirds of
// them professional; a region may ask for more, and for no less than half.
func (v RuleVersion) fits() *errs.Error {
	e := errs.New(errs.Invalid, "credit.rule")
	for _, f := range []struct {
		ok   bool
		name string
	}{
		{v.Year >= 2015 && v.Year <= 2100, "year"},
		{v.TotalTenths >= 900 && v.TotalTenths <= 3_000, "total_tenths"},
		{v.ProfessionalDen >= 1 && v.ProfessionalDen <= 100 && v.ProfessionalNum <= v.ProfessionalDen && 2*v.ProfessionalNum >= v.ProfessionalDen, "professional_num"},
		{v.MinutesPerHour == 40 || v.MinutesPerHour == 45 || v.MinutesPerHour == 50 || v.MinutesPerHour == 60, "minutes_per_hour"},
		{utf8.RuneCountInString(v.LegalSource) >= 2, "legal_source"},
		{utf8.RuneCountInString(v.Reason) >= 4, "reason"},
	} {
		if !f.ok {
			e = e.WithField(f.name, "invalid")
		}
	}
	return e
}

// SetRule appends a version of a region's rule set for a year; it returns the version's number.
// Errors: Invalid "credit.rule" with fields; NotFound "org.no_region".
func (s *Service) SetRule(ctx context.Context, v RuleVersion) (version int64, err error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return 0, err
	}
	v.Reason, v.LegalSource = strings.TrimSpace(v.Reason), strings.TrimSpace(v.LegalSource)
	if e := v.fits(); len(e.Fields) > 0 {
		return 0, e
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		version, err = setRuleTx(ctx, tx, v, actor.AccountID)
		return err
	})
	return version, err
}

func setRuleTx(ctx context.Context, tx *sqldb.Tx, v RuleVersion, by string) (int64, error) {
	if _, err := org.RegionTx(ctx, tx, v.RegionID); err != nil {
		return 0, err
	}
	old, found, err := sqldb.One(ctx, tx, scanRule, ruleSelect+`WHERE s.region_id = $1 AND s.year = $2 ORDER BY s.version DESC LIMIT 1`, v.RegionID, v.Year)
	if err != nil {
		return 0, err
	}
	if !found {
		old.Rule = DefaultRule()
	}
	version := old.Version + 1
	if _, err := tx.Exec(ctx, `INSERT INTO rule_set (region_id, year, version, total_tenths, professional_num, professional_den, minutes_per_hour, legal_source, reason, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		v.RegionID, v.Year, version, v.TotalTenths, v.ProfessionalNum, v.ProfessionalDen, v.MinutesPerHour, v.LegalSource, v.Reason, by, tx.NowMicro()); err != nil {
		return 0, err
	}
	return version, identity.AuditTx(ctx, tx, "credit.rule_set", "rule_set/"+v.RegionID, map[string]any{
		"region": v.RegionID, "year": v.Year, "version": version, "reason": v.Reason, "legal_source": v.LegalSource,
		"before": old.numbers(), "after": v.numbers()})
}

// numbers are what the audit trail keeps of a rule.
func (r Rule) numbers() map[string]int64 {
	return map[string]int64{"total_tenths": r.TotalTenths, "professional_num": r.ProfessionalNum, "professional_den": r.ProfessionalDen, "minutes_per_hour": r.MinutesPerHour}
}

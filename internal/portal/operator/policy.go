package operator

import (
	"context"
	"math"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/playback"
)

// Policies is the numbers of the notice as versioned data: playback policies, rule sets, year windows, inspection policies.
type Policies struct {
	Media     *media.Service
	Playback  *playback.Service
	Credit    *credit.Service
	Enrolment *enrolment.Service
}

// PolicyPage is a year's playback policies with the ranges and the program's own numbers.
type PolicyPage struct {
	Items         []playback.PolicyVersion `json:"items" doc:"The newest version of every region that has one"`
	Bounds        []playback.Bound         `json:"bounds" doc:"Ranges and defaults, in the order of the page"`
	DefaultSource string                   `json:"default_source"`
}

// RulePage is a year's rule sets with Order 25's own.
type RulePage struct {
	Items   []credit.RuleVersion `json:"items" doc:"The newest version of every region that has one"`
	Default credit.Rule          `json:"default"`
}

// Numbered is the number of a version that was appended.
type Numbered struct {
	Version int64 `json:"version"`
}

type yearIn struct {
	Year int64 `query:"year" minimum:"2015" maximum:"2100" required:"true"`
}

// historyIn asks for the versions of a region and year, the newest first; After is the number of the last one seen.
type historyIn struct {
	httpx.Paging
	Region string `query:"region" maxLength:"40" required:"true"`
	Year   int64  `query:"year" minimum:"2015" maximum:"2100" required:"true"`
}

// before turns a cursor into the version number it stands for.
func before(after string) (int64, error) {
	if after == "" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 {
		return 0, errs.New(errs.Invalid, "request.invalid").WithField("query.after", "invalid")
	}
	return n, nil
}

// numbered is one page of versions; version gives the cursor.
func numbered[T any](items []T, limit int, version func(T) int64) httpx.Page[T] {
	page := httpx.Page[T]{Items: items}
	if page.Items == nil {
		page.Items = []T{}
	}
	if len(items) == limit {
		page.Next = strconv.FormatInt(version(items[limit-1]), 10)
	}
	return page
}

// RegisterPolicies puts them on api.
func RegisterPolicies(api huma.API, p Policies) {
	const base = "/api/operator/"
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "policies", OperationID: "list-policies"}, p.policies)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "policies/history", OperationID: "policy-history"}, p.policyHistory)
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "policies", OperationID: "set-policy"}, p.setPolicy)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "rule-sets", OperationID: "list-rule-sets"}, p.rules)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "rule-sets/history", OperationID: "rule-set-history"}, p.ruleHistory)
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: base + "rule-sets", OperationID: "set-rule-set"}, p.setRule)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "inspection-policy", OperationID: "inspection-policy"}, p.inspection)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "inspection-policy/history", OperationID: "inspection-policy-history"}, p.inspectionHistory)
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "inspection-policy", OperationID: "set-inspection-policy"}, p.setInspection)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: base + "years", OperationID: "list-years"}, p.years)
	httpx.Handle(api, huma.Operation{Method: http.MethodPut, Path: base + "years/{year}", OperationID: "set-year", DefaultStatus: 204}, p.setYear)
}

func (p Policies) policies(ctx context.Context, in *yearIn) (*httpx.Body[PolicyPage], error) {
	items, err := p.Playback.PoliciesNow(ctx, in.Year)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []playback.PolicyVersion{}
	}
	return httpx.OK(PolicyPage{items, playback.Bounds(), playback.DefaultSource})
}

func (p Policies) policyHistory(ctx context.Context, in *historyIn) (*httpx.Body[httpx.Page[playback.PolicyVersion]], error) {
	n, err := before(in.After)
	if err != nil {
		return nil, err
	}
	items, err := p.Playback.PolicyHistory(ctx, in.Region, in.Year, n, in.Limit)
	if err != nil {
		return nil, err
	}
	return httpx.OK(numbered(items, in.Limit, func(v playback.PolicyVersion) int64 { return v.Version }))
}

func (p Policies) setPolicy(ctx context.Context, in *struct {
	Body struct {
		Region      string          `json:"region_id" maxLength:"40"`
		Year        int64           `json:"year"`
		Values      playback.Policy `json:"values"`
		LegalSource string          `json:"legal_source" maxLength:"200"`
		Reason      string          `json:"reason" maxLength:"500"`
	}
}) (*httpx.Body[Numbered], error) {
	b := in.Body
	n, err := p.Playback.SetPolicy(ctx, playback.PolicyVersion{RegionID: b.Region, Year: b.Year, Values: b.Values, LegalSource: b.LegalSource, Reason: b.Reason})
	if err != nil {
		return nil, err
	}
	return httpx.OK(Numbered{n})
}

func (p Policies) rules(ctx context.Context, in *yearIn) (*httpx.Body[RulePage], error) {
	items, err := p.Credit.RulesNow(ctx, in.Year)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []credit.RuleVersion{}
	}
	return httpx.OK(RulePage{items, credit.DefaultRule()})
}

func (p Policies) ruleHistory(ctx context.Context, in *historyIn) (*httpx.Body[httpx.Page[credit.RuleVersion]], error) {
	n, err := before(in.After)
	if err != nil {
		return nil, err
	}
	items, err := p.Credit.RuleHistory(ctx, in.Region, in.Year, n, in.Limit)
	if err != nil {
		return nil, err
	}
	return httpx.OK(numbered(items, in.Limit, func(v credit.RuleVersion) int64 { return v.Version }))
}

func (p Policies) setRule(ctx context.Context, in *struct {
	Body struct {
		Region          string `json:"region_id" maxLength:"40"`
		Year            int64  `json:"year"`
		TotalTenths     int64  `json:"total_tenths" doc:"Hours a year, tenths"`
		ProfessionalNum int64  `json:"professional_num"`
		ProfessionalDen int64  `json:"professional_den"`
		MinutesPerHour  int64  `json:"minutes_per_hour"`
		LegalSource     string `json:"legal_source" maxLength:"200"`
		Reason          string `json:"reason" maxLength:"500"`
	}
}) (*httpx.Body[Numbered], error) {
	b := in.Body
	n, err := p.Credit.SetRule(ctx, credit.RuleVersion{Rule: credit.Rule{RegionID: b.Region, Year: b.Year, TotalTenths: b.TotalTenths, ProfessionalNum: b.ProfessionalNum,
		ProfessionalDen: b.ProfessionalDen, MinutesPerHour: b.MinutesPerHour, LegalSource: b.LegalSource}, Reason: b.Reason})
	if err != nil {
		return nil, err
	}
	return httpx.OK(Numbered{n})
}

func (p Policies) years(ctx context.Context, _ *struct{}) (*httpx.Body[httpx.Page[enrolment.YearWindow]], error) {
	items, err := p.Enrolment.Years(ctx)
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []enrolment.YearWindow{}
	}
	return httpx.OK(httpx.Page[enrolment.YearWindow]{Items: items})
}

func (p Policies) setYear(ctx context.Context, in *struct {
	Year int64 `path:"year" minimum:"2015" maximum:"2100"`
	Body struct {
		OpensOn    string `json:"opens_on" maxLength:"10" doc:"First day, 2026-01-01"`
		StudyLast  string `json:"study_last" maxLength:"10"`
		MakeUpLast string `json:"make_up_last" maxLength:"10"`
		Reason     string `json:"reason" maxLength:"500"`
	}
}) (*struct{}, error) {
	b := in.Body
	return nil, p.Enrolment.SetYear(ctx, enrolment.YearWindow{Year: in.Year, OpensOn: b.OpensOn, StudyLast: b.StudyLast, MakeUpLast: b.MakeUpLast}, b.Reason)
}

package playback

import (
	"context"
	"strings"
	"time"

	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Bound is the range from which an operator may choose a number. No version outside it can be stored: the schema holds
// the same ranges, so that no deployment's data can break an invariant.
type Bound struct {
	Name    string `json:"name"`
	Min     int64  `json:"min"`
	Max     int64  `json:"max"`
	Default int64  `json:"default"`
}

// number is one number of the policy: its name in JSON and SQL, its range, and where it stands in a Policy.
type number struct {
	name     string
	min, max int64
	of       func(p *Policy) *int64
}

// numbers are all of them, in the order of pages and columns. A check interval above 900 s would break PB-I4; tolerances
// above the notice's would book hours that were not studied, so they may only become stricter.
var numbers = []number{
	{"check_min_ms", 60_000, 900_000, func(p *Policy) *int64 { return &p.CheckMinMS }},
	{"check_max_ms", 60_000, 900_000, func(p *Policy) *int64 { return &p.CheckMaxMS }},
	{"answer_ms", 30_000, 300_000, func(p *Policy) *int64 { return &p.AnswerMS }},
	{"gap_ms", 500, 2_000, func(p *Policy) *int64 { return &p.GapMS }},
	{"total_ms", 500, 5_000, func(p *Policy) *int64 { return &p.TotalMS }},
	{"beat_ms", 5_000, 30_000, func(p *Policy) *int64 { return &p.BeatMS }},
	{"lease_ttl_ms", 30_000, 180_000, func(p *Policy) *int64 { return &p.LeaseTTLMS }},
	{"backlog_ms", 30_000, 120_000, func(p *Policy) *int64 { return &p.BacklogMS }},
	{"window_ms", 60_000, 180_000, func(p *Policy) *int64 { return &p.WindowMS }},
	{"late_ms", 0, 300_000, func(p *Policy) *int64 { return &p.LateMS }},
	{"ahead_ms", 500, 3_000, func(p *Policy) *int64 { return &p.AheadMS }},
	{"continue_ms", 100, 1_000, func(p *Policy) *int64 { return &p.ContinueMS }},
	{"overspeed_min_ms", 10_000, 60_000, func(p *Policy) *int64 { return &p.OverspeedMinMS }},
	{"overspeed_pct", 102, 125, func(p *Policy) *int64 { return &p.OverspeedPct }},
}

// Bounds are the ranges of all numbers with the notice's and settled.md's defaults.
func Bounds() []Bound {
	p := DefaultPolicy
	out := make([]Bound, len(numbers))
	for i, n := range numbers {
		out[i] = Bound{n.name, n.min, n.max, *n.of(&p)}
	}
	return out
}

// check refuses numbers outside their ranges and ranges that contradict each other.
// Errors: Invalid "playback.policy_bounds" with a field a wrong number ("values.check_max_ms": below, above, relation).
func (p Policy) check() error {
	e := errs.New(errs.Invalid, "playback.policy_bounds")
	for _, n := range numbers {
		switch v := *n.of(&p); {
		case v < n.min:
			e = e.WithField("values."+n.name, "below")
		case v > n.max:
			e = e.WithField("values."+n.name, "above")
		}
	}
	for _, r := range []struct {
		ok   bool
		name string
	}{{p.CheckMinMS <= p.CheckMaxMS, "check_min_ms"}, {p.GapMS <= p.TotalMS, "gap_ms"}, {2*p.BeatMS <= p.LeaseTTLMS, "lease_ttl_ms"}} {
		if !r.ok {
			e = e.WithField("values."+r.name, "relation")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// policyColumns names the numbers' columns, behind the alias of a table.
func policyColumns(alias string) string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = alias + n.name
	}
	return strings.Join(names, ", ")
}

// targets are the places a row of policyColumns is scanned into.
func (p *Policy) targets() []any {
	out := make([]any, len(numbers))
	for i, n := range numbers {
		out[i] = n.of(p)
	}
	return out
}

// args are the numbers in the order of policyColumns.
func (p *Policy) args() []any {
	out := make([]any, len(numbers))
	for i, n := range numbers {
		out[i] = *n.of(p)
	}
	return out
}

// policies says which numbers hold for a learner. fixed, if set, holds for everybody (tests).
//
// A lease goes by the newest version, set before the lease was acquired, for the learner's region or its nearest
// ancestor and the credit year of that instant. So a changed policy holds from the next acquisition: no number changes
// under a player that has been told another, every process agrees, and a heartbeat reads nothing more than its entry.
type policies struct{ fixed *Policy }

// atTx is the policy of a lease that learnerID acquired at instant at (µs); with at = now, of one acquired now.
func (p policies) atTx(ctx context.Context, tx *sqldb.Tx, learnerID string, at int64) (*Policy, error) {
	if p.fixed != nil {
		return p.fixed, nil
	}
	year := civil.DateOf(time.UnixMicro(at), civil.Shanghai).Year
	found, ok, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (*Policy, error) {
		v := &Policy{}
		return v, row.Scan(v.targets()...)
	}, `WITH RECURSIVE up (id, parent, depth) AS (
			SELECT r.id, r.parent, 0 FROM person p JOIN region r ON r.id = p.region_id WHERE p.id = $1
			UNION ALL SELECT r.id, r.parent, up.depth + 1 FROM up JOIN region r ON r.id = up.parent WHERE up.depth < 8)
		SELECT `+policyColumns("k.")+` FROM up JOIN playback_policy k ON k.region_id = up.id
		WHERE k.year = $2 AND k.set_at <= $3 ORDER BY up.depth, k.version DESC LIMIT 1`, learnerID, year, at)
	if err != nil || ok {
		return found, err
	}
	v := DefaultPolicy
	return &v, nil
}

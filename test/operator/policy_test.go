// Package operator tests what operators change — policies, rules, years, texts, accounts — against the real program over
// HTTP, and that learners' pages follow.
package operator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/test/city"
)

const (
	year   = 2026 // of sqltest.Start
	lesson = "l0401"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused asserts a problem's status and code.
func refused(t *testing.T, err error, status int, code string) {
	t.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status || p.Code != code {
		t.Fatalf("got %v, want %d %s", err, status, code)
	}
}

// staff is a logged-in person with a role.
func staff(t *testing.T, c *city.City, role identity.Role, scope string) (city.Person, *client.Device) {
	t.Helper()
	p := c.Learner(t)
	ctx := identity.SystemContext(context.Background(), "test")
	must(t, c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM role_grant WHERE person_id = $1`, p.ID); err != nil || role == "" {
			return err
		}
		duties := ""
		if role == identity.ProviderStaff {
			duties = "course,exam,finance,service"
		}
		_, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, $2, $3, $4, 'test', 1)`, p.ID, string(role), scope, duties)
		return err
	}))
	return p, c.Login(t, p, "desk")
}

type policies struct {
	Items []struct {
		RegionID    string          `json:"region_id"`
		Version     int64           `json:"version"`
		Values      playback.Policy `json:"values"`
		LegalSource string          `json:"legal_source"`
		Reason      string          `json:"reason"`
		SetBy       string          `json:"set_by"`
	}
	Next string
}

func set(region string, change func(p *playback.Policy)) map[string]any {
	v := playback.DefaultPolicy
	change(&v)
	return map[string]any{"region_id": region, "year": year, "values": v, "legal_source": "忻人社函〔2018〕157号", "reason": "试行更短的确认间隔"}
}

func nextCheck(t *testing.T, d *client.Device) int64 {
	t.Helper()
	var page struct {
		NextCheckMS int64 `json:"next_check_ms"`
	}
	must(t, d.Do("GET", "/api/learner/lessons/"+lesson, nil, &page))
	return page.NextCheckMS
}

func threshold(t *testing.T, c *city.City, learner string) (ms int64) {
	t.Helper()
	must(t, c.DB.Read(context.Background(), func(tx *sqldb.Tx) (err error) {
		ms, _, err = sqldb.One(context.Background(), tx, sqldb.ScanValue[int64], `SELECT threshold_ms FROM study WHERE learner_id = $1`, learner)
		return err
	}))
	return ms
}

// TestAChangedPolicyHoldsFromTheNextAcquisition: the page follows at once, the lease in hand keeps its numbers, and the
// next one goes by the new ones, whichever process answers.
func TestAChangedPolicyHoldsFromTheNextAcquisition(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, o := staff(t, c, identity.Operator, "")
		person, d := c.Enrolled(t, "c04")
		if n := nextCheck(t, d); n != 900_000 {
			t.Fatalf("next check within %d ms before any version", n)
		}
		p, err := d.Acquire(lesson, false)
		must(t, err)
		if n := threshold(t, c, person.ID); n < 780_000 || n > 900_000 {
			t.Fatalf("threshold %d", n)
		}
		c.Clock.Advance(1e6)
		var made struct{ Version int64 }
		must(t, o.Do("POST", "/api/operator/policies", set("1409", func(p *playback.Policy) { p.CheckMinMS, p.CheckMaxMS, p.BeatMS = 300_000, 600_000, 15_000 }), &made))
		if made.Version != 1 {
			t.Fatalf("version %d", made.Version)
		}
		if n := nextCheck(t, d); n != 600_000 {
			t.Fatalf("the page says %d ms after the change for the city", n)
		}
		for _, in := range []*city.City{c, c.Second(t)} { // also a process that has to read the lease afresh
			there := *d
			there.Base = in.URL
			held := *p
			held.Device = &there
			c.Clock.Advance(10e9)
			a, err := held.Beat("paused", 0, 0)
			must(t, err)
			if p.Seq = held.Seq; a.NextCheckMS != 900_000 {
				t.Fatalf("the lease in hand changed its numbers: %d", a.NextCheckMS)
			}
		}
		// Nearest region wins over its ancestor.
		must(t, o.Do("POST", "/api/operator/policies", set("140902", func(p *playback.Policy) { p.CheckMinMS, p.CheckMaxMS = 200_000, 400_000 }), nil))
		c.Clock.Advance(1e6)
		p, err = d.Acquire(lesson, true)
		must(t, err)
		if n := threshold(t, c, person.ID); n < 200_000 || n > 400_000 || p.Answer.NextCheckMS != 400_000 {
			t.Fatalf("after the next acquisition: threshold %d, next check %d", n, p.Answer.NextCheckMS)
		}
		// Another region and another year go their own way.
		must(t, o.Do("POST", "/api/operator/policies", set("140981", func(p *playback.Policy) { p.CheckMaxMS = 800_000 }), nil))
		next := set("140902", func(p *playback.Policy) { p.CheckMaxMS = 790_000 })
		next["year"] = year + 1
		must(t, o.Do("POST", "/api/operator/policies", next, nil))
		if n := nextCheck(t, d); n != 400_000 {
			t.Fatalf("next check %d after changes elsewhere", n)
		}
	})
}

// TestPolicyVersionsAreKeptWithinBounds: appended, never overwritten, refused with fields, and held by the schema too.
func TestPolicyVersionsAreKeptWithinBounds(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		boss, o := staff(t, c, identity.Operator, "")
		for i := range 3 {
			c.Clock.Advance(1e9) // the trail is in order of time
			must(t, o.Do("POST", "/api/operator/policies", set("1409", func(p *playback.Policy) { p.AnswerMS = 60_000 + int64(i)*1000 }), nil))
		}
		var list policies
		must(t, o.Do("GET", "/api/operator/policies?year=2026", nil, &list))
		if len(list.Items) != 1 || list.Items[0].Version != 3 || list.Items[0].Values.AnswerMS != 62_000 || list.Items[0].SetBy != boss.ID || list.Items[0].Reason == "" {
			t.Fatalf("newest %+v", list.Items)
		}
		must(t, o.Do("GET", "/api/operator/policies/history?region=1409&year=2026&limit=2", nil, &list))
		if len(list.Items) != 2 || list.Items[1].Version != 2 || list.Next == "" {
			t.Fatalf("history %+v", list)
		}
		must(t, o.Do("GET", "/api/operator/policies/history?region=1409&year=2026&limit=2&after="+list.Next, nil, &list))
		if len(list.Items) != 1 || list.Items[0].Version != 1 || list.Items[0].Values.AnswerMS != 60_000 || list.Next != "" {
			t.Fatalf("first version %+v", list)
		}
		for name, change := range map[string]func(p *playback.Policy){
			"values.check_max_ms":  func(p *playback.Policy) { p.CheckMaxMS = 900_001 },
			"values.check_min_ms":  func(p *playback.Policy) { p.CheckMinMS, p.CheckMaxMS = 500_000, 400_000 },
			"values.total_ms":      func(p *playback.Policy) { p.TotalMS = 5_001 },
			"values.gap_ms":        func(p *playback.Policy) { p.GapMS = -1 },
			"values.backlog_ms":    func(p *playback.Policy) { p.BacklogMS = 3_600_000 },
			"values.window_ms":     func(p *playback.Policy) { p.WindowMS = 0 },
			"values.lease_ttl_ms":  func(p *playback.Policy) { p.BeatMS, p.LeaseTTLMS = 30_000, 45_000 },
			"values.overspeed_pct": func(p *playback.Policy) { p.OverspeedPct = 1600 },
		} {
			if fields := fieldsOf(t, o, set("1409", change), "playback.policy_bounds"); !slices.Contains(fields, name) {
				t.Errorf("%s: fields %v", name, fields)
			}
		}
		blank := set("1409", func(*playback.Policy) {})
		blank["reason"], blank["legal_source"] = " ", ""
		if fields := fieldsOf(t, o, blank, "playback.policy"); !slices.Equal(fields, []string{"reason", "legal_source"}) {
			t.Errorf("without reason: %v", fields)
		}
		refused(t, o.Do("POST", "/api/operator/policies", set("nowhere", func(*playback.Policy) {}), nil), 404, "org.no_region")
		must(t, o.Do("GET", "/api/operator/policies?year=2026", nil, &list))
		if list.Items[0].Version != 3 {
			t.Error("a refusal changed something")
		}
		ctx := context.Background()
		for _, q := range []string{
			`UPDATE playback_policy SET answer_ms = 60000`, `DELETE FROM playback_policy`, `UPDATE rule_set SET total_tenths = 1`, `UPDATE setting SET value = ''`,
			`INSERT INTO playback_policy SELECT region_id, year, 9, beat_ms, lease_ttl_ms, backlog_ms, window_ms, check_min_ms, 900001, answer_ms, late_ms, gap_ms, total_ms,
				ahead_ms, continue_ms, overspeed_min_ms, overspeed_pct, legal_source, reason, set_by, set_at FROM playback_policy WHERE version = 1`,
		} {
			if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, q); return err }); err == nil {
				t.Errorf("the schema let through: %.60s", q)
			}
		}
		var log struct{ Items []identity.AuditEntry }
		must(t, o.Do("GET", "/api/operator/audit?action=playback.policy_set&object=policy/1409", nil, &log))
		if len(log.Items) != 3 || log.Items[0].AccountID != boss.ID {
			t.Fatalf("audit %+v", log.Items)
		}
		changed, _ := log.Items[0].Detail["changed"].(map[string]any)
		if pair, _ := changed["answer_ms"].([]any); len(changed) != 1 || len(pair) != 2 || pair[0] != 61_000.0 || pair[1] != 62_000.0 {
			t.Errorf("audit says %v", log.Items[0].Detail)
		}
	})
}

// fieldsOf posts a policy that must be refused with 422 and code, and gives the fields it names.
func fieldsOf(t *testing.T, o *client.Device, body map[string]any, code string) []string {
	t.Helper()
	err := o.Do("POST", "/api/operator/policies", body, nil)
	refused(t, err, 422, code)
	var p *client.Problem
	errors.As(err, &p)
	var out []string
	for _, f := range p.Fields {
		out = append(out, f.Path)
	}
	return out
}

// TestOnlyOperatorsChangeWhatOperatorsChange is the matrix of this portal's use cases by role.
func TestOnlyOperatorsChangeWhatOperatorsChange(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	reading := []identity.Role{identity.Operator, identity.BureauStaff, identity.Inspector}
	only := []identity.Role{identity.Operator}
	cases := []struct {
		method, path string
		body         any
		allowed      []identity.Role
	}{
		{"GET", "/api/operator/policies?year=2026", nil, reading},
		{"GET", "/api/operator/policies/history?year=2026&region=1409", nil, reading},
		{"POST", "/api/operator/policies", set("1409", func(*playback.Policy) {}), only},
		{"GET", inspectionPath + "?year=2026", nil, reading},
		{"GET", inspectionPath + "/history?year=2026", nil, reading},
		{"PUT", inspectionPath, inspect(0, func(*media.InspectionPolicy) {}), only},
		{"GET", "/api/operator/rule-sets?year=2026", nil, reading},
		{"GET", "/api/operator/rule-sets/history?year=2026&region=1409", nil, reading},
		{"POST", "/api/operator/rule-sets", rule("140902", 950), only},
		{"GET", "/api/operator/years", nil, reading},
		{"PUT", "/api/operator/years/2027", map[string]any{"opens_on": "2027-01-01", "study_last": "2027-12-31", "make_up_last": "2028-12-31", "reason": "按年度通知"}, only},
		{"GET", "/api/operator/texts/privacy", nil, only},
		{"POST", "/api/operator/texts/privacy", map[string]any{"body_zh": strings.Repeat("段落。", 50), "reason": "改写第一条"}, only},
		{"GET", "/api/operator/audit", nil, only},
		{"POST", "/api/operator/accounts/find", map[string]any{"account": "13935010001"}, only},
		{"GET", "/api/operator/accounts/requests?kind=transfer", nil, only},
		{"GET", "/api/operator/settings", nil, only},
		{"GET", "/api/operator/waiting", nil, only},
		{"GET", "/api/operator/providers", nil, only},
		{"GET", "/api/operator/units?region=1409", nil, only},
		{"POST", "/api/operator/regions", map[string]any{"id": "140999", "parent": "1409", "name": "某县", "kind": "county", "reason": "调整"}, only},
		{"PUT", "/api/operator/regions/140902", map[string]any{"name": "忻府区", "reason": "调整"}, only},
		{"POST", "/api/operator/providers", map[string]any{"id": "fenhe", "name": "汾河中心", "short_name": "汾河", "reason": "入库"}, only},
		{"PUT", "/api/operator/providers/wutai", map[string]any{"name": "五台讲堂", "short_name": "五台", "state": "active", "reason": "改名"}, only},
		{"POST", "/api/operator/units", map[string]any{"region_id": "140902", "name": "忻府区某中学", "reason": "申请"}, only},
		{"PUT", "/api/operator/units/u01", map[string]any{"name": "忻府区云中中学", "reason": "改名"}, only},
		{"POST", "/api/operator/sites", map[string]any{"host": "a.example.cn", "region_id": "1409", "reason": "启用"}, only},
	}
	who := map[identity.Role]string{"": "", identity.Learner: "", identity.UnitAdmin: "u01", identity.Teacher: "jinyun", identity.ProviderStaff: "jinyun", identity.Marker: "jinyun",
		identity.Agent: "", identity.TeamLeader: "", identity.BureauStaff: "1409", identity.Inspector: "1409", identity.Operator: ""}
	for role, scope := range who {
		_, d := staff(t, c, role, scope)
		for _, k := range cases {
			err := d.Do(k.method, k.path, k.body, nil)
			if slices.Contains(k.allowed, role) {
				if err != nil && !strings.Contains(err.Error(), "identity.step_up_required") {
					t.Errorf("%s %s as %q: %v", k.method, k.path, role, err)
				}
				continue
			}
			refused(t, err, 403, "identity.role_required")
		}
	}
	nobody := client.New(c.URL, "stranger")
	for _, k := range cases {
		refused(t, nobody.Do(k.method, k.path, k.body, nil), 401, "identity.login_required")
	}
}

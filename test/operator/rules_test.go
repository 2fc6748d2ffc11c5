package operator

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

func rule(region string, tenths int64) map[string]any {
	return map[string]any{"region_id": region, "year": year, "total_tenths": tenths, "professional_num": 2, "professional_den": 3, "minutes_per_hour": 45,
		"legal_source": "忻人社函〔2018〕157号", "reason": "本区另有要求"}
}

// TestARuleSetIsAppendedAndTheHomePageFollows.
func TestARuleSetIsAppendedAndTheHomePageFollows(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		boss, o := staff(t, c, identity.Operator, "")
		d := c.Login(t, c.Learner(t), "pc")
		need := func() int64 {
			var home struct {
				Summary struct {
					Need int64 `json:"need_tenths"`
				}
			}
			must(t, d.Do("GET", "/api/learner/home", nil, &home))
			return home.Summary.Need
		}
		if need() != 900 {
			t.Fatal(need())
		}
		var made struct{ Version int64 }
		must(t, o.Do("POST", "/api/operator/rule-sets", rule("1409", 960), &made))
		if made.Version != 2 || need() != 960 { // the demo set version 1
			t.Fatalf("version %d, need %d", made.Version, need())
		}
		c.Clock.Advance(1e9)
		must(t, o.Do("POST", "/api/operator/rule-sets", rule("140902", 1000), &made))
		if made.Version != 1 || need() != 1000 {
			t.Fatalf("version %d, need %d", made.Version, need())
		}
		for field, change := range map[string]func(m map[string]any){
			"total_tenths":     func(m map[string]any) { m["total_tenths"] = 899 },
			"professional_num": func(m map[string]any) { m["professional_num"] = 1 },
			"minutes_per_hour": func(m map[string]any) { m["minutes_per_hour"] = 30 },
			"legal_source":     func(m map[string]any) { m["legal_source"] = "" },
			"reason":           func(m map[string]any) { m["reason"] = "x" },
			"year":             func(m map[string]any) { m["year"] = 1999 },
		} {
			body := rule("1409", 900)
			change(body)
			wantField(t, o.Do("POST", "/api/operator/rule-sets", body, nil), "credit.rule", field)
		}
		var history struct {
			Items []struct {
				Version     int64
				TotalTenths int64  `json:"total_tenths"`
				SetBy       string `json:"set_by"`
				SetAt       string `json:"set_at"`
			}
		}
		must(t, o.Do("GET", "/api/operator/rule-sets/history?year=2026&region=1409", nil, &history))
		if h := history.Items; len(h) != 2 || h[0].TotalTenths != 960 || h[0].SetBy != boss.ID || h[1].TotalTenths != 900 || h[1].SetAt != "" {
			t.Fatalf("history %+v", history.Items)
		}
		var log struct{ Items []identity.AuditEntry }
		must(t, o.Do("GET", "/api/operator/audit?action=credit.rule_set", nil, &log))
		if len(log.Items) != 2 {
			t.Fatalf("audit %+v", log.Items)
		}
		if before, _ := log.Items[1].Detail["before"].(map[string]any); before["total_tenths"] != 900.0 {
			t.Errorf("audit says %v", log.Items[1].Detail)
		}
	})
}

func wantField(t *testing.T, err error, code, field string) {
	t.Helper()
	refused(t, err, 422, code)
	var p *client.Problem
	errors.As(err, &p)
	if !slices.ContainsFunc(p.Fields, func(f client.Field) bool { return f.Path == field }) {
		t.Errorf("%s: fields %v, want %s", code, p.Fields, field)
	}
}

// TestAYearIsClosedAndOpenedAgain: its days are moved with a reason, what stood before is kept, and studying follows.
func TestAYearIsClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, o := staff(t, c, identity.Operator, "")
		_, d := c.Enrolled(t, "c04")
		window := func(last string) map[string]any {
			return map[string]any{"opens_on": "2026-01-01", "study_last": last, "make_up_last": last, "reason": "年度提前结束"}
		}
		must(t, o.Do("PUT", "/api/operator/years/2026", window("2026-11-23"), nil))
		_, err := d.Acquire(lesson, false)
		refused(t, err, 409, "enrolment.year_closed")
		c.Clock.Advance(1e9)
		must(t, o.Do("PUT", "/api/operator/years/2026", window("2026-11-24"), nil)) // the last day is included
		_, err = d.Acquire(lesson, false)
		must(t, err)
		for field, change := range map[string]func(m map[string]any){
			"opens_on":     func(m map[string]any) { m["opens_on"] = "2026-02-30" },
			"study_last":   func(m map[string]any) { m["study_last"] = "2025-12-31" },
			"make_up_last": func(m map[string]any) { m["make_up_last"] = "2040-12-31" },
			"reason":       func(m map[string]any) { m["reason"] = "" },
		} {
			body := window("2026-12-31")
			change(body)
			wantField(t, o.Do("PUT", "/api/operator/years/2026", body, nil), "enrolment.year_window", field)
		}
		var log struct{ Items []identity.AuditEntry }
		must(t, o.Do("GET", "/api/operator/audit?object=year/2026", nil, &log))
		if len(log.Items) != 2 {
			t.Fatalf("audit %+v", log.Items)
		}
		before, _ := log.Items[1].Detail["before"].(map[string]any)
		if before["study_last"] != "2026-12-31" || before["make_up_last"] != "2027-12-31" {
			t.Errorf("audit kept %v", log.Items[1].Detail)
		}
	})
}

// TestANewTextAsksEverybodyAgain: published after step-up, readable by everybody, old versions too.
func TestANewTextAsksEverybodyAgain(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		boss, o := staff(t, c, identity.Operator, "")
		_, d := c.Enrolled(t, "c01")
		play, err := d.Acquire("l0101", false)
		must(t, err)
		needed := func() bool {
			var s struct {
				Needed bool `json:"consent_needed"`
			}
			must(t, d.Do("GET", "/api/public/session", nil, &s))
			return s.Needed
		}
		if needed() {
			t.Fatal("asked again without a new version")
		}
		var first struct{ Version, BodyZH string }
		must(t, d.Do("GET", "/api/public/texts/privacy", nil, &first))
		text := "# 隐私政策\n\n" + strings.Repeat("我们只收集办理继续教育所必需的信息。", 10)
		body := map[string]any{"body_zh": text, "reason": "写明保存期限"}
		c.Clock.Advance(11 * time.Minute) // a fresh login is a proof for ten
		refused(t, o.Do("POST", "/api/operator/texts/privacy", body, nil), 428, "identity.step_up_required")
		stepUp(t, c, boss, o)
		for field, bad := range map[string]map[string]any{
			"body_zh": {"body_zh": "太短", "reason": "写明保存期限"},
			"body_en": {"body_zh": text, "body_en": "too short", "reason": "写明保存期限"},
			"reason":  {"body_zh": text, "reason": " "},
		} {
			wantField(t, o.Do("POST", "/api/operator/texts/privacy", bad, nil), "identity.text", field)
		}
		control := map[string]any{"body_zh": text + "\u0007", "reason": "写明保存期限"}
		wantField(t, o.Do("POST", "/api/operator/texts/privacy", control, nil), "identity.text", "body_zh")
		must(t, o.Do("POST", "/api/operator/texts/privacy", body, nil))
		refused(t, o.Do("POST", "/api/operator/texts/privacy", body, nil), 409, "identity.text_same")
		if !needed() {
			t.Fatal("nobody is asked")
		}
		_, err = d.Acquire("l0101", true)
		refused(t, err, 428, "identity.consent_required")
		refused(t, d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": "c02"}, nil), 428, "identity.consent_required")
		if a, err := play.Beat("paused", 0, 0); err != nil || a.State != "ok" { // what was begun under the old texts is not lost
			t.Fatalf("the place that plays: %q, %v", a.State, err)
		}
		var v struct{ Agreed, Agreement, Privacy string }
		must(t, d.Do("GET", "/api/public/account/agreements", nil, &v))
		if v.Agreement != "2026-1" || v.Privacy != "2026-2" {
			t.Fatalf("versions %+v", v)
		}
		refused(t, d.Do("POST", "/api/learner/account/consent", map[string]any{"agreed": "2026-1"}, nil), 409, "identity.agreement_version")
		must(t, d.Do("POST", "/api/learner/account/consent", map[string]any{"agreed": v.Agreed}, nil))
		if needed() {
			t.Fatal("asked after agreeing")
		}
		must(t, d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": "c02"}, nil))
		_, err = d.Acquire("l0101", true)
		must(t, err)
		var now, old struct {
			Version     string
			BodyZH      string `json:"body_zh"`
			PublishedBy string `json:"published_by"`
		}
		must(t, client.New(c.URL, "stranger").Do("GET", "/api/public/texts/privacy", nil, &now))
		must(t, d.Do("GET", "/api/public/texts/privacy?version=2026-1", nil, &old))
		if now.Version != "2026-2" || now.BodyZH != text || now.PublishedBy != "" || old.Version != "2026-1" || !strings.Contains(old.BodyZH, "身份证号") {
			t.Fatalf("now %+v, old %s", now, old.Version)
		}
		refused(t, d.Do("GET", "/api/public/texts/privacy?version=1999-1", nil, nil), 404, "identity.no_text")
		var history struct{ Items []struct{ Version string } }
		must(t, o.Do("GET", "/api/operator/texts/privacy", nil, &history))
		if len(history.Items) != 2 || history.Items[1].Version != "2026-1" {
			t.Fatalf("history %+v", history)
		}
	})
}

// stepUp proves the person again by a code to the phone.
func stepUp(t *testing.T, c *city.City, p city.Person, d *client.Device) {
	t.Helper()
	c.Clock.Advance(61e9)
	must(t, d.Do("POST", "/api/learner/account/code", map[string]any{"purpose": "step_up"}, nil))
	must(t, d.Do("POST", "/api/learner/account/step-up", map[string]any{"code": c.SMS.Code(p.Phone, "step_up")}, nil))
}

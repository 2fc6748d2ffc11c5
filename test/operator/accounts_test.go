package operator

import (
	"net/url"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// TestAnAccountIsFoundGrantedRevealedAndAudited walks the accounts page.
func TestAnAccountIsFoundGrantedRevealedAndAudited(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		boss, o := staff(t, c, identity.Operator, "")
		p := c.Learner(t)
		find := func() (a identity.Account) {
			c.Clock.Advance(1e9) // the trail is in order of time
			must(t, o.Do("POST", "/api/operator/accounts/find", map[string]any{"account": p.Phone}, &a))
			return a
		}
		a := find()
		if a.ID != p.ID || a.Found == nil || a.Found.RegionName != "忻府区" || a.Found.UnitName == "" || len(a.Found.Held) != 1 || a.Found.Held[0].Role != "learner" {
			t.Fatalf("found %+v %+v", a, a.Found)
		}
		path := "/api/operator/accounts/" + p.ID
		grant := map[string]any{"role": "unit_admin", "scope": "u01"}
		c.Clock.Advance(11 * time.Minute) // a fresh login is a proof for ten
		refused(t, o.Do("PUT", path+"/grants", grant, nil), 428, "identity.step_up_required")
		stepUp(t, c, boss, o)
		wantField(t, o.Do("PUT", path+"/grants", map[string]any{"role": "unit_admin", "scope": "u99"}, nil), "identity.grant", "scope")
		wantField(t, o.Do("PUT", path+"/grants", map[string]any{"role": "bureau_staff", "scope": "u01"}, nil), "identity.grant", "scope")
		c.Clock.Advance(1e9)
		must(t, o.Do("PUT", path+"/grants", grant, nil))
		if h := find().Found.Held; len(h) != 2 || h[1].Role != "unit_admin" || h[1].ScopeName != "忻府区云中中学" {
			t.Fatalf("held %+v", h)
		}
		c.Clock.Advance(1e9)
		must(t, o.Do("DELETE", path+"/grants?role=unit_admin&scope=u01", nil, nil))
		var shown struct {
			IDNumber string `json:"id_number"`
		}
		c.Clock.Advance(1e9)
		must(t, o.Do("POST", path+"/reveal", map[string]any{"reason": "核对身份证号更正"}, &shown))
		if len(shown.IDNumber) != 18 {
			t.Fatal("not revealed")
		}
		c.Clock.Advance(1e9)
		must(t, o.Do("PUT", path+"/lock", map[string]any{"locked": true, "reason": "本人报失"}, nil))
		if find().State != "locked" {
			t.Fatal("not locked")
		}
		c.Clock.Advance(1e9)
		must(t, o.Do("PUT", path+"/lock", map[string]any{"locked": false, "reason": "本人到场"}, nil))
		auditOf(t, o, boss, p)
	})
}

// auditOf reads the person's trail page by page and holds it against what was just done.
func auditOf(t *testing.T, o *client.Device, boss, p city.Person) {
	t.Helper()
	var actions []string
	after := ""
	for {
		var page struct {
			Items []identity.AuditEntry
			Next  string
		}
		must(t, o.Do("GET", "/api/operator/audit?limit=3&account="+boss.ID+"&object="+url.QueryEscape("person/"+p.ID)+"&after="+after, nil, &page))
		for _, e := range page.Items {
			if e.AccountName != "学*" || e.ObjectName != "学*" {
				t.Errorf("names %q %q, want masks", e.AccountName, e.ObjectName)
			}
			actions = append(actions, e.Action)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	want := []string{"identity.unlocked", "identity.account_searched", "identity.locked", "identity.reveal_id_number", "identity.revoked",
		"identity.account_searched", "identity.granted", "identity.account_searched"}
	if len(actions) != len(want) {
		t.Fatalf("trail %v", actions)
	}
	for i := range want {
		if actions[i] != want[i] {
			t.Fatalf("trail %v", actions)
		}
	}
	var none struct{ Items []identity.AuditEntry }
	must(t, o.Do("GET", "/api/operator/audit?from=2026-11-25&object="+url.QueryEscape("person/"+p.ID), nil, &none))
	if len(none.Items) != 0 {
		t.Errorf("tomorrow already holds %d entries", len(none.Items))
	}
	must(t, o.Do("GET", "/api/operator/audit?to=2026-11-24&from=2026-11-24&limit=1", nil, &none))
	if len(none.Items) != 1 {
		t.Error("today is empty")
	}
	wantField(t, o.Do("GET", "/api/operator/audit?from=yesterday", nil, nil), "identity.audit_filter", "from")
	wantField(t, o.Do("GET", "/api/operator/audit?after=xyz", nil, nil), "identity.audit_filter", "after")
}

// TestWhatWaitsIsCounted: each kind of thing an operator decides, with the oldest's time; decided ones are gone from it.
func TestWhatWaitsIsCounted(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, o := staff(t, c, identity.Operator, "")
		type waiting struct {
			Count int64
			Since *time.Time
		}
		look := func() (w struct{ Appeals, Transfers, Corrections waiting }) {
			must(t, o.Do("GET", "/api/operator/waiting", nil, &w))
			return w
		}
		if w := look(); w.Appeals.Count+w.Transfers.Count+w.Corrections.Count != 0 || w.Appeals.Since != nil || w.Transfers.Since != nil {
			t.Fatalf("nothing waits, and yet %+v", w)
		}
		_, d := c.Enrolled(t, "c01")
		must(t, d.Do("POST", "/api/learner/account/unit-transfer", map[string]any{"unit_id": "u02"}, nil))
		first := c.Clock.Now()
		var appeal struct{ ID string }
		file := map[string]any{"lesson_id": "l0101", "from_ms": 0, "to_ms": 5000, "text": "看完了却没有计上"}
		must(t, d.Do("POST", "/api/learner/appeals", file, &appeal))
		c.Clock.Advance(time.Hour)
		_, second := c.Enrolled(t, "c01")
		must(t, second.Do("POST", "/api/learner/appeals", file, nil))
		w := look()
		if w.Appeals.Count != 2 || w.Transfers.Count != 1 || w.Corrections.Count != 0 || !w.Appeals.Since.Equal(first.Truncate(time.Microsecond)) {
			t.Fatalf("waiting %+v, first at %s", w, first)
		}
		must(t, o.Do("POST", "/api/operator/appeals/"+appeal.ID+"/decision", map[string]any{"grant": false, "answer": "没有播放记录"}, nil))
		if w := look(); w.Appeals.Count != 1 || !w.Appeals.Since.After(first) {
			t.Fatalf("after a decision %+v", w)
		}
	})
}

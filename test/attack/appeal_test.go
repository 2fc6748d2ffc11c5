package attack

import (
	"context"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

// operator is logged in as one who decides.
func operator(t *testing.T, c *city.City) *client.Device {
	t.Helper()
	boss := c.Learner(t)
	ctx := identity.SystemContext(context.Background(), "test")
	if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) VALUES ($1, 'operator', '', 'test', 1)`, boss.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c.Login(t, boss, "desk")
}

// TestAnAppealIsDecidedAnsweredAndBooked: a learner misses a stretch, appeals with evidence, a person grants it, and the ledger follows.
func TestAnAppealIsDecidedAnsweredAndBooked(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		p, err := d.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, p, 0, 60_000)
		var a struct{ ID, State, Digest string }
		file := map[string]any{"lesson_id": long, "from_ms": 30_000, "to_ms": 1_468_000, "text": "看完了却没有计上"}
		if err := d.Do("POST", "/api/learner/appeals", file, &a); err != nil || a.State != "submitted" || a.Digest == "" {
			t.Fatalf("appeal %+v, %v", a, err)
		}
		decide := map[string]any{"grant": true, "answer": "机房记录证实这一段已播放"}
		if err := d.Do("POST", "/api/operator/appeals/"+a.ID+"/decision", decide, nil); !isCode(err, "identity.role_required") {
			t.Fatalf("a learner decided: %v", err)
		}
		o := operator(t, c)
		var list struct {
			Items []struct{ ID, Name, Evidence string }
		}
		if err := o.Do("GET", "/api/operator/appeals", nil, &list); err != nil || len(list.Items) != 1 || list.Items[0].Name == "学员" || list.Items[0].Evidence == "" {
			t.Fatalf("list %+v, %v: want one, masked, with evidence", list, err)
		}
		if err := o.Do("POST", "/api/operator/appeals/"+a.ID+"/decision", map[string]any{"grant": true, "answer": "x"}, nil); !isCode(err, "credit.appeal") {
			t.Fatalf("a decision without an answer: %v", err)
		}
		if err := o.Do("POST", "/api/operator/appeals/"+a.ID+"/decision", decide, nil); err != nil {
			t.Fatal(err)
		}
		if err := o.Do("POST", "/api/operator/appeals/"+a.ID+"/decision", decide, nil); !isCode(err, "credit.appeal_decided") {
			t.Fatalf("decided twice: %v", err)
		}
		// The first minute is still provisional: the course is booked once its check has passed.
		l, err := d.Open(long)
		if err != nil || !l.Progress.Complete || l.Progress.CreditedMS < 1_467_000 {
			t.Fatalf("progress %+v, %v", l.Progress, err)
		}
		if report, err := verify.Run(context.Background(), c.DB, c.Signer); err != nil || len(report.Findings) > 0 {
			t.Fatalf("verify: %v, %v", report, err)
		}
		if err := o.Do("PUT", "/api/operator/settings/hotline", map[string]any{"value": "400-111-2222", "source": "号码变更"}, nil); err != nil {
			t.Fatal(err)
		}
		var site struct{ Settings map[string]string }
		if err := d.Do("GET", "/api/public/site", nil, &site); err != nil || site.Settings["hotline"] != "400-111-2222" {
			t.Fatalf("setting: %v, %v", site.Settings["hotline"], err)
		}
		if err := o.Do("PUT", "/api/operator/settings/hotlien", map[string]any{"value": "1", "source": "typo"}, nil); !isCode(err, "org.no_setting") {
			t.Fatalf("an unknown setting: %v", err)
		}
		if err := d.Do("PUT", "/api/operator/settings/hotline", map[string]any{"value": "1", "source": "mine"}, nil); !isCode(err, "identity.role_required") {
			t.Fatalf("a learner changed a setting: %v", err)
		}
	})
}

package operator

import (
	"context"
	"errors"
	"slices"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

func inspect(ifVersion int64, change func(p *media.InspectionPolicy)) map[string]any {
	v := media.DefaultInspectionPolicy
	change(&v)
	return map[string]any{"year": year, "if_version": ifVersion, "values": v, "legal_source": "教高司函〔2011〕105号", "reason": "新设备拍摄的课程多了"}
}

const inspectionPath = "/api/operator/inspection-policy"

// inForce is the policy that an inspection beginning now goes by.
func inForce(t *testing.T, c *city.City) (p media.InspectionPolicy, version int64) {
	t.Helper()
	must(t, c.DB.Read(context.Background(), func(tx *sqldb.Tx) (err error) {
		p, version, err = media.PolicyTx(context.Background(), tx)
		return err
	}))
	return p, version
}

// TestTheInspectionPolicyIsAppendedAndHoldsAtOnce: versions with their reasons, one after the other, for one year.
func TestTheInspectionPolicyIsAppendedAndHoldsAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		boss, o := staff(t, c, identity.Operator, "")
		var page struct {
			Now    media.PolicyVersion
			Bounds []media.LimitBound
			Course []media.LimitBound
		}
		must(t, o.Do("GET", inspectionPath+"?year=2026", nil, &page))
		if page.Now.Version != 0 || page.Now.SetAt != nil || page.Now.Values != media.DefaultInspectionPolicy || len(page.Bounds) != len(media.LimitBounds()) || len(page.Course) != 4 {
			t.Fatalf("before any version: %+v", page.Now)
		}
		var made struct{ Version int64 }
		must(t, o.Do("PUT", inspectionPath, inspect(0, func(p *media.InspectionPolicy) { p.Video.GapMS = 150 }), &made))
		c.Clock.Advance(1e9)
		must(t, o.Do("PUT", inspectionPath, inspect(1, func(p *media.InspectionPolicy) { p.Video.GapMS, p.HourFloor = 150, 80 }), &made))
		if p, version := inForce(t, c); made.Version != 2 || version != 2 || p.Video.GapMS != 150 || p.Slides.GapMS != 300 || p.HourFloor != 80 {
			t.Fatalf("made %d; in force %d", made.Version, version)
		}
		next := inspect(0, func(p *media.InspectionPolicy) { p.Video.GapMS = 90 })
		next["year"] = year + 1
		must(t, o.Do("PUT", inspectionPath, next, nil))
		if _, version := inForce(t, c); version != 2 {
			t.Error("another year's version came into force")
		}
		must(t, o.Do("GET", inspectionPath+"?year=2026", nil, &page))
		if page.Now.Version != 2 || page.Now.SetBy != boss.ID || page.Now.SetAt == nil || page.Now.Reason == "" {
			t.Fatalf("now %+v", page.Now)
		}
		var list struct {
			Items []media.PolicyVersion
			Next  string
		}
		must(t, o.Do("GET", inspectionPath+"/history?year=2026&limit=1", nil, &list))
		if len(list.Items) != 1 || list.Items[0].Version != 2 || list.Next == "" {
			t.Fatalf("history %+v", list)
		}
		must(t, o.Do("GET", inspectionPath+"/history?year=2026&limit=1&after="+list.Next, nil, &list))
		if len(list.Items) != 1 || list.Items[0].Version != 1 || list.Items[0].Values.HourFloor != 90 {
			t.Fatalf("first version %+v", list)
		}
		var log struct{ Items []identity.AuditEntry }
		must(t, o.Do("GET", "/api/operator/audit?action=media.policy_set", nil, &log))
		if len(log.Items) != 3 {
			t.Fatalf("audit %+v", log.Items)
		}
		i := slices.IndexFunc(log.Items, func(e identity.AuditEntry) bool { return e.Detail["version"] == 2.0 })
		if changed, _ := log.Items[i].Detail["changed"].(map[string]any); len(changed) != 1 || changed["hour_floor_pct"].([]any)[1] != 80.0 {
			t.Errorf("audit says %v", log.Items[i].Detail)
		}
	})
}

func TestAnInspectionPolicyIsRefusedWithItsFields(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, o := staff(t, c, identity.Operator, "")
		put := func(body map[string]any, code string) (fields []string) {
			t.Helper()
			err := o.Do("PUT", inspectionPath, body, nil)
			refused(t, err, 422, code)
			var p *client.Problem
			errors.As(err, &p)
			for _, f := range p.Fields {
				fields = append(fields, f.Path+" "+f.Code)
			}
			return fields
		}
		for field, change := range map[string]func(p *media.InspectionPolicy){
			"video.gap_ms above":            func(p *media.InspectionPolicy) { p.Video.GapMS = 2001 },
			"slides.freeze_s below":         func(p *media.InspectionPolicy) { p.Slides.FreezeS = 1 },
			"video.black_tail_ms above":     func(p *media.InspectionPolicy) { p.Video.BlackTailMS = 501 },
			"slides.snr_fail_db relation":   func(p *media.InspectionPolicy) { p.Slides.SNRFail = 50 },
			"hour_floor_pct below":          func(p *media.InspectionPolicy) { p.HourFloor = 49 },
			"loudness_target_lufs relation": func(p *media.InspectionPolicy) { p.LoudnessTarget = -25 },
		} {
			if got := put(inspect(0, change), "media.policy_bounds"); !slices.Equal(got, []string{field}) {
				t.Errorf("%s: %v", field, got)
			}
		}
		blank := inspect(0, func(*media.InspectionPolicy) {})
		blank["reason"], blank["legal_source"], blank["year"] = "  ", "", 1999
		if got := put(blank, "media.policy"); !slices.Equal(got, []string{"year invalid", "reason invalid", "legal_source invalid"}) {
			t.Errorf("without reason: %v", got)
		}
		if _, version := inForce(t, c); version != 0 {
			t.Error("a refusal changed something")
		}
		must(t, o.Do("PUT", inspectionPath, inspect(0, func(*media.InspectionPolicy) {}), nil))
		refused(t, o.Do("PUT", inspectionPath, inspect(0, func(*media.InspectionPolicy) {}), nil), 409, "media.policy_stale")
		refused(t, o.Do("PUT", inspectionPath, inspect(2, func(*media.InspectionPolicy) {}), nil), 409, "media.policy_stale")
		if _, version := inForce(t, c); version != 1 {
			t.Errorf("version %d", version)
		}
	})
}

// TestTheHourFloorIsANumberOfThePolicy: what the editor of a course is told follows the newest version.
func TestTheHourFloorIsANumberOfThePolicy(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	_, o := staff(t, c, identity.Operator, "")
	_, maker := staff(t, c, identity.ProviderStaff, "jinyun")
	var course struct{ ID string }
	must(t, maker.Do("POST", "/api/provider/providers/jinyun/courses", map[string]any{"title": "安全生产", "summary": "", "subject": "public", "year": year,
		"hours_tenths": 13, "teacher": "王老师", "teacher_bio": "", "sequential": false}, &course))
	need := func() int64 {
		var drafts struct {
			NeedMinutes int64            `json:"need_minutes"`
			Consistency []map[string]any `json:"consistency"`
		}
		must(t, maker.Do("GET", "/api/provider/providers/jinyun/courses/"+course.ID+"/lessons", nil, &drafts))
		if drafts.Consistency == nil || len(drafts.Consistency) > 0 {
			t.Errorf("consistency of no lessons: %v", drafts.Consistency)
		}
		return drafts.NeedMinutes
	}
	if n := need(); n != 53 { // 58.5 minutes × 90 %, begun minutes counting whole
		t.Errorf("by default %d minutes", n)
	}
	must(t, o.Do("PUT", inspectionPath, inspect(0, func(p *media.InspectionPolicy) { p.HourFloor = 50 }), nil))
	if n := need(); n != 30 {
		t.Errorf("at half %d minutes", n)
	}
}

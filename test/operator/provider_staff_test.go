package operator

import (
	"fmt"
	"slices"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// TestAProvidersPeopleFromTheFirstAdministratorToADismissal walks it over HTTP: an operator appoints the first administrator,
// who appoints a teacher; the teacher answers a question and is dismissed. Their login lives on, their rights are gone with the
// next request, their answer stays.
func TestAProvidersPeopleFromTheFirstAdministratorToADismissal(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, operator := staff(t, c, identity.Operator, "")
		boss, teacher := c.Learner(t), c.Learner(t)
		must(t, operator.Do("PUT", "/api/operator/accounts/"+boss.ID+"/grants", map[string]any{"role": "provider_staff", "scope": "jinyun", "duties": []string{"admin"}}, nil))
		_, asker := c.Enrolled(t, "c01")
		var q struct{ ID string }
		must(t, asker.Do("POST", "/api/learner/lessons/l0101/questions", map[string]any{"key": "k-0000000001", "at_ms": 0, "text": "这一条怎么理解？", "shared": true, "rev": 1}, &q))
		seat := c.Login(t, teacher, "teacher") // before there is anything to do
		desk := c.Login(t, boss, "boss")
		const people = "/api/provider/providers/jinyun/staff"
		var member identity.StaffMember
		must(t, desk.Do("POST", people, map[string]any{"name": "学员", "account": teacher.Phone, "duties": []string{"teacher"}}, &member))
		refused(t, desk.Do("POST", people, map[string]any{"name": "学员乙", "account": boss.Phone, "duties": []string{"teacher"}}, nil), 404, "identity.no_candidate")
		refused(t, desk.Do("POST", people, map[string]any{"name": "学员", "account": teacher.Phone, "duties": []string{}}, nil), 422, "request.invalid")

		questions := "/api/provider/questions/" + q.ID
		must(t, seat.Do("GET", "/api/provider/providers/jinyun/courses", nil, nil)) // the login of before, with the next request
		must(t, seat.Do("POST", questions+"/answer", map[string]any{"text": "见讲义第三节"}, nil))
		refused(t, seat.Do("GET", people, nil, nil), 403, "identity.role_required")
		if got := heard(t, seat); !slices.Equal(got, []string{"identity.appointed"}) {
			t.Errorf("told %v", got)
		}
		c.Clock.Advance(1e9) // messages are in order of time
		must(t, desk.Do("DELETE", people+"/"+member.ID, nil, nil))
		refused(t, seat.Do("GET", "/api/provider/providers/jinyun/courses", nil, nil), 403, "identity.role_required")
		refused(t, seat.Do("POST", questions+"/answer", map[string]any{"text": "我还想改", "change": true}, nil), 403, "identity.role_required")
		var me identity.Me
		must(t, seat.Do("GET", "/api/learner/account/me", nil, &me))
		if len(me.Posts) != 0 || !slices.Equal(me.Roles, []string{"learner"}) {
			t.Errorf("left with %+v", me)
		}
		if got := heard(t, seat); !slices.Equal(got, []string{"identity.dismissed", "identity.appointed"}) {
			t.Errorf("told %v", got)
		}
		must(t, c.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
			by, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[string], `SELECT answered_by || ' ' || answered_as FROM lesson_question WHERE id = $1`, q.ID)
			if by != teacher.ID+" teacher" {
				t.Errorf("the answer is %q", by)
			}
			return err
		}))
		refused(t, desk.Do("DELETE", people+"/"+member.ID, nil, nil), 404, "identity.no_staff")
	})
}

// heard is what somebody was told about their posts, the newest first.
func heard(t *testing.T, d *client.Device) (out []string) {
	t.Helper()
	var page struct{ Items []struct{ Template string } }
	must(t, d.Do("GET", "/api/learner/messages", nil, &page))
	for _, m := range page.Items {
		if m.Template != "identity.new_device" {
			out = append(out, m.Template)
		}
	}
	return out
}

// TestManyLookUpsAreLimited over HTTP, and say when to come back.
func TestManyLookUpsAreLimited(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	_, operator := staff(t, c, identity.Operator, "")
	boss := c.Learner(t)
	must(t, operator.Do("PUT", "/api/operator/accounts/"+boss.ID+"/grants", map[string]any{"role": "provider_staff", "scope": "jinyun", "duties": []string{"admin"}}, nil))
	desk := c.Login(t, boss, "boss")
	look := func(n int) error {
		return desk.Do("POST", "/api/provider/providers/jinyun/staff", map[string]any{"name": "学员", "account": fmt.Sprintf("139%08d", n), "duties": []string{"teacher"}}, nil)
	}
	for n := range 30 {
		refused(t, look(n), 404, "identity.no_candidate")
	}
	refused(t, look(30), 429, "identity.staff_limit")
}

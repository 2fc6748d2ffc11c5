package attack

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

type inbox struct {
	Unread int64
	Items  []struct {
		ID, Template string
		Params       map[string]any
	}
}

func messages(t *testing.T, d *client.Device) (in inbox, templates []string) {
	t.Helper()
	if err := d.Do("GET", "/api/learner/messages", nil, &in); err != nil {
		t.Fatal(err)
	}
	for _, m := range in.Items {
		templates = append(templates, m.Template)
	}
	return in, templates
}

// TestALearnerIsToldAndTakesTheirDataAway: a course completed, a new device, a question answered: each is told once, to nobody
// else; and the export of personal data holds a section of every domain that holds some.
func TestALearnerIsToldAndTakesTheirDataAway(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		p, d := c.Enrolled(t, "c01")
		for _, lesson := range []string{"l0101", "l0102", "l0103"} {
			study(t, c, d, lesson)
		}
		in, told := messages(t, d)
		if !slices.Equal(told, []string{"credit.booked"}) || in.Unread != 1 || in.Items[0].Params["hours"] != "0.1" {
			t.Fatalf("after the course: %+v", in)
		}
		c.Login(t, p, "another pc")
		note := map[string]any{"at_ms": 1000, "text": "记住", "key": "n1"}
		var n, q struct{ ID string }
		if err := d.Do("POST", "/api/learner/lessons/l0101/notes", note, &n); err != nil {
			t.Fatal(err)
		}
		ask := map[string]any{"at_ms": 1000, "text": "依据是哪一条？", "key": "q1", "shared": true}
		if err := d.Do("POST", "/api/learner/lessons/l0101/questions", ask, &q); err != nil {
			t.Fatal(err)
		}
		answered(t, c, q.ID)
		if in, told = messages(t, d); !slices.Equal(told, []string{"classroom.answered", "identity.new_device", "credit.booked"}) {
			t.Fatalf("told %v", told)
		}
		foreign(t, c, in.Items[0].ID, n.ID)

		exported := export(t, c, p, d)
		for section, holds := range map[string]string{"identity": "audit", "enrolments": "", "playback": "deliveries", "credit": "records", "messages": "messages", "classroom": "notes"} {
			raw, ok := exported[section]
			if !ok || string(raw) == "null" {
				t.Errorf("the export has no section %s", section)
				continue
			}
			var of map[string]json.RawMessage
			if holds != "" && (json.Unmarshal(raw, &of) != nil || len(of[holds]) < 5) {
				t.Errorf("section %s holds no %s: %.200s", section, holds, raw)
			}
		}
	})
}

// answered is a teacher of the right provider answering, after one of another provider could not.
func answered(t *testing.T, c *city.City, questionID string) {
	t.Helper()
	for _, provider := range []string{"wutai", "jinyun"} {
		teacher := c.Learner(t)
		ctx := identity.SystemContext(context.Background(), "test")
		if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) VALUES ($1, 'teacher', $2, 'test', 1)`, teacher.ID, provider)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		err := c.Login(t, teacher, "desk").Do("POST", "/api/provider/questions/"+questionID+"/answer", map[string]any{"text": "见第八条"}, nil)
		if provider == "wutai" && !isCode(err, "classroom.no_question") || provider == "jinyun" && err != nil {
			t.Fatalf("the teacher of %s: %v", provider, err)
		}
	}
}

// foreign is somebody else trying to read, change or delete what is not theirs.
func foreign(t *testing.T, c *city.City, messageID, noteID string) {
	t.Helper()
	_, other := c.Enrolled(t, "c01")
	for _, try := range []struct{ method, path, code string }{
		{"POST", "/api/learner/messages/" + messageID + "/read", "notify.no_message"},
		{"PUT", "/api/learner/notes/" + noteID, "classroom.no_note"},
		{"DELETE", "/api/learner/notes/" + noteID, "classroom.no_note"},
		{"GET", "/api/provider/questions", "identity.role_required"},
	} {
		var body any
		if try.method == "PUT" {
			body = map[string]any{"text": "不是我的"}
		}
		if err := other.Do(try.method, try.path, body, nil); !isCode(err, try.code) {
			t.Errorf("%s %s: %v, want %s", try.method, try.path, err, try.code)
		}
	}
	if in, told := messages(t, other); len(told) != 0 {
		t.Errorf("somebody else sees %+v", in)
	}
	var notes struct{ Items []any }
	if err := other.Do("GET", "/api/learner/lessons/l0101/notes", nil, &notes); err != nil || len(notes.Items) != 0 {
		t.Errorf("somebody else's notes: %v, %v", notes.Items, err)
	}
}

// export proves by a code who sits there, and takes the data.
func export(t *testing.T, c *city.City, p city.Person, d *client.Device) (out map[string]json.RawMessage) {
	t.Helper()
	c.Clock.Advance(61e9) // one code a minute
	if err := d.Do("POST", "/api/learner/account/code", map[string]any{"purpose": "step_up"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Do("POST", "/api/learner/account/step-up", map[string]any{"code": c.SMS.Code(p.Phone, "step_up")}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Do("POST", "/api/learner/account/export", map[string]any{}, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

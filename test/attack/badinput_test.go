package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// TestBadInputGetsAProblemAndChangesNothing sends what no page of ours sends.
func TestBadInputGetsAProblemAndChangesNothing(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.SQLite(t))
	person, d := c.Enrolled(t, "c04")
	p, err := d.Acquire(long, false)
	if err != nil {
		t.Fatal(err)
	}
	beat := func(session string, epoch, seq, run, from, to any, state string) string {
		return fmt.Sprintf(`{"session_id":%q,"epoch":%v,"seq":%v,"run":%v,"from_ms":%v,"to_ms":%v,"state":%q,"visible":true,"buffered_ms":0,"stalled_ms":0,"mono_ms":0}`, session, epoch, seq, run, from, to, state)
	}
	id, ep := p.SessionID, p.Epoch
	cases := []struct {
		name, method, path, contentType, body string
		status                                int
	}{
		{"malformed", "POST", "/api/learner/playback/acquire", "application/json", `{"lesson_id":`, 400},
		{"wrong type", "POST", "/api/learner/playback/acquire", "application/json", `{"lesson_id":7,"nonce":"x","takeover":"yes","signature":[]}`, 422},
		{"missing fields", "POST", "/api/learner/playback/acquire", "application/json", `{}`, 422},
		{"unknown field", "POST", "/api/learner/enrolments", "application/json", `{"course_id":"c01","hours":90}`, 422},
		{"unknown course", "POST", "/api/learner/enrolments", "application/json", `{"course_id":"nothing"}`, 404},
		{"unknown lesson", "GET", "/api/learner/lessons/nothing", "", "", 404},
		{"lesson not enrolled", "GET", "/api/learner/lessons/l0101", "", "", 403},
		{"SQL in a path", "GET", "/api/public/courses/'%20OR%201=1", "", "", 404},
		{"SQL in a search", "GET", "/api/public/courses?q=%25'%3B%20DROP%20TABLE%20span", "", "", 200},
		{"limit too large", "GET", "/api/public/courses?limit=100000", "", "", 422},
		{"negative limit", "GET", "/api/public/courses?limit=-1", "", "", 422},
		{"year not a number", "GET", "/api/learner/home?year=abc", "", "", 422},
		{"wrong content type", "POST", "/api/learner/enrolments", "text/plain", `{"course_id":"c01"}`, 415},
		{"form instead of JSON", "POST", "/api/learner/playback/beat", "application/x-www-form-urlencoded", "a=b", 415},
		{"oversize", "POST", "/api/learner/enrolments", "application/json", `{"course_id":"` + strings.Repeat("x", 100_000) + `"}`, 413},
		{"unknown path", "GET", "/api/learner/secrets", "", "", 404},
		{"wrong method", "PUT", "/api/learner/enrolments", "application/json", `{}`, 404},
		{"beat: not JSON", "POST", "/api/learner/playback/beat", "application/json", `nonsense`, 422},
		{"beat: NaN", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, "NaN", 10, "playing"), 422},
		{"beat: fraction", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, 0, 1.5, "playing"), 422},
		{"beat: huge", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, 0, "99999999999999999999", "playing"), 422},
		{"beat: negative", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, -5, 10, "playing"), 422},
		{"beat: backwards", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, 10, 5, "playing"), 422},
		{"beat: seq zero", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 0, 1, 0, 10, "playing"), 422},
		{"beat: unknown state", "POST", "/api/learner/playback/beat", "application/json", beat(id, ep, 1, 1, 0, 10, "winning"), 422},
		{"beat: oversize", "POST", "/api/learner/playback/beat", "application/json", `{"session_id":"` + strings.Repeat("x", 5000) + `"}`, 422},
		{"check answer without a check", "POST", "/api/learner/playback/check/answer", "application/json", `{"check_id":"x","nonce":"y","answers":["1"],"signature":"z"}`, 401},
		{"another task without a check", "POST", "/api/learner/playback/check/another", "application/json", `{"check_id":"x"}`, 404},
		{"code picture of nobody", "GET", "/api/learner/playback/check/x/0.png", "", "", 404},
		{"foreign session", "DELETE", "/api/learner/account/sessions/nothing", "", "", 404},
		{"segment of nobody", "GET", "/media/abc/0.m4s", "", "", 404},
		{"path traversal", "GET", "/media/public/l0401/1/..%2f..%2f..%2fkeys%2fsealing.json", "", "", 404},
	}
	r := &rig{T: t, c: c, person: person, d: d, p: p}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			header := map[string]string{}
			if strings.HasSuffix(tc.path, "/beat") {
				header["X-Lease-Proof"] = p.Proof([]byte(tc.body))
			}
			err := d.Raw(tc.method, tc.path, tc.contentType, []byte(tc.body), header, nil)
			status, problem := 200, &client.Problem{}
			if q, ok := err.(*client.Problem); ok {
				status, problem = q.Status, q
			} else if err != nil {
				t.Fatal(err)
			}
			if status != tc.status {
				t.Errorf("status %d %s, want %d", status, problem.Code, tc.status)
			}
			if status >= 400 && (problem.Code == "" || problem.Type != "/problems/"+problem.Code) {
				t.Errorf("not a problem document: %+v", problem)
			}
		})
	}
	if got := r.credited(); got != 0 {
		t.Errorf("bad input earned %d ms", got)
	}
	req, _ := http.NewRequest("POST", c.URL+"/api/learner/enrolments", strings.NewReader(`{"course_id":"c01"}`))
	req.Header.Set("Content-Type", "application/json")
	res, err := d.HTTP.Do(req)
	if err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("without the CSRF header: %v %v", res.Status, err)
	}
	_ = res.Body.Close()
	fresh := client.New(c.URL, "nobody")
	if _, err := fresh.Open(long); err.(*client.Problem).Status != 401 {
		t.Errorf("without a login: %v", err)
	}
}

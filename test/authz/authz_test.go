// Package authz holds who may call what: every operation of the OpenAPI document by every role, against the real program.
package authz

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/client"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/supervision"
	"xueshi/test/city"
)

var update = flag.Bool("update", false, "write the golden file")

const goldenFile = "testdata/authz.golden"

// actor is a column of the matrix: somebody with exactly one role. The objects named in the calls belong to the learner
// "learner", the unit u01, the provider jinyun and the region 140902; "elsewhere" is the same role over other objects.
type actor struct {
	name  string
	grant *identity.Grant
}

var actors = []actor{
	{"nobody", nil},
	{"other learner", &identity.Grant{Role: identity.Learner}},
	{"unit_admin elsewhere", &identity.Grant{Role: identity.UnitAdmin, Scope: "u02"}},
	{"teacher", &identity.Grant{Role: identity.Teacher, Scope: "jinyun"}},
	{"teacher elsewhere", &identity.Grant{Role: identity.Teacher, Scope: "wutai"}},
	{"provider_staff", &identity.Grant{Role: identity.ProviderStaff, Scope: "jinyun", Duties: []string{"course", "exam", "finance", "service"}}},
	{"provider_staff elsewhere", &identity.Grant{Role: identity.ProviderStaff, Scope: "wutai", Duties: []string{"course", "exam", "finance", "service"}}},
	{"provider_admin", &identity.Grant{Role: identity.ProviderStaff, Scope: "jinyun", Duties: []string{"admin"}}},
	{"provider_admin elsewhere", &identity.Grant{Role: identity.ProviderStaff, Scope: "wutai", Duties: []string{"admin"}}},
	{"marker", &identity.Grant{Role: identity.Marker, Scope: "jinyun"}},
	{"agent", &identity.Grant{Role: identity.Agent}},
	{"team_leader", &identity.Grant{Role: identity.TeamLeader}},
	{"bureau_staff", &identity.Grant{Role: identity.BureauStaff, Scope: "140902"}},
	{"bureau_staff elsewhere", &identity.Grant{Role: identity.BureauStaff, Scope: "140928"}},
	{"inspector", &identity.Grant{Role: identity.Inspector, Scope: "140902"}},
	{"learner", &identity.Grant{Role: identity.Learner}},
	{"unit_admin", &identity.Grant{Role: identity.UnitAdmin, Scope: "u01"}},
	{"operator", &identity.Grant{Role: identity.Operator}},
}

// world is the demo city with the people of the matrix and the objects they are asked about.
type world struct {
	*testing.T
	c       *city.City
	people  map[string]city.Person
	objects map[string]string
}

// TestEveryOperationByEveryRole holds the answers against the committed matrix.
func TestEveryOperationByEveryRole(t *testing.T) {
	t.Parallel()
	ops := operations(t)
	want := readGolden(t)
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newWorld(t, city.New(t, env))
		blocks := map[string]string{}
		for _, op := range ops { // those that only read first: the others change who may see what
			if op.method == http.MethodGet {
				blocks[op.key()] = w.matrix(op)
			}
		}
		var b strings.Builder
		for _, op := range ops {
			key := op.key()
			if op.method != http.MethodGet {
				blocks[key] = w.matrix(op)
			}
			got := blocks[key]
			b.WriteString(got)
			switch {
			case *update:
			case want[key] == "":
				t.Errorf("%s is not in %s: look at who may call it, then -update\n%s", key, goldenFile, got)
			case want[key] != got:
				t.Errorf("who may call %s has changed:\n%swant\n%s", key, got, want[key])
			}
		}
		if *update && env.Engine() == sqldb.SQLite {
			head := "# Who gets what from every operation, by role (test/authz). 2xx = done; a code says why not.\n# \"elsewhere\" holds the role over other objects than the ones asked about. Written by go test ./test/authz -update.\n\n"
			if err := os.WriteFile(goldenFile, []byte(head+b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	if *update {
		return
	}
	for key := range want {
		if !slices.ContainsFunc(ops, func(o operation) bool { return o.key() == key }) {
			t.Errorf("%s is in %s and in no API", key, goldenFile)
		}
	}
}

// readGolden splits the file into blocks by operation.
func readGolden(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(goldenFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	out, key := map[string]string{}, ""
	for line := range strings.Lines(string(raw)) {
		switch {
		case strings.HasPrefix(line, "#"), line == "\n":
			continue
		case !strings.HasPrefix(line, " "):
			key = strings.TrimSpace(line)
		}
		out[key] += line
	}
	for k := range out {
		out[k] += "\n"
	}
	return out
}

func newWorld(t *testing.T, c *city.City) *world {
	w := &world{T: t, c: c, people: map[string]city.Person{}, objects: map[string]string{}}
	for _, a := range actors {
		if a.grant != nil {
			w.people[a.name] = w.person(*a.grant)
		}
	}
	w.people["victim"] = w.person(identity.Grant{Role: identity.Learner})
	w.objects["{member}"] = w.person(identity.Grant{Role: identity.Teacher, Scope: "jinyun"}).ID
	learner := w.people["learner"]
	c.Enrol(t, learner, "c01", "c04")
	d := w.as("learner")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.Do("POST", "/api/learner/appeals", map[string]any{"lesson_id": "l0101", "from_ms": 0, "to_ms": 5000, "text": "没有计上"}, nil))
	must(d.Do("POST", "/api/learner/lessons/l0101/faults", map[string]any{"kind": "no_sound", "at_ms": 5000}, nil))
	w.row("{fault}", `SELECT id FROM courseware_fault ORDER BY id DESC LIMIT 1`)
	w.fold()
	w.objects["{session}"] = w.session(learner.ID, "")
	w.row("{appeal}", `SELECT id FROM appeal ORDER BY id DESC LIMIT 1`)
	victim := w.people["victim"]
	w.objects["{victim}"], w.objects["{phone}"] = victim.ID, victim.Phone
	var proof struct{ ID string }
	must(w.as("victim").Do("POST", "/api/learner/account/proofs", map[string]any{"content": pdf}, &proof))
	must(w.as("victim").Do("POST", "/api/learner/account/corrections", map[string]any{"name": "更正", "proof_ref": proof.ID}, nil))
	w.row("{request}", `SELECT id FROM identity_request ORDER BY id DESC LIMIT 1`)
	var list struct{ ID string }
	must(w.as("unit_admin").Do("POST", "/api/unit/units/u01/import", map[string]any{"content": fields["content"]}, &list))
	w.objects["{import}"] = list.ID
	w.incident()
	return w
}

// incident is a minute without service.
func (w *world) incident() {
	w.Helper()
	ctx := identity.SystemContext(context.Background(), "test")
	for range 2 { // the first turn begins to count, the second judges
		if _, err := w.c.Availability.Judge(ctx); err != nil {
			w.Fatal(err)
		}
		w.c.Clock.Advance(4 * time.Minute)
	}
	w.row("{incident}", `SELECT id FROM availability_incident ORDER BY id LIMIT 1`)
}

// fold brings the counts up to date by which a bureau sees the courses of its jurisdiction.
func (w *world) fold() {
	w.Helper()
	if _, err := supervision.New(w.c.DB).Fold(identity.SystemContext(context.Background(), "test")); err != nil {
		w.Fatal(err)
	}
}

func (w *world) person(g identity.Grant) city.Person {
	w.Helper()
	p := w.c.Learner(w.T)
	ctx := identity.SystemContext(context.Background(), "test")
	err := w.c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE role_grant SET role = $1, scope = $2, duties = $3 WHERE person_id = $4`, string(g.Role), g.Scope, strings.Join(g.Duties, ","), p.ID)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// session opens a login of the person and returns its id; with a token, that token is its cookie.
func (w *world) session(person, token string) (sessionID string) {
	w.Helper()
	ctx := context.Background()
	err := w.c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		sessionID = id.New(tx.Now())
		sum := sha256.Sum256([]byte(token + sessionID))
		if token != "" {
			sum = sha256.Sum256([]byte(token))
		}
		device := id.New(tx.Now())
		if _, err := tx.Exec(ctx, `INSERT INTO device (id, public_key, name, kind, created_at) VALUES ($1, $2, 'test', 'pc', $3)`, device, []byte(device), tx.NowMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO login_session (id, token_hash, person_id, device_id, created_at, seen_at, proved_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			sessionID, hex.EncodeToString(sum[:]), person, device, tx.NowMicro(), tx.NowMicro(), tx.NowMicro())
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return sessionID
}

func (w *world) row(name, query string) {
	w.Helper()
	ctx := context.Background()
	if err := w.c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var v string
		err := tx.QueryRowContext(ctx, query).Scan(&v)
		w.objects[name] = v
		return err
	}); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
}

// as is a browser in which the person has just logged in (every call gets its own login: some calls end it).
func (w *world) as(name string) *client.Device {
	d := &client.Device{Base: w.c.URL, HTTP: &http.Client{}}
	if name == "nobody" {
		return d
	}
	token := id.Secret(32)
	w.session(w.people[name].ID, token)
	jar, _ := cookiejar.New(nil)
	u, _ := url.Parse(w.c.URL)
	jar.SetCookies(u, []*http.Cookie{{Name: "sid", Value: token}})
	d.HTTP.Jar = jar
	return d
}

// matrix calls an operation as everybody and groups who got the same answer.
func (w *world) matrix(op operation) string {
	by, order := map[string][]string{}, []string{}
	for _, a := range actors {
		answer := w.call(a, op)
		if by[answer] == nil {
			order = append(order, answer)
		}
		by[answer] = append(by[answer], a.name)
	}
	slices.Sort(order)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", op.key())
	for _, answer := range order {
		who := strings.Join(by[answer], ", ")
		switch n := len(by[answer]); {
		case n == len(actors):
			who = "everybody"
		case n == len(actors)-1 && len(by["401 identity.login_required"]) == 1:
			who = "everybody logged in"
		case n > len(actors)/2 && answer != "2xx":
			who = "everybody else"
		}
		fmt.Fprintf(&b, "    %-34s %s\n", answer, who)
	}
	return b.String() + "\n"
}

func (w *world) call(a actor, op operation) string {
	path, body := op.request(w)
	raw, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	if body == nil {
		raw = nil
	}
	err = w.as(a.name).Raw(op.method, path, "application/json", raw, nil, nil)
	if err == nil {
		return "2xx"
	}
	p, ok := err.(*client.Problem)
	if !ok || p.Status >= 500 {
		w.Errorf("%s as %s: %v", op.key(), a.name, err)
		return "error"
	}
	return fmt.Sprintf("%d %s", p.Status, p.Code)
}

// operations reads the document the program serves.
func operations(t *testing.T) (out []operation) {
	t.Helper()
	raw, err := app.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			o.method, o.path, o.doc = strings.ToUpper(method), path, &doc
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	if len(out) < 40 {
		t.Fatalf("only %d operations", len(out))
	}
	return out
}

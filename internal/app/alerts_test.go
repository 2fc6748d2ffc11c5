package app_test

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// Every figure that an alert asks for is told by a process, under that name, once it has answered something.
func TestAlertsAskForWhatIsTold(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(city.Root() + "/deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := city.New(t, sqltest.SQLite(t))
	if err := c.Login(t, c.Learner(t), "pc").Do("GET", "/api/learner/home", nil, nil); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { return c.Jobs.PutOnceTx(ctx, tx, "test", "one", struct{}{}) }); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	c.Ops().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	told := rec.Body.String()
	names := regexp.MustCompile(`xueshi_[a-z0-9_]+`).FindAllString(string(raw), -1)
	if len(names) < 15 {
		t.Fatalf("only %d names found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(told, "\n"+name+"{") && !strings.Contains(told, "\n"+name+" ") {
			t.Errorf("no process tells %s", name)
		}
	}
	if n := strings.Count(string(raw), "- alert:"); n != strings.Count(string(raw), "runbook:") || n != strings.Count(string(raw), "severity:") {
		t.Error("an alert lacks its severity or its runbook")
	}
}

package capacity_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/capacity"
	"xueshi/test/city"
)

var (
	measure = flag.Bool("measure", false, "measure growth anew, on PostgreSQL, and write it")
	update  = flag.Bool("update", false, "write docs/capacity.md anew")
)

func TestMain(m *testing.M) { city.Main(m) }

// The paper is what the figures say.
func TestThePaperIsFresh(t *testing.T) {
	if *measure {
		writeGrowth(t)
	}
	want, err := capacity.Paper(city.Root())
	if err != nil {
		t.Fatal(err)
	}
	path := city.Root() + "/docs/capacity.md"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Fatalf("docs/capacity.md is stale (%v): run make capacity and commit", err)
	}
	if strings.Contains(want, "NaN") || strings.Contains(want, "Inf") {
		t.Error("a figure is missing")
	}
}

const (
	lesson   = "l0401" // the long one
	learners = 40
	minutes  = 20
)

// writeGrowth measures what hours of study leave in PostgreSQL: learners who watch with checks, and the tables before and after.
func writeGrowth(t *testing.T) {
	t.Helper()
	env := sqltest.Postgres(t)
	c := city.New(t, env)
	var devices []*client.Device
	for i := range learners {
		if i%10 == 9 {
			c.Clock.Advance(time.Hour) // codes by SMS are limited
		}
		_, d := c.Enrolled(t, "c04")
		devices = append(devices, d)
	}
	var all []*client.Play
	for _, d := range devices {
		p, err := d.Acquire(lesson, false)
		if err != nil {
			t.Fatal(err)
		}
		p.Run = 1
		all = append(all, p)
	}
	before := sizes(t, c)
	at := make([]int64, learners)
	for step := 0; step < minutes*6; step++ {
		for i, p := range all {
			if err := p.Fetch(at[i], at[i]+10_000); err != nil {
				t.Fatal(err)
			}
		}
		c.Clock.Advance(10 * time.Second)
		for i, p := range all {
			watch(t, p, &at[i])
		}
	}
	after, hours := sizes(t, c), 0.0
	for _, ms := range at {
		hours += float64(ms) / 3.6e6
	}
	g := capacity.Growth{Hours: hours, Lessons: learners}
	for name, s := range after {
		if rows, bytes := s[0]-before[name][0], s[1]-before[name][1]; rows > 0 || bytes > 0 {
			g.Tables = append(g.Tables, capacity.Table{Name: name, Rows: float64(rows) / hours, Bytes: float64(bytes) / hours})
		}
	}
	slices.SortFunc(g.Tables, func(a, b capacity.Table) int { return strings.Compare(a.Name, b.Name) })
	raw, err := json.MarshalIndent(g, "", " ")
	if err == nil {
		err = os.WriteFile(city.Root()+"/test/capacity/growth.json", append(raw, '\n'), 0o644) //nolint:gosec // a report
	}
	if err != nil {
		t.Fatal(err)
	}
}

// watch sends the beat of ten seconds and answers a check that comes with it.
func watch(t *testing.T, p *client.Play, at *int64) {
	t.Helper()
	to := *at + 10_000
	state := "playing"
	if stop := p.Answer.PauseAtMS; stop > *at && stop <= to {
		to, state = stop, "paused"
	}
	a, err := p.Beat(state, *at, to)
	if err != nil {
		t.Fatal(err)
	}
	if *at = to; state == "paused" {
		p.Run++
	}
	if a.Check != nil {
		if result, err := p.Device.Solve(a.Check); err != nil || result != "passed" {
			t.Fatalf("check: %s, %v", result, err)
		}
		p.Answer.Check = nil
	}
}

// sizes are rows and bytes of every table with its indexes. Rows are rewritten first, so that what autovacuum would give back does not count.
func sizes(t *testing.T, c *city.City) map[string][2]int64 {
	t.Helper()
	out := map[string][2]int64{}
	ctx := t.Context()
	if _, err := c.DB.Writer().ExecContext(ctx, `VACUUM FULL`); err != nil {
		t.Fatal(err)
	}
	err := c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		names, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`)
		for _, n := range names {
			var rows, bytes int64
			if err == nil {
				rows, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM `+n)
			}
			if err == nil {
				bytes, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT pg_total_relation_size($1::regclass)`, n)
			}
			out[n] = [2]int64{rows, bytes}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

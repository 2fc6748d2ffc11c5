package sql

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/playback"
	"xueshi/test/city"
)

var placeholder = regexp.MustCompile(`\$(\d+)`)

// everything is what the sources hold and what the engine puts together once at its start, for an engine.
func everything(t *testing.T, engine sqldb.Engine) []statement {
	all := collect(t)
	for _, text := range playback.HotStatements(engine) {
		all = append(all, statement{"internal/playback: the heartbeat", text})
	}
	return all
}

// TestEveryStatementFitsBothSchemas prepares every SQL text of internal/ on the migrated schema of each engine.
func TestEveryStatementFitsBothSchemas(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		all := everything(t, env.Engine())
		if len(all) < 150 {
			t.Fatalf("%d statements were found: the collector does not see the program", len(all))
		}
		for _, s := range all {
			if env.Engine() == sqldb.SQLite && (strings.Contains(s.text, "clock_timestamp") || strings.Contains(s.text, "[]") || strings.Contains(s.text, "pg_") || strings.Contains(s.text, "SET LOCAL")) {
				continue // PostgreSQL's own: the database's clock, its settings and tables, and many rows as arrays
			}
			if env.Engine() == sqldb.Postgres && strings.Contains(s.text, "sqlite_master") {
				continue // SQLite's own
			}
			stmt, err := env.Writer().PrepareContext(context.Background(), s.text)
			if err != nil {
				t.Errorf("%s: %v\n%s", s.at, err, s.text)
				continue
			}
			_ = stmt.Close()
		}
		t.Logf("%d statements prepared", len(all))
	})
}

// TestPlaceholdersAscendAndAreUsedOnce holds the house's subset: SQLite's drivers bind by position, PostgreSQL by number.
func TestPlaceholdersAscendAndAreUsedOnce(t *testing.T) {
	t.Parallel()
	for _, s := range collect(t) {
		for i, m := range placeholder.FindAllStringSubmatch(s.text, -1) {
			if m[1] != fmt.Sprint(i+1) {
				t.Errorf("%s: $%s stands where $%d belongs\n%s", s.at, m[1], i+1, s.text)
				break
			}
		}
	}
}

// scan is how the engines say that a whole table or index is read.
var scan = regexp.MustCompile(`(?m)^SCAN [a-z]|Seq Scan on`)

// hot are the statements of every heartbeat, segment, page and request, by a piece of their text; none may scan a table.
var hot = []string{
	"FROM study WHERE learner_id = $1",
	"UPDATE study",
	"FROM study WHERE device_id = $1",
	"FROM span s\n\t\tLEFT JOIN window_result",
	"FROM span s\n\t\tJOIN window_result",
	"FROM span WHERE learner_id = $1 AND window_no = $2",
	"SELECT segment_no, finished_at FROM delivery",
	"SELECT list FROM delivery_fold",
	"FROM lesson_progress\n\t\tWHERE learner_id = $1 AND course_id = $2",
	"FROM lesson_progress g\n\t\tLEFT JOIN media m",
	"SELECT take FROM lesson_progress",
	"FROM presence_check WHERE id = $1",
	"FROM login_session l JOIN person p",
	"FROM role_grant WHERE person_id = $1",
	"FROM role_grant g JOIN provider v",
	"SELECT public_key FROM device",
	"FROM refusal r JOIN playback_session p",
	"SELECT media_id, media_rev, full_credit",
	"FROM media WHERE id = $1",
	"FROM enrolment WHERE person_id = $1 AND course_id = $2 AND state <> 'void'",
	"FROM lesson l JOIN media m ON m.id = l.media_id AND m.rev = l.media_rev\n\t\tWHERE l.id = $1",
	"FROM playback_session\n\t\tWHERE learner_id = $1",
}

// TestHotStatementsUseAnIndex asks each engine for its plan.
func TestHotStatementsUseAnIndex(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		all := everything(t, env.Engine())
		for _, piece := range hot {
			found := false
			for _, s := range all {
				if !strings.Contains(s.text, piece) {
					continue
				}
				found = true
				plan, err := explain(env, s.text)
				if err != nil {
					t.Errorf("%s: %v", s.at, err)
				}
				if scan.MatchString(plan) {
					t.Errorf("%s: it reads a whole table or index\n%s\n%s", s.at, s.text, plan)
				}
			}
			if !found {
				t.Errorf("no statement holds %q: the list is out of date", piece)
			}
		}
	})
}

// explain is the engine's plan of a statement. PostgreSQL is told to avoid sequential scans, since empty tables would
// always be scanned: one that remains has no index to use.
func explain(env *sqltest.Env, query string) (plan string, err error) {
	ctx := context.Background()
	conn, err := env.Writer().Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	n := 0
	for _, m := range placeholder.FindAllStringSubmatch(query, -1) {
		if m[1] == fmt.Sprint(n+1) {
			n++
		}
	}
	if env.Engine() == sqldb.SQLite {
		return read(conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, slices.Repeat([]any{nil}, n)...))
	}
	args := ""
	if n > 0 {
		args = "(" + strings.Join(slices.Repeat([]string{"NULL"}, n), ", ") + ")"
	}
	for _, q := range []string{"SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan", "PREPARE q AS " + query} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return "", fmt.Errorf("%s: %w", q, err)
		}
	}
	defer func() { _, _ = conn.ExecContext(ctx, "DEALLOCATE q") }()
	return read(conn.QueryContext(ctx, "EXPLAIN EXECUTE q"+args))
}

// read joins the last column of all rows.
func read(rows *sql.Rows, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for rows.Next() {
		var line string
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		into[len(into)-1] = &line
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		b.WriteString(line + "\n")
	}
	return b.String(), rows.Err()
}

// TestFewStatementsDifferByEngine counts where the engines get different texts: at most 12 places (docs/design.md).
func TestFewStatementsDifferByEngine(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("git", "-C", city.Root(), "grep", "-n", `tx\.Engine() ==`, "--", "internal/*.go", "cmd/*.go").Output()
	if err != nil {
		t.Fatalf("git grep: %v", err)
	}
	if n := bytes.Count(out, []byte("\n")); n > 12 {
		t.Errorf("%d statements that ask for the engine, at most 12:\n%s", n, out)
	}
}

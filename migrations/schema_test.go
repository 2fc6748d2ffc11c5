package migrations_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/migrations"
)

var update = flag.Bool("update", false, "write the golden files")

// golden holds got against a committed file, so that a reviewer sees what a migration did to the schema.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./migrations -update writes it)", err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s differs at line %d:\n got %q\nwant %q\n(look at it, then go test ./migrations -update)", file, i+1, line(g, i), line(w, i))
		}
	}
}

func line(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

// dumps are the queries that give a schema as text, in an order that does not depend on the machine.
var dumps = map[sqldb.Engine][]string{
	sqldb.SQLite: {`SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY tbl_name, type DESC, name`},
	sqldb.Postgres: {
		`SELECT 'table ' || table_name || ': ' || column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || coalesce(' default ' || column_default, '')
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' ORDER BY table_name, ordinal_position`,
		`SELECT 'constraint ' || conrelid::regclass || ': ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid <> 0 AND conrelid::regclass::text NOT LIKE 'goose_%' ORDER BY 1`,
		`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose_%' ORDER BY 1`,
		`SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
		`SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
			AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1`,
	},
}

// TestSchemaIsTheCommittedOne dumps what all migrations together make.
func TestSchemaIsTheCommittedOne(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		var lines []string
		err := env.Read(ctx, func(tx *sqldb.Tx) error {
			for _, q := range dumps[env.Engine()] {
				rows, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], q)
				if err != nil {
					return fmt.Errorf("%s: %w", q, err)
				}
				lines = append(lines, rows...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) < 50 {
			t.Fatalf("only %d objects", len(lines))
		}
		golden(t, "testdata/schema."+string(env.Engine())+".sql", strings.Join(lines, "\n")+"\n")
	})
}

// TestEngineBlocksAreCounted keeps what differs between the engines few and known: one line a migration.
func TestEngineBlocksAreCounted(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range names {
		raw, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		lite, pg := strings.Count(string(raw), "{{if sqlite}}"), strings.Count(string(raw), "{{if postgres}}")
		if lite+pg > 0 {
			fmt.Fprintf(&b, "%s: %d for SQLite, %d for PostgreSQL\n", name, lite, pg)
		}
	}
	golden(t, "testdata/engine-blocks.txt", b.String())
}

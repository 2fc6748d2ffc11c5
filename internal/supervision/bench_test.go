package supervision_test

import (
	"context"
	"testing"

	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/supervision"
)

// BenchmarkSeventyThousand reads a city of 70 thousand learners: what an overview, a page of the list and a search cost.
func BenchmarkSeventyThousand(b *testing.B) {
	env := sqltest.SQLite(b)
	err := env.Write(system, func(tx *sqldb.Tx) error {
		for _, q := range []string{
			`INSERT INTO region (id, parent, name, kind, rank) VALUES ('1409', '', '市', 'city', 0)`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 17)
				INSERT INTO region (id, parent, name, kind, rank) SELECT 'r' || i, '1409', '县' || i, 'county', i FROM n`,
			`INSERT INTO unit (id, region_id, name) VALUES ('u', 'r1', '单位')`,
			`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
				INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask, region_id, unit_id, password_hash, state, agreed_version, created_at)
				SELECT 'p' || i, '学员' || i, x'00', 'i' || i, '1409', x'00', 'f' || i, '139', 'r' || (1 + i % 17), 'u', '', 'active', 'x', 0 FROM n`,
			`INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) SELECT id, 'learner', '', 'x', 0 FROM person`,
			`INSERT INTO standing (person_id, year, about, region_id, courses, completed, public_tenths, professional_tenths, done_month)
				SELECT id, 2026, '', region_id, 3, 1, 300, 600, CASE WHEN length(id) % 2 = 0 THEN 202601 + length(id) ELSE 0 END FROM person`,
			`INSERT INTO tally SELECT year, about, region_id, done_month, count(*), sum(courses), sum(completed), sum(public_tenths), sum(professional_tenths)
				FROM standing GROUP BY year, about, region_id, done_month`,
		} {
			if _, err := tx.Exec(system, q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	s, ctx := supervision.New(env.DB), as(identity.BureauStaff, "1409")
	for name, f := range map[string]func(ctx context.Context) error{
		"overview": func(ctx context.Context) error { _, err := s.Overview(ctx, 2026, ""); return err },
		"page":     func(ctx context.Context) error { _, _, err := s.Learners(ctx, 2026, "", "", "p35", 50); return err },
		"county":   func(ctx context.Context) error { _, _, err := s.Learners(ctx, 2026, "r3", "", "", 50); return err },
		"search": func(ctx context.Context) error {
			_, _, err := s.Learners(ctx, 2026, "", "学员69999", "", 50)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

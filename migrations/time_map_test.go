package migrations_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/migrations"
)

// before is the migrations that come before one.
func before(t *testing.T, name string) fs.FS {
	t.Helper()
	all, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, n := range all {
		raw, err := fs.ReadFile(migrations.FS, n)
		if err != nil {
			t.Fatal(err)
		}
		if n < name {
			out[n] = &fstest.MapFile{Data: raw}
		}
	}
	return out
}

// TestRowsOfBeforeTimeMapsStandWhereTheyWereWatched migrates a database that has been in use.
func TestRowsOfBeforeTimeMapsStandWhereTheyWereWatched(t *testing.T) {
	t.Parallel()
	sqltest.EachBare(t, func(t *testing.T, env *sqltest.Env) {
		ctx := context.Background()
		exec := func(queries ...string) {
			t.Helper()
			for _, q := range queries {
				if _, err := env.Writer().ExecContext(ctx, q); err != nil {
					t.Fatalf("%s: %v", q, err)
				}
			}
		}
		if err := sqldb.Migrate(ctx, env.DB, before(t, "0092"), ""); err != nil {
			t.Fatal(err)
		}
		empty := map[sqldb.Engine]string{sqldb.SQLite: "x''", sqldb.Postgres: "''"}[env.Engine()]
		const medium = `INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides) VALUES `
		exec(`INSERT INTO provider (id, name, short_name, state) VALUES ('p', 'p', 'p', 'active')`,
			`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
				VALUES ('c', 'p', 'C', 't', '', 'public', 2026, 1, 0, '', '', 0, 0, 'draft')`,
			medium+`('l', 1, 60000, 6000, 10, 0, 0, '', '[]'), ('l', 2, 60000, 6000, 10, 0, 0, '', '[]'), ('l', 4, 60000, 6000, 10, 0, 0, '', '[]')`,
			`INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout, captions) VALUES ('l', 'c', '', 1, 't', 'l', 0, '[]', '', '')`,
			`INSERT INTO courseware (lesson_id, rev, origin, profile, original_id, report_id, unwaived, packaged, state, code, note, captions, captions_waiver, content_matches,
				uploaded_by, uploaded_at, reviewed_by, reviewed_at, published_at, version) VALUES ('l', 2, 'import', 'video', '', '', 0, 1, 'published', '', '', '', '', 0, '', 0, '', 0, 0, 1)`,
			`UPDATE lesson SET media_rev = 2`,
			`INSERT INTO lesson_progress (learner_id, lesson_id, course_id, credited_ms, confirmed_ms, full_credit, full_confirm, take, updated_at)
				VALUES ('watched', 'l', 'c', 1000, 0, 0, 0, 0, 1), ('granted', 'l', 'c', 1000, 0, 0, 0, 0, 1)`,
			`INSERT INTO span (learner_id, chain_seq, session_id, epoch, lesson_id, media_id, media_rev, take, window_no, media_from, media_to, wall_from, wall_to, booked_at, chain_hash)
				VALUES ('watched', 2, 's', 1, 'l', 'l', 1, 0, 0, 0, 1000, 1000000, 2000000, 2000000, `+empty+`)`,
			`INSERT INTO lesson_note (id, person_id, course_id, lesson_id, at_ms, text, sent_key, created_at, updated_at) VALUES ('n', 'watched', 'c', 'l', 5, 't', 'k', 1, 1)`)
		if err := sqldb.Migrate(ctx, env.DB, migrations.FS, ""); err != nil {
			t.Fatal(err)
		}
		for q, want := range map[string]int64{
			`SELECT media_rev FROM lesson_progress WHERE learner_id = 'watched' AND media_id = 'l'`: 1,
			`SELECT media_rev FROM lesson_progress WHERE learner_id = 'granted' AND media_id = 'l'`: 2,
			`SELECT base_rev FROM media WHERE rev = 1`:                                              0,
			`SELECT base_rev FROM media WHERE rev = 2`:                                              1,
			`SELECT base_rev FROM media WHERE rev = 4`:                                              0, // the one before was never packaged
			`SELECT media_rev FROM lesson_note`:                                                     2,
		} {
			var got int64
			if err := env.Writer().QueryRowContext(ctx, q).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %d, want %d (%v)", q, got, want, err)
			}
		}
	})
}

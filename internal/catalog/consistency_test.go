package catalog

import (
	"testing"

	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// The newest inspected revision of each lesson counts, a refused one does not, and the policy in force says what is too far.
func TestACourseKnowsTheLessonThatSoundsDifferent(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		do := func(f func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := env.Write(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		exec := func(q string, args ...any) {
			t.Helper()
			do(func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), q, args...); return err })
		}
		exec(`INSERT INTO provider (id, name, short_name, state) VALUES ('p', '机构', '机构', 'active')`)
		exec(`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
			VALUES ('c', 'p', 'c', '课程', '', 'public', 2026, 2, 0, '', '', 0, 0, 'draft')`)
		exec(`INSERT INTO original (id, provider_id, hash, bytes, name, made_from, repair, uploaded_by, uploaded_at) VALUES ('o', 'p', 'h', 1, 'a.mp4', '', '', 'up', 0)`)
		for i, l := range []string{"l1", "l2", "l3"} {
			exec(`INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout, captions) VALUES ($1, 'c', '', $2, '课', $3, 0, '[]', '', '')`, l, i+1, l)
		}
		rev := func(lesson string, rev int64, state string, loudness, pitch int64) {
			t.Helper()
			report := lesson + state
			exec(`INSERT INTO inspection_report (id, original_id, profile, policy_version, policy, verdict, failing, measured, findings, took_ms, at, loudness_milli, pitch_milli)
				VALUES ($1, 'o', 'video', 0, '{}', 'pass', 0, '{}', '[]', 0, 0, $2, $3)`, report, loudness, pitch)
			do(func(tx *sqldb.Tx) error {
				return insertCoursewareTx(t.Context(), tx, Courseware{LessonID: lesson, Rev: rev, Origin: "upload", Profile: media.Video, OriginalID: "o", State: state, uploader: "up"})
			})
			exec(`UPDATE courseware SET report_id = $1 WHERE lesson_id = $2 AND rev = $3`, report, lesson, rev)
		}
		rev("l1", 1, "inspected", -20_000, 180_000)
		rev("l2", 1, "inspected", -20_500, 260_000)
		rev("l2", 2, "refused", -40_000, 180_000)
		rev("l3", 1, "inspected", -26_000, 185_000)
		var all []media.LessonFinding
		var one []media.Finding
		do(func(tx *sqldb.Tx) (err error) {
			if all, err = consistencyTx(t.Context(), tx, "c"); err != nil {
				return err
			}
			one, err = apartTx(t.Context(), tx, "c", "l3")
			return err
		})
		if len(all) != 2 || all[0].LessonID != "l3" || all[0].Finding.Value != 6 || all[1].LessonID != "l2" || all[1].Finding.Kind != "pitch_spread" {
			t.Errorf("%+v", all)
		}
		if len(one) != 1 || one[0].Kind != "loudness_spread" {
			t.Errorf("%+v", one)
		}
	})
}

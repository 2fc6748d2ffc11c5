package catalog

import (
	"slices"
	"testing"

	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestWhatASignOffNeeds(t *testing.T) {
	t.Parallel()
	whole := Review{Accept: true, ContentMatches: true}
	for _, c := range []struct {
		name     string
		packaged bool
		captions string
		failing  map[int64]bool
		in       Review
		state    string
		missing  []string
	}{
		{"everything is there", true, "c.vtt", nil, whole, "reviewed", nil},
		{"no renditions yet", false, "c.vtt", nil, whole, "reviewed", []string{"renditions"}},
		{"content not looked at", true, "c.vtt", nil, Review{Accept: true}, "reviewed", []string{"content_matches"}},
		{"no captions", true, "", nil, whole, "reviewed", []string{"captions"}},
		{"no captions, with the reason", true, "", nil, Review{Accept: true, ContentMatches: true, CaptionsWaiver: "纯音乐"}, "reviewed", nil},
		{"a failing finding", true, "c.vtt", map[int64]bool{3: true}, whole, "reviewed", []string{"waivers"}},
		{"a failing finding waived", true, "c.vtt", map[int64]bool{3: true}, Review{Accept: true, ContentMatches: true, Waivers: []Waiver{{No: 3, Reason: "片头如此"}}}, "reviewed", nil},
		{"another finding waived", true, "c.vtt", map[int64]bool{3: true}, Review{Accept: true, ContentMatches: true, Waivers: []Waiver{{No: 2, Reason: "片头如此"}}}, "reviewed", []string{"waivers"}},
		{"refused without a word", true, "c.vtt", nil, Review{}, "refused", []string{"note"}},
		{"refused", false, "", map[int64]bool{3: true}, Review{Note: "第三页放错了"}, "refused", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			state, missing := c.in.outcome(&Courseware{Packaged: c.packaged, captions: c.captions}, c.failing)
			if state != c.state || !slices.Equal(missing, c.missing) {
				t.Errorf("%s, %v", state, missing)
			}
		})
	}
}

// The database holds the gate by itself: whatever a program writes, nothing unseen is published.
func TestTheDatabaseHoldsTheGate(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		exec := func(q string, args ...any) error {
			return env.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), q, args...)
				return err
			})
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		course := func(id, state string) error {
			return exec(`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
				VALUES ($1, 'p', $2, '课程', '', 'public', 2026, 1, 0, '', '', 0, 0, $3)`, id, id, state)
		}
		lesson := func(rev int64) error {
			return exec(`INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout, captions) VALUES ('l', 'c', '', 1, '一', 'l', $1, '[]', '', '')`, rev)
		}
		must(exec(`INSERT INTO provider (id, name, short_name, state) VALUES ('p', '机构', '机构', 'active')`))
		must(course("c", "draft"))
		refused := func(what string, err error) {
			t.Helper()
			if !sqldb.IsRefused(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("a course born published", course("d", "published"))
		refused("a lesson born with something to play", lesson(1))
		must(lesson(0))
		refused("a course with a lesson without courseware", exec(`UPDATE course SET state = 'published' WHERE id = 'c'`))
		must(env.Write(t.Context(), func(tx *sqldb.Tx) error {
			return insertCoursewareTx(t.Context(), tx, Courseware{LessonID: "l", Rev: 1, Origin: "upload", Profile: media.Video, OriginalID: "o", State: "inspected", uploader: "up"})
		}))
		refused("to play what is not published", exec(`UPDATE lesson SET media_rev = 1 WHERE id = 'l'`))
		sign := func(report string, unwaived, packaged, matches int64, by, captions, waiver string) error {
			return exec(`UPDATE courseware SET state = 'published', report_id = $1, unwaived = $2, packaged = $3, content_matches = $4, reviewed_by = $5, captions = $6, captions_waiver = $7
				WHERE lesson_id = 'l'`, report, unwaived, packaged, matches, by, captions, waiver)
		}
		refused("without a report", sign("", 0, 1, 1, "re", "c.vtt", ""))
		refused("with a failing finding", sign("r", 1, 1, 1, "re", "c.vtt", ""))
		refused("without renditions", sign("r", 0, 0, 1, "re", "c.vtt", ""))
		refused("without a look at the content", sign("r", 0, 1, 0, "re", "c.vtt", ""))
		refused("without a reviewer", sign("r", 0, 1, 1, "", "c.vtt", ""))
		refused("by the uploader", sign("r", 0, 1, 1, "up", "c.vtt", ""))
		refused("without captions and reason", sign("r", 0, 1, 1, "re", "", ""))
		must(sign("r", 0, 1, 1, "re", "", "纯音乐"))
		must(exec(`UPDATE lesson SET media_rev = 1 WHERE id = 'l'`))
		must(exec(`UPDATE course SET state = 'published' WHERE id = 'c'`))
	})
}

package attack

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/platform/sqldb/sqltest"
)

// TestKilledWhileInspecting kills the real program with SIGKILL while it inspects and packages a lesson's file. Two others
// wait for the dead ones' leases and bring each job to one end: one report, one revision that can be played.
func TestKilledWhileInspecting(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w, file := newWorkshop(t, env), film(t, 40)
		d, kinds := w.login("provider_staff:jinyun"), []string{"media.inspect", "media.package"}
		var course, lesson struct{ ID string }
		if err := d.Do("POST", "/api/provider/providers/jinyun/courses", map[string]any{"title": "A course", "subject": "public", "year": 2026, "hours_tenths": 10, "summary": "",
			"teacher": "Zhou", "teacher_bio": "", "sequential": false}, &course); err != nil {
			t.Fatal(err)
		}
		if err := d.Do("POST", "/api/provider/providers/jinyun/courses/"+course.ID+"/lessons", map[string]any{"title": "One", "chapter": "", "handout": ""}, &lesson); err != nil {
			t.Fatal(err)
		}
		path := begin(t, d, len(file), "lesson", lesson.ID)
		if s := patch(t, d, path, 0, file); s.status != http.StatusNoContent {
			t.Fatalf("the file: %+v", s)
		}
		const running = `SELECT count(*) FROM job WHERE kind <> 'media.intake' AND state = 'running'`
		killed := int64(0)
		for range kinds { // the first of them, and, after the kill, the one whose lease does not have to run out
			eventually(t, "a job runs", func() bool { return w.number(running) > killed })
			killed++
			working := programs(w.data)
			w.again(d)
			eventually(t, "its programs die with it", func() bool { return !slices.ContainsFunc(working, lives) })
			if n := w.number(`SELECT count(*) FROM job WHERE kind <> 'media.intake' AND state = 'done'`); n != 0 {
				t.Fatal("a job had ended before the kill: nothing was tested")
			}
		}
		_, _ = process(t, w.bin, w.data, w.database) // a second pair of hands
		for _, kind := range kinds {
			eventually(t, kind+" is done", func() bool { return w.number(`SELECT count(*) FROM job WHERE kind = $1 AND state = 'done'`, kind) == 1 })
			if try := w.number(`SELECT max(try) FROM job WHERE kind = $1`, kind); try < 2 {
				t.Errorf("%s was done at try %d though its first worker died", kind, try)
			}
		}
		for what, n := range map[string]int64{
			"reports":                      w.number(`SELECT count(*) FROM inspection_report`),
			"revisions with both":          w.number(`SELECT count(*) FROM courseware WHERE lesson_id = $1 AND rev = 1 AND packaged = 1 AND report_id <> ''`, lesson.ID),
			"sets of renditions":           w.number(`SELECT count(*) FROM media WHERE id = $1`, lesson.ID),
			"originals of the file's name": w.number(`SELECT count(*) FROM original WHERE hash = $1`, hashOf(file)),
		} {
			if n != 1 {
				t.Errorf("%d %s, want 1", n, what)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(w.data, "blobs", "uploads", filepath.Base(path), "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// programs are the folders under /proc of everything that works on a file under a folder.
func programs(folder string) []string {
	all, _ := filepath.Glob("/proc/[0-9]*")
	return slices.DeleteFunc(all, func(proc string) bool {
		words, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		return !strings.HasPrefix(string(words), "ffmpeg\x00") || !strings.Contains(string(words), folder)
	})
}

// lives tells whether a program has not ended; one that nobody has waited for yet has.
func lives(proc string) bool {
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

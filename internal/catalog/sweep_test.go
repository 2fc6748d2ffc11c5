package catalog

import (
	"context"
	"encoding/json"
	"errors"
	commandline "flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

func TestMain(m *testing.M) {
	commandline.Parse()
	set := map[string]bool{}
	commandline.Visit(func(f *commandline.Flag) { set[f.Name] = true })
	checks := "8"
	if testing.Short() {
		checks = "3"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": "50"} {
		if !set[name] {
			_ = commandline.Set(name, value)
		}
	}
	os.Exit(m.Run())
}

// shelf is a store whose files are as old as the test's clock says, and that breaks when it is told to.
type shelf struct {
	*blob.Local
	dir    string
	clk    *clock.Fake
	breaks int                                  // the Put that fails, counted from now; 0 = none
	before func(ctx context.Context, op string) // is called before each Put, Stat and Remove, and after a Stat
}

var errBroken = errors.New("the store is down")

func (s *shelf) called(ctx context.Context, op string) {
	if f := s.before; f != nil {
		s.before = nil
		f(ctx, op)
		if s.before == nil {
			s.before = f
		}
	}
}

func (s *shelf) Put(ctx context.Context, key string, r io.Reader) error {
	s.called(ctx, "put "+key)
	if s.breaks--; s.breaks == 0 {
		return blob.Unavailable(errBroken)
	}
	if err := s.Local.Put(ctx, key, r); err != nil {
		return err
	}
	return os.Chtimes(filepath.Join(s.dir, key), s.clk.Now(), s.clk.Now())
}

func (s *shelf) Stat(ctx context.Context, key string) (blob.Info, error) {
	s.called(ctx, "stat "+key)
	defer s.called(ctx, "after stat "+key)
	return s.Local.Stat(ctx, key)
}

func (s *shelf) Remove(ctx context.Context, key string) error {
	s.called(ctx, "remove "+key)
	return s.Local.Remove(ctx, key)
}

// filmTools are tools that find what is wrong with a file named bad, and take pictures of it.
type filmTools struct{ tools }

func (filmTools) Measure(_ context.Context, path string, _ func(int64, int64)) (*media.Measured, error) {
	ms, name, err := lengthOf(path)
	m := flawless(ms)
	if strings.HasPrefix(name, "bad") {
		m.Picture.Blacks = []media.Span{{FromMS: 0, ToMS: 20_000}, {FromMS: 50_000, ToMS: 60_000}}
		m.Sound.Silences = []media.Span{{FromMS: 100_000, ToMS: 150_000}}
	}
	return m, err
}

func (filmTools) Evidence(_ context.Context, _ string, f media.Finding, out string) error {
	return os.WriteFile(out, []byte(f.Kind), 0o600)
}

// film is a file as uploads take it: by its first bytes a video.
func film(ms int64, name string) string { return fmt.Sprintf("\x00\x00\x00\x18ftyp %d %s", ms, name) }

// archive is a maker whose store is a shelf.
type archive struct {
	*maker
	shelf *shelf
	dir   string
	swept map[string]int64
}

func newArchive(t *testing.T, env *sqltest.Env) *archive {
	a := &archive{maker: newMaker(t, env), dir: t.TempDir(), swept: map[string]int64{}}
	a.shelf = &shelf{dir: t.TempDir(), clk: env.Clock}
	a.shelf.Local = blob.NewLocal(a.shelf.dir)
	a.store, a.queue = a.shelf, jobs.New(env.DB)
	if _, err := installation.Keys(t.Context(), env.DB, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	a.must(installation.Claim(t.Context(), env.DB, a.store))
	a.files = media.New(media.Deps{DB: env.DB, Store: a.store, Jobs: a.queue, Clock: env.Clock, Inspector: filmTools{}, Transcoder: filmTools{}, Dir: a.dir})
	a.cat = New(env.DB, a.files)
	a.files.Serve(a.cat)
	a.exec(`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
		VALUES ('d', 'p', 'D', '草稿', '', 'public', 2026, 1, 0, '', '', 0, 0, 'draft')`)
	for _, key := range []string{"proof/0123", "other/thing", "media/l/one/init.mp4", "originals/ab/short", "reports/lonely"} {
		a.must(a.shelf.Put(t.Context(), key, strings.NewReader("of somebody else"))) // no names of media's
	}
	return a
}

func (a *archive) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// send uploads a file as people do, up to its last byte.
func (a *archive) send(lesson, content string) (uploadID string, err error) {
	uploadID, err = a.files.BeginUpload(a.as("up"), media.Upload{ProviderID: "p", LessonID: lesson, Profile: media.Video, Content: media.SameContent, Name: "a.mp4", Bytes: int64(len(content))})
	if err != nil {
		return "", err
	}
	_, err = a.files.Receive(a.as("up"), uploadID, 0, strings.NewReader(content))
	return uploadID, err
}

func (a *archive) state(uploadID string) (state string) {
	a.Helper()
	a.write(func(tx *sqldb.Tx) error {
		return tx.QueryRowContext(a.Context(), `SELECT state FROM upload WHERE id = $1`, uploadID).Scan(&state)
	})
	return state
}

// keys are all files of the store.
func (a *archive) keys() (out []string) {
	a.Helper()
	for i, err := range a.store.List(a.Context(), "") {
		a.must(err)
		out = append(out, i.Key)
	}
	return out
}

func (a *archive) strings(query string) (out []string) {
	a.Helper()
	a.must(a.env.Read(a.Context(), func(tx *sqldb.Tx) (err error) {
		out, err = sqldb.Rows(a.Context(), tx, sqldb.ScanValue[string], query)
		return err
	}))
	return out
}

// named are the files that rows name, one by one, and which therefore can be opened; folders are where files may lie at all.
func (a *archive) named() (files, folders []string) {
	a.Helper()
	files = append(a.strings(`SELECT key FROM upload_piece`), installation.MarkKey)
	for _, hash := range a.strings(`SELECT hash FROM original`) {
		files = append(files, "originals/"+hash[:2]+"/"+hash)
	}
	for _, row := range a.strings(`SELECT id || ' ' || findings FROM inspection_report`) {
		id, raw, _ := strings.Cut(row, " ")
		var findings []media.Finding
		a.must(json.Unmarshal([]byte(raw), &findings))
		for _, f := range findings {
			if f.Evidence != "" {
				files = append(files, "reports/"+id+"/"+f.Evidence)
			}
		}
		folders = append(folders, "reports/"+id+"/")
	}
	for _, row := range a.strings(`SELECT id || '/' || rev || '/ ' || segments FROM media`) {
		var folder string
		var segments int
		_, err := fmt.Sscan(row, &folder, &segments)
		a.must(err)
		files = append(files, "media/"+folder+"lesson.json", "media/"+folder+"init.mp4")
		for n := range segments {
			files = append(files, fmt.Sprintf("media/%s%d.m4s", folder, n))
		}
		folders = append(folders, "media/"+folder)
	}
	for _, row := range a.strings(`SELECT 'media/' || lesson_id || '/' || rev || '/' || captions FROM courseware WHERE packaged = 1 AND captions <> ''`) {
		files = append(files, row)
	}
	for _, row := range a.strings(`SELECT 'media/' || lesson_id || '/' || rev || '/' FROM courseware`) { // perhaps on its way
		folders = append(folders, row)
	}
	return append(files, "proof/0123", "other/thing", "media/l/one/init.mp4", "originals/ab/short", "reports/lonely"), folders
}

// whole checks that everything that is named is there.
func (a *archive) whole() {
	a.Helper()
	files, _ := a.named()
	for _, key := range files {
		f, err := a.store.Open(a.Context(), key)
		if err != nil {
			a.Fatalf("%s is needed and gone: %v", key, err)
		}
		_ = f.Close()
	}
}

// sweep runs the sweep and gives what it erased.
func (a *archive) sweep() media.Swept {
	a.Helper()
	did, err := a.files.SweepNow(a.Context(), media.MinGrace)
	if errors.Is(err, errBroken) { // when it was to say in the store that it begins: nothing is erased
		return did
	}
	a.must(err)
	for kind, n := range did.Kinds {
		a.swept[kind] += n
	}
	return did
}

// through has a revision signed off, whatever is wrong with it, and published; where that cannot be, nothing changes.
func (a *archive) through(rev int64) {
	a.Helper()
	in := Review{Accept: true, ContentMatches: true, CaptionsWaiver: "纯音乐"}
	err := a.env.Read(a.as("re"), func(tx *sqldb.Tx) error {
		c, err := revisionTx(a.Context(), tx, "l", rev)
		if err != nil {
			return err
		}
		in.IfVersion = c.Version
		failing, err := failingTx(a.Context(), tx, c)
		for no := range failing {
			in.Waivers = append(in.Waivers, Waiver{No: no, Reason: "片头如此"})
		}
		return err
	})
	if err == nil {
		_ = a.cat.Review(a.as("re"), "p", "l", rev, in)
		_ = a.cat.Move(a.as("up"), "p", "c", "publish")
		_ = a.cat.PublishLesson(a.as("up"), "p", "l", rev)
	}
}

// actions are what happens to a store, in any order.
func (a *archive) actions() map[string]func(*rapid.T) {
	lessons := func() []string {
		return append(a.strings(`SELECT l.id FROM lesson l JOIN course c ON c.id = l.course_id WHERE c.state <> 'withdrawn' ORDER BY l.id`), "")
	}
	revision := func(rt *rapid.T) int64 { return rapid.Int64Range(1, max(1, a.newest())).Draw(rt, "revision") }
	return map[string]func(*rapid.T){
		"upload": func(rt *rapid.T) {
			name := rapid.SampledFrom([]string{"bad1", "bad2", "good1", "good2", "good3"}).Draw(rt, "file")
			_, _ = a.send(rapid.SampledFrom(lessons()).Draw(rt, "lesson"), film(playedMS, name))
		},
		"work": func(*rapid.T) { a.work() },
		"break": func(rt *rapid.T) {
			a.shelf.breaks = rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(5, 60)).Draw(rt, "put")
			_, _ = a.send(rapid.SampledFrom(lessons()).Draw(rt, "lesson"), film(playedMS, fmt.Sprintf("bad%d", rapid.IntRange(3, 9).Draw(rt, "file"))))
			a.work()
		},
		"draft lesson": func(*rapid.T) {
			_, _ = a.cat.AddLesson(a.as("up"), "p", "d", LessonText{Title: "草稿课"})
		},
		"remove lesson": func(rt *rapid.T) {
			_ = a.cat.RemoveLesson(a.as("up"), "p", "d", rapid.SampledFrom(lessons()).Draw(rt, "lesson"))
		},
		"repair":    func(rt *rapid.T) { _ = a.cat.Repair(a.as("up"), "p", "l", revision(rt)) },
		"reinspect": func(rt *rapid.T) { _ = a.cat.Reinspect(a.as("up"), "p", "l", revision(rt)) },
		"captions": func(rt *rapid.T) {
			_ = a.cat.SetCaptions(a.as("up"), "p", "l", revision(rt), fmt.Sprintf("WEBVTT\n\n00:01.000 --> 00:02.000\n%d\n", rapid.IntRange(1, 3).Draw(rt, "text")))
		},
		"publish":  func(rt *rapid.T) { a.through(revision(rt)) },
		"withdraw": func(*rapid.T) { _ = a.cat.Move(a.as("up"), "p", "c", "withdraw") },
		"time": func(rt *rapid.T) {
			a.env.Clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(rt, "hours")) * time.Hour)
		},
		"sweep": func(*rapid.T) { a.sweep(); _ = a.files.Sweep(a.Context()) },
		"":      func(*rapid.T) { a.whole() },
	}
}

// Whatever happens to files, and whenever it is swept: what a row needs can be opened, and in the end nothing else is left.
func TestTheSweepKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		seen := map[string]int64{}
		rapid.Check(t, func(rt *rapid.T) {
			fresh := sqltest.SQLite
			if env.Engine() == sqldb.Postgres {
				fresh = sqltest.Postgres
			}
			a := newArchive(t, fresh(t))
			rt.Repeat(a.actions())
			a.shelf.breaks = 0
			for range 8 { // tries come later each time
				a.work()
				a.env.Clock.Advance(10 * time.Minute)
			}
			a.whole()
			a.env.Clock.Advance(72 * time.Hour)
			a.sweep()
			a.whole()
			files, folders := a.named()
			for _, key := range a.keys() {
				if !slices.Contains(files, key) && !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(key, f) }) {
					rt.Errorf("%s is needed by nothing and still there", key)
				}
			}
			if did := a.sweep(); did.Files != 0 {
				rt.Errorf("a second sweep erased %+v", did)
			}
			for kind, n := range a.swept {
				seen[kind] += n
			}
			files, _ = a.named()
			seen["files needed"] += int64(len(files))
			seen["pictures"] += int64(len(slices.DeleteFunc(files, func(k string) bool { return !strings.HasPrefix(k, "reports/0") })))
			for _, state := range append(a.strings(`SELECT state FROM upload`), a.strings(`SELECT 'revision ' || state FROM courseware`)...) {
				seen[state]++
			}
		})
		t.Logf("erased files by kind, and what became of uploads and revisions: %v", seen)
	})
}

// orphan leaves an original without a row: an upload that is refused once its bytes are stored.
func (a *archive) orphan(content string) {
	a.Helper()
	lesson, err := a.cat.AddLesson(a.as("up"), "p", "d", LessonText{Title: "草稿课"})
	a.must(err)
	up, err := a.send(lesson, content)
	a.must(err)
	a.must(a.cat.RemoveLesson(a.as("up"), "p", "d", lesson))
	a.work()
	if state := a.state(up); state != "refused" {
		a.Fatalf("the upload is %s", state)
	}
	if n := len(a.originals()); n != 1 {
		a.Fatalf("%d originals are stored", n)
	}
}

func (a *archive) originals() []string {
	a.Helper()
	return slices.DeleteFunc(a.keys(), func(key string) bool { return len(key) != len("originals/ab/")+64 })
}

// An orphan goes when it is old, not before; its erasure is audited in sum, and a look at it changes nothing.
func TestOrphansGoWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		a.orphan(film(playedMS, "good"))
		a.env.Clock.Advance(media.MinGrace - time.Hour)
		if did := a.sweep(); did.Files != 0 {
			t.Errorf("erased after 23 hours: %+v", did)
		}
		a.env.Clock.Advance(2 * time.Hour)
		var found []media.Orphan
		if _, err := a.files.Orphans(t.Context(), media.MinGrace, func(_ context.Context, batch []media.Orphan) error { found = append(found, batch...); return nil }); err != nil || len(found) != 1 ||
			found[0].Kind != "original" || found[0].Key != a.originals()[0] {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := a.files.Orphans(t.Context(), time.Hour, nil); !errs.Has(err, "media.sweep_grace") {
			t.Errorf("a grace of an hour: %v", err)
		}
		if did := a.sweep(); did.Files != 1 || did.Kinds["original"] != 1 || did.Bytes != found[0].Size || len(a.originals()) != 0 {
			t.Errorf("%+v, left %q", did, a.originals())
		}
		audit := a.strings(`SELECT detail FROM audit_entry WHERE action = 'media.store_swept'`)
		if len(audit) != 1 || !strings.Contains(audit[0], `"files":1`) || !strings.Contains(audit[0], `"original":1`) {
			t.Errorf("audited: %q", audit)
		}
		if left := a.strings(`SELECT hash FROM original_hold`); len(left) > 0 {
			t.Errorf("words that are left: %q", left)
		}
	})
}

// The same bytes come again while their orphan is swept: between any two steps of the one, the whole of the other happens.
func TestAnUploadMeetsTheSweep(t *testing.T) {
	t.Parallel()
	content := film(playedMS, "bad")
	for _, c := range []struct {
		name, at string // the step of the store before which the other happens
		upload   bool   // the upload comes in between the sweep's steps, not the other way round
	}{
		{"a sweep before the upload looks whether the file is there", "stat originals/", false},
		{"a sweep after the upload has seen that it is there", "after stat originals/", false},
		{"a sweep while its report is made", "put reports/", false},
		{"an upload after the sweep has decided", "remove originals/", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
				a := newArchive(t, env)
				a.orphan(content)
				a.env.Clock.Advance(30 * time.Hour)
				up, met := "", false
				a.shelf.before = func(_ context.Context, op string) {
					if !strings.HasPrefix(op, c.at) || met {
						return
					}
					if met = true; c.upload {
						var err error
						up, err = a.send("", content)
						a.must(err)
						a.work()
					} else {
						a.sweep()
					}
				}
				if c.upload {
					a.sweep()
				} else {
					var err error
					up, err = a.send("", content)
					a.must(err)
					a.work()
				}
				a.shelf.before = nil
				for range 3 { // the upload that met the sweep tries again
					a.env.Clock.Advance(time.Minute)
					a.work()
				}
				if state := a.state(up); state != "accepted" || !met {
					t.Errorf("the upload is %s; met %v", state, met)
				}
				a.whole()
				a.env.Clock.Advance(72 * time.Hour)
				a.sweep()
				a.whole()
			})
		})
	}
}

// Files of a packaging that broke off are old when it begins anew: a sweep in between must not take what it stores again.
func TestAPackagingMeetsTheSweep(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		_, err := a.send("l", film(playedMS, "good"))
		a.must(err)
		once := true
		a.shelf.before = func(_ context.Context, op string) {
			if once && strings.HasPrefix(op, "put media/l/1/") {
				a.shelf.breaks, once = 20, false
			}
		}
		a.work()
		if n := len(a.strings(`SELECT id FROM media`)); n != 0 || !slices.ContainsFunc(a.keys(), func(key string) bool { return strings.HasPrefix(key, "media/l/1/") }) {
			t.Fatalf("%d revisions; stored: %q", n, a.keys())
		}
		a.env.Clock.Advance(30 * time.Hour)
		a.shelf.before = func(_ context.Context, op string) {
			if strings.HasPrefix(op, "remove media/") {
				a.work()
			}
		}
		a.sweep()
		a.work()
		if n := len(a.strings(`SELECT id FROM media`)); n != 1 {
			t.Errorf("%d revisions", n)
		}
		a.whole()
	})
}

// A sweep that died after its word keeps the same bytes out only until the word is over; a job whose hold is over stores again.
func TestWordsOfTheDeadEnd(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		content := film(playedMS, "good")
		a.orphan(content)
		a.env.Clock.Advance(30 * time.Hour)
		a.shelf.before = func(_ context.Context, op string) {
			if strings.HasPrefix(op, "remove") {
				panic("killed")
			}
		}
		func() {
			defer func() { _ = recover() }()
			a.sweep()
		}()
		a.shelf.before = nil
		if words := a.strings(`SELECT hash FROM original_hold WHERE sweeping = 1`); len(words) != 1 {
			t.Fatalf("%d words", len(words))
		}
		up, err := a.send("", content)
		a.must(err)
		a.work()
		if state := a.state(up); state != "received" {
			t.Errorf("while the word stands the upload is %s", state)
		}
		for range 3 {
			a.env.Clock.Advance(6 * time.Minute)
			a.work()
		}
		if state := a.state(up); state != "accepted" {
			t.Errorf("then it is %s", state)
		}
		a.whole()
	})
}

// One sweep a day, by one process; what dead workers have left in the folders of uploads goes too.
func TestTheDailySweep(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		a.orphan(film(playedMS, "good"))
		other := media.New(media.Deps{DB: env.DB, Store: a.store, Jobs: jobs.New(env.DB), Clock: env.Clock, Dir: a.dir})
		for range 3 * 24 {
			for _, s := range []*media.Service{a.files, other} {
				_, err := s.SweepDaily(t.Context())
				a.must(err)
			}
			a.env.Clock.Advance(time.Hour)
		}
		if days := a.strings(`SELECT key FROM job WHERE kind = 'media.sweep' AND state = 'done'`); len(days) != 4 || len(slices.Compact(slices.Sorted(slices.Values(days)))) != 4 {
			t.Errorf("swept: %q", days) // three days have parts of four
		}
		if left := a.originals(); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

func TestWorkFoldersOfTheDeadGo(t *testing.T) {
	t.Parallel()
	a := newArchive(t, sqltest.SQLite(t))
	work := media.WorkDir(a.dir)
	at := func(age time.Duration, name string) string {
		path := filepath.Join(work, name)
		a.must(os.MkdirAll(filepath.Dir(path), 0o755))
		a.must(os.WriteFile(path, []byte("x"), 0o600))
		when := a.env.Clock.Now().Add(-age)
		for p := path; p != work; p = filepath.Dir(p) {
			a.must(os.Chtimes(p, when, when))
		}
		return path
	}
	dead, fetched := at(30*time.Hour, "job-1/720p/0.m4s"), at(25*time.Hour, "fetch-1")
	alive := at(30*time.Hour, "job-2/0.m4s")
	fresh := at(time.Hour, "job-2/720p/1.m4s")
	a.must(a.files.Sweep(t.Context()))
	for path, want := range map[string]bool{dead: false, fetched: false, alive: true, fresh: true, filepath.Join(work, "job-1"): false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

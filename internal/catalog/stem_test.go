package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xueshi/internal/identity"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// tools stand in for ffmpeg: a file's text is its length in milliseconds, and a name.
type tools struct{}

func lengthOf(path string) (ms int64, name string, err error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		_, err = fmt.Sscan(strings.TrimPrefix(string(raw), "\x00\x00\x00\x18ftyp "), &ms, &name)
	}
	return ms, name, err
}

func (tools) Measure(_ context.Context, path string, _ func(int64, int64)) (*media.Measured, error) {
	ms, _, err := lengthOf(path)
	return flawless(ms), err
}

// flawless is what is measured of a lesson that nothing is wrong with.
func flawless(ms int64) *media.Measured {
	curve := func(v float64) []float64 { return slices.Repeat([]float64{v}, int(ms/1000)) }
	return &media.Measured{
		Container: "mp4", SizeBytes: 100 << 20, DurationMS: ms,
		Picture: media.Picture{Codec: "h264", Width: 1920, Height: 1080, Kbps: 2000, EndMS: ms, Frames: ms / 40, FPS: 25,
			Luma: curve(120), Contrast: curve(150), Saturation: curve(30), OffGamut: curve(0), Cast: curve(3), Shake: curve(0)},
		Sound: &media.Sound{Codec: "aac", Hz: 48_000, Channels: 2, Kbps: 128, EndMS: ms, Loudness: -20, TruePeak: -3, Range: 8,
			ShortTerm: curve(-20), Clipped: curve(0), Speech: -18, Noise: -75, Hum: -120, Pitch: 180},
	}
}

func (tools) Evidence(context.Context, string, media.Finding, string) error { return nil }

func (tools) Package(_ context.Context, path, dir string, _ func(int64, int64)) error {
	ms, _, err := lengthOf(path)
	if err != nil {
		return err
	}
	m := media.Manifest{DurationMS: ms, SegmentMS: 6_000, Segments: (ms + 5_999) / 6_000}
	raw, err := json.Marshal(m)
	files := map[string]string{"lesson.json": string(raw), "init.mp4": ""}
	for n := range m.Segments {
		files[strconv.FormatInt(n, 10)+".m4s"] = ""
	}
	for name, text := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
		}
	}
	return err
}

func (tools) Repair(_ context.Context, path, out string, plan media.RepairPlan, _ func(int64, int64)) error {
	ms, name, err := lengthOf(path)
	if err != nil {
		return err
	}
	return os.WriteFile(out, fmt.Appendf(nil, "%d %s'", ms-plan.TrimHeadMS-plan.TrimTailMS, name), 0o600)
}

// maker is a provider with a lesson; its revisions are made by the real jobs.
type maker struct {
	*testing.T
	env   *sqltest.Env
	store blob.Store
	queue *jobs.Queue
	files *media.Service
	cat   *Service
	names int
}

func newMaker(t *testing.T, env *sqltest.Env) *maker {
	m := &maker{T: t, env: env, store: blob.NewLocal(t.TempDir()), queue: jobs.New(env.DB)}
	m.files = media.New(media.Deps{DB: env.DB, Store: m.store, Jobs: m.queue, Clock: env.Clock, Inspector: tools{}, Transcoder: tools{}, Dir: t.TempDir()})
	m.cat = New(env.DB, m.files)
	m.files.Serve(m.cat)
	m.exec(`INSERT INTO provider (id, name, short_name, state) VALUES ('p', '机构', '机构', 'active')`)
	m.exec(`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
		VALUES ('c', 'p', 'C', '课程', '', 'public', 2026, 1, 0, '', '', 0, 0, 'inspecting')`)
	m.exec(`INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout, captions) VALUES ('l', 'c', '', 1, '一', 'l', 0, '[]', '', '')`)
	return m
}

func (m *maker) exec(q string, args ...any) {
	m.Helper()
	m.write(func(tx *sqldb.Tx) error { _, err := tx.Exec(m.Context(), q, args...); return err })
}

func (m *maker) write(f func(tx *sqldb.Tx) error) {
	m.Helper()
	if err := m.env.Write(m.as("up"), f); err != nil {
		m.Fatal(err)
	}
}

func (m *maker) as(person string) context.Context {
	return identity.WithActor(m.Context(), identity.Actor{AccountID: person, PersonID: person, Grants: []identity.Grant{{Role: identity.ProviderStaff, Scope: "p", Duties: []string{identity.DutyCourse}}}})
}

// work does every job that is due.
func (m *maker) work() {
	m.Helper()
	for {
		next, err := m.queue.Turn(m.Context())
		if err != nil {
			m.Fatal(err)
		}
		if next > 0 {
			return
		}
	}
}

// upload makes a file of a length the newest revision.
func (m *maker) upload(ms int64, content media.Content) (rev int64) {
	m.Helper()
	m.names++
	hash := fmt.Sprintf("%064d", m.names)
	if err := m.store.Put(m.Context(), "originals/"+hash[:2]+"/"+hash, strings.NewReader(fmt.Sprintf("%d file%d", ms, m.names))); err != nil {
		m.Fatal(err)
	}
	m.exec(`INSERT INTO original (id, provider_id, hash, bytes, name, made_from, repair, uploaded_by, uploaded_at) VALUES ($1, 'p', $2, 1, 'a.mp4', '', '', 'up', 1)`, hash[54:], hash)
	if err := m.cat.Take(m.as("up"), "p", "l", hash[54:], media.Video, content); err != nil {
		m.Fatal(err)
	}
	m.work()
	return m.newest()
}

// repair makes a mended copy of a revision the newest one.
func (m *maker) repair(rev, head, tail int64) int64 {
	m.Helper()
	m.write(func(tx *sqldb.Tx) error {
		c, err := revisionTx(m.Context(), tx, "l", rev)
		if err != nil {
			return err
		}
		return m.files.RepairTx(m.Context(), tx, media.Handover{LessonID: "l", Original: media.Original{ID: c.OriginalID}, Profile: c.Profile, By: "up", Mends: rev},
			media.RepairPlan{TrimHeadMS: head, TrimTailMS: tail, Loudness: -23})
	})
	m.work()
	return m.newest()
}

func (m *maker) newest() (rev int64) {
	m.Helper()
	m.write(func(tx *sqldb.Tx) error {
		c, _, err := newestTx(m.Context(), tx, "l")
		rev = c.Rev
		return err
	})
	return rev
}

func (m *maker) sign(rev int64, content media.Content) {
	m.Helper()
	var c Courseware
	m.write(func(tx *sqldb.Tx) (err error) { c, err = revisionTx(m.Context(), tx, "l", rev); return err })
	if err := m.cat.Review(m.as("re"), "p", "l", rev, Review{IfVersion: c.Version, Accept: true, ContentMatches: true, CaptionsWaiver: "纯音乐", Content: string(content)}); err != nil {
		m.Fatal(err)
	}
}

func (m *maker) publish(rev int64) {
	m.Helper()
	m.sign(rev, "")
	m.put(rev)
}

func (m *maker) put(rev int64) {
	m.Helper()
	if err := m.cat.PublishLesson(m.as("up"), "p", "l", rev); err != nil {
		m.Fatal(err)
	}
}

// moved is the map from one revision to another, as it is stored.
func (m *maker) moved(from, to int64) (way string) {
	m.Helper()
	m.write(func(tx *sqldb.Tx) error {
		t, err := media.MovedTx(m.Context(), tx, "l", from, to)
		way = t.String()
		return err
	})
	return way
}

// asked holds where the content questions stand, ms.
func (m *maker) asked(want ...int64) {
	m.Helper()
	var got []int64
	m.write(func(tx *sqldb.Tx) (err error) {
		got, err = sqldb.Rows(m.Context(), tx, sqldb.ScanValue[int64], `SELECT at_ms FROM content_question WHERE lesson_id = 'l' ORDER BY no`)
		return err
	})
	if !slices.Equal(got, want) {
		m.Errorf("questions at %d, want %d", got, want)
	}
}

func (m *maker) want(from, to int64, pieces ...media.Piece) {
	m.Helper()
	if got, want := m.moved(from, to), media.TimeMap(append([]media.Piece{}, pieces...)).String(); got != want {
		m.Errorf("from revision %d to %d: %s, want %s", from, to, got, want)
	}
}

// carries is what the reviewer is told about a revision.
func (m *maker) carries(rev int64) *Carries {
	m.Helper()
	r, err := m.cat.Inspected(m.as("re"), "p", "l", rev)
	if err != nil {
		m.Fatal(err)
	}
	return r.Carries
}

const playedMS = 300_000 // long enough for the tenth of an hour that the course is marked with

// replacements are ways in which a lesson of 300 s, revision 1, comes to be replaced, and what learners keep of it.
var replacements = map[string]func(m *maker){
	"a repair that cuts off the head": func(m *maker) {
		rev := m.repair(1, 2_000, 0)
		if r, err := m.cat.Inspected(m.as("re"), "p", "l", 1); err != nil || r.Lesson.Newest == nil || r.Lesson.Newest.Rev != rev {
			m.Errorf("the report of the old revision shows %+v as the newest (%v)", r.Lesson.Newest, err)
		}
		if c := m.carries(rev); c == nil || *c != (Carries{FromRev: 1, OfMS: playedMS, CarriesMS: playedMS - 2_000}) {
			m.Errorf("the reviewer is told %+v", c)
		}
		m.publish(rev)
		m.want(1, rev, media.Piece{FromMS: 2_000, LengthMS: playedMS - 2_000})
	},
	"questions go with what they ask about": func(m *maker) {
		for no, at := range []int64{1_000, 2_000, 100_000, playedMS} {
			m.exec(`INSERT INTO content_question (lesson_id, no, at_ms, text, options, answer) VALUES ('l', $1, $2, '?', '[]', 0)`, no, at)
		}
		m.publish(m.repair(1, 2_000, 0))
		m.asked(0, 0, 98_000, playedMS-2_001)
		m.publish(m.upload(playedMS-10_000, media.NewContent))
		m.asked(0, 0, 98_000, playedMS-10_000)
	},
	"a repair of the sound, whatever is said": func(m *maker) {
		rev := m.repair(1, 0, 0)
		m.sign(rev, media.NewContent)
		m.put(rev)
		m.want(1, rev, media.Piece{LengthMS: playedMS})
	},
	"the same content again": func(m *maker) {
		rev := m.upload(playedMS+1_000, media.SameContent)
		if c := m.carries(rev); c == nil || !c.Stated || c.CarriesMS != playedMS {
			m.Errorf("the reviewer is told %+v", c)
		}
		m.publish(rev)
		m.want(1, rev, media.Piece{LengthMS: playedMS})
	},
	"new content": func(m *maker) {
		rev := m.upload(playedMS, media.NewContent)
		m.publish(rev)
		m.want(1, rev)
	},
	"new content, but the reviewer knows better": func(m *maker) {
		rev := m.upload(playedMS, media.NewContent)
		m.sign(rev, media.SameContent)
		m.put(rev)
		m.want(1, rev, media.Piece{LengthMS: playedMS})
	},
	"the same content, they say, and the reviewer sees another": func(m *maker) {
		rev := m.upload(playedMS, media.SameContent)
		m.sign(rev, media.NewContent)
		m.put(rev)
		m.want(1, rev)
	},
	"the same content, they say, of another length": func(m *maker) {
		rev := m.upload(playedMS+60_000, media.SameContent)
		if c := m.carries(rev); c == nil || c.CarriesMS != 0 {
			m.Errorf("the reviewer is told %+v", c)
		}
		m.publish(rev)
		m.want(1, rev)
	},
	"an upload that was mended before anybody played it": func(m *maker) {
		between := m.upload(playedMS+20_000, media.SameContent)
		m.exec(`DELETE FROM media WHERE id = 'l' AND rev = $1`, between) // it was never packaged either
		rev := m.repair(between, 2_000, 15_000)
		m.publish(rev)
		m.want(1, rev) // with what was cut off it is 20 s longer than what was played

		third := m.upload(playedMS+3_000, media.SameContent) // what is played now is 3 s longer
		last := m.repair(m.repair(third, 2_000, 0), 1_000, 0)
		m.publish(last)
		m.want(rev, last, media.Piece{FromMS: 3_000, LengthMS: playedMS})
		m.want(1, last)
	},
	"new content that was mended before anybody played it": func(m *maker) {
		rev := m.repair(m.upload(playedMS+2_000, media.NewContent), 2_000, 0)
		m.publish(rev)
		m.want(1, rev)
	},
	"new content that is played while it is mended": func(m *maker) {
		between := m.upload(playedMS+2_000, media.NewContent)
		rev := m.repair(between, 2_000, 0)
		m.sign(rev, "") // packaged and signed off while revision 1 is played
		m.publish(between)
		m.put(rev)
		m.want(between, rev, media.Piece{FromMS: 2_000, LengthMS: playedMS})
		m.want(1, rev)
	},
	"another revision is published between packaging and publication": func(m *maker) {
		rev := m.repair(1, 5_000, 0)
		between := m.repair(1, 0, 0) // the same file twice is one revision: another repair
		m.publish(between)
		m.publish(rev)
		m.want(between, rev, media.Piece{FromMS: 5_000, LengthMS: playedMS - 5_000})
		m.want(1, rev, media.Piece{FromMS: 5_000, LengthMS: playedMS - 5_000})
	},
}

func TestWhatAReplacedLessonCarriesOver(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		for name, run := range replacements {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := func(t *testing.T) *sqltest.Env { return sqltest.SQLite(t) }
				if env.Engine() == sqldb.Postgres {
					own = func(t *testing.T) *sqltest.Env { return sqltest.Postgres(t) }
				}
				m := newMaker(t, own(t))
				m.first()
				run(m)
			})
		}
	})
}

// first publishes the course with its lesson.
func (m *maker) first() {
	m.Helper()
	rev := m.upload(playedMS, media.SameContent)
	m.sign(rev, "")
	if err := m.cat.Move(m.as("up"), "p", "c", "publish"); err != nil {
		m.Fatal(err)
	}
	if c := m.carries(rev); rev != 1 || c != nil {
		m.Fatalf("revision %d takes over %+v", rev, c)
	}
}

package classroom_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/classroom"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/notify"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// school is two providers with a course of two lessons each; an and bo are enrolled in the first course, cy is not.
type school struct {
	*sqltest.Env
	t   *testing.T
	svc *classroom.Service
	msg *notify.Service
}

func newSchool(t *testing.T, env *sqltest.Env) *school {
	t.Helper()
	msg := notify.New(env.DB)
	s := &school{env, t, classroom.New(env.DB, msg), msg}
	seal := []byte{}
	must(t, env.Write(t.Context(), func(tx *sqldb.Tx) error {
		run := func(q string, args ...any) {
			_, err := tx.Exec(t.Context(), q, args...)
			must(t, err)
		}
		for _, p := range []string{"one", "two"} {
			run(`INSERT INTO provider (id, name, short_name, state) VALUES ($1, '机构', '机构', 'active')`, p)
			run(`INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
				VALUES ($1, $2, $3, '课程', '', 'public', 2026, 4, 18, '', '', 0, 0, 'draft')`, "c-"+p, p, p)
			run(`INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides) VALUES ($1, 1, 60000, 6000, 10, 1, 1, '', '[]')`, p)
			for n := range 2 {
				run(`INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout) VALUES ($1, $2, '', $3, '第一节', $4, 0, '[]', '')`,
					fmt.Sprintf("l-%s-%d", p, n), "c-"+p, n, p)
				must(t, catalog.ImportedTx(t.Context(), tx, fmt.Sprintf("l-%s-%d", p, n), 1))
			}
			run(`UPDATE course SET state = 'published' WHERE id = $1`, "c-"+p)
		}
		for _, p := range []string{"an", "bo", "cy"} {
			run(`INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask, region_id, unit_id, password_hash,
				state, agreed_version, created_at) VALUES ($1, '王晓岚', $2, $3, '', $4, $5, '', '', '', '', 'active', '', 0)`, p, seal, p, seal, p)
		}
		for _, p := range []string{"an", "bo"} {
			run(`INSERT INTO enrolment (id, person_id, course_id, year, source, state, enrolled_at, completed_at) VALUES ($1, $2, 'c-one', 2026, 'self', 'active', 0, 0)`, p, p)
		}
		return nil
	}))
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if !errs.Has(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func (s *school) as(person string, grants ...identity.Grant) context.Context {
	if len(grants) == 0 {
		grants = []identity.Grant{{Role: identity.Learner}}
	}
	return identity.WithActor(s.t.Context(), identity.Actor{PersonID: person, AccountID: person, Grants: grants})
}

func (s *school) teacher(provider string) context.Context {
	return s.as("teacher of "+provider, identity.Grant{Role: identity.Teacher, Scope: provider})
}

func draft(text, key string) classroom.Draft {
	return classroom.Draft{LessonID: "l-one-0", AtMS: 12_000, Text: text, Key: key}
}

func (s *school) ask(person, key string, shared bool) classroom.Question {
	s.t.Helper()
	q, err := s.svc.Ask(s.as(person), draft("这一页的依据是哪一条？"+key, key), shared)
	must(s.t, err)
	return q
}

func TestNotes(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		an := s.as("an")
		a, err := s.svc.AddNote(an, draft("  记住这四条\x00\u0007 ", "k1"))
		must(t, err)
		if a.Text != "记住这四条" || a.AtMS != 12_000 || a.Lesson != "第一节" {
			t.Fatalf("note %+v", a)
		}
		env.Clock.Advance(time.Second)
		again, err := s.svc.AddNote(an, draft("sent again after a lost answer", "k1"))
		must(t, err)
		if again.ID != a.ID || again.Text != a.Text {
			t.Fatalf("the same key made another note: %+v", again)
		}
		d := draft("另一节", "k2")
		d.LessonID = "l-one-1"
		env.Clock.Advance(time.Second)
		_, err = s.svc.AddNote(an, d)
		must(t, err)
		_, err = s.svc.AddNote(s.as("bo"), draft("别人的", "k1"))
		must(t, err)
		of, _, err := s.svc.LessonNotes(an, "l-one-0", "", 20)
		must(t, err)
		course, next, err := s.svc.CourseNotes(an, "c-one", "", 1)
		must(t, err)
		rest, end, err := s.svc.CourseNotes(an, "c-one", next, 1)
		must(t, err)
		if len(of) != 1 || course[0].Text != "另一节" || rest[0].ID != a.ID || end != "" {
			t.Fatalf("lesson %v, course %v then %v, end %q", of, course, rest, end)
		}
		edited, err := s.svc.EditNote(an, a.ID, "改过的")
		must(t, err)
		if edited.Text != "改过的" || edited.AtMS != 12_000 || !edited.UpdatedAt.After(edited.CreatedAt) {
			t.Fatalf("edited %+v", edited)
		}
		_, err = s.svc.EditNote(s.as("bo"), a.ID, "不是我的")
		refused(t, err, "classroom.no_note")
		refused(t, s.svc.DeleteNote(s.as("bo"), a.ID), "classroom.no_note")
		must(t, s.svc.DeleteNote(an, a.ID))
		refused(t, s.svc.DeleteNote(an, a.ID), "classroom.no_note")
		c, err := s.svc.Counts(an, "l-one-0")
		must(t, err)
		if c.Notes != 0 {
			t.Fatalf("%d notes after deleting", c.Notes)
		}
	})
}

func TestNotesAreHeldToTheirBounds(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		add := func(person string, change func(*classroom.Draft)) error {
			d := draft("一条", "k")
			change(&d)
			_, err := s.svc.AddNote(s.as(person), d)
			return err
		}
		refused(t, add("an", func(d *classroom.Draft) { d.Text = " \n\t\x00 " }), "classroom.note")
		refused(t, add("an", func(d *classroom.Draft) { d.Text = strings.Repeat("长", 2001) }), "classroom.note")
		refused(t, add("an", func(d *classroom.Draft) { d.AtMS = -1 }), "classroom.note")
		refused(t, add("an", func(d *classroom.Draft) { d.AtMS = 60_001 }), "classroom.note")
		refused(t, add("an", func(d *classroom.Draft) { d.Rev = 9 }), "media.no_media")
		refused(t, add("an", func(d *classroom.Draft) { d.Key = "" }), "classroom.note")
		refused(t, add("an", func(d *classroom.Draft) { d.LessonID = "none" }), "catalog.no_lesson")
		refused(t, add("cy", func(*classroom.Draft) {}), "playback.not_enrolled")
		refused(t, add("an", func(d *classroom.Draft) { d.LessonID = "l-two-0" }), "playback.not_enrolled")
		_, err := s.svc.AddNote(s.teacher("one"), draft("x", "k"))
		refused(t, err, "identity.role_required")
		for n := range 120 {
			must(t, add("an", func(d *classroom.Draft) { d.Key = fmt.Sprint("k", n) }))
		}
		refused(t, add("an", func(d *classroom.Draft) { d.Key = "one-more" }), "classroom.note_limit")
		for n := 120; n < 500; n++ {
			if n%100 == 20 {
				env.Clock.Advance(time.Hour)
			}
			must(t, add("an", func(d *classroom.Draft) { d.Key = fmt.Sprint("k", n) }))
		}
		env.Clock.Advance(time.Hour)
		refused(t, add("an", func(d *classroom.Draft) { d.Key = "no-room" }), "classroom.note_full")
	})
}

func TestQuestionAndAnswer(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		q := s.ask("an", "k1", true)
		if q.State != "open" || !q.Mine || q.Name != "王*岚" || s.ask("an", "k1", true).ID != q.ID {
			t.Fatalf("asked %+v", q)
		}
		seen := func(person string) []classroom.Question {
			out, _, err := s.svc.Questions(s.as(person), "l-one-0", "", 20)
			must(t, err)
			return out
		}
		if len(seen("an")) != 1 || len(seen("bo")) != 0 {
			t.Fatal("an open question is its asker's")
		}
		_, err := s.svc.Answer(s.teacher("two"), q.ID, "不归我答", false)
		refused(t, err, "classroom.no_question")
		_, err = s.svc.Answer(s.as("an"), q.ID, "自己答", false)
		refused(t, err, "identity.role_required")
		_, err = s.svc.Answer(s.teacher("one"), q.ID, " 短 ", false)
		refused(t, err, "classroom.answer")
		_, err = s.svc.Answer(s.teacher("one"), q.ID, "还没有答过", true)
		refused(t, err, "classroom.not_answered")
		env.Clock.Advance(time.Minute)
		q, err = s.svc.Answer(s.teacher("one"), q.ID, "见第二十五号令第八条", false)
		must(t, err)
		if q.State != "answered" || q.AnsweredAs != "teacher" || q.Name != "王*岚" || q.Mine {
			t.Fatalf("answered %+v", q)
		}
		_, err = s.svc.Answer(s.as("staff", identity.Grant{Role: identity.ProviderStaff, Scope: "one"}), q.ID, "晚了一步", false)
		refused(t, err, "classroom.answered")
		q, err = s.svc.Answer(s.as("staff", identity.Grant{Role: identity.ProviderStaff, Scope: "one"}), q.ID, "改正：第九条", true)
		must(t, err)
		if q.AnsweredAs != "provider_staff" || seen("bo")[0].Answer != "改正：第九条" || seen("bo")[0].Mine || seen("bo")[0].Name != "王*岚" {
			t.Fatalf("changed %+v, bo sees %+v", q, seen("bo"))
		}
		in, err := s.msg.Inbox(s.as("an"), "", 9)
		must(t, err)
		if len(in.Items) != 1 || in.Items[0].Template != "classroom.answered" || in.Items[0].Params["lesson_id"] != "l-one-0" {
			t.Fatalf("the asker was told %+v", in.Items)
		}
		_, _, err = s.svc.Questions(s.as("cy"), "l-one-0", "", 20)
		refused(t, err, "playback.not_enrolled")
		audit(t, s, "classroom.answered", 1)
		audit(t, s, "classroom.answer_changed", 1)
	})
}

func audit(t *testing.T, s *school, action string, want int64) {
	t.Helper()
	must(t, s.Read(t.Context(), func(tx *sqldb.Tx) error {
		n, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], `SELECT count(*) FROM audit_entry WHERE action = $1`, action)
		if err == nil && n != want {
			t.Errorf("%d audit rows of %s, want %d", n, action, want)
		}
		return err
	}))
}

// Two teachers answer at once: one answer stands, the other hears that somebody was first.
func TestTwoTeachersAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		q := s.ask("an", "k", false)
		var wg sync.WaitGroup
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() { _, results[i] = s.svc.Answer(s.teacher("one"), q.ID, fmt.Sprint("答复 ", i), false) })
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else {
				refused(t, err, "classroom.answered")
			}
		}
		if won != 1 {
			t.Fatalf("%d answers won", won)
		}
		audit(t, s, "classroom.answered", 1)
	})
}

func TestSharingHidingAndRestoring(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		private, shared := s.ask("an", "private", false), s.ask("an", "shared", true)
		for _, q := range []classroom.Question{private, shared} {
			_, err := s.svc.Answer(s.teacher("one"), q.ID, "答复", false)
			must(t, err)
		}
		sees := func(person string, want int) {
			t.Helper()
			out, _, err := s.svc.Questions(s.as(person), "l-one-0", "", 20)
			must(t, err)
			c, err := s.svc.Counts(s.as(person), "l-one-0")
			must(t, err)
			if len(out) != want || c.Questions != int64(want) {
				t.Fatalf("%s sees %d questions and counts %d, want %d", person, len(out), c.Questions, want)
			}
		}
		sees("bo", 1)
		_, err := s.svc.Hide(s.teacher("one"), shared.ID, "短")
		refused(t, err, "classroom.reason")
		_, err = s.svc.Hide(s.teacher("two"), shared.ID, "与课程无关")
		refused(t, err, "classroom.no_question")
		_, err = s.svc.Hide(s.teacher("one"), shared.ID, "与课程无关")
		must(t, err)
		sees("bo", 0)
		sees("an", 2)
		_, err = s.svc.Hide(s.teacher("one"), shared.ID, "与课程无关")
		refused(t, err, "classroom.hidden")
		_, err = s.svc.Answer(s.teacher("one"), shared.ID, "再答", true)
		refused(t, err, "classroom.hidden")
		desk, _, err := s.svc.Desk(s.teacher("one"), "hidden", "", 20)
		must(t, err)
		if len(desk) != 1 || desk[0].HiddenReason != "与课程无关" {
			t.Fatalf("hidden list %+v", desk)
		}
		q, err := s.svc.Restore(s.teacher("one"), shared.ID)
		must(t, err)
		if q.State != "answered" || q.HiddenReason != "" {
			t.Fatalf("restored %+v", q)
		}
		sees("bo", 1)
		_, err = s.svc.Restore(s.teacher("one"), shared.ID)
		refused(t, err, "classroom.not_hidden")
		audit(t, s, "classroom.hidden", 1)
		audit(t, s, "classroom.restored", 1)
	})
}

func TestDeskIsTheProvidersOwn(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		var asked []classroom.Question
		for n := range 3 {
			env.Clock.Advance(time.Second)
			asked = append(asked, s.ask("an", fmt.Sprint(n), true))
		}
		page, next, err := s.svc.Desk(s.teacher("one"), "open", "", 2)
		must(t, err)
		rest, end, err := s.svc.Desk(s.teacher("one"), "open", next, 2)
		must(t, err)
		if page[0].ID != asked[0].ID || rest[0].ID != asked[2].ID || end != "" || page[0].Name != "王*岚" {
			t.Fatalf("pages %+v, %+v", page, rest)
		}
		none, _, err := s.svc.Desk(s.teacher("two"), "open", "", 20)
		must(t, err)
		both, _, err := s.svc.Desk(s.as("t", identity.Grant{Role: identity.Teacher, Scope: "two"}, identity.Grant{Role: identity.ProviderStaff, Scope: "one"}), "open", "", 20)
		must(t, err)
		if len(none) != 0 || len(both) != 3 {
			t.Fatalf("%d of another provider, %d of both", len(none), len(both))
		}
		_, _, err = s.svc.Desk(s.as("an"), "open", "", 20)
		refused(t, err, "identity.role_required")
	})
}

func TestAskingIsLimited(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		_, err := s.svc.Ask(s.as("cy"), draft("没有报名也想问", "k"), true)
		refused(t, err, "playback.not_enrolled")
		_, err = s.svc.Ask(s.as("an"), draft("短问题", "k"), true)
		refused(t, err, "classroom.question")
		_, err = s.svc.Ask(s.as("an"), draft(strings.Repeat("长", 1001), "k"), true)
		refused(t, err, "classroom.question")
		for n := range 10 {
			s.ask("an", fmt.Sprint(n), true)
		}
		s.ask("an", "3", true) // sent again: not counted
		_, err = s.svc.Ask(s.as("an"), draft("第十一个问题", "x"), true)
		refused(t, err, "classroom.ask_limit")
		env.Clock.Advance(time.Hour)
		s.ask("an", "x", true)
	})
}

func TestExportAndErase(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		for _, p := range []string{"an", "bo"} {
			_, err := s.svc.AddNote(s.as(p), draft("笔记", "n"))
			must(t, err)
			s.ask(p, "q", true)
		}
		must(t, env.Write(t.Context(), func(tx *sqldb.Tx) error {
			name, data, err := s.svc.Export(t.Context(), tx, "an")
			must(t, err)
			m := data.(map[string]any)
			if name != "classroom" || len(m["notes"].([]classroom.Note)) != 1 || len(m["questions"].([]classroom.Question)) != 1 {
				t.Errorf("export %s %v", name, data)
			}
			return s.svc.EraseTx(t.Context(), tx, "an")
		}))
		for p, want := range map[string]int64{"an": 0, "bo": 1} {
			c, err := s.svc.Counts(s.as(p), "l-one-0")
			must(t, err)
			if c.Notes != want || c.Questions != want {
				t.Errorf("%s has %+v after erasing an's", p, c)
			}
		}
	})
}

package fault_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/fault"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/notify"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/supervision"
)

// place is two counties of a city and two providers with a published course of two lessons each; an and bo live in the north
// and study the course of one, cy lives in the south and studies nothing. sun works for one, lu for two.
type place struct {
	*sqltest.Env
	t   *testing.T
	svc *fault.Service
	msg *notify.Service
}

func newPlace(t *testing.T, env *sqltest.Env) *place {
	t.Helper()
	msg := notify.New(env.DB)
	p := &place{env, t, fault.New(env.DB, catalog.New(env.DB, nil), msg), msg}
	p.write(func(tx *sqldb.Tx) error {
		for _, r := range [][2]string{{"city", ""}, {"north", "city"}, {"south", "city"}} {
			p.run(tx, `INSERT INTO region (id, parent, name, kind, rank) VALUES ($1, $2, '区', 'county', 0)`, r[0], r[1])
		}
		for _, x := range []string{"one", "two"} {
			p.run(tx, `INSERT INTO provider (id, name, short_name, state) VALUES ($1, '机构', '机构', 'active')`, x)
			p.run(tx, `INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
				VALUES ($1, $2, $3, '课程', '', 'public', 2026, 4, 18, '', '', 0, 0, 'draft')`, "c-"+x, x, x)
			for n := range 2 {
				id := fmt.Sprintf("l-%s-%d", x, n)
				p.run(tx, `INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides) VALUES ($1, 1, 900000, 6000, 150, 1, 1, '', '[]')`, id)
				p.run(tx, `INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout) VALUES ($1, $2, '', $3, '第一节', $4, 0, '[]', '')`, id, "c-"+x, n, id)
				must(t, catalog.ImportedTx(t.Context(), tx, id, 1))
			}
			p.run(tx, `UPDATE course SET state = 'published' WHERE id = $1`, "c-"+x)
		}
		seal := []byte{}
		for who, region := range map[string]string{"an": "north", "bo": "north", "cy": "south", "sun": "north", "lu": "north", "officer": "city"} {
			p.run(tx, `INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask, region_id, unit_id, password_hash,
				state, agreed_version, created_at) VALUES ($1, '王晓岚', $2, $3, '', $4, $5, '', $6, '', '', 'active', '', 0)`, who, seal, who, seal, who, region)
		}
		for who, provider := range map[string]string{"sun": "one", "lu": "two"} {
			p.run(tx, `INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) VALUES ($1, 'provider_staff', $2, 'x', 0)`, who, provider)
		}
		for _, who := range []string{"an", "bo"} {
			p.run(tx, `INSERT INTO enrolment (id, person_id, course_id, year, source, state, enrolled_at, completed_at) VALUES ($1, $2, 'c-one', 2026, 'self', 'active', 0, 0)`, who, who)
		}
		return nil
	})
	p.fold()
	return p
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

func (p *place) write(f func(tx *sqldb.Tx) error) {
	p.t.Helper()
	must(p.t, p.Write(p.t.Context(), f))
}

func (p *place) run(tx *sqldb.Tx, q string, args ...any) {
	p.t.Helper()
	_, err := tx.Exec(p.t.Context(), q, args...)
	must(p.t, err)
}

// fold counts who studies what, as the minute's job does.
func (p *place) fold() {
	p.t.Helper()
	_, err := supervision.New(p.DB).Fold(identity.SystemContext(p.t.Context(), "test"))
	must(p.t, err)
}

func (p *place) as(person string, role identity.Role, scope string) context.Context {
	return identity.WithActor(p.t.Context(), identity.Actor{PersonID: person, AccountID: person, Grants: []identity.Grant{{Role: role, Scope: scope}}})
}

func (p *place) learner(person string) context.Context { return p.as(person, identity.Learner, "") }
func (p *place) staff() context.Context                { return p.as("sun", identity.ProviderStaff, "one") }
func (p *place) officer(region string) context.Context {
	return p.as("officer", identity.BureauStaff, region)
}

func silence(atMS int64) fault.Draft {
	return fault.Draft{LessonID: "l-one-0", Rev: 1, Kind: "no_sound", AtMS: atMS}
}

func (p *place) tell(person string, d fault.Draft) fault.Own {
	p.t.Helper()
	p.Clock.Advance(time.Second) // ids are in order of time
	o, err := p.svc.Report(p.learner(person), d)
	must(p.t, err)
	return o
}

func (p *place) queue(f fault.Filter) []fault.Place {
	p.t.Helper()
	out, _, err := p.svc.Queue(p.staff(), "one", f, "", 50)
	must(p.t, err)
	return out
}

// publish puts another revision before the learners of a lesson.
func (p *place) publish(lesson string, rev int64) {
	p.t.Helper()
	p.write(func(tx *sqldb.Tx) error {
		p.run(tx, `INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides) VALUES ($1, $2, 900000, 6000, 150, 1, 1, '', '[]')`, lesson, rev)
		p.run(tx, `UPDATE courseware SET state = 'withdrawn' WHERE lesson_id = $1 AND state = 'published'`, lesson)
		return catalog.ImportedTx(p.t.Context(), tx, lesson, rev)
	})
}

func (p *place) inbox(person string) (out []notify.Message) {
	p.t.Helper()
	in, err := p.msg.Inbox(p.learner(person), "", 50)
	must(p.t, err)
	return in.Items
}

func (p *place) count(query string, args ...any) (n int64) {
	p.t.Helper()
	must(p.t, p.Read(p.t.Context(), func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(p.t.Context(), tx, sqldb.ScanValue[int64], query, args...)
		return err
	}))
	return n
}

func TestTheSameSecondIsOnePlaceWithItsPeople(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		first := silence(751_000)
		first.Note = " 讲到表格时没有声音\x00 "
		a := p.tell("an", first)
		if a.AtMS != 751_000 || a.State != "open" || a.Note != "讲到表格时没有声音" {
			t.Fatalf("told %+v", a)
		}
		if again := p.tell("an", silence(751_999)); again.ID != a.ID || again.Note != a.Note {
			t.Fatalf("the same second again made %+v", again)
		}
		p.tell("bo", silence(751_400))
		other := silence(751_000)
		other.Kind = "black"
		p.tell("bo", other)
		p.tell("bo", silence(752_000))
		open := p.queue(fault.Filter{State: "open"})
		if len(open) != 3 || open[0].ID != a.ID || open[0].People != 2 || open[0].AtMS != 751_000 || !slices.Equal(open[0].Notes, []string{"讲到表格时没有声音"}) ||
			open[1].Kind != "black" || open[1].People != 1 || open[0].Mendable {
			t.Fatalf("queue %+v", open)
		}
		w, err := p.svc.Waiting(p.staff(), "one")
		must(t, err)
		if w.Places != 3 || w.Objections != 0 {
			t.Fatalf("waiting %+v", w)
		}
		mine, err := p.svc.Mine(p.learner("an"), "l-one-0")
		must(t, err)
		if len(mine) != 1 || mine[0].ID != a.ID {
			t.Fatalf("an's own: %+v", mine)
		}
	})
}

func TestDraftsAreHeldToTheirLesson(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		for code, change := range map[string]func(*fault.Draft){
			"kind":   func(d *fault.Draft) { d.Kind = "boring" },
			"before": func(d *fault.Draft) { d.AtMS = -1 },
			"after":  func(d *fault.Draft) { d.AtMS = 900_001 },
			"long":   func(d *fault.Draft) { d.Note = strings.Repeat("长", 501) },
			"bare":   func(d *fault.Draft) { d.Kind, d.Note = "other", " 无 " },
		} {
			d := silence(1000)
			change(&d)
			_, err := p.svc.Report(p.learner("an"), d)
			if !errs.Has(err, "fault.draft") {
				t.Errorf("%s: %v", code, err)
			}
		}
		d := silence(1000)
		d.LessonID = "l-two-0"
		_, err := p.svc.Report(p.learner("an"), d)
		refused(t, err, "playback.not_enrolled")
		_, err = p.svc.Mine(p.learner("cy"), "l-one-0")
		refused(t, err, "playback.not_enrolled")
		d = silence(1000)
		d.Rev = 2
		_, err = p.svc.Report(p.learner("an"), d)
		refused(t, err, "media.no_media")
		_, err = p.svc.Report(p.staff(), silence(1000))
		refused(t, err, "identity.role_required")
		if n := p.count(`SELECT count(*) FROM courseware_fault`); n != 0 {
			t.Fatalf("%d rows of refused drafts", n)
		}
	})
}

func TestTwentyReportsADay(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		for n := range int64(20) {
			p.tell("an", silence(n*1000))
		}
		p.tell("an", silence(3000)) // there already: not counted
		_, err := p.svc.Report(p.learner("an"), silence(30_000))
		refused(t, err, "fault.limit")
		p.tell("bo", silence(30_000))
		env.Clock.Advance(24 * time.Hour)
		p.tell("an", silence(30_000))
	})
}

func TestAnAnswerNeedsALaterRevisionOrAReason(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		a := p.tell("an", silence(751_000))
		p.tell("bo", silence(751_000))
		answer := func(ctx context.Context, provider string, x fault.Answer) error {
			_, err := p.svc.Answer(ctx, provider, a.ID, x)
			return err
		}
		refused(t, answer(p.as("lu", identity.ProviderStaff, "two"), "two", fault.Answer{Verdict: "refused", Note: "不归我管"}), "fault.no_fault")
		refused(t, answer(p.as("lu", identity.ProviderStaff, "two"), "one", fault.Answer{Verdict: "refused", Note: "不归我管"}), "identity.scope_required")
		refused(t, answer(p.staff(), "one", fault.Answer{Verdict: "mended"}), "fault.not_mended")
		refused(t, answer(p.staff(), "one", fault.Answer{Verdict: "refused", Note: " 无 "}), "fault.answer")
		refused(t, answer(p.staff(), "one", fault.Answer{Verdict: "later"}), "fault.answer")
		p.publish("l-one-0", 2)
		got, err := p.svc.Answer(p.staff(), "one", a.ID, fault.Answer{Verdict: "mended", Note: "已换上新的录音"})
		must(t, err)
		if got.State != "mended" || got.MendedRev != 2 || got.AnsweredAt == nil || got.AnsweredBy != "王晓岚" || got.People != 2 {
			t.Fatalf("answered %+v", got)
		}
		refused(t, answer(p.staff(), "one", fault.Answer{Verdict: "refused", Note: "又看了一遍"}), "fault.answered")
		for _, who := range []string{"an", "bo"} {
			in := p.inbox(who)
			if len(in) != 1 || in[0].Template != "fault.mended" || in[0].Params["minutes"] != int64(12) && in[0].Params["minutes"] != float64(12) {
				t.Fatalf("%s was told %+v", who, in)
			}
		}
		mine, err := p.svc.Mine(p.learner("bo"), "l-one-0")
		must(t, err)
		if mine[0].State != "mended" || mine[0].Answer != "已换上新的录音" {
			t.Fatalf("bo reads %+v", mine)
		}
		if n := p.count(`SELECT count(*) FROM audit_entry WHERE action = 'fault.mended'`); n != 1 {
			t.Fatalf("%d audit rows", n)
		}
		// Told again of the revision that mended it, it is another place.
		d := silence(751_000)
		d.Rev = 2
		if again := p.tell("an", d); again.ID == a.ID || len(p.queue(fault.Filter{State: "open"})) != 1 {
			t.Fatal("a fault of the next revision is not open")
		}
	})
}

// Captions are mended without another revision.
func TestCaptionsAreMendedByOtherCaptions(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		d := silence(5000)
		sound := p.tell("an", d)
		d.Kind = "captions"
		captions := p.tell("an", d)
		p.write(func(tx *sqldb.Tx) error {
			p.run(tx, `UPDATE lesson SET captions = 'captions-2.vtt' WHERE id = 'l-one-0'`)
			return nil
		})
		_, err := p.svc.Answer(p.staff(), "one", sound.ID, fault.Answer{Verdict: "mended"})
		refused(t, err, "fault.not_mended")
		got, err := p.svc.Answer(p.staff(), "one", captions.ID, fault.Answer{Verdict: "mended"})
		must(t, err)
		if got.State != "mended" || got.MendedRev != 1 {
			t.Fatalf("answered %+v", got)
		}
	})
}

// Reports of one second by two at once are one place; of two answers at once one stands.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		var wg sync.WaitGroup
		for _, who := range []string{"an", "bo", "an", "bo"} {
			wg.Go(func() {
				if _, err := p.svc.Report(p.learner(who), silence(9000)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		open := p.queue(fault.Filter{State: "open"})
		if len(open) != 1 || open[0].People != 2 || p.count(`SELECT count(*) FROM courseware_fault`) != 2 {
			t.Fatalf("places %+v", open)
		}
		results := make([]error, 4)
		for i := range results {
			wg.Go(func() {
				_, results[i] = p.svc.Answer(p.staff(), "one", open[0].ID, fault.Answer{Verdict: "refused", Note: fmt.Sprint("听了一遍，有声音 ", i)})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else {
				refused(t, err, "fault.answered")
			}
		}
		if won != 1 || len(p.inbox("an")) != 1 || p.count(`SELECT count(*) FROM courseware_fault WHERE state = 'open'`) != 0 {
			t.Fatalf("%d answers won, an was told %v", won, p.inbox("an"))
		}
	})
}

func TestTheQueueIsPagedAndNarrowed(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		var ids []string
		for n := range int64(5) {
			ids = append(ids, p.tell("an", silence(n*1000)).ID)
		}
		d := silence(1000)
		d.LessonID = "l-one-1"
		elsewhere := p.tell("bo", d)
		page := func(f fault.Filter, after string) ([]string, string) {
			out, next, err := p.svc.Queue(p.staff(), "one", f, after, 2)
			must(t, err)
			var got []string
			for _, x := range out {
				got = append(got, x.ID)
			}
			return got, next
		}
		f := fault.Filter{State: "open", LessonID: "l-one-0", Rev: 1}
		one, next := page(f, "")
		two, next2 := page(f, next)
		three, end := page(f, next2)
		if !slices.Equal(slices.Concat(one, two, three), ids) || end != "" {
			t.Fatalf("pages %v %v %v, want %v", one, two, three, ids)
		}
		if all, _ := page(fault.Filter{}, ""); !slices.Equal(all, []string{elsewhere.ID, ids[4]}) {
			t.Fatalf("all, the newest first: %v", all)
		}
		if other, _ := page(fault.Filter{State: "open", CourseID: "c-two"}, ""); other != nil {
			t.Fatalf("another course has %v", other)
		}
		_, _, err := p.svc.Queue(p.staff(), "two", f, "", 2)
		refused(t, err, "identity.scope_required")
		_, err = p.svc.Waiting(p.learner("an"), "one")
		refused(t, err, "identity.role_required")
	})
}

func TestExportAndErase(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		d := silence(9000)
		d.Note = "我在办公室听的"
		a := p.tell("an", d)
		p.tell("bo", silence(9000))
		p.write(func(tx *sqldb.Tx) error {
			name, data, err := p.svc.Export(t.Context(), tx, "an")
			must(t, err)
			if own := data.([]fault.Own); name != "faults" || len(own) != 1 || own[0].Note != "我在办公室听的" {
				t.Errorf("export %s %+v", name, data)
			}
			return p.svc.EraseTx(t.Context(), tx, "an")
		})
		open := p.queue(fault.Filter{State: "open"})
		if len(open) != 1 || open[0].People != 2 || len(open[0].Notes) != 0 || p.count(`SELECT count(*) FROM courseware_fault WHERE person_id = 'an'`) != 0 {
			t.Fatalf("after erasing %+v", open)
		}
		_, err := p.svc.Answer(p.staff(), "one", a.ID, fault.Answer{Verdict: "refused", Note: "听了一遍，有声音"})
		must(t, err)
		if len(p.inbox("bo")) != 1 || p.count(`SELECT count(*) FROM message`) != 1 {
			t.Fatal("not only bo was told")
		}
	})
}

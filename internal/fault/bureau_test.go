package fault_test

import (
	"slices"
	"testing"
	"time"

	"xueshi/internal/fault"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// inspected gives a lesson's revision a report with a failing finding that was accepted with a reason.
func (p *place) inspected(lesson string) {
	p.t.Helper()
	p.write(func(tx *sqldb.Tx) error {
		p.run(tx, `INSERT INTO original (id, provider_id, hash, bytes, name, made_from, repair, uploaded_by, uploaded_at) VALUES ('o', 'one', 'h', 1, '第一节.mp4', '', '', 'sun', 1)`)
		p.run(tx, `INSERT INTO inspection_report (id, original_id, profile, policy_version, policy, verdict, failing, measured, findings, took_ms, at)
			VALUES ('r', 'o', 'video', 3, '{}', 'fail', 1, '{}', '[{"kind":"silence","severity":"fail","from_ms":1000,"to_ms":3000}]', 5, 1)`)
		p.run(tx, `UPDATE courseware SET origin = 'upload', original_id = 'o', report_id = 'r', content_matches = 1, reviewed_by = 'lu', reviewed_at = 2, uploaded_by = 'sun' WHERE lesson_id = $1`, lesson)
		p.run(tx, `INSERT INTO waiver (lesson_id, rev, report_id, no, reason, waived_by, at) VALUES ($1, 1, 'r', 0, '片中演示的就是静音', 'lu', 2)`, lesson)
		return nil
	})
}

func (p *place) lines(region string, f fault.LineFilter) (ids []string) {
	p.t.Helper()
	after := ""
	for {
		out, next, err := p.svc.Inspections(p.officer(region), f, after, 2)
		must(p.t, err)
		for _, l := range out {
			ids = append(ids, l.LessonID)
		}
		if after = next; after == "" {
			return ids
		}
	}
}

func TestABureauListsWhatItsJurisdictionStudies(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		p.inspected("l-one-0")
		for region, want := range map[string]int{"city": 4, "north": 2, "south": 0, "": 4, "nowhere": 0} {
			if got := p.lines(region, fault.LineFilter{}); len(got) != want {
				t.Errorf("%q sees %v, want %d lessons", region, got, want)
			}
		}
		p.tell("an", fault.Draft{LessonID: "l-one-1", Kind: "no_sound", AtMS: 1000})
		for show, want := range map[string]int{"failing": 1, "waived": 1, "faults": 1, "uninspected": 3} {
			if got := p.lines("city", fault.LineFilter{Show: show}); len(got) != want {
				t.Errorf("%s shows %v, want %d lessons", show, got, want)
			}
		}
		if got := p.lines("city", fault.LineFilter{ProviderID: "two"}); len(got) != 2 {
			t.Errorf("provider two: %v", got)
		}
		out, _, err := p.svc.Inspections(p.officer("north"), fault.LineFilter{}, "", 20)
		must(t, err)
		if a, b := out[0], out[1]; a.Verdict != "fail" || a.Failing != 1 || a.Waived != 1 || a.Origin != "upload" || b.Verdict != "" || b.Origin != "import" || b.Faults != 1 {
			t.Fatalf("lines %+v", out)
		}
		_, _, err = p.svc.Inspections(p.staff(), fault.LineFilter{}, "", 20)
		refused(t, err, "identity.role_required")
		p.write(func(tx *sqldb.Tx) error { // a course that nobody has been shown yet is the provider's own
			p.run(tx, `UPDATE course SET state = 'draft' WHERE id = 'c-one'`)
			return nil
		})
		if got := p.lines("city", fault.LineFilter{}); len(got) != 2 {
			t.Errorf("with a draft: %v", got)
		}
	})
}

func TestABureauReadsReportsOfItsJurisdictionOnly(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		p.inspected("l-one-0")
		d, err := p.svc.Dossier(p.officer("north"), "l-one-0", 1)
		must(t, err)
		if d.Report == nil || d.Report.PolicyVersion != 3 || len(d.Report.Findings) != 1 || len(d.Waivers) != 1 || d.Waivers[0].Reason == "" ||
			d.Courseware.ReviewedBy != "王晓岚" || d.Provider.ID != "one" || !d.MayObject || d.Preview == nil || len(d.Places) != 0 {
			t.Fatalf("dossier %+v", d)
		}
		if d.Preview.PlaylistURL != "/api/bureau/lessons/l-one-0/courseware/1/files/index.m3u8" {
			t.Fatalf("preview %+v", d.Preview)
		}
		inspector, err := p.svc.Dossier(p.as("officer", identity.Inspector, "north"), "l-one-1", 1)
		must(t, err)
		if inspector.Report != nil || inspector.MayObject {
			t.Fatalf("an inspector reads an import: %+v", inspector)
		}
		for _, lesson := range []string{"l-one-0", "l-two-0", "nosuch"} {
			_, err := p.svc.Dossier(p.officer("south"), lesson, 1)
			refused(t, err, "catalog.no_lesson")
			_, err = p.svc.File(p.officer("south"), lesson, 1, "report/00-silence.jpg")
			refused(t, err, "catalog.no_lesson")
			_, err = p.svc.Playlist(p.officer("south"), lesson, 1, "index.m3u8")
			refused(t, err, "catalog.no_lesson")
		}
		_, err = p.svc.Dossier(p.officer("north"), "l-one-0", 2)
		refused(t, err, "media.no_media")
		_, err = p.svc.Dossier(p.learner("an"), "l-one-0", 1)
		refused(t, err, "identity.role_required")
	})
}

func TestAnObjectionIsAnsweredAndMayBeRaisedAgain(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		d := silence(61_500)
		d.Note = "整段没有声音，放行理由不成立"
		_, err := p.svc.Object(p.officer("south"), d)
		refused(t, err, "catalog.no_lesson")
		_, err = p.svc.Object(p.as("officer", identity.Inspector, "north"), d)
		refused(t, err, "identity.role_required")
		bare := d
		bare.Note = ""
		_, err = p.svc.Object(p.officer("north"), bare)
		refused(t, err, "fault.draft")
		p.tell("an", silence(61_000))
		env.Clock.Advance(time.Second)
		o, err := p.svc.Object(p.officer("north"), d)
		must(t, err)
		if o.Source != "bureau" || o.AtMS != 61_000 || o.People != 1 || o.Notes[0] != d.Note {
			t.Fatalf("objection %+v", o)
		}
		_, err = p.svc.Object(p.officer("north"), d)
		refused(t, err, "fault.objected")
		if staff, other := p.inbox("sun"), p.inbox("lu"); len(staff) != 1 || staff[0].Template != "fault.objected" || len(other) != 0 {
			t.Fatalf("told %+v and %+v", staff, other)
		}
		if got := p.queue(fault.Filter{State: "open", Source: "bureau"}); len(got) != 1 || got[0].ID != o.ID {
			t.Fatalf("queue %+v", got)
		}
		w, err := p.svc.Waiting(p.staff(), "one")
		must(t, err)
		if w.Places != 2 || w.Objections != 1 {
			t.Fatalf("waiting %+v", w)
		}
		_, err = p.svc.Answer(p.staff(), "one", o.ID, fault.Answer{Verdict: "refused", Note: "片中演示的就是静音"})
		must(t, err)
		if in := p.inbox("officer"); len(in) != 1 || in[0].Template != "fault.objection_answered" || len(p.inbox("an")) != 0 {
			t.Fatalf("the officer was told %+v, an %+v", in, p.inbox("an"))
		}
		env.Clock.Advance(time.Second)
		again, err := p.svc.Object(p.officer("north"), d)
		must(t, err)
		dossier, err := p.svc.Dossier(p.officer("north"), "l-one-0", 1)
		must(t, err)
		if len(dossier.Places) != 3 || dossier.Places[0].ID != again.ID || dossier.Places[1].Answer != "片中演示的就是静音" {
			t.Fatalf("places %+v", dossier.Places)
		}
		if n := p.count(`SELECT count(*) FROM audit_entry WHERE action = 'fault.objected'`); n != 2 {
			t.Fatalf("%d audit rows", n)
		}
	})
}

// An officer's objections are an act of an authority: they outlive the account.
func TestObjectionsOutliveTheAccount(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		d := silence(1000)
		d.Note = "没有声音"
		o, err := p.svc.Object(p.officer("city"), d)
		must(t, err)
		p.write(func(tx *sqldb.Tx) error {
			p.run(tx, `UPDATE person SET state = 'closed' WHERE id = 'officer'`)
			return p.svc.EraseTx(t.Context(), tx, "officer")
		})
		if got := p.queue(fault.Filter{}); len(got) != 1 || got[0].Notes[0] != "没有声音" {
			t.Fatalf("after closing %+v", got)
		}
		_, err = p.svc.Answer(p.staff(), "one", o.ID, fault.Answer{Verdict: "refused", Note: "听了一遍，有声音"})
		must(t, err)
		if in := p.inbox("officer"); len(in) != 0 {
			t.Fatalf("a closed account was told %+v", in)
		}
	})
}

// An officer studies like everybody else: what they told as a learner does not stand in the way of their objection, nor the
// other way round.
func TestAnOfficerMayAlsoStudy(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		officer := p.as("an", identity.BureauStaff, "north")
		for _, at := range []int64{1000, 2000} {
			d := silence(at)
			d.Note = "没有声音"
			acts := []func() error{
				func() error { _, err := p.svc.Report(p.learner("an"), d); return err },
				func() error { _, err := p.svc.Object(officer, d); return err },
			}
			if at == 2000 {
				slices.Reverse(acts)
			}
			for _, act := range acts {
				must(t, act())
			}
		}
		if w, err := p.svc.Waiting(p.staff(), "one"); err != nil || w.Places != 4 || w.Objections != 2 {
			t.Fatalf("waiting %+v, %v", w, err)
		}
	})
}

// What is open of an earlier revision would be lost from sight, since the list leads to what is played now.
func TestTheReportOfARevisionShowsWhatIsOpenOfOthers(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		p := newPlace(t, env)
		answered := p.tell("an", silence(1000))
		_, err := p.svc.Answer(p.staff(), "one", answered.ID, fault.Answer{Verdict: "refused", Note: "听了一遍，有声音"})
		must(t, err)
		open := p.tell("an", silence(2000))
		p.publish("l-one-0", 2)
		lines, _, err := p.svc.Inspections(p.officer("north"), fault.LineFilter{Show: "faults"}, "", 10)
		must(t, err)
		if len(lines) != 1 || lines[0].Rev != 2 || lines[0].Faults != 1 {
			t.Fatalf("lines %+v", lines)
		}
		d, err := p.svc.Dossier(p.officer("north"), "l-one-0", 2)
		must(t, err)
		if len(d.Places) != 1 || d.Places[0].ID != open.ID || d.Places[0].Rev != 1 {
			t.Fatalf("places of the second revision: %+v", d.Places)
		}
	})
}

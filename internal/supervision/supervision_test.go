package supervision_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/credit"
	"xueshi/internal/demo"
	"xueshi/internal/enrolment"
	"xueshi/internal/gateway/sms/smstest"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/supervision"
)

// town is the demo city with its population and its counts folded.
type town struct {
	*sqltest.Env
	t *testing.T
	s *supervision.Service
}

var system = identity.SystemContext(context.Background(), "test")

func newTown(t *testing.T, env *sqltest.Env) *town {
	t.Helper()
	towns[env.Engine()].Into(t, env)
	w := &town{env, t, supervision.New(env.DB)}
	w.fold()
	return w
}

// towns are made once for each engine; their files and keys are nobody's concern here.
var towns = map[sqldb.Engine]*sqltest.Template{sqldb.SQLite: {Fill: found}, sqldb.Postgres: {Fill: found}}

func found(env *sqltest.Env) error {
	dir, err := os.MkdirTemp("", "town-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	keys, err := secret.Open(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	_, _, err = demo.Seed(system, demo.Deps{DB: env.DB, Store: blob.NewLocal(dir), Identity: identity.New(env.DB, keys, smstest.New(env.DB, keys, env.Clock).Outbox),
		Source: os.DirFS("../../demo"), Population: true})
	return err
}

func (w *town) fold() {
	w.t.Helper()
	for more := true; more; {
		var err error
		if more, err = w.s.Fold(system); err != nil {
			w.t.Fatal(err)
		}
	}
}

func as(role identity.Role, scope string) context.Context {
	return identity.WithActor(context.Background(), identity.Actor{AccountID: "a", PersonID: "a", Grants: []identity.Grant{{Role: role, Scope: scope}}})
}

func (w *town) write(f func(ctx context.Context, tx *sqldb.Tx) error) {
	w.t.Helper()
	if err := w.Write(system, func(tx *sqldb.Tx) error { return f(system, tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) strings(query string, args ...any) (out []string) {
	w.t.Helper()
	err := w.Read(system, func(tx *sqldb.Tx) (err error) {
		out, err = sqldb.Rows(system, tx, sqldb.ScanValue[string], query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// lines runs a query of one text and six numbers, one line a row.
func (w *town) lines(query string) (out []string) {
	w.t.Helper()
	err := w.Read(system, func(tx *sqldb.Tx) (err error) {
		out, err = sqldb.Rows(system, tx, func(row sqldb.Scanner) (string, error) {
			var at string
			var n [6]int64
			err := row.Scan(&at, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5])
			return fmt.Sprint(at, n), err
		}, query)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

const big = "CAST(%s AS BIGINT)"

// recount holds the tallies against the standings, and the standings against ledger and enrolments, by SQL of its own.
func (w *town) recount(when string) {
	w.t.Helper()
	sum := func(c string) string { return fmt.Sprintf(big, "sum("+c+")") }
	tallies := w.lines(`SELECT region_id || '|' || about, year * 1000000 + done_month, learners, courses, completed, public_tenths, professional_tenths FROM tally`)
	standings := w.lines(`SELECT region_id || '|' || about, year * 1000000 + done_month, count(*), ` + sum("courses") + `, ` + sum("completed") + `, ` +
		sum("public_tenths") + `, ` + sum("professional_tenths") + ` FROM standing GROUP BY region_id, about, year, done_month`)
	if len(tallies) == 0 || !slices.Equal(tallies, standings) {
		w.t.Fatalf("%s: tallies\n%v\nstandings\n%v", when, tallies, standings)
	}
	counted := w.lines(`SELECT region_id, year, ` + sum("learners") + `, ` + sum("courses") + `, ` + sum("completed") + `, ` + sum("public_tenths") + `, ` +
		sum("professional_tenths") + ` FROM tally WHERE about = '' GROUP BY region_id, year`)
	source := w.lines(`SELECT p.region_id, x.year, count(DISTINCT x.person_id), ` + sum("x.c") + `, ` + sum("x.d") + `, ` + sum("x.pub") + `, ` + sum("x.pro") + ` FROM (
		SELECT person_id, year, 1 AS c, CASE WHEN state = 'completed' THEN 1 ELSE 0 END AS d, 0 AS pub, 0 AS pro FROM enrolment WHERE state <> 'void'
		UNION ALL SELECT person_id, year, 0, 0, CASE WHEN subject = 'public' THEN hours_tenths ELSE 0 END, CASE WHEN subject = 'public' THEN 0 ELSE hours_tenths END FROM credit_record
		) x JOIN person p ON p.id = x.person_id GROUP BY p.region_id, x.year`)
	if !slices.Equal(counted, source) {
		w.t.Fatalf("%s: counted\n%v\nsource\n%v", when, counted, source)
	}
}

func TestCountsEqualARecount(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env)
		w.recount("after seeding")
		people := w.strings(`SELECT person_id FROM standing WHERE region_id = '140902' AND year = 2026 AND about = '' AND done_month = 0 ORDER BY person_id`)
		before, err := w.s.Overview(as(identity.BureauStaff, "1409"), 2026, "")
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(ctx context.Context, tx *sqldb.Tx) error {
			for _, subject := range []string{"public", "professional"} {
				if err := credit.AppendTx(ctx, tx, credit.Record{PersonID: people[0], Year: 2026, Subject: subject, Form: "distance", Source: "seed", CourseID: "c03",
					Content: "x", HoursTenths: 900, StartedAt: tx.Now(), CompletedAt: tx.Now(), Result: "completed"}); err != nil {
					return err
				}
			}
			if _, err := enrolment.GrantTx(ctx, tx, people[1], "c05", 2026, "unit"); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE person SET region_id = '1409wt', unit_id = 'u11' WHERE id = $1`, people[2])
			return err
		})
		w.fold()
		w.recount("after hours, an enrolment and a transfer")
		done, err := w.s.Overview(as(identity.BureauStaff, "1409"), 2026, "")
		if err != nil {
			t.Fatal(err)
		}
		if done.Complete != before.Complete+1 || done.ProfessionalTenths != before.ProfessionalTenths+900 {
			t.Fatalf("complete %d → %d, professional %d → %d", before.Complete, done.Complete, before.ProfessionalTenths, done.ProfessionalTenths)
		}
		w.write(func(ctx context.Context, tx *sqldb.Tx) error {
			if err := credit.AppendTx(ctx, tx, credit.Record{PersonID: people[0], Year: 2026, Subject: "professional", Form: "distance", Source: "correction", CourseID: "c03",
				Content: "x", HoursTenths: -900, StartedAt: tx.Now(), CompletedAt: tx.Now(), Result: "completed", Reason: "booked twice"}); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE enrolment SET state = 'void' WHERE person_id = $1`, people[1])
			return err
		})
		w.fold()
		w.recount("after a correction and void enrolments")
		w.write(func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO rule_set (region_id, year, version, total_tenths, professional_num, professional_den, minutes_per_hour, legal_source)
				VALUES ('1409', 2026, 2, 10, 1, 2, 45, 'test')`)
			return err
		})
		w.fold()
		w.recount("after a new rule set")
		easy, err := w.s.Overview(as(identity.BureauStaff, "1409"), 2026, "")
		if err != nil {
			t.Fatal(err)
		}
		if easy.Complete <= done.Complete {
			t.Fatalf("one hour is enough now, and still %d are complete as before (%d)", easy.Complete, done.Complete)
		}
		if left := w.strings(`SELECT person_id FROM standing_mark`); len(left) != 0 {
			t.Fatalf("%d marks left", len(left))
		}
	})
}

func TestTwoFoldersCountOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env)
		for range 3 {
			w.write(func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE enrolment SET state = CASE WHEN state = 'active' THEN 'completed' ELSE 'active' END WHERE course_id <> 'c01'`)
				return err
			})
			failed := make(chan error, 2)
			for range 2 {
				go func() {
					for {
						more, err := w.s.Fold(system)
						if err != nil || !more {
							failed <- err
							return
						}
					}
				}()
			}
			for range 2 {
				if err := <-failed; err != nil {
					t.Fatal(err)
				}
			}
			w.fold()
			w.recount("after two folders at once")
		}
	})
}

func TestJurisdiction(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env)
		city, county := as(identity.BureauStaff, "1409"), as(identity.BureauStaff, "140902")
		all, err := w.s.Overview(city, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		own, err := w.s.Overview(county, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(all.Branches) != 17 || len(own.Branches) != 1 || own.Branches[0].ID != "140902" || own.Learners == 0 || own.Learners >= all.Learners {
			t.Fatalf("city %d branches, county %+v of %d learners", len(all.Branches), own.Branches, all.Learners)
		}
		narrowed, err := w.s.Overview(city, 0, "140902")
		if err != nil || narrowed.Learners != own.Learners || narrowed.Complete != own.Complete {
			t.Fatalf("the city's view of the county: %d/%d, the county's own %d/%d, %v", narrowed.Complete, narrowed.Learners, own.Complete, own.Learners, err)
		}
		for _, region := range []string{"1409", "140981", "nowhere"} {
			if _, err := w.s.Overview(county, 0, region); !errs.Has(err, "identity.scope_required") {
				t.Errorf("county staff asked for %s: %v", region, err)
			}
			if _, _, err := w.s.Learners(county, 0, region, "", "", 5); !errs.Has(err, "identity.scope_required") {
				t.Errorf("county staff listed %s: %v", region, err)
			}
		}
		w.pages(county, own)
		foreign := w.strings(`SELECT id FROM person WHERE region_id = '140981' ORDER BY id`)[0]
		if _, err := w.s.Learner(county, foreign, 0); !errs.Has(err, "identity.no_person") {
			t.Errorf("county staff read a learner of another county: %v", err)
		}
		f, err := w.s.Learner(city, foreign, 0)
		if err != nil || f.Name == "" || f.IDNumberMask == "" {
			t.Errorf("city staff: %+v, %v", f, err)
		}
		for _, ctx := range []context.Context{as(identity.Learner, ""), as(identity.ProviderStaff, "jinyun"), as(identity.UnitAdmin, "u01"), as(identity.Operator, "")} {
			if _, err := w.s.Overview(ctx, 0, ""); !errs.Has(err, "identity.role_required") {
				t.Errorf("overview for another role: %v", err)
			}
			if _, err := w.s.Fold(ctx); !errs.Has(err, "identity.role_required") {
				t.Errorf("fold by a person: %v", err)
			}
		}
	})
}

// pages walks the whole list in pages of 7: every learner of the county once, in order, masked.
func (w *town) pages(ctx context.Context, own supervision.Overview) {
	w.t.Helper()
	var seen []string
	for after := ""; ; {
		items, next, err := w.s.Learners(ctx, 0, "", "", after, 7)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, l := range items {
			if l.Region != "忻府区" || !slices.Contains([]rune(l.Name), '*') {
				w.t.Fatalf("%+v", l)
			}
			seen = append(seen, l.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	want := w.strings(`SELECT p.id FROM person p JOIN role_grant g ON g.person_id = p.id AND g.role = 'learner' WHERE p.region_id = '140902' ORDER BY p.id`)
	if !slices.Equal(seen, want) {
		w.t.Fatalf("listed %d learners, %d are there", len(seen), len(want))
	}
	found, _, err := w.s.Learners(ctx, 0, "", "云中中学", "", 100)
	if err != nil || len(found) == 0 || int64(len(found)) >= own.Learners {
		w.t.Fatalf("by unit: %d of %d, %v", len(found), own.Learners, err)
	}
	for _, l := range found {
		if l.Unit != "忻府区云中中学" {
			w.t.Fatalf("%+v", l)
		}
	}
	if named, _, err := w.s.Learners(ctx, 0, "", "王晓岚", "", 100); err != nil || len(named) != 1 {
		w.t.Fatalf("by name: %+v, %v", named, err)
	}
	if none, _, err := w.s.Learners(ctx, 0, "", "%", "", 100); err != nil || len(none) != 0 {
		w.t.Fatalf("a percent sign is a percent sign: %d, %v", len(none), err)
	}
}

func TestProviderScope(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env)
		own := as(identity.ProviderStaff, "jinyun")
		mine, err := w.s.Mine(own)
		if err != nil || len(mine) != 1 || mine[0].ID != "jinyun" {
			t.Fatalf("%+v, %v", mine, err)
		}
		d, err := w.s.Desk(own, "jinyun", 0)
		if err != nil || d.States["published"] != 2 || d.Learners == 0 || d.Courses == 0 || d.AsOf == nil {
			t.Fatalf("desk %+v, %v", d, err)
		}
		courses, _, err := w.s.Courses(own, catalog.ListFilter{ProviderID: "jinyun", Limit: 20})
		if err != nil || len(courses) != 2 {
			t.Fatalf("%d courses, %v", len(courses), err)
		}
		var enrolled int64
		for _, c := range courses {
			if c.ProviderID != "jinyun" {
				t.Fatalf("%s is %s's", c.ID, c.ProviderID)
			}
			enrolled += c.Learners
		}
		if rows := w.strings(`SELECT e.id FROM enrolment e JOIN course c ON c.id = e.course_id WHERE c.provider_id = 'jinyun'`); enrolled != int64(len(rows)) {
			t.Fatalf("%d enrolled, %d rows", enrolled, len(rows))
		}
		list, next, err := w.s.CourseLearners(own, supervision.LearnerFilter{ProviderID: "jinyun", Limit: 10})
		if err != nil || len(list) != 10 || next == "" {
			t.Fatalf("%d learners, %v", len(list), err)
		}
		for _, l := range list {
			if l.CourseID != "c01" && l.CourseID != "c05" || !slices.Contains([]rune(l.Name), '*') || l.DurationMS == 0 {
				t.Fatalf("%+v", l)
			}
		}
		w.enrolments(own)
		if o, err := w.s.Course(own, "jinyun", "c01"); err != nil || len(o.Lessons) != 3 || o.Lessons[0].Slides == 0 || len(o.Lessons[0].Questions) == 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		if _, err := w.s.Course(own, "jinyun", "c04"); !errs.Has(err, "catalog.no_course") {
			t.Errorf("another provider's course: %v", err)
		}
		w.refused(own)
	})
}

// enrolments walks the provider's whole list in pages of 9, the newest first, each row once.
func (w *town) enrolments(ctx context.Context) {
	w.t.Helper()
	var seen []string
	for after := ""; ; {
		items, next, err := w.s.CourseLearners(ctx, supervision.LearnerFilter{ProviderID: "jinyun", State: "active", After: after, Limit: 9})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, l := range items {
			seen = append(seen, l.ID)
		}
		if after = next; next == "" {
			break
		}
	}
	want := w.strings(`SELECT e.id FROM enrolment e JOIN course c ON c.id = e.course_id WHERE c.provider_id = 'jinyun' AND e.year = 2026 AND e.state = 'active' ORDER BY e.id DESC`)
	if len(want) < 20 || !slices.Equal(seen, want) {
		w.t.Fatalf("listed %d enrolments, %d are there", len(seen), len(want))
	}
	if foreign, _, err := w.s.CourseLearners(ctx, supervision.LearnerFilter{ProviderID: "jinyun", CourseID: "c04", Limit: 9}); err != nil || len(foreign) != 0 {
		w.t.Fatalf("another provider's course by its id: %d learners, %v", len(foreign), err)
	}
}

// refused tries every use case with another provider's id.
func (w *town) refused(ctx context.Context) {
	w.t.Helper()
	_, err1 := w.s.Desk(ctx, "yanmen", 0)
	_, _, err2 := w.s.Courses(ctx, catalog.ListFilter{ProviderID: "yanmen", Limit: 20})
	_, err3 := w.s.Course(ctx, "yanmen", "c04")
	_, _, err4 := w.s.CourseLearners(ctx, supervision.LearnerFilter{ProviderID: "yanmen", Limit: 20})
	for i, err := range []error{err1, err2, err3, err4} {
		if !errs.Has(err, "identity.scope_required") {
			w.t.Errorf("use case %d with another provider's id: %v", i+1, err)
		}
	}
	if _, err := w.s.Mine(as(identity.BureauStaff, "1409")); !errs.Has(err, "identity.role_required") {
		w.t.Errorf("bureau staff at a provider's desk: %v", err)
	}
}

func TestMakeUpStudyBooksForItsYear(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env)
		person := w.strings(`SELECT p.id FROM person p JOIN role_grant g ON g.person_id = p.id AND g.role = 'learner' ORDER BY p.id DESC LIMIT 1`)[0]
		learner := identity.WithActor(context.Background(), identity.Actor{AccountID: person, PersonID: person, Grants: []identity.Grant{{Role: identity.Learner}}})
		e, err := enrolment.New(env.DB).Enrol(learner, "p02")
		if err != nil || e.Year != 2025 {
			t.Fatalf("%+v, %v", e, err)
		}
		svc := credit.New(env.DB)
		w.write(func(ctx context.Context, tx *sqldb.Tx) error {
			lessons, err := catalog.LessonsTx(ctx, tx, "p02")
			if err != nil {
				return err
			}
			var ids []string
			for _, l := range lessons {
				ids = append(ids, l.ID)
				if _, err := tx.Exec(ctx, `INSERT INTO lesson_progress (learner_id, lesson_id, course_id, credited_ms, confirmed_ms, full_credit, full_confirm, take, updated_at)
					VALUES ($1, $2, 'p02', $3, $4, 1, 1, 1, $5)`, person, l.ID, l.DurationMS, l.DurationMS, tx.NowMicro()); err != nil {
					return err
				}
			}
			return svc.ConfirmedTx(ctx, tx, person, ids)
		})
		a, err := svc.Archive(learner, 2025)
		if err != nil {
			t.Fatal(err)
		}
		r := a.Records[len(a.Records)-1]
		if r.Source != "platform" || r.Year != 2025 || r.CompletedAt.Year() != 2026 || a.Summary.State != "makeup" {
			t.Fatalf("year %d, completed %s, state %s", r.Year, r.CompletedAt, a.Summary.State)
		}
		w.fold()
		w.recount("after make-up study")
		w.Clock.Advance(60 * 24 * time.Hour) // 2027: make-up time for 2025 is over
		if _, err := enrolment.New(env.DB).Enrol(learner, "p02"); !errs.Has(err, "enrolment.year_closed") {
			t.Fatalf("after make-up time: %v", err)
		}
	})
}

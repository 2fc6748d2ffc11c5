package credit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"xueshi/internal/credit"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/notify"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// town is a year, some learners, and the reminders' job.
type town struct {
	*sqltest.Env
	t   *testing.T
	ctx context.Context
	svc *credit.Service
}

func newTown(t *testing.T, env *sqltest.Env, learners int) *town {
	t.Helper()
	w := &town{env, t, identity.SystemContext(t.Context(), "job:reminders"), credit.New(env.DB)}
	w.svc.Tell(notify.New(env.DB))
	env.Clock.Set(day(2026, 3, 1))
	w.write(func(tx *sqldb.Tx) error {
		end := civil.Date{Year: 2026, Month: 12, Day: 31}.End(civil.Shanghai)
		for _, q := range []string{`INSERT INTO region (id, parent, name, kind, rank) VALUES ('r1', '', '忻府', 'county', 1)`,
			fmt.Sprintf(`INSERT INTO year_window (year, opens_at, study_end_at, makeup_end_at) VALUES (2026, 0, %d, %d)`, end.UnixMicro(), end.UnixMicro())} {
			if _, err := tx.Exec(w.ctx, q); err != nil {
				return err
			}
		}
		for i := range learners {
			if err := w.person(tx, fmt.Sprintf("p%04d", i), "learner"); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// day is nine in the morning in Shanghai.
func day(y int, m time.Month, d int) time.Time {
	return civil.Date{Year: y, Month: m, Day: d}.Start(civil.Shanghai).Add(9 * time.Hour)
}

func (w *town) write(f func(tx *sqldb.Tx) error) {
	w.t.Helper()
	if err := w.Write(w.ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) person(tx *sqldb.Tx, id, role string) error {
	if _, err := tx.Exec(w.ctx, `INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask, region_id, unit_id,
		password_hash, state, agreed_version, created_at) VALUES ($1, '学员', $2, $3, '', $4, $5, '', 'r1', '', '', 'active', '', $6)`,
		id, []byte{}, id, []byte{}, id, tx.NowMicro()); err != nil {
		return err
	}
	_, err := tx.Exec(w.ctx, `INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) VALUES ($1, $2, '', '', 0)`, id, role)
	return err
}

func (w *town) earn(tx *sqldb.Tx, id, subject string, tenths int64) error {
	return credit.AppendTx(w.ctx, tx, credit.Record{PersonID: id, Year: 2026, Subject: subject, Form: "distance", Source: "seed", CourseID: "c-" + subject,
		HoursTenths: tenths, StartedAt: tx.Now(), CompletedAt: tx.Now(), Result: "completed"})
}

// run works until nothing is left to do.
func (w *town) run(svc *credit.Service) {
	w.t.Helper()
	for more := true; more; {
		var err error
		if more, err = svc.Remind(w.ctx); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *town) inbox(id string) []notify.Message {
	w.t.Helper()
	ctx := identity.WithActor(w.t.Context(), identity.Actor{PersonID: id, AccountID: id})
	in, err := notify.New(w.DB).Inbox(ctx, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	return in.Items
}

func (w *town) count() (n int64) {
	w.t.Helper()
	w.write(func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(w.ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM message`)
		return err
	})
	return n
}

func TestReminderSaysDaysAndMissingHours(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env, 3)
		w.write(func(tx *sqldb.Tx) error {
			return errors.Join(w.earn(tx, "p0000", "public", 300), w.earn(tx, "p0000", "professional", 600), // all done
				w.earn(tx, "p0001", "public", 575), // surplus public hours do not replace professional ones
				w.person(tx, "t0001", "teacher"))
		})
		env.Clock.Set(day(2026, 10, 31)) // 61 days
		w.run(w.svc)
		if n := w.count(); n != 0 {
			t.Fatalf("%d messages 61 days before the end", n)
		}
		env.Clock.Set(day(2026, 11, 1))
		w.run(w.svc)
		w.run(w.svc)
		if n := w.count(); n != 2 {
			t.Fatalf("%d messages, want two: for who misses hours, once", n)
		}
		m := w.inbox("p0001")[0]
		if m.Template != "credit.deadline" || m.Kind != "reminder" || m.Params["days"] != 60.0 || m.Params["hours"] != "60.0" || m.Params["month"] != 12.0 || m.Params["day"] != 31.0 {
			t.Fatalf("message %+v", m)
		}
		if m := w.inbox("p0002")[0]; m.Params["hours"] != "90.0" {
			t.Fatalf("message %+v", m)
		}
	})
}

func TestReminderStages(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env, 1)
		var got []any
		for now := day(2026, 10, 20); now.Before(day(2027, 1, 10)); now = now.AddDate(0, 0, 1) {
			if d := civil.DateOf(now, civil.Shanghai); d.Month == 12 && d.Day == 1 {
				continue // no process ran on the thirtieth day: the next day makes up for it
			}
			if civil.DateOf(now, civil.Shanghai) == (civil.Date{Year: 2026, Month: 12, Day: 20}) {
				w.write(func(tx *sqldb.Tx) error { return w.person(tx, "late", "learner") })
			}
			env.Clock.Set(now)
			w.run(w.svc)
		}
		for _, m := range w.inbox("p0000") {
			got = append([]any{m.Params["days"]}, got...)
		}
		if fmt.Sprint(got) != "[60 29 14 7 3 1]" {
			t.Fatalf("reminded at %v days", got)
		}
		if n := len(w.inbox("late")); n != 3 {
			t.Fatalf("a learner registered eleven days before the end got %d reminders, want those of 7, 3 and 1 days", n)
		}
	})
}

func TestReminderSwitchedOff(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env, 2)
		svc, own := notify.New(env.DB), identity.WithActor(t.Context(), identity.Actor{PersonID: "p0000"})
		if err := svc.SetPreferences(own, notify.Preferences{Reminders: false}); err != nil {
			t.Fatal(err)
		}
		env.Clock.Set(day(2026, 12, 24))
		w.run(w.svc)
		if a, b := len(w.inbox("p0000")), len(w.inbox("p0001")); a != 0 || b != 1 {
			t.Fatalf("%d messages for who switched reminders off, %d for the other", a, b)
		}
		if err := svc.SetPreferences(own, notify.Preferences{Reminders: true}); err != nil {
			t.Fatal(err)
		}
		env.Clock.Set(day(2026, 12, 28))
		w.run(w.svc)
		if n := len(w.inbox("p0000")); n != 1 {
			t.Fatalf("%d messages after switching on again, want the next one", n)
		}
	})
}

// Two processes work at once, over several batches: everybody is told once.
func TestReminderFromTwoProcesses(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env, 450)
		env.Clock.Set(day(2026, 12, 1))
		other, err := sqldb.Open(t.Context(), env.DSN, env.Clock, sqldb.WithProcessClock())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		second := credit.New(other)
		second.Tell(notify.New(other))
		var wg sync.WaitGroup
		for _, svc := range []*credit.Service{w.svc, second} {
			wg.Go(func() {
				for more := true; more; {
					var err error
					if more, err = svc.Remind(w.ctx); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if n := w.count(); n != 450 {
			t.Fatalf("%d messages for 450 learners", n)
		}
	})
}

// dying is a message centre whose process dies in the middle of a batch.
type dying struct {
	identity.Notices
	after int
}

func (d *dying) SendTx(ctx context.Context, tx *sqldb.Tx, personID, template string, params map[string]any, key string) error {
	if d.after--; d.after < 0 {
		panic("the process dies here")
	}
	return d.Notices.SendTx(ctx, tx, personID, template, params, key)
}

func TestReminderAfterACrash(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newTown(t, env, 450)
		env.Clock.Set(day(2026, 12, 17))
		w.svc.Tell(&dying{notify.New(env.DB), 300})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the process did not die")
				}
			}()
			w.run(w.svc)
		}()
		if n := w.count(); n != 200 {
			t.Fatalf("%d messages after a crash in the second batch, want the first batch's 200", n)
		}
		w.svc.Tell(notify.New(env.DB))
		w.run(w.svc)
		if n := w.count(); n != 450 {
			t.Fatalf("%d messages for 450 learners", n)
		}
	})
}

func TestOnlyJobsRemind(t *testing.T) {
	t.Parallel()
	w := newTown(t, sqltest.SQLite(t), 1)
	ctx := identity.WithActor(t.Context(), identity.Actor{PersonID: "p0000", Grants: []identity.Grant{{Role: identity.Operator}}})
	if _, err := w.svc.Remind(ctx); !errs.Has(err, "identity.role_required") {
		t.Fatalf("got %v", err)
	}
}

package sms_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/gateway/sms/smstest"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

const phone = "13800000001"

// site is two processes on one database, with their identity services.
type site struct {
	*sqltest.Env
	t      *testing.T
	sim    *smssim.Server
	acc    smssim.Account
	keys   *secret.Keys
	a, b   smstest.Site
	ia, ib *identity.Service
	job    context.Context
}

func newSite(t *testing.T, env *sqltest.Env) *site {
	t.Helper()
	keys, err := secret.Open(t.TempDir())
	must(t, err)
	s := &site{Env: env, t: t, keys: keys, job: identity.SystemContext(t.Context(), "job:sms")}
	s.sim, s.acc = smstest.Service(t, env.Clock, false)
	s.a = smstest.New(env.DB, keys, env.Clock).Use(s.sim, s.acc)
	s.b = smstest.New(env.DB, keys, env.Clock).Use(s.sim, s.acc)
	s.ia, s.ib = identity.New(env.DB, keys, s.a.Outbox), identity.New(env.DB, keys, s.b.Outbox)
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

func (s *site) ask(want string) {
	s.t.Helper()
	err := s.ia.SendCode(s.t.Context(), phone, identity.ForLogin, "10.0.0.1")
	if want == "" {
		must(s.t, err)
		return
	}
	refused(s.t, err, want)
}

func (s *site) resend(from smstest.Site) {
	s.t.Helper()
	_, err := from.Outbox.Resend(s.job)
	must(s.t, err)
}

type stored struct {
	State, Result string
	Tries, Sealed int64
}

func (s *site) rows() (out []stored) {
	s.t.Helper()
	must(s.t, s.Read(s.t.Context(), func(tx *sqldb.Tx) (err error) {
		out, err = sqldb.Rows(s.t.Context(), tx, func(sc sqldb.Scanner) (r stored, err error) {
			return r, sc.Scan(&r.State, &r.Result, &r.Tries, &r.Sealed)
		},
			`SELECT state, result, tries, length(phone_seal) + length(code_seal) FROM sms_outbox ORDER BY id`)
		return err
	}))
	return out
}

func (s *site) is(want ...stored) {
	s.t.Helper()
	got := s.rows()
	if len(got) != len(want) {
		s.t.Fatalf("got %+v, want %+v", got, want)
	}
	for i := range got {
		if w := want[i]; got[i].State != w.State || got[i].Result != w.Result || got[i].Tries != w.Tries || (got[i].Sealed == 0) != (w.Sealed == 0) {
			s.t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func (s *site) inbox(want int) {
	s.t.Helper()
	if got := s.sim.Inbox(); len(got) != want {
		s.t.Fatalf("%d messages were sent, want %d: %+v", len(got), want, got)
	}
}

func TestSentOnceAndErased(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.ask("")
		s.is(stored{"sent", "OK", 1, 0})
		for range 3 {
			s.Clock.Advance(time.Minute)
			s.resend(s.a)
			s.resend(s.b)
		}
		s.inbox(1)
		if s.sim.Calls("QuerySendDetails") != 0 {
			t.Fatal("a sent message was asked for")
		}
	})
}

// TestLostAnswer: the service took the message, the answer was lost. The other process asks, finds it, and sends nothing.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "cut", AfterAccepting: true})
		s.ask("identity.sms_busy")
		s.is(stored{"waiting", "unreachable", 1, 1})
		s.resend(s.b) // not due yet
		s.is(stored{"waiting", "unreachable", 1, 1})
		s.Clock.Advance(20 * time.Second)
		s.resend(s.b)
		s.is(stored{"sent", "OK", 2, 0})
		s.inbox(1)
	})
}

// TestFailingService: tries are bounded, the code arrives as soon as the service recovers, or never after its life.
func TestFailingService(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "throttle", Times: 2})
		s.ask("identity.sms_busy")
		s.Clock.Advance(20 * time.Second)
		s.resend(s.a)
		s.is(stored{"waiting", "Throttling.User", 2, 1})
		s.inbox(0)
		s.Clock.Advance(40 * time.Second)
		s.resend(s.b)
		s.is(stored{"sent", "OK", 3, 0})
		s.inbox(1)

		s.Clock.Advance(time.Minute)
		s.sim.Fail(smssim.Fault{Kind: "throttle", Times: 100})
		s.ask("identity.sms_busy")
		calls := s.sim.Calls("SendSms")
		for range 8 {
			s.Clock.Advance(35 * time.Second)
			s.resend(s.a)
			s.resend(s.b)
		}
		if n := s.sim.Calls("SendSms") - calls; n != 3 {
			t.Fatalf("%d more tries, want 3", n)
		}
		s.is(stored{"sent", "OK", 3, 0}, stored{"failed", "Throttling.User", 4, 0})
		s.inbox(1)
	})
}

// TestFinalRefusals are not tried again, and tell the person what is theirs to know.
func TestFinalRefusals(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "balance"})
		s.ask("identity.sms_busy")
		s.is(stored{"failed", "isv.AMOUNT_NOT_ENOUGH", 1, 0})
		s.Clock.Advance(time.Minute)
		s.resend(s.b)
		s.inbox(0)
	})
}

// TestKilledProcess: a process dies after its commit, with the message not sent, or sent without its knowing. The row's
// lease runs out and the other process brings it to an end: one message, either way.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		for _, arrived := range []bool{false, true} {
			s := newSite(t, env)
			s.died(arrived)
			s.resend(s.b) // the lease of the dead one still runs
			s.inbox(map[bool]int{false: 0, true: 1}[arrived])
			s.Clock.Advance(11 * time.Second)
			s.resend(s.b)
			s.inbox(1)
			s.is(stored{"sent", "OK", 2, 0})
			must(t, s.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), `DELETE FROM sms_outbox`); return err }))
		}
	})
}

// died leaves what a process leaves that is killed between the commit and the end of its first try.
func (s *site) died(arrived bool) {
	s.t.Helper()
	index, err := s.keys.Index("phone", phone)
	must(s.t, err)
	m := identity.CodeMessage{ID: "0123456789abcdefghjkmnpqrs", Phone: phone, PhoneIndex: index, Purpose: identity.ForLogin, Code: "135790"}
	must(s.t, s.Write(s.t.Context(), func(tx *sqldb.Tx) error {
		m.ExpiresAt = tx.Now().Add(5 * time.Minute)
		return s.a.Outbox.PutTx(s.t.Context(), tx, m)
	}))
	if arrived { // the same message, from a process whose database is gone before it can write
		gone := smstest.New(s.lost(), s.keys, s.Clock).Use(s.sim, s.acc)
		if err := gone.Outbox.Deliver(s.t.Context(), m); err == nil {
			s.t.Fatal("it could write")
		}
	}
}

// lost is a database on which writing fails: the outbox has no table there.
func (s *site) lost() *sqldb.DB {
	s.t.Helper()
	db, err := sqldb.Open(s.t.Context(), s.t.TempDir()+"/lost.db", s.Clock, sqldb.WithProcessClock())
	must(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	must(s.t, db.Write(s.t.Context(), func(tx *sqldb.Tx) error { // so that reading the credential works
		_, err := tx.Exec(s.t.Context(), `CREATE TABLE credential (gateway TEXT, version INTEGER, state TEXT, fields TEXT, secret_seal BLOB, secret_tail TEXT, reason TEXT, set_by TEXT, set_at INTEGER)`)
		return err
	}))
	return db
}

// TestTwoJobsAtOnce: both processes find the same due rows; each is sent by one of them.
func TestTwoJobsAtOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "throttle", Times: 3})
		for _, purpose := range []string{identity.ForLogin, identity.ForReset, identity.ForUnlock} {
			refused(t, s.ia.SendCode(t.Context(), phone, purpose, "10.0.0.1"), "identity.sms_busy")
			s.Clock.Advance(time.Minute)
		}
		done := make(chan error, 4)
		for i := range 4 {
			from := map[bool]smstest.Site{true: s.a, false: s.b}[i%2 == 0]
			go func() { _, err := from.Outbox.Resend(s.job); done <- err }()
		}
		for range 4 {
			must(t, <-done)
		}
		s.inbox(3)
	})
}

// TestNewerCodeReplacesWaitingOne: an older code that arrives after a newer one would only confuse.
func TestNewerCodeReplacesWaitingOne(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "throttle"})
		s.ask("identity.sms_busy")
		s.Clock.Advance(time.Minute)
		s.ask("")
		s.is(stored{"replaced", "replaced", 1, 0}, stored{"sent", "OK", 1, 0})
		s.Clock.Advance(time.Minute)
		s.resend(s.b)
		s.inbox(1)
		code := s.sim.Code(phone, identity.ForLogin)
		refused(t, s.ia.Unlock(t.Context(), phone, code), "identity.code_wrong") // another purpose
	})
}

// TestExpired: when the code has run out nothing is sent any more, and nothing readable stays.
func TestExpired(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "throttle"})
		s.ask("identity.sms_busy")
		s.Clock.Advance(6 * time.Minute)
		s.resend(s.b)
		s.is(stored{"expired", "Throttling.User", 1, 0})
		s.inbox(0)
	})
}

// TestOpenCircuitStoresNothing: after five failures in a row people hear at once, and nothing counts against them.
func TestOpenCircuitStoresNothing(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSite(t, env)
		s.sim.Fail(smssim.Fault{Kind: "error", Times: 100})
		for range 5 {
			s.ask("identity.sms_busy")
			s.Clock.Advance(time.Minute)
		}
		s.Clock.Advance(-time.Minute)
		calls, before := s.sim.Calls("SendSms"), len(s.rows())
		s.ask("identity.sms_busy")
		if s.sim.Calls("SendSms") != calls || len(s.rows()) != before {
			t.Fatal("an open circuit called or stored")
		}
		s.sim.Fail()
		s.Clock.Advance(time.Minute)
		s.ask("")
		s.inbox(1)
	})
}

// TestNothingSetUp: a site without a credential says so and stores nothing.
func TestNothingSetUp(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		keys, err := secret.Open(t.TempDir())
		must(t, err)
		bare := smstest.New(env.DB, keys, env.Clock)
		err = identity.New(env.DB, keys, bare.Outbox).SendCode(t.Context(), phone, identity.ForRegister, "10.0.0.1")
		refused(t, err, "identity.sms_unavailable")
		if errs.KindOf(err) != errs.Unavailable {
			t.Fatal(err)
		}
		must(t, env.Read(t.Context(), func(tx *sqldb.Tx) error {
			n, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], `SELECT (SELECT count(*) FROM sms_outbox) + (SELECT count(*) FROM sms_code) + (SELECT count(*) FROM rate_limit)`)
			if err == nil && n != 0 {
				err = errors.New("something was stored")
			}
			return err
		}))
	})
}

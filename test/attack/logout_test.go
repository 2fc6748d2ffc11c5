package attack

import (
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// away is a learner who plays on a PC through one process and ends logins from a phone through another.
type away struct {
	*testing.T
	c, other  *city.City
	pc, phone *client.Device
}

func newAway(t *testing.T, env *sqltest.Env) *away {
	c := city.New(t, env)
	person, pc := c.Enrolled(t, "c04")
	phone := c.Login(t, person, "phone")
	a := &away{t, c, c.Second(t), pc, phone}
	pc.Base = a.other.URL
	return a
}

// watch plays [from, to) honestly on the other process and fails unless all of it was granted.
func (a *away) watch(p *client.Play, from, to int64) {
	a.Helper()
	for at := from; at < to; at += 10_000 {
		if err := p.Fetch(at, at+10_000); err != nil {
			a.Fatal(err)
		}
		a.c.Clock.Advance(10 * time.Second)
		if b, err := p.Beat("playing", at, at+10_000); err != nil || b.GrantedMS != 10_000 {
			a.Fatalf("at %d: %+v %v", at, b, err)
		}
	}
}

// end logs every login but the phone's out, from the phone.
func (a *away) end() {
	a.Helper()
	var list struct {
		Items []struct {
			ID      string `json:"id"`
			Current bool   `json:"current"`
		} `json:"items"`
	}
	if err := a.phone.Do("GET", "/api/learner/account/sessions", nil, &list); err != nil {
		a.Fatal(err)
	}
	for _, s := range list.Items {
		if !s.Current {
			if err := a.phone.Do("DELETE", "/api/learner/account/sessions/"+s.ID, nil, nil); err != nil {
				a.Fatal(err)
			}
		}
	}
}

func (a *away) credited() int64 {
	a.Helper()
	l, err := a.phone.Open(long)
	if err != nil {
		a.Fatal(err)
	}
	return l.Progress.CreditedMS
}

// Ending a login from elsewhere stops its heartbeats at once in every process, although heartbeats read no log-in.
func TestEndedLoginEarnsNothingOnAnyProcess(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newAway(t, env)
		p, err := a.pc.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		a.watch(p, 0, 30_000)
		if err := p.Fetch(30_000, 60_000); err != nil {
			t.Fatal(err)
		}
		a.end()
		for at := int64(30_000); at < 60_000; at += 1000 { // from the next instant on, and long after
			a.c.Clock.Advance(time.Second)
			if b, err := p.Beat("playing", at, at+1000); err == nil && (b.GrantedMS != 0 || b.State != "expired") {
				t.Fatalf("%d ms after the end: %+v", at+1000-30_000, b)
			}
		}
		a.c.Clock.Advance(5 * time.Minute)
		if _, err := p.Beat("playing", 60_000, 61_000); code(err) != "identity.login_required" {
			t.Errorf("after the cached log-in: %v", err)
		}
		if got := a.credited(); got != 30_000 {
			t.Errorf("credited %d ms, want what was watched before the end", got)
		}
		q, err := a.phone.Acquire(long, false) // the lease is free: nobody has to take it over
		if err != nil {
			t.Fatal(err)
		}
		a.phone.Base = a.other.URL
		a.watch(q, 30_000, 60_000)
		if got := a.credited(); got != 60_000 {
			t.Errorf("credited %d ms after going on elsewhere, want 60000", got)
		}
	})
}

// A superseded place may claim what it watched before the takeover, unless its login has been ended since.
func TestEndedLoginClaimsNothingLate(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newAway(t, env)
		p, err := a.pc.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		a.watch(p, 0, 30_000)
		if err := p.Fetch(30_000, 42_000); err != nil {
			t.Fatal(err)
		}
		a.c.Clock.Advance(12 * time.Second)
		if _, err := a.phone.Acquire(long, true); err != nil {
			t.Fatal(err)
		}
		if b, err := p.Beat("playing", 30_000, 36_000); err != nil || b.GrantedMS != 6_000 {
			t.Fatalf("late beat of a login that lives: %+v %v", b, err)
		}
		a.end()
		if b, err := p.Beat("playing", 36_000, 42_000); err == nil && b.GrantedMS != 0 {
			t.Errorf("late beat of an ended login: %+v", b)
		}
		if got := a.credited(); got != 36_000 {
			t.Errorf("credited %d ms, want 36000", got)
		}
	})
}

// A login that ends and a takeover after it leave no gap through which the ended one is paid.
func TestEndedLoginClaimsNothingAfterTakeover(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newAway(t, env)
		p, err := a.pc.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		a.watch(p, 0, 30_000)
		if err := p.Fetch(30_000, 60_000); err != nil {
			t.Fatal(err)
		}
		a.end()
		a.c.Clock.Advance(30 * time.Second)
		if _, err := a.phone.Acquire(long, false); err != nil {
			t.Fatal(err)
		}
		if b, err := p.Beat("playing", 30_000, 60_000); err == nil && b.GrantedMS != 0 {
			t.Errorf("late beat after the end: %+v", b)
		}
		if got := a.credited(); got != 30_000 {
			t.Errorf("credited %d ms, want 30000", got)
		}
	})
}

package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// school is two providers with an administrator each: "jia" has boss, "yi" has other.
type school struct {
	*city
	*heard
	boss, other   identity.Login
	bossCtx, ctx2 context.Context
}

func newSchool(t *testing.T, env *sqltest.Env) *school {
	s := &school{city: newCity(t, env), heard: &heard{}}
	for _, p := range []string{"jia", "yi"} {
		s.run(`INSERT INTO provider (id, name, short_name, state) VALUES ($1, $2, $3, 'active')`, p, p+" 学院", p)
	}
	s.boss, s.bossCtx = s.works(1, "jia", identity.DutyAdmin)
	s.other, s.ctx2 = s.works(2, "yi", identity.DutyAdmin)
	s.svc.Tell(s.heard)
	return s
}

func (s *school) run(query string, args ...any) {
	s.t.Helper()
	must(s.t, s.Write(s.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(s.t.Context(), query, args...)
		return err
	}))
}

// works registers the n-th person and makes them staff of a provider.
func (s *school) works(n int, provider string, duties ...string) (identity.Login, context.Context) {
	s.t.Helper()
	l, _ := s.register(n)
	s.run(`INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, 'provider_staff', $2, $3, '', $4)`,
		l.Actor.PersonID, provider, strings.Join(duties, ","), s.Clock.Now().UnixMicro())
	return s.again(l)
}

// again is the login with the rights of now.
func (s *school) again(l identity.Login) (identity.Login, context.Context) {
	s.t.Helper()
	s.Clock.Advance(11 * time.Second)
	a, err := s.svc.Authenticate(s.t.Context(), l.Token)
	must(s.t, err)
	l.Actor = a
	return l, identity.WithActor(s.t.Context(), a)
}

func (s *school) device() identity.DeviceInfo {
	d, _ := device(s.t)
	return d
}

// people is a provider's list as "last four of the phone: duties".
func (s *school) people(ctx context.Context, provider string) (out []string) {
	s.t.Helper()
	list, next, err := s.svc.Staff(ctx, provider, "", 100)
	must(s.t, err)
	if next != "" {
		s.t.Fatalf("more: %q", next)
	}
	for _, m := range list {
		if m.Name != "王小岚" || !strings.HasPrefix(m.PhoneMask, "138****") {
			s.t.Errorf("shown %+v", m)
		}
		out = append(out, m.PhoneMask[7:]+": "+strings.Join(m.Duties, ","))
	}
	return out
}

func (s *school) want(ctx context.Context, provider string, want ...string) {
	s.t.Helper()
	if got := s.people(ctx, provider); !slices.Equal(got, want) {
		s.t.Fatalf("people %q, want %q", got, want)
	}
}

func (s *school) appoint(n int, duties ...string) (identity.StaffMember, error) {
	return s.svc.Appoint(s.bossCtx, "jia", identity.Appointment{Name: "王小岚", Account: phone(n), Duties: duties})
}

func TestAnAdministratorAppoints(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		l, own := s.register(3)
		fourth, _ := s.register(4)
		must(t, s.svc.StepUp(s.bossCtx, pass, ""))
		s.Clock.Advance(time.Second)
		m, err := s.appoint(3, "teacher", "service", "course", "course")
		must(t, err)
		if m.ID != l.Actor.PersonID || !slices.Equal(m.Duties, []string{"course", "service", "teacher"}) || !m.Usable || m.Self {
			t.Fatalf("appointed %+v", m)
		}
		s.Clock.Advance(time.Second)
		_, err = s.svc.Appoint(s.bossCtx, "jia", identity.Appointment{Name: " 王小岚 ", Account: strings.ToLower(idNumber(4)), Duties: []string{"teacher"}})
		must(t, err)
		s.want(s.bossCtx, "jia", "0001: admin", "0003: course,service,teacher", "0004: teacher")
		s.want(s.ctx2, "yi", "0002: admin")
		if want := []string{l.Actor.PersonID + " identity.appointed map[provider:jia 学院]", fourth.Actor.PersonID + " identity.appointed map[provider:jia 学院]"}; !slices.Equal(s.said, want) {
			t.Errorf("told %q, want %q", s.said, want)
		}
		me, err := s.svc.Me(own)
		must(t, err)
		if len(me.Posts) != 1 || me.Posts[0].Provider != "jia 学院" || !slices.Equal(me.Posts[0].Duties, m.Duties) {
			t.Errorf("own posts %+v", me.Posts)
		}
		_, own = s.again(l)
		for _, duty := range []string{"course", "service"} {
			_, err = identity.RequireDuty(own, "jia", duty)
			must(t, err)
		}
		_, err = identity.RequireDuty(own, "jia", "finance")
		refused(t, err, "identity.duty_required")
		_, err = s.appoint(3, "exam")
		refused(t, err, "identity.staff_already")
		for _, duties := range [][]string{nil, {}, {"king"}, {"course", "king"}} {
			_, err = s.appoint(3, duties...)
			refused(t, err, "identity.staff_duties")
		}
		s.Clock.Advance(11 * time.Minute)
		_, err = s.appoint(4, "exam")
		refused(t, err, "identity.step_up_required")
	})
}

// TestNobodyIsFoundByANumberAlone: whoever cannot be appointed is the same answer, and nothing comes of it.
func TestNobodyIsFoundByANumberAlone(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		for n := 3; n <= 6; n++ {
			s.register(n)
		}
		s.run(`UPDATE person SET name = '李小岚' WHERE phone_mask LIKE '%0003'`)
		s.run(`UPDATE person SET state = 'locked' WHERE phone_mask LIKE '%0004'`)
		s.run(`UPDATE person SET state = 'closing' WHERE phone_mask LIKE '%0005'`)
		s.run(`UPDATE person SET agreed_version = '' WHERE phone_mask LIKE '%0006'`)
		must(t, s.svc.StepUp(s.bossCtx, pass, ""))
		for n := 3; n <= 7; n++ {
			_, err := s.appoint(n, "course")
			refused(t, err, "identity.no_candidate")
			if fmt.Sprint(err) != fmt.Sprint(errs.New(errs.NotFound, "identity.no_candidate")) {
				t.Errorf("%d: the answer tells more: %v", n, err)
			}
		}
		s.want(s.bossCtx, "jia", "0001: admin")
		if len(s.said) != 0 {
			t.Errorf("told %q", s.said)
		}
		for range 25 {
			_, err := s.appoint(7, "course")
			refused(t, err, "identity.no_candidate")
		}
		_, err := s.appoint(7, "course")
		refused(t, err, "identity.staff_limit")
		must(t, s.svc.StepUp(s.ctx2, pass, ""))
		_, err = s.svc.Appoint(s.ctx2, "yi", identity.Appointment{Name: "李小岚", Account: phone(3), Duties: []string{"course"}})
		must(t, err) // another provider's are its own
		s.Clock.Advance(time.Hour)
		must(t, s.svc.StepUp(s.bossCtx, pass, ""))
		_, err = s.appoint(7, "course")
		refused(t, err, "identity.no_candidate")
	})
}

// TestOnlyItsAdministratorsManageAProvidersPeople, and nobody else: other duties, teachers, other providers' administrators.
func TestOnlyItsAdministratorsManageAProvidersPeople(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		_, colleague := s.works(3, "jia", "course", "exam", "finance", "service")
		_, teacher := s.register(4, identity.Grant{Role: identity.Teacher, Scope: "jia"})
		_, operator := s.register(5, identity.Grant{Role: identity.Operator})
		for code, who := range map[string][]context.Context{"identity.duty_required": {colleague}, "identity.scope_required": {s.ctx2},
			"identity.role_required": {teacher, operator}, "identity.login_required": {t.Context()}} {
			for _, ctx := range who {
				_, _, err := s.svc.Staff(ctx, "jia", "", 20)
				refused(t, err, code)
				_, err = s.svc.Appoint(ctx, "jia", identity.Appointment{Name: "王小岚", Account: phone(5), Duties: []string{"admin"}})
				refused(t, err, code)
				_, err = s.svc.ChangeDuties(ctx, "jia", s.boss.Actor.PersonID, identity.DutyChange{Duties: []string{"course"}, Was: []string{"admin"}})
				refused(t, err, code)
				refused(t, s.svc.Dismiss(ctx, "jia", s.boss.Actor.PersonID), code)
			}
		}
	})
}

func TestDutiesChange(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		l, _ := s.works(3, "jia", "service", "course") // an operator's form keeps the order of the clicks
		id := l.Actor.PersonID
		change := func(was, now string) (identity.StaffMember, error) {
			return s.svc.ChangeDuties(s.bossCtx, "jia", id, identity.DutyChange{Duties: strings.Split(now, ","), Was: strings.Split(was, ",")})
		}
		_, err := change("course", "course,exam")
		refused(t, err, "identity.staff_changed")
		_, err = change("course,service", "service,course")
		must(t, err)
		if len(s.said) != 0 {
			t.Errorf("no change, and yet told %q", s.said)
		}
		_, err = change("service,course", "teacher")
		must(t, err)
		s.want(s.bossCtx, "jia", "0001: admin", "0003: teacher")
		_, err = change("teacher", "admin")
		must(t, err)
		s.want(s.bossCtx, "jia", "0001: admin", "0003: admin")
		if len(s.said) != 2 || s.said[0] != id+" identity.duties_changed map[provider:jia 学院]" {
			t.Errorf("told %q", s.said)
		}
		_, err = change("admin", "king")
		refused(t, err, "identity.staff_duties")
		_, err = s.svc.ChangeDuties(s.bossCtx, "jia", s.other.Actor.PersonID, identity.DutyChange{Duties: []string{"course"}, Was: []string{"admin"}})
		refused(t, err, "identity.no_staff")
		m, err := s.svc.ChangeDuties(s.bossCtx, "jia", s.boss.Actor.PersonID, identity.DutyChange{Duties: []string{"course"}, Was: []string{"admin"}})
		must(t, err)
		if !m.Self || len(s.said) != 2 {
			t.Errorf("changed oneself: %+v, told %q", m, s.said)
		}
		_, _, err = s.svc.Staff(s.bossCtx, "jia", "", 20) // what the old login still believes
		must(t, err)
		_, err = s.appoint(2, "course")
		refused(t, err, "identity.duty_required")
	})
}

// TestDismissalEndsEveryRoleWithTheProvider and no other, and is written down and told.
func TestDismissalEndsEveryRoleWithTheProvider(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		l, _ := s.register(3, identity.Grant{Role: identity.Teacher, Scope: "jia"}, identity.Grant{Role: identity.Marker, Scope: "jia"}, identity.Grant{Role: identity.Teacher, Scope: "yi"})
		id := l.Actor.PersonID
		refused(t, s.svc.Dismiss(s.bossCtx, "jia", s.other.Actor.PersonID), "identity.no_staff")
		must(t, s.svc.Dismiss(s.bossCtx, "jia", id))
		refused(t, s.svc.Dismiss(s.bossCtx, "jia", id), "identity.no_staff")
		a, err := s.svc.Authenticate(t.Context(), l.Token)
		must(t, err)
		if a.Has(identity.Teacher, "jia") || a.Has(identity.Marker, "jia") || !a.Has(identity.Teacher, "yi") || !a.Has(identity.Learner, "") {
			t.Errorf("left with %+v", a.Grants)
		}
		if want := []string{id + " identity.dismissed map[provider:jia 学院]"}; !slices.Equal(s.said, want) {
			t.Errorf("told %q", s.said)
		}
		must(t, s.Read(t.Context(), func(tx *sqldb.Tx) error {
			detail, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[string], `SELECT detail FROM audit_entry WHERE action = 'identity.staff_dismissed' AND object = $1 AND account_id = $2`,
				"person/"+id, s.boss.Actor.PersonID)
			if detail != `{"before":["teacher"],"provider":"jia"}` {
				t.Errorf("audited %q", detail)
			}
			return err
		}))
		own := identity.WithActor(t.Context(), a)
		must(t, s.svc.Leave(own, "yi"))
		refused(t, s.svc.Leave(own, "yi"), "identity.no_staff")
		s.want(s.ctx2, "yi", "0002: admin")
	})
}

// TestAProviderKeepsAnAdministrator, whoever tries to take the last one, and by whichever way.
func TestAProviderKeepsAnAdministrator(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		id := s.boss.Actor.PersonID
		second, _ := s.works(3, "jia", "admin", "course")
		_, operator := s.register(4, identity.Grant{Role: identity.Operator})
		s.run(`UPDATE person SET state = 'locked' WHERE id = $1`, second.Actor.PersonID) // who cannot act is none
		must(t, s.svc.StepUp(s.bossCtx, pass, ""))
		ways := map[string]func() error{
			"dismissed": func() error { return s.svc.Dismiss(s.bossCtx, "jia", id) },
			"changed": func() error {
				_, err := s.svc.ChangeDuties(s.bossCtx, "jia", id, identity.DutyChange{Duties: []string{"course"}, Was: []string{"admin"}})
				return err
			},
			"left":    func() error { return s.svc.Leave(s.bossCtx, "jia") },
			"closed":  func() error { return s.svc.AskClosing(s.bossCtx) },
			"revoked": func() error { return s.svc.Revoke(operator, id, identity.ProviderStaff, "jia") },
			"granted": func() error {
				return s.svc.Grant(operator, id, identity.Grant{Role: identity.ProviderStaff, Scope: "jia", Duties: []string{"course"}})
			},
		}
		for name, way := range ways {
			if err := way(); !errs.Has(err, "identity.last_admin") {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.want(s.bossCtx, "jia", "0001: admin", "0003: admin,course")
		must(t, s.svc.SetLocked(operator, id, true, "手机被偷")) // what is urgent does not wait
		must(t, s.svc.SetLocked(operator, id, false, "已找回"))
		l, err := s.svc.LogInByCode(t.Context(), phone(1), s.code(phone(1), identity.ForLogin), s.device())
		must(t, err)
		s.boss, s.bossCtx = s.again(l)
		s.run(`UPDATE person SET state = 'active' WHERE id = $1`, second.Actor.PersonID)
		must(t, s.svc.Leave(s.bossCtx, "jia"))
		for _, g := range []identity.Grant{{Role: identity.ProviderStaff, Scope: "jia"}, {Role: identity.ProviderStaff, Scope: "jia", Duties: []string{"teacher"}},
			{Role: identity.Teacher, Scope: "jia", Duties: []string{"course"}}} {
			refused(t, s.svc.Grant(operator, id, g), "identity.grant")
		}
		must(t, s.svc.Grant(operator, id, identity.Grant{Role: identity.ProviderStaff, Scope: "jia", Duties: []string{"admin"}}))
	})
}

// TestTwoLastAdministratorsCannotBothGo at the same moment: each dismisses the other, or each leaves.
func TestTwoLastAdministratorsCannotBothGo(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		second, secondCtx := s.works(3, "jia", "admin")
		one, two := s.boss.Actor.PersonID, second.Actor.PersonID
		for round := range 10 {
			other := map[bool][2]string{true: {two, one}, false: {one, two}}[round%2 == 0]
			ctxs := [2]context.Context{s.bossCtx, secondCtx}
			for i := range ctxs {
				must(t, s.svc.StepUp(ctxs[i], pass, ""))
			}
			var wg sync.WaitGroup
			var got [2]error
			for i := range got {
				wg.Go(func() { got[i] = s.svc.Dismiss(ctxs[i], "jia", other[i]) })
			}
			wg.Wait()
			if (got[0] == nil) == (got[1] == nil) {
				t.Fatalf("round %d: one must win: %v", round, got)
			}
			loser := got[0]
			if loser == nil {
				loser = got[1]
			}
			if !errs.Has(loser, "identity.last_admin") && !errs.Has(loser, "identity.duty_required") {
				t.Fatalf("round %d: %v", round, loser)
			}
			if n := len(s.people(identity.SystemContext(t.Context(), "test"), "jia")); n != 1 {
				t.Fatalf("round %d: %d administrators are left", round, n)
			}
			for _, id := range []string{one, two} {
				s.run(`INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, 'provider_staff', 'jia', 'admin', '', 0)
					ON CONFLICT (person_id, role, scope) DO NOTHING`, id)
			}
		}
	})
}

func TestTheListIsPaged(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		s := newSchool(t, env)
		for n := 3; n <= 5; n++ {
			s.register(n, identity.Grant{Role: identity.Teacher, Scope: "jia"}) // all since the same instant
		}
		var got []string
		after := ""
		for {
			page, next, err := s.svc.Staff(s.bossCtx, "jia", after, 2)
			must(t, err)
			for _, m := range page {
				got = append(got, m.PhoneMask[9:])
			}
			if after = next; next == "" {
				break
			}
		}
		if want := []string{"03", "04", "05", "01"}; !slices.Equal(got, want) {
			t.Errorf("pages %q, want %q", got, want)
		}
		_, _, err := s.svc.Staff(s.bossCtx, "jia", "x", 2)
		refused(t, err, "identity.staff_page")
	})
}

package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// How many people a provider may look for, hits and misses together: many on the day it begins, too few to try out numbers.
const (
	lookupsAnHour = 30
	lookupsADay   = 100
)

// Appointment names a registered person by two things that both have to be theirs, so that a number alone tells nothing.
type Appointment struct {
	Name    string   `json:"name" minLength:"1" maxLength:"90"`
	Account string   `json:"account" minLength:"1" maxLength:"20" doc:"Phone or ID number"`
	Duties  []string `json:"duties" enum:"admin,course,exam,finance,service,teacher" minItems:"1" maxItems:"6"`
}

// DutyChange puts duties in the place of those the changer has seen.
type DutyChange struct {
	Duties []string `json:"duties" enum:"admin,course,exam,finance,service,teacher" minItems:"1" maxItems:"6"`
	Was    []string `json:"was" enum:"admin,course,exam,finance,service,teacher" minItems:"1" maxItems:"6" doc:"As they were shown"`
}

// Appoint gives a registered person duties with the provider and tells them. Whoever is unknown, bears another name, has not
// agreed to the terms or cannot log in is one and the same answer.
// Errors: those of RequireDuty; Precondition "identity.step_up_required"; Invalid "identity.staff_duties"; NotFound "identity.no_candidate";
// Conflict "identity.staff_already"; Limited "identity.staff_limit".
func (s *Service) Appoint(ctx context.Context, provider string, a Appointment) (m StaffMember, err error) {
	actor, err := s.requireAdmin(ctx, provider)
	if err != nil {
		return m, err
	}
	wanted, err := orderedDuties(a.Duties)
	if err != nil {
		return m, err
	}
	index, _, err := s.accountIndex(strings.TrimSpace(a.Account))
	if err != nil {
		return m, err
	}
	found := false
	err = s.manage(ctx, provider, actor, func(tx *sqldb.Tx) error {
		if err := lookupLimitsTx(ctx, tx, provider); err != nil {
			return err
		}
		personID, err := candidateTx(ctx, tx, index, strings.TrimSpace(a.Name))
		if found = personID != ""; err != nil || !found {
			return err // the look-up counts, hit or not
		}
		switch _, err = memberTx(ctx, tx, provider, personID); {
		case err == nil:
			return errs.New(errs.Conflict, "identity.staff_already")
		case !errs.Has(err, "identity.no_staff"):
			return err
		}
		if err := setDutiesTx(ctx, tx, provider, personID, wanted, actor); err != nil {
			return err
		}
		if err := s.tellPostTx(ctx, tx, "appointed", provider, personID, actor); err != nil {
			return err
		}
		if err := AuditTx(ctx, tx, "identity.staff_appointed", "person/"+personID, map[string]any{"provider": provider, "duties": wanted}); err != nil {
			return err
		}
		m, err = memberTx(ctx, tx, provider, personID)
		return err
	})
	if err == nil && !found {
		err = errs.New(errs.NotFound, "identity.no_candidate")
	}
	if err == nil {
		s.forgetPerson(m.ID, "")
	}
	return m, err
}

// ChangeDuties puts other duties in the place of somebody's and tells them.
// Errors: those of Appoint but the look-up's; NotFound "identity.no_staff"; Conflict "identity.staff_changed" (somebody was first),
// "identity.last_admin".
func (s *Service) ChangeDuties(ctx context.Context, provider, personID string, c DutyChange) (m StaffMember, err error) {
	actor, err := s.requireAdmin(ctx, provider)
	if err != nil {
		return m, err
	}
	wanted, err := orderedDuties(c.Duties)
	if err != nil {
		return m, err
	}
	err = s.manage(ctx, provider, actor, func(tx *sqldb.Tx) error {
		before, err := memberTx(ctx, tx, provider, personID)
		if err != nil {
			return err
		}
		if seen, err := orderedDuties(c.Was); err != nil || !slices.Equal(seen, before.Duties) {
			return errs.New(errs.Conflict, "identity.staff_changed")
		}
		if !slices.Contains(wanted, DutyAdmin) {
			if err := otherAdminTx(ctx, tx, provider, personID); err != nil {
				return err
			}
		}
		if m = before; slices.Equal(wanted, before.Duties) {
			return nil
		}
		if err := setDutiesTx(ctx, tx, provider, personID, wanted, actor); err != nil {
			return err
		}
		if err := s.tellPostTx(ctx, tx, "duties_changed", provider, personID, actor); err != nil {
			return err
		}
		if err := AuditTx(ctx, tx, "identity.staff_changed", "person/"+personID, map[string]any{"provider": provider, "duties": wanted, "before": before.Duties}); err != nil {
			return err
		}
		m, err = memberTx(ctx, tx, provider, personID)
		m.Self = personID == actor.PersonID
		return err
	})
	s.forgetPerson(personID, "")
	return m, err
}

// Dismiss ends what somebody does for the provider, in every role there, at once. What they signed and answered stays theirs.
// Errors: those of RequireDuty; Precondition "identity.step_up_required"; NotFound "identity.no_staff"; Conflict "identity.last_admin".
func (s *Service) Dismiss(ctx context.Context, provider, personID string) error {
	actor, err := s.requireAdmin(ctx, provider)
	if err != nil {
		return err
	}
	err = s.manage(ctx, provider, actor, func(tx *sqldb.Tx) error {
		if err := endPostTx(ctx, tx, provider, personID, "identity.staff_dismissed"); err != nil {
			return err
		}
		return s.tellPostTx(ctx, tx, "dismissed", provider, personID, actor)
	})
	s.forgetPerson(personID, "")
	return err
}

// Leave ends what the actor does for a provider: nobody works for one against their will.
// Errors: Precondition "identity.step_up_required"; NotFound "identity.no_staff"; Conflict "identity.last_admin".
func (s *Service) Leave(ctx context.Context, provider string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		return endPostTx(ctx, tx, provider, actor.PersonID, "identity.staff_left")
	})
	s.forgetPerson(actor.PersonID, "")
	return err
}

// requireAdmin is the first line of what a provider's administrator does to its people.
func (s *Service) requireAdmin(ctx context.Context, provider string) (Actor, error) {
	actor, err := RequireDuty(ctx, provider, DutyAdmin)
	if err == nil {
		err = s.RequireStepUp(ctx)
	}
	return actor, err
}

// manage runs an act if the actor is still an administrator in its transaction: two may be dismissing each other.
func (s *Service) manage(ctx context.Context, provider string, actor Actor, act func(tx *sqldb.Tx) error) error {
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if actor.System {
			return act(tx)
		}
		now, err := memberTx(ctx, tx, provider, actor.PersonID)
		if errs.Has(err, "identity.no_staff") || err == nil && !slices.Contains(now.Duties, DutyAdmin) {
			return errs.New(errs.Forbidden, "identity.duty_required", "duty", DutyAdmin)
		}
		if err != nil {
			return err
		}
		return act(tx)
	})
}

func lookupLimitsTx(ctx context.Context, tx *sqldb.Tx, provider string) error {
	if err := limit.AllowTx(ctx, tx, "identity.staff_limit", "staff1h/"+provider, lookupsAnHour, time.Hour); err != nil {
		return err
	}
	return limit.AllowTx(ctx, tx, "identity.staff_limit", "staff1d/"+provider, lookupsADay, 24*time.Hour)
}

// candidateTx finds who may be appointed by a number's index and the name; "" when there is nobody. One query finds every kind
// of person, so that the time tells no more than the answer.
func candidateTx(ctx context.Context, tx *sqldb.Tx, index, name string) (string, error) {
	type row struct{ id, name, state, agreed string }
	r, _, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.id, &r.name, &r.state, &r.agreed) },
		`SELECT id, name, state, agreed_version FROM person WHERE phone_index = $1 OR id_number_index = $2`, index, index)
	if err != nil || r.name != name || r.state != "active" || r.agreed == "" {
		return "", err
	}
	return r.id, nil
}

// setDutiesTx makes the person's grants with the provider what the duties say.
func setDutiesTx(ctx context.Context, tx *sqldb.Tx, provider, personID string, wanted []string, actor Actor) error {
	staff := slices.DeleteFunc(slices.Clone(wanted), func(d string) bool { return d == DutyTeacher })
	for role, duties := range map[Role][]string{ProviderStaff: staff, Teacher: nil} {
		if role == ProviderStaff && len(staff) == 0 || role == Teacher && len(staff) == len(wanted) {
			if _, err := tx.Exec(ctx, `DELETE FROM role_grant WHERE person_id = $1 AND role = $2 AND scope = $3`, personID, string(role), provider); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (person_id, role, scope) DO UPDATE SET duties = excluded.duties`,
			personID, string(role), provider, strings.Join(duties, ","), actor.AccountID, tx.NowMicro()); err != nil {
			return err
		}
	}
	return nil
}

// endPostTx takes every role the person holds with the provider.
func endPostTx(ctx context.Context, tx *sqldb.Tx, provider, personID, action string) error {
	before, err := memberTx(ctx, tx, provider, personID)
	if err != nil {
		return err
	}
	if err := otherAdminTx(ctx, tx, provider, personID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM role_grant WHERE person_id = $1 AND scope = $2 AND role IN ('provider_staff', 'teacher', 'marker')`,
		personID, provider); err != nil {
		return err
	}
	return AuditTx(ctx, tx, action, "person/"+personID, map[string]any{"provider": provider, "before": before.Duties})
}

// tellPostTx tells a person what became of their post, unless they did it themselves.
func (s *Service) tellPostTx(ctx context.Context, tx *sqldb.Tx, what, provider, personID string, actor Actor) error {
	if personID == actor.PersonID {
		return nil
	}
	name, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT name FROM provider WHERE id = $1`, provider)
	if err != nil {
		return err
	}
	return s.notices.SendTx(ctx, tx, personID, "identity."+what, map[string]any{"provider": name}, "post/"+id.New(tx.Now()))
}

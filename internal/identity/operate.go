package identity

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Account is an account as administrators see it: masks only.
type Account struct {
	ID           string   `json:"id"`
	Name         string   `json:"name" doc:"Masked"`
	IDNumberMask string   `json:"id_number_mask"`
	PhoneMask    string   `json:"phone_mask"`
	RegionID     string   `json:"region_id"`
	UnitID       string   `json:"unit_id"`
	State        string   `json:"state" enum:"active,locked,closing,closed"`
	Invited      bool     `json:"invited" doc:"Has not agreed yet: imported, never logged in"`
	Grants       []string `json:"grants" doc:"role@scope"`
	Found        *Found   `json:"found,omitempty" doc:"What only the operator's search adds"`
}

const accountColumns = `SELECT id, name, id_number_mask, phone_mask, region_id, unit_id, state, agreed_version = '' FROM person WHERE `

func scanAccount(row sqldb.Scanner) (a Account, err error) {
	err = row.Scan(&a.ID, &a.Name, &a.IDNumberMask, &a.PhoneMask, &a.RegionID, &a.UnitID, &a.State, &a.Invited)
	a.Name, a.Grants = MaskName(a.Name), []string{}
	return a, err
}

// FindAccount finds an account by its exact phone or ID number; only an operator may, and every search is audited, hit or not.
// Errors: NotFound "identity.no_person"; Limited "identity.search_limit" (200 an hour).
func (s *Service) FindAccount(ctx context.Context, account string) (a Account, err error) {
	actor, err := Require(ctx, Operator)
	if err != nil {
		return a, err
	}
	index, kind, err := s.accountIndex(strings.TrimSpace(account))
	if err != nil {
		return a, err
	}
	ok := false
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := limit.AllowTx(ctx, tx, "identity.search_limit", "find/"+actor.AccountID, 200, time.Hour); err != nil {
			return err
		}
		if a, ok, err = sqldb.One(ctx, tx, scanAccount, accountColumns+`phone_index = $1 OR id_number_index = $2`, index, index); err != nil {
			return err
		}
		if ok {
			if err := a.addFound(ctx, tx); err != nil {
				return err
			}
		}
		return AuditTx(ctx, tx, "identity.account_searched", "person/"+a.ID, map[string]any{"by": kind, "found": ok})
	})
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "identity.no_person")
	}
	return a, err
}

// UnitLearners lists a unit's people by id; text narrows by name. Only the unit's administrator and operators may.
func (s *Service) UnitLearners(ctx context.Context, unitID, text, after string, limit int) (out []Account, err error) {
	actor, err := Require(ctx, UnitAdmin, Operator)
	if err != nil {
		return nil, err
	}
	if !actor.System && !actor.Has(Operator, "") && !actor.Has(UnitAdmin, unitID) {
		return nil, errs.New(errs.Forbidden, "identity.scope_required")
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanAccount, accountColumns+`unit_id = $1 AND state <> 'closed' AND id > $2 AND name LIKE $3 ESCAPE '\' ORDER BY id LIMIT $4`,
			unitID, after, "%"+sqldb.EscapeLike(text)+"%", limit)
		return err
	})
	return out, err
}

// RevealIDNumber shows one ID number in clear to an operator, or to bureau staff of the person's region, who gives a reason.
// It needs step-up, is audited with the reason, and is limited to twenty a day.
// Errors: Invalid "identity.reason_missing"; Precondition "identity.step_up_required"; Limited "identity.reveal_limit"; NotFound.
func (s *Service) RevealIDNumber(ctx context.Context, personID, reason string) (idNumber string, err error) {
	actor, err := Require(ctx, Operator, BureauStaff)
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(strings.TrimSpace(reason)) < 4 {
		return "", errs.New(errs.Invalid, "identity.reason_missing").WithField("reason", "missing")
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := PersonTx(ctx, tx, personID)
		if err != nil {
			return err
		}
		if !actor.System && !actor.Has(Operator, "") && !actor.Has(BureauStaff, p.RegionID) {
			return errs.New(errs.NotFound, "identity.no_person")
		}
		if err := limit.AllowTx(ctx, tx, "identity.reveal_limit", "reveal/"+actor.AccountID, 20, 24*time.Hour); err != nil {
			return err
		}
		c, err := s.clearTx(ctx, tx, personID)
		if err != nil {
			return err
		}
		idNumber = c.IDNumber
		return AuditTx(ctx, tx, "identity.reveal_id_number", "person/"+personID, map[string]any{"reason": reason})
	})
	if err != nil {
		return "", err
	}
	return idNumber, nil
}

// administer is what changes to other people's accounts share: an operator, with step-up, never on themselves.
func (s *Service) administer(ctx context.Context, personID, action string, detail map[string]any, act func(tx *sqldb.Tx, actor Actor) error) error {
	actor, err := Require(ctx, Operator)
	if err != nil {
		return err
	}
	if actor.PersonID == personID {
		return errs.New(errs.Forbidden, "identity.own_account")
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := PersonTx(ctx, tx, personID); err != nil {
			return err
		}
		if err := act(tx, actor); err != nil {
			return err
		}
		return AuditTx(ctx, tx, action, "person/"+personID, detail)
	})
	s.forgetPerson(personID, "")
	return err
}

var roles = []Role{Learner, UnitAdmin, Teacher, ProviderStaff, Marker, Agent, TeamLeader, BureauStaff, Inspector, Operator}

// scoped roles mean nothing without a scope; a unit administrator of everywhere would see every unit.
var scoped = []Role{UnitAdmin, Teacher, ProviderStaff, Marker, BureauStaff, Inspector}

// Grant gives a role within a scope to somebody else. Provider staff have at least one duty.
// Errors: Invalid "identity.grant" with fields; Forbidden "identity.own_account"; Precondition "identity.step_up_required";
// Conflict "identity.last_admin".
func (s *Service) Grant(ctx context.Context, personID string, g Grant) error {
	e := errs.New(errs.Invalid, "identity.grant")
	if !slices.Contains(roles, g.Role) {
		return e.WithField("role", "invalid")
	}
	if slices.Contains(scoped, g.Role) != (g.Scope != "") {
		return e.WithField("scope", "invalid")
	}
	if !dutiesFit(g) {
		return e.WithField("duties", "invalid")
	}
	return s.administer(ctx, personID, "identity.granted", map[string]any{"role": g.Role, "scope": g.Scope, "duties": g.Duties}, func(tx *sqldb.Tx, actor Actor) error {
		if err := scopeTx(ctx, tx, g); err != nil {
			return err
		}
		if g.Role == ProviderStaff && !slices.Contains(g.Duties, DutyAdmin) {
			if err := otherAdminTx(ctx, tx, g.Scope, personID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO role_grant (person_id, role, scope, duties, granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (person_id, role, scope) DO UPDATE SET duties = excluded.duties`,
			personID, string(g.Role), g.Scope, strings.Join(g.Duties, ","), actor.AccountID, tx.NowMicro())
		return err
	})
}

// Revoke takes a role back. Errors: NotFound "identity.no_grant"; Conflict "identity.last_operator", "identity.last_admin"; those of Grant.
func (s *Service) Revoke(ctx context.Context, personID string, role Role, scope string) error {
	return s.administer(ctx, personID, "identity.revoked", map[string]any{"role": role, "scope": scope}, func(tx *sqldb.Tx, _ Actor) error {
		if role == Operator {
			if err := otherOperatorTx(ctx, tx, personID); err != nil {
				return err
			}
		}
		if role == ProviderStaff {
			if err := otherAdminTx(ctx, tx, scope, personID); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `DELETE FROM role_grant WHERE person_id = $1 AND role = $2 AND scope = $3`, personID, string(role), scope)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "identity.no_grant")
		}
		return err
	})
}

// otherOperatorTx holds unless personID is the only operator who can act.
func otherOperatorTx(ctx context.Context, tx *sqldb.Tx, personID string) error {
	type row struct{ own, others int64 }
	r, _, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.own, &r.others) },
		`SELECT coalesce(sum(CASE WHEN g.person_id = $1 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN g.person_id <> $2 AND p.state = 'active' THEN 1 ELSE 0 END), 0)
			FROM role_grant g JOIN person p ON p.id = g.person_id WHERE g.role = 'operator'`, personID, personID)
	if err == nil && r.own > 0 && r.others == 0 {
		err = errs.New(errs.Conflict, "identity.last_operator")
	}
	return err
}

// SetLocked locks an account, ending its logins, or unlocks it, clearing its failures.
// Errors: Conflict "identity.state", "identity.last_operator"; those of Grant.
func (s *Service) SetLocked(ctx context.Context, personID string, locked bool, reason string) error {
	from, to := "active", "locked"
	if !locked {
		from, to = to, from
	}
	return s.administer(ctx, personID, "identity."+map[bool]string{true: "locked", false: "unlocked"}[locked], map[string]any{"reason": reason}, func(tx *sqldb.Tx, _ Actor) error {
		if locked {
			if err := otherOperatorTx(ctx, tx, personID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE login_session SET ended_at = $1 WHERE person_id = $2 AND ended_at = 0`, tx.NowMicro(), personID); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `UPDATE person SET state = $1 WHERE id = $2 AND state = $3`, to, personID, from)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "identity.state")
		}
		return err
	})
}

// CreateFirstOperator makes the first operator, on the command line only (SystemContext), and returns a one-time code that
// lets its owner choose a password within a day. Asked again before the code was used, it makes a new code; once an operator
// has a password it refuses. Errors: Invalid "identity.registration"; Conflict "identity.operator_exists", "identity.taken".
func (s *Service) CreateFirstOperator(ctx context.Context, p NewPerson) (code string, err error) {
	if a, _ := ActorFrom(ctx); !a.System {
		return "", errs.New(errs.Forbidden, "identity.role_required")
	}
	p.IDNumber, p.PasswordHash, p.Agreed = NormalIDNumber(p.IDNumber), "", ""
	if !ValidName(p.Name) || !ValidPhone(p.Phone) || !ValidIDNumber(p.IDNumber, s.db.Clock().Now()) {
		return "", errs.New(errs.Invalid, "identity.registration")
	}
	p.Grants = []Grant{{Role: Operator}}
	code = id.Secret(20)
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		type row struct{ id, hash string }
		present, ok, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.id, &r.hash) },
			`SELECT p.id, p.password_hash FROM role_grant g JOIN person p ON p.id = g.person_id WHERE g.role = 'operator' ORDER BY p.password_hash DESC LIMIT 1`)
		if err == nil && ok && present.hash != "" {
			err = errs.New(errs.Conflict, "identity.operator_exists")
		}
		if err == nil && !ok {
			present.id, err = s.CreatePersonTx(ctx, tx, p)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM enrolment_code WHERE person_id = $1`, present.id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO enrolment_code (code_hash, person_id, expires_at, used_at) VALUES ($1, $2, $3, 0)`,
			hashToken(code), present.id, tx.Now().Add(24*time.Hour).UnixMicro())
		return err
	})
	if sqldb.IsUnique(err) {
		err = errs.New(errs.Conflict, "identity.taken")
	}
	return code, err
}

// Enrol turns a one-time code into a password and logs in. Errors: Invalid "identity.code_wrong", "identity.password_weak".
func (s *Service) Enrol(ctx context.Context, code, password string, d DeviceInfo) (login Login, err error) {
	wrong := errs.New(errs.Invalid, "identity.code_wrong").WithField("code", "invalid")
	var personID string
	err = s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		personID, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT person_id FROM enrolment_code WHERE code_hash = $1 AND used_at = 0 AND expires_at > $2`,
			hashToken(code), tx.NowMicro())
		return err
	})
	if err == nil && personID == "" {
		err = wrong
	}
	if err == nil {
		err = s.fitsOwner(ctx, personID, password)
	}
	if err != nil {
		return login, err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return login, err
	}
	err = s.db.Write(WithActor(ctx, Actor{AccountID: personID}), func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE enrolment_code SET used_at = $1 WHERE code_hash = $2 AND used_at = 0`, tx.NowMicro(), hashToken(code))
		if err == nil && n == 0 {
			err = wrong
		}
		if err == nil {
			_, err = tx.Exec(ctx, `UPDATE person SET password_hash = $1 WHERE id = $2`, hash, personID)
		}
		if err == nil {
			login, err = s.logInTx(ctx, tx, personID, d)
		}
		if err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.enrolled", "person/"+personID, nil)
	})
	return login, err
}

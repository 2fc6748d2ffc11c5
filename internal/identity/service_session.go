package identity

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Authenticate finds the actor of a session token. What it finds is cached for at most ten seconds, and a log-out in
// this process clears it at once. Errors: Unauthenticated "identity.session_ended".
func (s *Service) Authenticate(ctx context.Context, token string) (Actor, error) {
	return s.authenticate(ctx, token, cacheFor)
}

// AuthenticateBeat is Authenticate for heartbeats, of which there are one every ten seconds a learner: what it finds is
// cached for five minutes. An ended login is still stopped at once in every process, since ending it releases its lease
// in the same transaction (migration 0080); what may lag five minutes is a change of roles.
func (s *Service) AuthenticateBeat(ctx context.Context, token string) (Actor, error) {
	return s.authenticate(ctx, token, beatCacheFor)
}

func (s *Service) authenticate(ctx context.Context, token string, fresh time.Duration) (Actor, error) {
	hash, now := hashToken(token), s.db.Clock().Now()
	c, ok, mark := s.logins.get(hash)
	if ok && now.Sub(c.read) < fresh {
		return c.actor, nil
	}
	var actor Actor
	var seenAt int64
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if actor, ok, err = s.actorTx(ctx, tx, hash); err != nil || !ok {
			return err
		}
		seenAt, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT seen_at FROM login_session WHERE id = $1`, actor.SessionID)
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	if !ok {
		s.logins.forget(hash)
		return Actor{}, errs.New(errs.Unauthenticated, "identity.session_ended")
	}
	if seenAt < now.Add(-5*time.Minute).UnixMicro() {
		s.seen(ctx, actor.SessionID, now)
	}
	s.logins.put(hash, cached{actor, now}, mark)
	return actor, nil
}

// seen keeps an idle session alive; once every five minutes is enough.
func (s *Service) seen(ctx context.Context, sessionID string, now time.Time) {
	_ = s.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE login_session SET seen_at = $1 WHERE id = $2 AND seen_at < $3`, now.UnixMicro(), sessionID, now.Add(-5*time.Minute).UnixMicro())
		return err
	})
}

// actorTx reads the actor of a live session.
func (s *Service) actorTx(ctx context.Context, tx *sqldb.Tx, hash string) (a Actor, ok bool, err error) {
	a, ok, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (a Actor, err error) {
		return a, row.Scan(&a.SessionID, &a.PersonID, &a.DeviceID, &a.RegionID, &a.UnitID)
	}, `SELECT l.id, p.id, l.device_id, p.region_id, p.unit_id FROM login_session l JOIN person p ON p.id = l.person_id
		WHERE l.token_hash = $1 AND l.ended_at = 0 AND l.seen_at > $2 AND l.created_at > $3 AND p.state IN ('active', 'closing')`,
		hash, tx.Now().Add(-sessionIdle).UnixMicro(), tx.Now().Add(-sessionLife).UnixMicro())
	if err != nil || !ok {
		return a, ok, err
	}
	a.AccountID = a.PersonID
	a.Grants, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (g Grant, err error) {
		var duties string
		err = row.Scan(&g.Role, &g.Scope, &duties)
		if duties != "" {
			g.Duties = strings.Split(duties, ",")
		}
		return g, err
	}, `SELECT role, scope, duties FROM role_grant WHERE person_id = $1 ORDER BY role, scope`, a.PersonID)
	return a, true, err
}

// Me is what an account's owner sees of it.
type Me struct {
	Name         string     `json:"name"`
	IDNumberMask string     `json:"id_number_mask"`
	PhoneMask    string     `json:"phone_mask"`
	RegionID     string     `json:"region_id"`
	RegionName   string     `json:"region_name"`
	UnitID       string     `json:"unit_id"`
	UnitName     string     `json:"unit_name"`
	Roles        []string   `json:"roles"`
	Posts        []Post     `json:"posts" doc:"What the person does for which provider"`
	LargeText    bool       `json:"large_text"`
	ClosesAt     *time.Time `json:"closes_at,omitempty" doc:"Closing was asked for; until then it can be taken back"`
}

// Me reads the actor's own account.
func (s *Service) Me(ctx context.Context) (m Me, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return m, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		m, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (m Me, err error) {
			var large, closing int64
			err = row.Scan(&m.Name, &m.IDNumberMask, &m.PhoneMask, &m.RegionID, &m.RegionName, &m.UnitID, &m.UnitName, &large, &closing)
			m.LargeText = large != 0
			if closing > 0 {
				at := time.UnixMicro(closing).UTC().Add(closingCools)
				m.ClosesAt = &at
			}
			return m, err
		}, `SELECT p.name, p.id_number_mask, p.phone_mask, p.region_id, coalesce(r.name, ''), p.unit_id, coalesce(u.name, ''), p.large_text, p.closing_at
			FROM person p LEFT JOIN region r ON r.id = p.region_id LEFT JOIN unit u ON u.id = p.unit_id WHERE p.id = $1`, actor.PersonID)
		if err == nil {
			m.Posts, err = postsTx(ctx, tx, actor.PersonID)
		}
		return err
	})
	for _, g := range actor.Grants {
		m.Roles = append(m.Roles, string(g.Role))
	}
	return m, err
}

// Session is one line of the device list.
type Session struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	Kind      string    `json:"kind"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	Current   bool      `json:"current"`
}

// Sessions lists where the actor is logged in.
func (s *Service) Sessions(ctx context.Context) (out []Session, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (v Session, err error) {
			var created, seen int64
			err = row.Scan(&v.ID, &v.Device, &v.Kind, &created, &seen)
			v.CreatedAt, v.SeenAt, v.Current = time.UnixMicro(created).UTC(), time.UnixMicro(seen).UTC(), v.ID == actor.SessionID
			return v, err
		}, `SELECT l.id, d.name, d.kind, l.created_at, l.seen_at FROM login_session l JOIN device d ON d.id = l.device_id
			WHERE l.person_id = $1 AND l.ended_at = 0 AND l.seen_at > $2 ORDER BY l.seen_at DESC LIMIT 50`,
			actor.PersonID, tx.Now().Add(-sessionIdle).UnixMicro())
		return err
	})
	return out, err
}

// EndSession logs a device of the actor's out; the empty id means this one.
// Errors: NotFound "identity.no_session".
func (s *Service) EndSession(ctx context.Context, sessionID string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if sessionID == "" {
		sessionID = actor.SessionID
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE login_session SET ended_at = $1 WHERE id = $2 AND person_id = $3 AND ended_at = 0`, tx.NowMicro(), sessionID, actor.PersonID)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "identity.no_session")
		}
		return err
	})
	s.logins.drop(func(a Actor) bool { return a.SessionID == sessionID })
	return err
}

// ChangePassword needs the present password and ends all other logins.
func (s *Service) ChangePassword(ctx context.Context, present, next string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if err := s.fitsOwner(ctx, actor.PersonID, next); err != nil {
		return err
	}
	var hash string
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := limit.AllowTx(ctx, tx, "identity.locked", "password/"+actor.PersonID, 10, 15*time.Minute); err != nil {
			return err
		}
		hash, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT password_hash FROM person WHERE id = $1`, actor.PersonID)
		return err
	})
	if err != nil {
		return err
	}
	ok, err := passwordIs(ctx, hash, present)
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Invalid, "identity.bad_credentials").WithField("present", "invalid")
	}
	return s.setPassword(ctx, actor.PersonID, actor.SessionID, next)
}

// ResetPassword sets a new password with a code and the last four characters of the ID number; it ends every login.
func (s *Service) ResetPassword(ctx context.Context, phone, code, idTail, next string) error {
	if !passwordFits(next, "", "", phone) {
		return errs.New(errs.Invalid, "identity.password_weak").WithField("password", "weak")
	}
	if err := s.useCode(ctx, phone, ForReset, code); err != nil {
		return err
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	var personID, mask string
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(id), ''), coalesce(max(id_number_mask), '') FROM person WHERE phone_index = $1 AND state IN ('active', 'closing')`, index).Scan(&personID, &mask)
	})
	if err != nil {
		return err
	}
	if personID == "" || len(mask) != 18 || mask[14:] != NormalIDNumber(idTail) {
		return errs.New(errs.Invalid, "identity.reset_mismatch")
	}
	if err := s.fitsOwner(ctx, personID, next); err != nil {
		return err
	}
	if err := s.db.Write(ctx, func(tx *sqldb.Tx) error { return clearFailuresTx(ctx, tx, index) }); err != nil {
		return err
	}
	return s.setPassword(WithActor(ctx, Actor{AccountID: personID}), personID, "", next)
}

func (s *Service) setPassword(ctx context.Context, personID, keepSession, next string) error {
	hash, err := hashPassword(ctx, next)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE person SET password_hash = $1 WHERE id = $2`, hash, personID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE login_session SET ended_at = $1 WHERE person_id = $2 AND id <> $3 AND ended_at = 0`, tx.NowMicro(), personID, keepSession); err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.password_changed", "person/"+personID, nil)
	})
	s.forgetPerson(personID, keepSession)
	return err
}

// forgetPerson drops what is cached of a person, so that a change of rights holds at once in this process.
func (s *Service) forgetPerson(personID, keepSession string) {
	s.logins.drop(func(a Actor) bool { return a.PersonID == personID && a.SessionID != keepSession })
}

// SessionAlive tells whether a login session has neither ended nor run out.
func SessionAlive(ctx context.Context, tx *sqldb.Tx, sessionID string) (bool, error) {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM login_session WHERE id = $1 AND ended_at = 0 AND seen_at > $2 AND created_at > $3`,
		sessionID, tx.Now().Add(-sessionIdle).UnixMicro(), tx.Now().Add(-sessionLife).UnixMicro())
	return n == 1, err
}

// PersonView is what other domains may know of a person.
type PersonView struct {
	ID, Name, MaskedName, IDNumberMask, RegionID, UnitID string
}

// PersonTx reads a person for another domain. Errors: NotFound "identity.no_person".
func PersonTx(ctx context.Context, tx *sqldb.Tx, personID string) (PersonView, error) {
	p, ok, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (p PersonView, err error) {
		return p, row.Scan(&p.ID, &p.Name, &p.IDNumberMask, &p.RegionID, &p.UnitID)
	}, `SELECT id, name, id_number_mask, region_id, unit_id FROM person WHERE id = $1`, personID)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "identity.no_person")
	}
	p.MaskedName = MaskName(p.Name)
	return p, err
}

func sixDigits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // no randomness: better to stop than to send guessable codes
	}
	return fmt.Sprintf("%06d", n.Int64())
}

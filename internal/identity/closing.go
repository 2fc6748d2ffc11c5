package identity

import (
	"context"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Eraser is how another domain deletes what names a person when the account is closed; records the law asks for stay.
type Eraser interface {
	// EraseTx deletes it, in the transaction that closes the account.
	EraseTx(ctx context.Context, tx *sqldb.Tx, personID string) error
}

// AddEraser registers one; only the composition of the application calls it, before serving.
func (s *Service) AddEraser(e Eraser) { s.erasers = append(s.erasers, e) }

// AskClosing starts the closing of the actor's account. For seven days it can be taken back; then FinishClosings erases the
// personal data. Records of study stay, pseudonymised, as the law asks. It needs step-up.
// Errors: Precondition "identity.step_up_required"; Conflict "identity.last_operator", "identity.last_admin", "identity.closing".
func (s *Service) AskClosing(ctx context.Context) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := otherOperatorTx(ctx, tx, actor.PersonID); err != nil {
			return err
		}
		for _, provider := range actor.Scopes(ProviderStaff) {
			if err := otherAdminTx(ctx, tx, provider, actor.PersonID); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `UPDATE person SET state = 'closing', closing_at = $1 WHERE id = $2 AND state = 'active'`, tx.NowMicro(), actor.PersonID)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "identity.closing")
		}
		if err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.closing_asked", "person/"+actor.PersonID, nil)
	})
}

// WithdrawClosing keeps the account. Errors: Conflict "identity.not_closing".
func (s *Service) WithdrawClosing(ctx context.Context) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE person SET state = 'active', closing_at = 0 WHERE id = $1 AND state = 'closing'`, actor.PersonID)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "identity.not_closing")
		}
		if err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.closing_withdrawn", "person/"+actor.PersonID, nil)
	})
}

// FinishClosings closes the accounts whose seven days are over and returns how many; it also erases uploaded files whose time
// has come, those of closed accounts among them. A job calls it with SystemContext.
func (s *Service) FinishClosings(ctx context.Context) (n int, err error) {
	if a, _ := ActorFrom(ctx); !a.System {
		return 0, errs.New(errs.Forbidden, "identity.role_required")
	}
	var ids []string
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		ids, err = sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM person WHERE state = 'closing' AND closing_at <= $1 ORDER BY id LIMIT 200`,
			tx.Now().Add(-closingCools).UnixMicro())
		return err
	})
	for _, personID := range ids {
		if err == nil {
			err = s.close(ctx, personID)
		}
		if err == nil {
			n++
		}
	}
	if err == nil {
		err = s.eraseProofs(ctx)
	}
	return n, err
}

// close erases what names the person: the seals are overwritten, the indexes replaced, sealed wishes emptied, uploaded files
// marked for erasing, grants and logins ended.
func (s *Service) close(ctx context.Context, personID string) error {
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO closed_identity (person_id, id_number_index, closed_at)
			SELECT id, id_number_index, $1 FROM person WHERE id = $2 AND state = 'closing' AND closing_at <= $3`,
			tx.NowMicro(), personID, tx.Now().Add(-closingCools).UnixMicro())
		if err != nil || n == 0 { // taken back meanwhile
			return err
		}
		for _, statement := range []string{
			`DELETE FROM login_failure WHERE account IN (SELECT phone_index FROM person WHERE id = $1)`,
			`DELETE FROM login_failure WHERE account IN (SELECT id_number_index FROM person WHERE id = $1)`,
			`DELETE FROM sms_code WHERE phone IN (SELECT phone_index FROM person WHERE id = $1)`,
			`DELETE FROM role_grant WHERE person_id = $1`,
			`UPDATE identity_proof SET due_at = created_at WHERE person_id = $1`,
			`UPDATE identity_request SET state = CASE state WHEN 'pending' THEN 'withdrawn' ELSE state END WHERE person_id = $1`,
		} {
			if _, err := tx.Exec(ctx, statement, personID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE identity_request SET wish_seal = $1 WHERE person_id = $2`, []byte{}, personID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE login_session SET ended_at = $1 WHERE person_id = $2 AND ended_at = 0`, tx.NowMicro(), personID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE person SET name = '', id_number_seal = $1, id_number_index = $2, id_number_mask = '', phone_seal = $3,
			phone_index = $4, phone_mask = '', password_hash = '', state = 'closed' WHERE id = $5`,
			[]byte{}, "closed/"+personID, []byte{}, "closed/"+personID, personID); err != nil {
			return err
		}
		for _, e := range s.erasers {
			if err := e.EraseTx(ctx, tx, personID); err != nil {
				return err
			}
		}
		return AuditTx(ctx, tx, "identity.closed", "person/"+personID, nil)
	})
	s.forgetPerson(personID, "")
	return err
}

// reusableTx refuses an ID number whose account was closed less than thirty days ago, so that closing and registering
// again cannot shed a history. Errors: Conflict "identity.closed_recently".
func (s *Service) reusableTx(ctx context.Context, tx *sqldb.Tx, idNumber string) error {
	index, err := s.keys.Index("id_number", idNumber)
	if err != nil {
		return err
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM closed_identity WHERE id_number_index = $1 AND closed_at > $2`,
		index, tx.Now().Add(-reuseBlocked).UnixMicro())
	if err == nil && n > 0 {
		err = errs.New(errs.Conflict, "identity.closed_recently")
	}
	return err
}

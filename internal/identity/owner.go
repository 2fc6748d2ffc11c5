package identity

import (
	"context"
	"encoding/json"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// plain is a person's own data in clear; it never leaves this package but to its owner or by an audited reveal.
type plain struct{ Name, IDNumber, Phone, PasswordHash string }

func (s *Service) clearTx(ctx context.Context, tx *sqldb.Tx, personID string) (c plain, err error) {
	var idSeal, phoneSeal []byte
	_, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		return struct{}{}, row.Scan(&c.Name, &idSeal, &phoneSeal, &c.PasswordHash)
	}, `SELECT name, id_number_seal, phone_seal, password_hash FROM person WHERE id = $1 AND state <> 'closed'`, personID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "identity.no_person")
	}
	if err != nil {
		return c, err
	}
	if c.IDNumber, err = s.keys.Unseal(idSeal, "person/"+personID+"/id_number"); err != nil {
		return c, err
	}
	c.Phone, err = s.keys.Unseal(phoneSeal, "person/"+personID+"/phone")
	return c, err
}

func (s *Service) own(ctx context.Context, personID string) (c plain, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		c, err = s.clearTx(ctx, tx, personID)
		return err
	})
	return c, err
}

// fitsOwner refuses a password made of its owner's data. Errors: Invalid "identity.password_weak".
func (s *Service) fitsOwner(ctx context.Context, personID, password string) error {
	c, err := s.own(ctx, personID)
	if err != nil {
		return err
	}
	if !passwordFits(password, c.Name, c.IDNumber, c.Phone) {
		return errs.New(errs.Invalid, "identity.password_weak").WithField("password", "weak")
	}
	return nil
}

// StepUp proves again who sits there, by password or by a code sent to the account's phone; the proof holds ten minutes.
// Errors: Invalid "identity.bad_credentials", "identity.code_wrong"; Limited "identity.locked".
func (s *Service) StepUp(ctx context.Context, password, code string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if err := s.prove(ctx, actor, password, code, ForStepUp); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE login_session SET proved_at = $1 WHERE id = $2 AND ended_at = 0`, tx.NowMicro(), actor.SessionID)
		return err
	})
}

// prove checks the actor's password, or a code for purpose if no password is given.
func (s *Service) prove(ctx context.Context, actor Actor, password, code, purpose string) error {
	c, err := s.own(ctx, actor.PersonID)
	if err != nil {
		return err
	}
	if password == "" {
		return s.useCode(ctx, c.Phone, purpose, code)
	}
	key := "prove/" + actor.PersonID
	if err := s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.failTx(ctx, tx, key) }); err != nil {
		return err
	}
	ok, err := passwordIs(ctx, c.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Invalid, "identity.bad_credentials").WithField("password", "invalid")
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return clearFailuresTx(ctx, tx, key) })
}

// RequireStepUp holds when the actor's login was proved within ten minutes (settled.md); jobs need none.
// Errors: Precondition "identity.step_up_required".
func (s *Service) RequireStepUp(ctx context.Context) error { return RequireStepUp(ctx, s.db) }

// RequireStepUp is Service.RequireStepUp for those who hold no identity service.
func RequireStepUp(ctx context.Context, db *sqldb.DB) error {
	actor, err := Require(ctx)
	if err != nil || actor.System {
		return err
	}
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		at, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(max(proved_at), 0) FROM login_session WHERE id = $1 AND ended_at = 0`, actor.SessionID)
		if err == nil && at < tx.Now().Add(-stepUpFor).UnixMicro() {
			err = errs.New(errs.Precondition, "identity.step_up_required")
		}
		return err
	})
}

// SendOwnCode sends a step-up or change-of-phone code to the actor's own phone, which the page knows only masked.
func (s *Service) SendOwnCode(ctx context.Context, purpose, address string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	c, err := s.own(ctx, actor.PersonID)
	if err != nil {
		return err
	}
	return s.SendCode(ctx, c.Phone, purpose, address)
}

// ChangePhone moves the account to a new phone: a code sent there, and the password or a code sent to the old phone.
// Errors: Invalid "identity.phone", "identity.code_wrong", "identity.bad_credentials"; Conflict "identity.taken".
func (s *Service) ChangePhone(ctx context.Context, phone, newCode, password, oldCode string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	if !ValidPhone(phone) {
		return errs.New(errs.Invalid, "identity.phone").WithField("phone", "invalid")
	}
	if err := s.prove(ctx, actor, password, oldCode, ForPhone); err != nil {
		return err
	}
	if err := s.useCode(ctx, phone, ForPhone, newCode); err != nil {
		return err
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	seal, err := s.keys.Seal(phone, "person/"+actor.PersonID+"/phone")
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE person SET phone_seal = $1, phone_index = $2, phone_mask = $3 WHERE id = $4`,
			seal, index, MaskPhone(phone), actor.PersonID); err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.phone_changed", "person/"+actor.PersonID, map[string]any{"phone": MaskPhone(phone)})
	})
	if sqldb.IsUnique(err) {
		err = errs.New(errs.Conflict, "identity.taken")
	}
	return err
}

// Exporter is how another domain adds its rows to a personal-data export (PIPL, right to access and copy).
type Exporter interface {
	// Export gives the section's name and everything the domain holds of the person; data is encoded as JSON.
	Export(ctx context.Context, tx *sqldb.Tx, personID string) (name string, data any, err error)
}

// AddExporter registers a section; only the composition of the application calls it, before serving.
func (s *Service) AddExporter(e Exporter) { s.exporters = append(s.exporters, e) }

// ExportOwn is everything held of the actor, in one snapshot. It needs step-up, and three a day are enough.
// Errors: Precondition "identity.step_up_required"; Limited "identity.export_limit".
func (s *Service) ExportOwn(ctx context.Context) (out map[string]json.RawMessage, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := limit.AllowTx(ctx, tx, "identity.export_limit", "export/"+actor.PersonID, 3, 24*time.Hour); err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity.exported", "person/"+actor.PersonID, nil)
	})
	if err != nil {
		return nil, err
	}
	out = map[string]json.RawMessage{}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		for _, e := range append([]Exporter{ownExport{s}}, s.exporters...) {
			name, data, err := e.Export(ctx, tx, actor.PersonID)
			if err != nil {
				return err
			}
			if out[name], err = json.Marshal(data); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// ownExport is identity's own section.
type ownExport struct{ s *Service }

// Export implements Exporter.
func (o ownExport) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	c, err := o.s.clearTx(ctx, tx, personID)
	if err != nil {
		return "", nil, err
	}
	data := map[string]any{"name": c.Name, "id_number": c.IDNumber, "phone": c.Phone}
	for name, query := range map[string]string{
		"account":  `SELECT region_id, unit_id, state, agreed_version, created_at FROM person WHERE id = $1`,
		"grants":   `SELECT role, scope, duties, granted_by, granted_at FROM role_grant WHERE person_id = $1 ORDER BY role, scope`,
		"consents": `SELECT document, version, agreed_at, '', 0 FROM consent WHERE person_id = $1 ORDER BY agreed_at, document`,
		"logins": `SELECT l.id, d.name, d.kind, d.id, l.created_at FROM login_session l JOIN device d ON d.id = l.device_id
			WHERE l.person_id = $1 ORDER BY l.created_at`,
		"proofs":   `SELECT id, kind, size, request_id, created_at FROM identity_proof WHERE person_id = $1 ORDER BY id`,
		"requests": `SELECT id, kind, state, answer, created_at FROM identity_request WHERE person_id = $1 ORDER BY id`,
		"audit":    `SELECT id, action, object, detail, at FROM audit_entry WHERE object = 'person/' || $1 ORDER BY at`,
	} {
		if data[name], err = sqldb.Rows(ctx, tx, scanAny(5), query, personID); err != nil {
			return "", nil, err
		}
	}
	return "identity", data, nil
}

// scanAny reads n columns as they are: texts and microseconds.
func scanAny(n int) func(sqldb.Scanner) ([]any, error) {
	return func(row sqldb.Scanner) ([]any, error) {
		out, ptr := make([]any, n), make([]any, n)
		for i := range out {
			ptr[i] = &out[i]
		}
		err := row.Scan(ptr...)
		return out, err
	}
}

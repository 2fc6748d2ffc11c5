package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// CodeSender brings one-time codes to phones. The wish to send is stored with the code, in one transaction, and acted on
// after the commit: what a crash leaves behind is still sent, and nothing is sent that was not stored.
type CodeSender interface {
	// Ready tells at once whether codes can be sent now, before anything is stored.
	// Errors: Unavailable "identity.sms_unavailable" (no gateway is set up), "identity.sms_busy" (it has been failing).
	Ready(ctx context.Context) error
	// PutTx stores the wish. Codes of the same phone and purpose that still wait are dropped.
	PutTx(ctx context.Context, tx *sqldb.Tx, m CodeMessage) error
	// Deliver acts on it. Errors: Unavailable "identity.sms_busy"; Invalid "identity.phone"; Limited "identity.code_limit".
	Deliver(ctx context.Context, m CodeMessage) error
}

// CodeMessage is one code on its way. The clear code is in it: it is never logged, and stored only sealed, until it is sent.
type CodeMessage struct {
	ID, Phone, PhoneIndex, Purpose, Code string
	ExpiresAt                            time.Time
}

// SendCode sends a six-digit code. Whether the phone has an account is not told.
// Errors: Invalid "identity.phone"; Limited "identity.code_limit" (one a minute, ten a day; thirty an hour per address);
// Unavailable "identity.sms_unavailable" (nothing was stored), "identity.sms_busy".
func (s *Service) SendCode(ctx context.Context, phone, purpose, address string) error {
	if !ValidPhone(phone) {
		return errs.New(errs.Invalid, "identity.phone").WithField("phone", "invalid")
	}
	if !slices.Contains([]string{ForRegister, ForLogin, ForReset, ForPhone, ForStepUp, ForUnlock}, purpose) {
		return errs.New(errs.Invalid, "identity.code_purpose").WithField("purpose", "invalid")
	}
	if err := s.send.Ready(ctx); err != nil {
		return err
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	m := CodeMessage{Phone: phone, PhoneIndex: index, Purpose: purpose, Code: sixDigits()}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := codeLimitsTx(ctx, tx, index, address); err != nil {
			return err
		}
		m.ID, m.ExpiresAt = id.New(tx.Now()), tx.Now().Add(codeLife)
		if _, err := tx.Exec(ctx, `INSERT INTO sms_code (id, phone, purpose, code_mac, expires_at, tries, used) VALUES ($1, $2, $3, $4, $5, 0, 0)`,
			m.ID, index, purpose, s.codeMAC(m.ID, m.Code), m.ExpiresAt.UnixMicro()); err != nil {
			return err
		}
		return s.send.PutTx(ctx, tx, m)
	})
	if err != nil {
		return err
	}
	return s.send.Deliver(ctx, m)
}

// codeLimitsTx counts a request for a code and refuses what is too much for a phone or an address.
func codeLimitsTx(ctx context.Context, tx *sqldb.Tx, index, address string) error {
	for _, l := range []struct {
		key string
		n   int64
		per time.Duration
	}{{"sms1d/" + index, 10, 24 * time.Hour}, {"smsip/" + address, 30, time.Hour}} {
		if err := limit.AllowTx(ctx, tx, "identity.code_limit", l.key, l.n, l.per); err != nil {
			return err
		}
	}
	newest, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(max(expires_at), 0) FROM sms_code WHERE phone = $1`, index)
	if wait := newest - codeLife.Microseconds() + codeAgain.Microseconds() - tx.NowMicro(); err == nil && wait > 0 {
		err = errs.New(errs.Limited, "identity.code_limit").WithRetry(int(wait/1_000_000) + 1)
	}
	return err
}

func (s *Service) codeMAC(codeID, code string) string {
	sum := sha256.Sum256(append(s.keys.Derive("sms-code"), codeID+"/"+code...))
	return hex.EncodeToString(sum[:])
}

// useCode takes the newest code of a phone and purpose. A wrong try is counted even though the caller's act fails,
// therefore it is its own transaction.
func (s *Service) useCode(ctx context.Context, phone, purpose, code string) error {
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	fits := false
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		fits = false
		type row struct {
			id, mac string
			tries   int64
		}
		r, found, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.id, &r.mac, &r.tries) },
			`SELECT id, code_mac, tries FROM sms_code WHERE phone = $1 AND purpose = $2 AND expires_at > $3 AND used = 0 ORDER BY expires_at DESC, id DESC LIMIT 1`,
			index, purpose, tx.NowMicro())
		if err != nil || !found || r.tries >= codeTries {
			return err
		}
		fits = subtle.ConstantTimeCompare([]byte(r.mac), []byte(s.codeMAC(r.id, code))) == 1
		_, err = tx.Exec(ctx, `UPDATE sms_code SET tries = tries + 1, used = $1 WHERE id = $2`, flag(fits), r.id)
		return err
	})
	if err == nil && !fits {
		err = errs.New(errs.Invalid, "identity.code_wrong").WithField("code", "invalid")
	}
	return err
}

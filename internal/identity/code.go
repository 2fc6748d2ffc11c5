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

// SendCode sends a six-digit code. Whether the phone has an account is not told.
// Errors: Invalid "identity.phone"; Limited "identity.code_limit" (one a minute, ten a day; thirty an hour per address).
func (s *Service) SendCode(ctx context.Context, phone, purpose, address string) error {
	if !ValidPhone(phone) {
		return errs.New(errs.Invalid, "identity.phone").WithField("phone", "invalid")
	}
	if !slices.Contains([]string{ForRegister, ForLogin, ForReset, ForPhone, ForStepUp, ForUnlock}, purpose) {
		return errs.New(errs.Invalid, "identity.code_purpose").WithField("purpose", "invalid")
	}
	index, err := s.keys.Index("phone", phone)
	if err != nil {
		return err
	}
	code := sixDigits()
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
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
		if err != nil {
			return err
		}
		codeID := id.New(tx.Now())
		_, err = tx.Exec(ctx, `INSERT INTO sms_code (id, phone, purpose, code_mac, expires_at, tries, used) VALUES ($1, $2, $3, $4, $5, 0, 0)`,
			codeID, index, purpose, s.codeMAC(codeID, code), tx.Now().Add(codeLife).UnixMicro())
		return err
	})
	if err != nil {
		return err
	}
	return s.send.SendCode(ctx, phone, purpose, code)
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

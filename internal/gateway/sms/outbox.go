package sms

import (
	"context"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

const (
	lease    = 10 * time.Second // how long one process may work on a row: a query and a send, each at most three seconds
	again    = 15 * time.Second // before the second try; longer before each further one
	maxTries = 4
)

// Outbox implements identity.CodeSender: messages are stored with their code and sent after the commit.
type Outbox struct {
	db   *sqldb.DB
	keys *secret.Keys
	gate *Gateway
}

// NewOutbox makes the outbox.
func NewOutbox(db *sqldb.DB, keys *secret.Keys, gate *Gateway) *Outbox {
	return &Outbox{db, keys, gate}
}

// Ready implements identity.CodeSender.
func (o *Outbox) Ready(ctx context.Context) error { return o.gate.Ready(ctx) }

// PutTx implements identity.CodeSender. The row is born in the hands of the caller, whose first try follows the commit;
// should the caller die, the job finds it when the lease has run out. Messages of the same phone and purpose that still
// wait are dropped: their codes are no longer the newest.
func (o *Outbox) PutTx(ctx context.Context, tx *sqldb.Tx, m identity.CodeMessage) error {
	phone, err := o.keys.Seal(m.Phone, "sms_outbox/"+m.ID+"/phone")
	if err != nil {
		return err
	}
	code, err := o.keys.Seal(m.Code, "sms_outbox/"+m.ID+"/code")
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE sms_outbox SET state = 'replaced', result = $1, phone_seal = $2, code_seal = $3, ended_at = $4
		WHERE phone_index = $5 AND purpose = $6 AND (state = 'waiting' OR state = 'sending' AND next_at <= $7)`,
		codeReplaced, []byte{}, []byte{}, tx.NowMicro(), m.PhoneIndex, m.Purpose, tx.NowMicro()); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO sms_outbox (id, purpose, phone_index, phone_mask, phone_seal, code_seal, state, tries, doubt, next_at, expires_at,
		result, message, receipt, request_id, created_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'sending', 1, 1, $7, $8, '', '', '', '', $9, 0)`,
		m.ID, m.Purpose, m.PhoneIndex, identity.MaskPhone(m.Phone), phone, code, tx.Now().Add(lease).UnixMicro(), m.ExpiresAt.UnixMicro(), tx.NowMicro())
	return err
}

// parcel is a row in this process's hands.
type parcel struct {
	id, phone, purpose, code string
	tries                    int64
	doubt                    bool // an earlier try may have arrived
	created                  time.Time
	expires                  time.Time
	lease                    time.Time // until then no other process touches the row
}

// claim takes a due row, if it is still to be had and its code is still the newest of its phone and purpose.
func (o *Outbox) claim(ctx context.Context, rowID string) (p parcel, ok bool, err error) {
	type row struct {
		phone, code            []byte
		tries, doubt, from, to int64
		purpose                string
	}
	var r row
	err = o.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		r, ok, err = sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) {
			return r, sc.Scan(&r.purpose, &r.phone, &r.code, &r.tries, &r.doubt, &r.from, &r.to)
		}, `SELECT purpose, phone_seal, code_seal, tries, doubt, created_at, expires_at FROM sms_outbox a
			WHERE id = $1 AND state IN ('waiting', 'sending') AND next_at <= $2 AND expires_at > $3 AND tries < $4
			AND NOT EXISTS (SELECT 1 FROM sms_outbox b WHERE b.phone_index = a.phone_index AND b.purpose = a.purpose AND b.created_at > a.created_at)`, rowID, tx.NowMicro(), tx.NowMicro(), maxTries)
		if err != nil || !ok {
			return err
		}
		p = parcel{id: rowID, purpose: r.purpose, tries: r.tries + 1, doubt: r.doubt == 1, lease: tx.Now().Add(lease)}
		n, err := tx.Exec(ctx, `UPDATE sms_outbox SET state = 'sending', tries = tries + 1, doubt = 1, next_at = $1
			WHERE id = $2 AND tries = $3 AND state IN ('waiting', 'sending') AND next_at <= $4`, p.lease.UnixMicro(), rowID, r.tries, tx.NowMicro())
		ok = n == 1
		return err
	})
	if err != nil || !ok {
		return p, false, err
	}
	p.created, p.expires = time.UnixMicro(r.from), time.UnixMicro(r.to)
	if p.phone, err = o.keys.Unseal(r.phone, "sms_outbox/"+rowID+"/phone"); err != nil {
		return p, false, err
	}
	p.code, err = o.keys.Unseal(r.code, "sms_outbox/"+rowID+"/code")
	return p, err == nil, err
}

// settle writes how a try went, unless the row has gone into other hands meanwhile.
func (o *Outbox) settle(ctx context.Context, p parcel, rec receipt, f *failure) error {
	return o.db.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		if f != nil && f.again() && p.tries < maxTries {
			next := tx.Now().Add(again * time.Duration(p.tries))
			if next.Before(p.expires) {
				doubt := int64(0)
				if f.doubt || p.doubt {
					doubt = 1
				}
				_, err := tx.Exec(ctx, `UPDATE sms_outbox SET state = 'waiting', doubt = $1, next_at = $2, result = $3, message = $4, request_id = $5
					WHERE id = $6 AND tries = $7 AND state = 'sending'`, doubt, next.UnixMicro(), f.Code, f.Message, f.RequestID, p.id, p.tries)
				return err
			}
		}
		state, result, text, request := "sent", codeOK, "", rec.RequestID
		if f != nil {
			state, result, text, request = "failed", f.Code, f.Message, f.RequestID
		}
		_, err := tx.Exec(ctx, `UPDATE sms_outbox SET state = $1, result = $2, message = $3, receipt = $4, request_id = $5, phone_seal = $6, code_seal = $7,
			ended_at = $8 WHERE id = $9 AND tries = $10 AND state = 'sending'`,
			state, result, text, cut(rec.BizID), cut(request), []byte{}, []byte{}, tx.NowMicro(), p.id, p.tries)
		return err
	})
}

// expireTx ends what can no longer help anybody: the code has run out.
func expireTx(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE sms_outbox SET state = 'expired', result = CASE WHEN result = '' THEN $1 ELSE result END, phone_seal = $2, code_seal = $3,
		ended_at = $4 WHERE expires_at <= $5 AND (state = 'waiting' OR state = 'sending' AND next_at <= $6)`,
		codeExpired, []byte{}, []byte{}, tx.NowMicro(), tx.NowMicro(), tx.NowMicro())
	return err
}

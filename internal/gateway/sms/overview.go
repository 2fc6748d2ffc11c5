package sms

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// DayCount is how many messages of one day ended in one way.
type DayCount struct {
	Day    string `json:"day" doc:"2026-11-24, in Beijing time"`
	State  string `json:"state" enum:"waiting,sending,sent,failed,expired,replaced"`
	Result string `json:"result" doc:"Code of the SMS service, or timeout, unreachable, garbage, forbidden, expired, replaced; empty while the first try is under way"`
	Count  int64  `json:"count"`
}

// Overview is the gateway's health as operators see it.
type Overview struct {
	Ready   string     `json:"ready" enum:"ready,unset,paused" doc:"paused: after repeated failures this process answers fast for a while"`
	Waiting int64      `json:"waiting" doc:"Messages that will be tried again"`
	Days    []DayCount `json:"days" doc:"The last seven days, newest first"`
}

// Overview counts the last seven days. Operators only.
func (o *Outbox) Overview(ctx context.Context) (v Overview, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return v, err
	}
	v.Ready, v.Days = "ready", []DayCount{}
	switch err := o.gate.Ready(ctx); {
	case errs.Has(err, "identity.sms_unavailable"):
		v.Ready = "unset"
	case errs.Has(err, "identity.sms_busy"):
		v.Ready = "paused"
	case err != nil:
		return v, err
	}
	err = o.db.Read(ctx, func(tx *sqldb.Tx) error {
		today := civil.DateOf(tx.Now(), civil.Shanghai).Start(civil.Shanghai)
		if v.Waiting, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM sms_outbox WHERE state IN ('waiting', 'sending')`); err != nil {
			return err
		}
		days, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (d DayCount, err error) {
			var day int64
			err = row.Scan(&day, &d.State, &d.Result, &d.Count)
			d.Day = time.Unix(day*86400, 0).UTC().Format(time.DateOnly)
			return d, err
		}, `SELECT (created_at + 28800000000) / 86400000000 AS day, state, result, count(*) FROM sms_outbox WHERE created_at >= $1
			GROUP BY 1, 2, 3 ORDER BY 1 DESC, 4 DESC, 2, 3`, today.AddDate(0, 0, -6).UnixMicro())
		v.Days = append(v.Days, days...)
		return err
	})
	return v, err
}

// Trouble is a message that has not gone through.
type Trouble struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	PhoneMask string    `json:"phone_mask"`
	Purpose   string    `json:"purpose"`
	State     string    `json:"state" enum:"waiting,sending,failed,expired,replaced"`
	Result    string    `json:"result"`
	Message   string    `json:"message" doc:"The service's own words"`
	RequestID string    `json:"request_id" doc:"For the service's own desk"`
	Tries     int64     `json:"tries"`
}

// Troubles lists them, newest first; after is the id of the last one seen. Operators only.
func (o *Outbox) Troubles(ctx context.Context, after string, n int) (out []Trouble, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return nil, err
	}
	if after == "" {
		after = strings.Repeat("z", 26) // above every id, in every collation
	}
	err = o.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (t Trouble, err error) {
			var at int64
			err = row.Scan(&t.ID, &at, &t.PhoneMask, &t.Purpose, &t.State, &t.Result, &t.Message, &t.RequestID, &t.Tries)
			t.At = time.UnixMicro(at).UTC()
			return t, err
		}, `SELECT id, created_at, phone_mask, purpose, state, result, message, request_id, tries FROM sms_outbox
			WHERE result <> '' AND result <> 'OK' AND id < $1 ORDER BY id DESC LIMIT $2`, after, n)
		return err
	})
	return out, err
}

// Trial is how a test message went.
type Trial struct {
	OK         bool   `json:"ok"`
	Result     string `json:"result" doc:"OK, a code of the service, or timeout, unreachable, garbage, forbidden"`
	Message    string `json:"message" doc:"The service's own words"`
	RequestID  string `json:"request_id"`
	PhoneMask  string `json:"phone_mask"`
	DurationMS int64  `json:"duration_ms"`
}

// Try sends a test message with a code that opens nothing. A refusal of the service is an answer, not an error. It goes
// past an open circuit, and a success closes it. Operators only; twenty an hour; audited.
// Errors: Invalid "identity.phone"; Limited "gateway.test_limit"; Unavailable "identity.sms_unavailable".
func (o *Outbox) Try(ctx context.Context, phone, purpose string) (t Trial, err error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return t, err
	}
	if !identity.ValidPhone(phone) {
		return t, errs.New(errs.Invalid, "identity.phone").WithField("phone", "invalid")
	}
	if !slices.Contains(Purposes, purpose) {
		return t, errs.New(errs.Invalid, "identity.code_purpose").WithField("purpose", "invalid")
	}
	c, err := o.gate.current(ctx)
	if err != nil {
		return t, err
	}
	t.PhoneMask = identity.MaskPhone(phone)
	err = o.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := limit.AllowTx(ctx, tx, "gateway.test_limit", "smstest/"+actor.AccountID, 20, time.Hour); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "gateway.sms_tested", "gateway/"+Name, map[string]any{"phone": t.PhoneMask, "purpose": purpose, "version": c.Version})
	})
	if err != nil {
		return t, err
	}
	begin := o.gate.clk.Now()
	o.gate.circuit.enter(c.Version) // makes the circuit this version's, whether open or not
	rec, err := o.gate.call(context.WithoutCancel(ctx), c, phone, purpose, fmt.Sprintf("%06d", rand.IntN(1_000_000)), "test-"+id.New(begin))
	t.DurationMS = o.gate.clk.Now().Sub(begin).Milliseconds()
	t.OK, t.Result, t.RequestID = err == nil, codeOK, rec.RequestID
	var f *failure
	switch {
	case errors.As(err, &f):
		t.Result, t.Message, t.RequestID = f.Code, f.Message, f.RequestID
	case err != nil:
		return t, err
	}
	return t, nil
}

package sms

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Deliver implements identity.CodeSender: the first try, right after the commit of PutTx. It outlives a caller who hangs
// up, so that what was sent is known to be sent. A failure that may pass is tried again by Resend; the caller is told.
// Errors: Unavailable "identity.sms_busy"; Invalid "identity.phone"; Limited "identity.code_limit".
func (o *Outbox) Deliver(ctx context.Context, m identity.CodeMessage) error {
	ctx = context.WithoutCancel(ctx)
	now := o.gate.clk.Now()
	err := o.try(ctx, parcel{id: m.ID, phone: m.Phone, purpose: m.Purpose, code: m.Code, tries: 1, created: now, expires: m.ExpiresAt, lease: now.Add(lease)})
	var f *failure
	if errors.As(err, &f) {
		return f.told()
	}
	return err
}

// try makes one attempt with a row in our hands and writes how it went. Its error is the attempt's.
func (o *Outbox) try(ctx context.Context, p parcel) error {
	rec, err := o.attempt(ctx, p)
	var f *failure
	if err != nil && !errors.As(err, &f) {
		f = &failure{Code: codeUnreachable, Message: errs.As(err).Code, cause: err} // no credential any more, or no database
	}
	if f != nil {
		slog.WarnContext(ctx, "sms not sent", "id", p.id, "purpose", p.purpose, "try", p.tries, "result", f.Code, "error", f.Error())
	}
	if wrote := o.settle(ctx, p, rec, f); wrote != nil {
		return errors.Join(err, wrote)
	}
	return err
}

// attempt asks whether an earlier try has arrived, and sends if not. When that cannot be told, nothing is sent: a second
// message is worse than a late one.
func (o *Outbox) attempt(ctx context.Context, p parcel) (receipt, error) {
	if p.doubt {
		rec, found, err := o.gate.sent(ctx, p.phone, p.id, days(p.created, o.gate.clk.Now()))
		if err != nil || found {
			return rec, err
		}
	}
	if o.gate.clk.Now().Add(callTimeout).After(p.lease) {
		return receipt{}, &failure{Code: codeTimeout, Message: "lease"} // this process was held up: the row may be in other hands
	}
	return o.gate.send(ctx, p.phone, p.purpose, p.code, p.id)
}

// days are the service's calendar days between two instants, five minutes apart at most.
func days(from, to time.Time) []civil.Date {
	a, b := civil.DateOf(from, civil.Shanghai), civil.DateOf(to, civil.Shanghai)
	if a == b {
		return []civil.Date{a}
	}
	return []civil.Date{a, b}
}

// Resend sends what is due and ends what has expired; every process may run it at any time. It returns when it should be
// run next: at the latest in a minute, earlier if a row falls due.
func (o *Outbox) Resend(ctx context.Context) (next time.Duration, err error) {
	if actor, _ := identity.ActorFrom(ctx); !actor.System {
		return time.Minute, errs.New(errs.Forbidden, "identity.role_required")
	}
	if err := o.db.WriteCAS(ctx, func(tx *sqldb.Tx) error { return expireTx(ctx, tx) }); err != nil {
		return time.Minute, err
	}
	if err := o.gate.Ready(ctx); err != nil {
		return wait(err), ignore(err)
	}
	due, next, err := o.due(ctx)
	for _, rowID := range due {
		p, ok, err := o.claim(ctx, rowID)
		if err != nil {
			return time.Minute, err
		}
		if !ok {
			continue
		}
		_ = o.try(context.WithoutCancel(ctx), p) // the row and the log tell; a try that has begun is ended
		if ctx.Err() != nil || o.gate.Ready(ctx) != nil {
			break
		}
	}
	return next, err
}

// due lists what may be tried now, and how long until the next row falls due.
func (o *Outbox) due(ctx context.Context) (ids []string, next time.Duration, err error) {
	next = time.Minute
	err = o.db.Read(ctx, func(tx *sqldb.Tx) error {
		if ids, err = sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM sms_outbox WHERE state IN ('waiting', 'sending') AND next_at <= $1
			ORDER BY next_at, id LIMIT 50`, tx.NowMicro()); err != nil {
			return err
		}
		soonest, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(min(next_at), 0) FROM sms_outbox WHERE state IN ('waiting', 'sending') AND next_at > $1`, tx.NowMicro())
		if soonest > 0 {
			next = min(next, time.Duration(soonest-tx.NowMicro())*time.Microsecond+100*time.Millisecond)
		}
		return err
	})
	if len(ids) > 0 {
		next = min(next, again)
	}
	return ids, next, err
}

// wait is how long a gateway that is not ready should be left alone.
func wait(err error) time.Duration {
	if s := errs.As(err).RetryAfter; s > 0 {
		return min(time.Minute, time.Duration(s)*time.Second)
	}
	return time.Minute
}

// ignore drops what is no error of the job's own: nothing set up, or the circuit is open.
func ignore(err error) error {
	if errs.KindOf(err) == errs.Unavailable {
		return nil
	}
	return err
}

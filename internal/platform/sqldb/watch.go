package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// errSilent is the end of patience.
var errSilent = errors.New("the database is silent")

// watch is one transaction's patience with another machine. When a statement (or the wait for a connection) takes longer, the way to
// the database is closed under it: a context would end only what was given that context. A nil watch has all the time in the world.
type watch struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	way    atomic.Pointer[net.Conn]
}

// newWatch begins; inner ends with it.
func newWatch(ctx context.Context, limit time.Duration) (inner context.Context, w *watch) {
	w = &watch{limit: limit}
	inner, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(limit, w.close)
	return inner, w
}

func (w *watch) close() {
	w.cancel(errSilent)
	if way := w.way.Load(); way != nil {
		_ = (*way).SetDeadline(time.Unix(1, 0))
	}
}

// over tells the way that the transaction goes.
func (w *watch) over(conn *sql.Conn) error {
	if w == nil {
		return nil
	}
	return conn.Raw(func(driver any) error {
		way := driver.(*stdlib.Conn).Conn().PgConn().Conn()
		w.way.Store(&way)
		return nil
	})
}

// alive says that a statement is sent: patience begins anew.
func (w *watch) alive() {
	if w != nil {
		w.timer.Reset(w.limit)
	}
}

// end is the end of the transaction, whichever way.
func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// ExecContext, QueryContext, QueryRowContext and PrepareContext are database/sql's; each says that the transaction is alive.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tx.watch.alive()
	return tx.Tx.ExecContext(ctx, query, args...)
}

// QueryContext: see ExecContext.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	tx.watch.alive()
	return tx.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext: see ExecContext.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	tx.watch.alive()
	return tx.Tx.QueryRowContext(ctx, query, args...)
}

// PrepareContext: see ExecContext.
func (tx *Tx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	tx.watch.alive()
	return tx.Tx.PrepareContext(ctx, query)
}

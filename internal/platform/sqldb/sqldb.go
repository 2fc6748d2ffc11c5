// Package sqldb runs one SQL text on SQLite and PostgreSQL with the same meaning.
//
// Read is a snapshot. Write is IMMEDIATE on SQLite (one connection, so writers
// queue instead of failing) and SERIALIZABLE with retry on PostgreSQL. Hot
// batches that guard themselves by compare-and-swap ask for WriteCAS (READ
// COMMITTED on PostgreSQL, the same transaction as Write on SQLite). There is no
// ORM and no storage interface: the SQL beside the use case is the document.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/trace"
)

// Engine names a database engine.
type Engine string

// The two engines the product runs on.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// maxTries bounds the retries of a serialization failure; the wait doubles from 1 ms up to maxWait, and varies, so that
// those who met do not meet again. Together they last some two seconds.
const (
	maxTries = 40
	maxWait  = 64 * time.Millisecond
)

// How long a transaction waits for a PostgreSQL that is silent, before its caller is told: hot batches stand in the way of everybody
// behind them, and nothing that writes may hold a connection for good. It is counted from the statement sent last, so that long work
// of many statements may take its time. What only reads may take long; TCP finds a dead network.
const (
	patienceCAS   = 5 * time.Second
	patienceWrite = 30 * time.Second
)

// DB is an open database.
type DB struct {
	engine Engine
	read   *sql.DB // SQLite: N read-only connections; PostgreSQL: the one pool
	write  *sql.DB // SQLite: one connection; PostgreSQL: the same pool
	clk    clock.Clock
	dbTime bool // tx.Now asks the database (PostgreSQL in production: many processes, one clock)
	hurry  int  // patience is divided by it (tests)

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // on the writer: statements of hot batches
	wanted   []string             // to be prepared before the next transaction
}

// Engine tells which engine this is.
func (db *DB) Engine() Engine { return db.engine }

// Writer is the pool that writes, for libraries that bring their own transactions (jobs, migrations).
// Never use it while holding a transaction of Write: on SQLite it has one connection.
func (db *DB) Writer() *sql.DB { return db.write }

// Clock is the clock of this process; inside a transaction use Tx.Now instead.
func (db *DB) Clock() clock.Clock { return db.clk }

// Close closes both pools.
func (db *DB) Close() error { return errors.Join(db.read.Close(), db.write.Close()) }

// prepareWanted prepares what transactions have asked for. It runs between transactions, since SQLite's writer is one
// connection and a statement that outlives a transaction must be made outside one.
func (db *DB) prepareWanted(ctx context.Context) error {
	db.mu.Lock()
	wanted := db.wanted
	db.wanted = nil
	db.mu.Unlock()
	for _, q := range wanted {
		stmt, err := db.write.PrepareContext(ctx, q)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		db.mu.Lock()
		if old := db.prepared[q]; old == nil {
			db.prepared[q] = stmt
			stmt = nil
		}
		db.mu.Unlock()
		if stmt != nil { // another goroutine was first
			_ = stmt.Close()
		}
	}
	return nil
}

// Prepared gives a statement that is parsed once and kept, for hot batches in Write or WriteCAS. The first transaction
// that asks parses for itself; those after it use the kept one.
func (tx *Tx) Prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	tx.db.mu.Lock()
	stmt := tx.db.prepared[query]
	if stmt == nil && !slices.Contains(tx.db.wanted, query) {
		tx.db.wanted = append(tx.db.wanted, query)
	}
	tx.db.mu.Unlock()
	if stmt != nil {
		return tx.StmtContext(ctx, stmt), nil
	}
	return tx.PrepareContext(ctx, query) // closed with the transaction
}

// Tx is one transaction. All its times come from Now.
type Tx struct {
	*sql.Tx
	db    *DB
	now   time.Time
	watch *watch
}

// Engine tells which engine the transaction runs on, for the few statements that differ: a test counts who asks.
func (tx *Tx) Engine() Engine { return tx.db.engine }

// Now is the one instant of this transaction, UTC, in microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// NowMicro is Now as stored: microseconds since 1970, UTC.
func (tx *Tx) NowMicro() int64 { return tx.now.UnixMicro() }

// Read runs f in a read-only snapshot.
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	return db.run(ctx, db.read, &sql.TxOptions{ReadOnly: true, Isolation: db.level(sql.LevelRepeatableRead)}, nil, f)
}

// ReadValue runs f in a read-only snapshot and gives what it read.
func ReadValue[T any](ctx context.Context, db *DB, f func(tx *Tx) (T, error)) (v T, err error) {
	err = db.Read(ctx, func(tx *Tx) error {
		v, err = f(tx)
		return err
	})
	return v, err
}

// Write runs f in a serializable transaction; f may be called again after a serialization failure,
// so it must have no effect outside the database.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	return db.within(ctx, patienceWrite, &sql.TxOptions{Isolation: db.level(sql.LevelSerializable)}, f)
}

// WriteCAS runs f at READ COMMITTED on PostgreSQL, for statements that guard themselves by
// compare-and-swap on a version or by a unique key.
func (db *DB) WriteCAS(ctx context.Context, f func(tx *Tx) error) error {
	return db.within(ctx, patienceCAS, &sql.TxOptions{Isolation: db.level(sql.LevelReadCommitted)}, f)
}

// within is run on the writer, with patience where another machine may be silent.
func (db *DB) within(ctx context.Context, limit time.Duration, opts *sql.TxOptions, f func(*Tx) error) error {
	inner, w := ctx, (*watch)(nil)
	if db.engine == Postgres {
		inner, w = newWatch(ctx, limit/time.Duration(max(1, db.hurry)))
		defer w.end()
	}
	err := db.prepareWanted(inner)
	if err == nil {
		err = db.run(inner, db.write, opts, w, f)
	}
	if err != nil && ctx.Err() == nil && inner.Err() != nil { // whatever the statement under way says of it
		err = errors.Join(errSilent, err)
	}
	return db.unavailable(ctx, err)
}

// level maps an isolation level to the engine: SQLite has only one, and its driver refuses names.
func (db *DB) level(l sql.IsolationLevel) sql.IsolationLevel {
	if db.engine == SQLite {
		return sql.LevelDefault
	}
	return l
}

func (db *DB) run(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, w *watch, f func(*Tx) error) (err error) {
	ctx, end := trace.Part(ctx, span(opts))
	defer func() { end(err) }()
	wait := time.Millisecond
	for try := 1; ; try++ {
		err := db.once(ctx, pool, opts, w, f)
		if err == nil || !retryable(err) {
			return db.unavailable(ctx, err)
		}
		if try == maxTries {
			return errs.New(errs.Unavailable, "busy").WithRetry(1).WithCause(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)):
		}
		wait = min(2*wait, maxWait)
	}
}

// span names a transaction in a trace.
func span(opts *sql.TxOptions) string {
	if opts.ReadOnly {
		return "sql read"
	}
	return "sql write"
}

func (db *DB) once(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, w *watch, f func(*Tx) error) (err error) {
	w.alive()
	conn, stx, err := begin(ctx, pool, opts, w)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = conn.Close() }() // back to the pool
	defer func() {
		if p := recover(); p != nil {
			_ = stx.Rollback()
			panic(p)
		}
	}()
	now, err := db.txTime(ctx, stx)
	if err == nil {
		err = f(&Tx{Tx: stx, db: db, now: now, watch: w})
	}
	if err != nil {
		if rb := stx.Rollback(); rb != nil && !errors.Is(rb, sql.ErrTxDone) {
			err = errors.Join(err, rb)
		}
		return err
	}
	w.alive()
	return stx.Commit()
}

// begin begins on a connection that is alive: those that have died meanwhile are dropped. Nothing has been done on them yet.
func begin(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, w *watch) (*sql.Conn, *sql.Tx, error) {
	for dead := 0; ; dead++ {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, nil, err
		}
		var stx *sql.Tx
		if err = w.over(conn); err == nil {
			stx, err = conn.BeginTx(ctx, opts)
		}
		if err == nil {
			return conn, stx, nil
		}
		_ = conn.Close()
		if ctx.Err() != nil || !outOfReach(err) || dead > connections() {
			return nil, nil, err
		}
	}
}

// txTime is the transaction's instant: the database's own clock when several processes share it.
func (db *DB) txTime(ctx context.Context, stx *sql.Tx) (time.Time, error) {
	if !db.dbTime {
		return db.clk.Now(), nil
	}
	var t time.Time
	if err := stx.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&t); err != nil {
		return t, fmt.Errorf("database time: %w", err)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// Rows runs a query and scans each row by scan.
func Rows[T any](ctx context.Context, tx *Tx, scan func(row Scanner) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Scanner is what *sql.Row and *sql.Rows share.
type Scanner interface{ Scan(dest ...any) error }

// One runs a query that gives at most one row; found is false when it gives none.
func One[T any](ctx context.Context, tx *Tx, scan func(row Scanner) (T, error), query string, args ...any) (v T, found bool, err error) {
	v, err = scan(tx.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// ScanValue scans a row of one column.
func ScanValue[T any](row Scanner) (v T, err error) { err = row.Scan(&v); return v, err }

// Exec runs a statement and returns how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Places is "$from, $from+1, …" for n values: a list that both engines understand.
func Places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// EscapeLike makes text literal inside a LIKE pattern with ESCAPE '\'.
func EscapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

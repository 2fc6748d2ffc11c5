package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib" // registers "pgx", too
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"xueshi/internal/kernel/clock"
)

// Option changes how Open opens.
type Option func(*DB)

// WithProcessClock makes tx.Now use the process clock on PostgreSQL too. Only tests inject clocks,
// and the command line has no way to ask for it.
func WithProcessClock() Option { return func(db *DB) { db.dbTime = false } }

// Open opens a database: "postgres://…" or a SQLite file path.
// SQLite runs in WAL mode with synchronous=FULL: an acknowledged commit survives a power cut.
func Open(ctx context.Context, dsn string, clk clock.Clock, opts ...Option) (*DB, error) {
	db := &DB{clk: clk, prepared: map[string]*sql.Stmt{}}
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		err = db.openPostgres(dsn)
	} else {
		err = db.openSQLite(dsn)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	for _, o := range opts {
		o(db)
	}
	if err := db.write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

func (db *DB) openPostgres(dsn string) (err error) {
	db.engine, db.dbTime = Postgres, true
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	if c.ConnectTimeout == 0 { // of each host that the address names
		c.ConnectTimeout = 3 * time.Second
	}
	c.DialFunc = (&net.Dialer{Timeout: c.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
		Control: giveUp}).DialContext
	db.write = stdlib.OpenDB(*c, stdlib.OptionShouldPing(lives))
	db.write.SetMaxOpenConns(connections())
	db.write.SetMaxIdleConns(connections())
	db.read = db.write
	return nil
}

// connections is how many this process keeps to PostgreSQL.
func connections() int { return max(8, 4*runtime.NumCPU()) }

// lives asks a connection that was idle for a sign of life, no longer than a second: after a cut network each one would cost its
// user all the time it has. One that gives none is closed, which the ping that follows finds at once.
func lives(ctx context.Context, p stdlib.ShouldPingParams) bool {
	if p.IdleDuration < time.Second {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return p.Conn.Ping(ctx) != nil
}

func (db *DB) openSQLite(path string) (err error) {
	db.engine = SQLite
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "busy_timeout(10000)", "cache_size(-65536)", "wal_autocheckpoint(16000)"}}
	q.Set("_txlock", "immediate")
	if db.write, err = sql.Open("sqlite", "file:"+path+"?"+q.Encode()); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	q["_pragma"][4] = "cache_size(-8192)" // many readers, and the system caches the file
	q.Set("_txlock", "deferred")
	q.Add("_pragma", "query_only(1)")
	if db.read, err = sql.Open("sqlite", "file:"+path+"?"+q.Encode()); err != nil {
		return err
	}
	db.read.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	db.read.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	return nil
}

// retryable reports a serialization failure, a deadlock or a busy database: the same work may succeed next time.
func retryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// IsUnique reports whether err is a broken unique key (or, on PostgreSQL, a broken exclusion).
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" || pg.Code == "23P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) &&
		(lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// IsRefused reports whether a trigger or check of the schema refused the statement (append-only rows, overlaps).
func IsRefused(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "P0001" || pg.Code == "23514" || pg.Code == "23P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

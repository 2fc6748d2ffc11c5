package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"xueshi/internal/kernel/errs"
)

// unavailable turns what says that the database is out of reach, or cannot store now, into Unavailable "database.unavailable";
// other errors stay as they are. Nothing was acknowledged. What was on its way at COMMIT may have been stored all the same: a caller
// that sends it again must be able to tell, by a key of its own.
func (db *DB) unavailable(ctx context.Context, err error) error {
	var known *errs.Error
	if err == nil || errors.As(err, &known) || ctx.Err() != nil || !outOfReach(err) {
		return err
	}
	if readOnly(err) { // these connections lead to what was the primary
		db.write.SetMaxIdleConns(0)
		db.write.SetMaxIdleConns(connections())
	}
	return errs.New(errs.Unavailable, "database.unavailable").WithRetry(2).WithCause(err)
}

// outOfReach reports an error of the way to the database, or of the database as a whole; none of a statement.
func outOfReach(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", "53", "57", "58": // connection, resources (disk full, too many connections), stopped by somebody, its system
			return pg.Code != "57014" // a statement that took too long for itself
		}
		return readOnly(err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errSilent)
}

// readOnly reports that PostgreSQL is no primary (any more).
func readOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}

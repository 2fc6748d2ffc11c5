package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

// The snapshot's file, by engine.
const (
	sqliteName = "database.sqlite"
	dumpName   = "database.dump"
)

// snapshot copies the database as it is at one instant, while others write to it, and says what is in the copy.
func (s Source) snapshot(ctx context.Context, dir string, m *Manifest) (err error) {
	s.Say("the database")
	name := dumpName
	if s.DB.Engine() == sqldb.SQLite {
		name = sqliteName
		err = s.snapshotSQLite(ctx, filepath.Join(dir, name), m)
	} else {
		err = s.snapshotPostgres(ctx, filepath.Join(dir, name), m)
	}
	if err != nil {
		return err
	}
	if err := syncFile(filepath.Join(dir, name)); err != nil {
		return err
	}
	m.Database, err = partOf(dir, name)
	return err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// snapshotSQLite lets SQLite write a copy; it takes no lock that writers wait for.
func (s Source) snapshotSQLite(ctx context.Context, path string, m *Manifest) error {
	own, err := sqldb.Open(ctx, s.DSN, s.DB.Clock()) // the writer of s.DB is somebody's who cannot wait
	if err != nil {
		return err
	}
	_, err = own.Writer().ExecContext(ctx, `VACUUM INTO ?`, path)
	if err = errors.Join(err, own.Close()); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, path, s.DB.Clock())
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) error { return m.describeTx(ctx, tx) })
	return errors.Join(err, db.Close())
}

// snapshotPostgres lets pg_dump read in a snapshot that this transaction holds, so that what is said of it is true.
func (s Source) snapshotPostgres(ctx context.Context, path string, m *Manifest) error {
	return s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil { // it waits for pg_dump, for hours perhaps
			return err
		}
		if err := m.describeTx(ctx, tx); err != nil {
			return err
		}
		snapshot, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT pg_export_snapshot()`)
		if err != nil {
			return err
		}
		return program(ctx, s.DSN, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--snapshot="+snapshot, "--file="+path)
	})
}

// program runs a program of PostgreSQL on a database. The password goes by the environment: everybody on the machine can read arguments.
func program(ctx context.Context, dsn, name string, args ...string) error {
	u, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	password, _ := u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	cmd := exec.CommandContext(ctx, name, append(args, "--dbname="+u.String())...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is missing (apt-get install postgresql-client)", name)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return err
}

// describeTx says what the snapshot holds.
func (m *Manifest) describeTx(ctx context.Context, tx *sqldb.Tx) (err error) {
	m.Made = tx.Now()
	mark, keys, err := installation.MarkTx(ctx, tx)
	if err != nil {
		return err
	}
	m.Installation, m.Sweep, m.Keys = mark.Installation, mark.Sweep, keys
	if m.Leaves, m.Root, err = ledger.HeadTx(ctx, tx); err != nil {
		return err
	}
	c, err := ledger.NewestTx(ctx, tx)
	if err != nil {
		return err
	}
	m.Checkpoint = c.Note
	m.Rows, err = rowsTx(ctx, tx)
	return err
}

// rowsTx counts the rows of each table.
func rowsTx(ctx context.Context, tx *sqldb.Tx) (map[string]int64, error) {
	tables, err := tablesTx(ctx, tx)
	rows := map[string]int64{}
	for _, t := range tables {
		if err == nil {
			rows[t], _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM "`+t+`"`)
		}
	}
	return rows, err
}

func tablesTx(ctx context.Context, tx *sqldb.Tx) ([]string, error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`
	if tx.Engine() == sqldb.Postgres {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`
	}
	return sqldb.Rows(ctx, tx, sqldb.ScanValue[string], query)
}

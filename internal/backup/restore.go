package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/verify"
)

// Checked reads a backup's manifest and holds its parts against it. Errors: a part is missing or was altered.
func Checked(dir string, signer *ledger.Signer) (*Manifest, error) {
	m, err := Read(dir, signer)
	if err != nil {
		return nil, err
	}
	for _, want := range []Part{m.Database, m.List} {
		have, err := partOf(dir, want.Name)
		if err != nil {
			return nil, fmt.Errorf("the backup's %s: %w", want.Name, err)
		}
		if have != want {
			return nil, fmt.Errorf("the backup's %s was altered: %d bytes, SHA-256 %s; the manifest says %d, %s", want.Name, have.Size, have.SHA256, want.Size, want.SHA256)
		}
	}
	return m, nil
}

// PutDatabase puts the snapshot where dsn says: a file that is not there yet, or a PostgreSQL database without tables.
func (m *Manifest) PutDatabase(ctx context.Context, dir, dsn string) error {
	part := filepath.Join(dir, m.Database.Name)
	if m.Engine == string(sqldb.Postgres) {
		return program(ctx, dsn, "pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", part)
	}
	from, err := os.Open(part)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(dsn, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Sync(), to.Close())
}

// PutFiles puts the copies into a store and holds each against the list; of what was only listed it asks the store. Errors: a file is
// missing or was altered.
func (m *Manifest) PutFiles(ctx context.Context, dir string, store blob.Store, say func(string, ...any)) error {
	copies, n := blob.NewLocal(filepath.Join(filepath.Dir(dir), "files")), int64(0)
	return eachFile(filepath.Join(dir, m.List.Name), func(want file) error {
		have, err := want, error(nil)
		if m.Copied {
			have, err = copyFile(ctx, copies, store, want.key)
		} else {
			var info blob.Info
			info, err = store.Stat(ctx, want.key)
			have.size = info.Size
		}
		switch {
		case blob.Missing(err):
			return fmt.Errorf("the file %s is missing", want.key)
		case err != nil:
			return err
		case have != want:
			return fmt.Errorf("the file %s was altered: %d bytes, SHA-256 %s; the list says %d, %s", want.key, have.size, have.hash, want.size, want.hash)
		}
		if n++; n%sayEvery == 0 {
			say("%d of %d files", n, m.Files)
		}
		return nil
	})
}

// Check holds a restored database against the manifest: its rows, the head of its evidence log, and, recomputed from evidence, the
// totals of a random sample of learners.
func (m *Manifest) Check(ctx context.Context, db *sqldb.DB, signer *ledger.Signer, sample int) (*verify.Report, error) {
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		have := new(Manifest)
		if err := have.describeTx(ctx, tx); err != nil {
			return err
		}
		for _, table := range slices.Sorted(maps.Keys(m.Rows)) {
			if have.Rows[table] != m.Rows[table] {
				return fmt.Errorf("the table %s has %d rows; the manifest says %d", table, have.Rows[table], m.Rows[table])
			}
		}
		if have.Leaves != m.Leaves || have.Root != m.Root || have.Checkpoint != m.Checkpoint || have.Installation != m.Installation || have.Keys != m.Keys {
			return fmt.Errorf("the evidence log has %d leaves with root %s; the manifest says %d, %s", have.Leaves, have.Root, m.Leaves, m.Root)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	report, err := verify.Sample(ctx, db, signer, sample)
	if err == nil && len(report.Findings) > 0 {
		err = fmt.Errorf("the evidence does not hold: %s (and %d more)", report.Findings[0], len(report.Findings)-1)
	}
	return report, err
}

// Empty tells whether a database has no tables.
func Empty(ctx context.Context, db *sqldb.DB) (bool, error) {
	tables, err := sqldb.ReadValue(ctx, db, func(tx *sqldb.Tx) ([]string, error) { return tablesTx(ctx, tx) })
	return len(tables) == 0, err
}

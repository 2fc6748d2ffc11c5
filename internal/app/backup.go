package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"xueshi/internal/backup"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/verify"
	"xueshi/migrations"
)

// Backup makes a backup below a folder while the platform serves; the database notes when, and who asked for it. An object store's files
// are taken along only with files.
func (a *App) Backup(ctx context.Context, to string, keep int, files bool, say func(string, ...any)) (dir string, m *backup.Manifest, err error) {
	_, local := a.Store.(*blob.Local)
	dir, m, err = backup.Make(ctx, backup.Source{DB: a.DB, DSN: a.dsn, Store: a.Store, Signer: a.Signer, Program: Version, Schema: a.schema, Copy: local || files, Say: say}, to, keep)
	if err != nil {
		return "", nil, err
	}
	return dir, m, a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := installation.BackedUpTx(ctx, tx, m.Made); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "backup.made", "installation", map[string]any{"instant": m.Made.UTC().Format(time.RFC3339), "rows": len(m.Rows), "files": m.Files, "leaves": m.Leaves})
	})
}

// Restore puts a backup in the place that cfg names, which must be empty, and checks what it has put there. Errors: a part of the backup
// is missing or was altered; the keys are others; the program is too old; the evidence does not hold. Of what was refused no folder is
// left; a PostgreSQL database or an object store that was begun to be filled is its owner's to drop.
func Restore(ctx context.Context, cfg Config, from, keyFolder string, sample int, say func(string, ...any)) (*verify.Report, error) {
	signer, err := signerOf(keyFolder)
	if err != nil {
		return nil, err
	}
	say("reading the backup")
	m, err := backup.Checked(from, signer)
	if err != nil {
		return nil, err
	}
	if err := cfg.fits(m); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return nil, err
	}
	if left, err := os.ReadDir(cfg.Data); err != nil || len(left) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%s is not empty: name a folder for the restored platform", cfg.Data))
	}
	report, err := cfg.restore(ctx, m, from, keyFolder, signer, sample, say)
	if err != nil {
		err = errors.Join(err, os.RemoveAll(cfg.Data)) // it was empty
	}
	return report, err
}

func signerOf(keyFolder string) (*ledger.Signer, error) {
	if !secret.Made(keyFolder) {
		return nil, fmt.Errorf("no keys in %s: name the installation's key folder, which is kept apart from its backups", keyFolder)
	}
	keys, err := secret.Open(keyFolder)
	if err != nil {
		return nil, err
	}
	return ledger.NewSigner(keys.Derive("evidence-log"))
}

// copyKeys copies the key files for this user alone, whatever their copies in the safe are open to.
func copyKeys(from, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, name := range secret.Files {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), raw, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fits tells whether this program, so configured, can take a backup.
func (c Config) fits(m *backup.Manifest) error {
	newest, err := migrations.Newest()
	switch {
	case err != nil:
		return err
	case m.Schema > newest:
		return fmt.Errorf("the backup's schema is %d, this program knows %d: take the program that made it (%s), or a newer one", m.Schema, newest, m.Program)
	case c.Database == "" && m.Engine == string(sqldb.Postgres):
		return errors.New("the backup is of PostgreSQL: name an empty database with --database")
	case c.Database != "" && m.Engine == string(sqldb.SQLite):
		return errors.New("the backup is of SQLite: leave out --database")
	}
	return nil
}

func (c Config) restore(ctx context.Context, m *backup.Manifest, from, keyFolder string, signer *ledger.Signer, sample int, say func(string, ...any)) (report *verify.Report, err error) {
	a := &App{folder: c.Data}
	if err := a.openStore(ctx, c); err != nil {
		return nil, err
	}
	defer a.shut()
	if err := c.vacant(ctx, m, a.Store); err != nil {
		return nil, err
	}
	if err := copyKeys(keyFolder, filepath.Join(c.Data, "keys")); err != nil {
		return nil, err
	}
	say("%d files, %d MB", m.Files, m.FileBytes>>20)
	if err := m.PutFiles(ctx, from, a.Store, say); err != nil {
		return nil, err
	}
	say("the database, %d MB", m.Database.Size>>20)
	dsn := c.Database
	if dsn == "" {
		dsn = filepath.Join(c.Data, "restored.db") // which nothing serves
	}
	if err := m.PutDatabase(ctx, from, dsn); err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, dsn, clock.System{})
	if err != nil {
		return nil, err
	}
	say("the evidence log, and %d learners", sample)
	report, err = m.Check(ctx, db, signer, sample)
	if err == nil {
		err = own(ctx, m, db, a.Store)
	}
	if err = errors.Join(err, db.Close()); err != nil || c.Database != "" {
		return report, err
	}
	return report, os.Rename(dsn, c.DSN())
}

// vacant refuses a database or, when files are put into it, a store in which something lies.
func (c Config) vacant(ctx context.Context, m *backup.Manifest, store blob.Store) error {
	if m.Copied {
		for info, err := range store.List(ctx, "") {
			if err != nil {
				return err
			}
			return fmt.Errorf("the store is not empty (%s): name an empty one", info.Key)
		}
	}
	if c.Database == "" {
		return nil
	}
	db, err := sqldb.Open(ctx, c.Database, clock.System{})
	if err != nil {
		return err
	}
	empty, err := backup.Empty(ctx, db)
	if err == nil && !empty {
		err = errors.New("the database is not empty: make a new one")
	}
	return errors.Join(err, db.Close())
}

// own says whose the store is: one that was just filled is the restored database's; one that others may use is not, until somebody says
// so.
func own(ctx context.Context, m *backup.Manifest, db *sqldb.DB, store blob.Store) error {
	if !m.Copied {
		return installation.Disown(ctx, db)
	}
	_, err := installation.Adopt(ctx, db, store)
	return err
}

package backup

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/backup"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// flip alters a byte in the middle of a file.
func flip(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	raw[len(raw)/2] ^= 1
	return os.WriteFile(path, raw, 0o600)
}

// replace alters a word of a file.
func replace(path, old, by string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(raw, []byte(old)) {
		return os.ErrNotExist
	}
	return os.WriteFile(path, bytes.Replace(raw, []byte(old), []byte(by), 1), 0o600)
}

// A backup in which anything was altered is refused, in words that name it, and nothing of it can be served.
func TestATamperedBackupIsCaught(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		sound := t.TempDir()
		dir, m := makes(t, c, sound, 0)
		foreign := filepath.Join(t.TempDir(), "keys")
		_, err := secret.Open(foreign)
		must(t, err)
		media := filepath.Join("..", "files", "media", "l0401", "1")
		for _, x := range []struct {
			what, says string
			do         func(dir string) error
			keys       string
		}{
			{"the manifest's byte", "manifest was altered", func(d string) error { return flip(filepath.Join(d, "manifest")) }, ""},
			{"a count in the manifest", "manifest was altered", func(d string) error { return replace(filepath.Join(d, "manifest"), `"person": `, `"person": 1`) }, ""},
			{"no manifest", "no backup", func(d string) error { return os.Remove(filepath.Join(d, "manifest")) }, ""},
			{"the database's byte", m.Database.Name + " was altered", func(d string) error { return flip(filepath.Join(d, m.Database.Name)) }, ""},
			{"the database cut", m.Database.Name + " was altered", func(d string) error { return os.Truncate(filepath.Join(d, m.Database.Name), 100_000) }, ""},
			{"no database", m.Database.Name, func(d string) error { return os.Remove(filepath.Join(d, m.Database.Name)) }, ""},
			{"a name in the list", "files.tsv was altered", func(d string) error { return replace(filepath.Join(d, "files.tsv"), "media/l0401", "media/l0409") }, ""},
			{"a file's byte", "poster.jpg was altered", func(d string) error { return flip(filepath.Join(d, media, "poster.jpg")) }, ""},
			{"a file less", "poster.jpg is missing", func(d string) error { return os.Remove(filepath.Join(d, media, "poster.jpg")) }, ""},
			{"other keys", "not the keys", func(string) error { return nil }, foreign},
			{"no keys", "no keys", func(string) error { return nil }, t.TempDir()},
		} {
			copied := t.TempDir()
			city.CopyFolder(t, sound, copied)
			at := filepath.Join(copied, filepath.Base(dir))
			must(t, x.do(at))
			keys := keysOf(c)
			if x.keys != "" {
				keys = x.keys
			}
			cfg := place(t, c.DB.Engine())
			if _, err := app.Restore(t.Context(), cfg, at, keys, 5, silent); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s: %v, want %q", x.what, err, x.says)
			}
			if _, err := os.Stat(cfg.Data); !os.IsNotExist(err) {
				t.Errorf("%s: something is left", x.what)
			}
		}
	})
}

// Who edits a row of the platform before the backup is made is found when it is restored.
func TestAnEditedRowIsFoundByTheRestore(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		p := newPupil(t, c)
		c.Clock.Advance(5e9)
		p.watch(0, 5000)
		must(t, c.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE study SET chain_seq = chain_seq + 1`)
			return err
		}))
		dir, _ := makes(t, c, t.TempDir(), 0)
		cfg := place(t, c.DB.Engine())
		if _, err := app.Restore(t.Context(), cfg, dir, keysOf(c), 100, silent); err == nil || !strings.Contains(err.Error(), "evidence does not hold") {
			t.Errorf("an edited row: %v", err)
		}
		if _, err := os.Stat(filepath.Join(cfg.Data, "xueshi.db")); !os.IsNotExist(err) {
			t.Error("what was refused can be served")
		}
	})
}

// Nothing is put where something lies, and no backup into another engine.
func TestARestoreWantsAnEmptyPlace(t *testing.T) {
	t.Parallel()
	c := city.New(t, sqltest.Postgres(t))
	dir, _ := makes(t, c, t.TempDir(), 0)
	full := place(t, sqldb.Postgres)
	db, err := sql.Open("pgx", full.Database)
	must(t, err)
	_, err = db.ExecContext(t.Context(), `CREATE TABLE somebodys (n BIGINT)`)
	must(t, err)
	must(t, db.Close())
	used := place(t, sqldb.Postgres)
	must(t, os.MkdirAll(filepath.Join(used.Data, "blobs"), 0o700))
	for says, cfg := range map[string]app.Config{"database is not empty": full, "is not empty: name a folder": used, "name an empty database": place(t, sqldb.SQLite)} {
		if _, err := app.Restore(t.Context(), cfg, dir, keysOf(c), 5, silent); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if _, err := os.Stat(filepath.Join(used.Data, "blobs")); err != nil {
		t.Error("a refused restore erased somebody's folder:", err)
	}
}

// A server that ends idle transactions, as deploy/postgresql asks, does not end the one whose snapshot pg_dump reads in.
func TestABackupOutlastsTheServersPatience(t *testing.T) {
	t.Parallel()
	env := sqltest.Postgres(t)
	c := city.New(t, env)
	begin := time.Now()
	makes(t, c, t.TempDir(), 0)
	patience := time.Since(begin) / 4 // the dump is most of it
	db, err := sqldb.Open(t.Context(), fmt.Sprintf("%s&options=-c%%20idle_in_transaction_session_timeout%%3D%d", env.DSN, patience.Milliseconds()), c.Clock)
	must(t, err)
	defer db.Close()
	_, _, err = backup.Make(t.Context(), backup.Source{DB: db, DSN: env.DSN, Store: c.Store, Signer: c.Signer, Say: silent}, t.TempDir(), 0)
	must(t, err)
}

// The commands do what the runbook says, with an exit code.
func TestTheCommands(t *testing.T) {
	t.Parallel()
	data, to := filepath.Join(t.TempDir(), "data"), t.TempDir()
	keys := filepath.Join(data, "keys")
	run := func(args ...string) (string, error) {
		out, err := exec.Command(city.Program(t), args...).CombinedOutput()
		return string(out), err
	}
	if out, err := run("demo", "--data", data, "--media", filepath.Join(city.Root(), "demo")); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := run("backup", "--data", data, "--to", to)
	if err != nil || !strings.Contains(out, "The keys are not in it") {
		t.Fatalf("%v: %s", err, out)
	}
	all, _ := filepath.Glob(filepath.Join(to, "2*"))
	again := filepath.Join(t.TempDir(), "again")
	if out, err := run("restore", "--data", again, "--from", all[0], "--keys", keys); err != nil || !strings.Contains(out, "the evidence log is whole") {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := run("verify", "--data", again, "--sample", "3"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := run("restore", "--data", again, "--from", all[0], "--keys", keys); err == nil || strings.Count(out, "\n") > 3 {
		t.Errorf("into a used folder: %v: %s", err, out)
	}
}

package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"xueshi/internal/gateway/sms"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

// Doctor looks at everything around the program that can be wrong before people notice. It stores and erases one small file, and
// changes nothing else.
func (a *App) Doctor(ctx context.Context) []Check {
	return append(a.Checks(ctx), a.checkEngine(ctx), a.checkProbe(ctx), checkFolders(a.folder), checkFiles(), checkTools(ctx), a.checkMark(ctx), a.checkBackup(ctx), a.checkMessages(ctx), a.checkSigner(ctx))
}

// checkEngine asks PostgreSQL for what durability rests on.
func (a *App) checkEngine(ctx context.Context) Check {
	if a.DB.Engine() == sqldb.SQLite {
		return Check{"engine", CheckOK, "SQLite, write-ahead log, fsync at each commit"}
	}
	set := map[string]string{}
	_, err := sqldb.ReadValue(ctx, a.DB, func(tx *sqldb.Tx) ([]struct{}, error) {
		return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
			var name, value string
			err := row.Scan(&name, &value)
			set[name] = value
			return struct{}{}, err
		}, `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'max_connections', 'server_version_num', 'server_version')`)
	})
	if err != nil {
		return Check{"engine", CheckFail, err.Error()}
	}
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if set[name] == "off" {
			return Check{"engine", CheckFail, name + " is off: what is acknowledged could be lost. Switch it on"}
		}
	}
	version, _ := strconv.Atoi(set["server_version_num"])
	most, _ := strconv.Atoi(set["max_connections"])
	c := Check{"engine", CheckOK, fmt.Sprintf("PostgreSQL %s, %d connections", set["server_version"], most)}
	switch {
	case version < 140000:
		c.State, c.Detail = CheckFail, c.Detail+": at least version 14 is needed"
	case most < 100:
		c.State, c.Detail = CheckWarn, c.Detail+": each process takes up to 32, give at least 100"
	case set["synchronous_standby_names"] == "":
		c.State, c.Detail = CheckWarn, c.Detail+"; no synchronous standby: what is acknowledged lies on one machine (deploy/postgresql)"
	}
	return c
}

// checkProbe stores a file, reads it back and erases it.
func (a *App) checkProbe(ctx context.Context) Check {
	key, text := "health/probe-"+id.New(a.DB.Clock().Now()), "probe"
	if err := a.Store.Put(ctx, key, strings.NewReader(text)); err != nil {
		return Check{"store writes", CheckFail, err.Error()}
	}
	f, err := a.Store.Open(ctx, key)
	if err != nil {
		return Check{"store writes", CheckFail, "a file that was just stored: " + err.Error()}
	}
	read := make([]byte, len(text)+1)
	n, _ := f.Read(read)
	_ = f.Close()
	if err := a.Store.Remove(ctx, key); err != nil {
		return Check{"store writes", CheckFail, "erasing: " + err.Error()}
	}
	if string(read[:n]) != text {
		return Check{"store writes", CheckFail, "a file comes back with other bytes"}
	}
	return Check{"store writes", CheckOK, "a file was stored, read and erased"}
}

// checkMark holds the store's mark against the database.
func (a *App) checkMark(ctx context.Context) Check {
	if err := installation.Owned(ctx, a.DB, a.Store); err != nil {
		return Check{"store's mark", CheckWarn, "no file is swept: " + err.Error()}
	}
	return Check{"store's mark", CheckOK, "the store is this installation's"}
}

// backupAge is how old the last of the nightly backups may be.
const backupAge = 36 * time.Hour

func (a *App) checkBackup(ctx context.Context) Check {
	at, err := installation.BackedUp(ctx, a.DB)
	switch {
	case err != nil:
		return Check{"backup", CheckFail, err.Error()}
	case at.IsZero():
		return Check{"backup", CheckWarn, "there is none: xueshi backup (docs/runbook/backup.md)"}
	case a.DB.Clock().Now().Sub(at) > backupAge:
		return Check{"backup", CheckWarn, "the last is of " + at.UTC().Format(time.RFC3339) + ": is the nightly timer on?"}
	}
	return Check{"backup", CheckOK, "the last is of " + at.UTC().Format(time.RFC3339)}
}

// checkFolders finds files of the data folder that others may read, or that nobody may write.
func checkFolders(folder string) Check {
	for _, name := range []string{"keys", "keys/sealing.json", "keys/index.json"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			return Check{"permissions", CheckFail, err.Error()}
		}
		if others := info.Mode().Perm() & 0o077; others != 0 {
			return Check{"permissions", CheckFail, fmt.Sprintf("%s is open to others (%v): chmod -R go= %s", name, info.Mode().Perm(), filepath.Join(folder, "keys"))}
		}
	}
	probe := filepath.Join(folder, ".doctor")
	err := os.WriteFile(probe, nil, 0o600)
	if err == nil {
		err = os.Remove(probe)
	}
	if err != nil {
		return Check{"permissions", CheckFail, err.Error()}
	}
	return Check{"permissions", CheckOK, "keys are closed to others, the data folder can be written"}
}

// openFiles is how many files a process should be allowed to have open: two for each learner that is connected.
const openFiles = 65536

func checkFiles() Check {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return Check{"open files", CheckWarn, err.Error()}
	}
	if l.Max < openFiles {
		return Check{"open files", CheckWarn, fmt.Sprintf("at most %d: raise LimitNOFILE to %d", l.Max, openFiles)}
	}
	return Check{"open files", CheckOK, fmt.Sprintf("up to %d", l.Max)}
}

func checkTools(ctx context.Context) Check {
	var found []string
	for _, tool := range []string{"ffmpeg", "ffprobe"} {
		out, err := exec.CommandContext(ctx, tool, "-version").Output()
		if err != nil {
			return Check{"tools", CheckWarn, tool + " is missing: no lesson can be taken in here (apt-get install ffmpeg)"}
		}
		f := strings.Fields(string(out))
		found = append(found, tool+" "+f[min(2, len(f)-1)])
	}
	return Check{"tools", CheckOK, strings.Join(found, ", ")}
}

func (a *App) checkMessages(ctx context.Context) Check {
	_, ok, err := a.Credentials.Current(ctx, sms.Name)
	switch {
	case err != nil:
		return Check{"text messages", CheckFail, err.Error()}
	case !ok:
		return Check{"text messages", CheckWarn, "no credential: nobody can register or log in by code. Set it at /operator/gateways"}
	}
	return Check{"text messages", CheckOK, "a credential is set"}
}

// checkSigner holds the newest checkpoint of the evidence log against this installation's signer.
func (a *App) checkSigner(ctx context.Context) Check {
	c, err := sqldb.ReadValue(ctx, a.DB, func(tx *sqldb.Tx) (ledger.Checkpoint, error) { return ledger.NewestTx(ctx, tx) })
	switch {
	case err != nil:
		return Check{"evidence log", CheckFail, err.Error()}
	case c.Size == 0:
		return Check{"evidence log", CheckOK, "nothing is recorded yet"}
	case !a.Signer.Signed(c.Note):
		return Check{"evidence log", CheckFail, fmt.Sprintf("its head of %d leaves is not signed by this installation: run xueshi verify", c.Size)}
	}
	return Check{"evidence log", CheckOK, fmt.Sprintf("%d leaves, signed", c.Size)}
}

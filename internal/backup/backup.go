// Package backup copies an installation, whole and while it serves, and puts it back elsewhere (R1.4d). Each backup is a folder below
// the target; the store's files never change, so that all backups there share one copy. Keys are never in it.
package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

// Source is an installation as a backup sees it.
type Source struct {
	DB      *sqldb.DB
	DSN     string
	Store   blob.Store
	Signer  *ledger.Signer
	Program string // version
	Schema  int64
	// Copy takes the files along; without it they are listed only, for an object store that is kept safe by its own means.
	Copy bool
	// Say tells how far it is.
	Say func(format string, args ...any)
}

// stamp names a backup by its time, so that names sort.
const stamp = "20060102T150405Z"

// Make makes a backup below to and gives its folder. It first takes the database's snapshot, then the files: whatever a row of the
// snapshot names lay in the store before, and no sweep takes it within the day. Backups beyond the newest keep are erased (0 = none).
// Errors: another backup to this target is under way.
func Make(ctx context.Context, s Source, to string, keep int) (dir string, m *Manifest, err error) {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", nil, err
	}
	unlock, err := sqldb.TryLock(filepath.Join(to, ".lock"))
	if err != nil {
		return "", nil, fmt.Errorf("another backup to %s is under way: %w", to, err)
	}
	defer unlock()
	old, err := finished(to)
	if err != nil {
		return "", nil, err
	}
	dir = filepath.Join(to, s.DB.Clock().Now().UTC().Format(stamp))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	m = &Manifest{Format: 1, Program: s.Program, Schema: s.Schema, Engine: string(s.DB.Engine()), Copied: s.Copy}
	if err := s.snapshot(ctx, dir, m); err != nil {
		return "", nil, fmt.Errorf("the database: %w", err)
	}
	if err := s.files(ctx, to, dir, old, m); err != nil {
		return "", nil, fmt.Errorf("the files: %w", err)
	}
	if err := m.write(dir, s.Signer); err != nil {
		return "", nil, err
	}
	if keep > 0 {
		err = s.prune(to, append(old, dir), keep)
	}
	return dir, m, err
}

// finished gives the backups below a folder, the oldest first, and erases what was not finished.
func finished(to string) (all []string, err error) {
	entries, err := os.ReadDir(to) // sorted by name
	for _, e := range entries {
		if _, no := time.Parse(stamp, e.Name()); no != nil || err != nil {
			continue
		}
		dir := filepath.Join(to, e.Name())
		if _, no := os.Stat(filepath.Join(dir, manifestName)); no == nil {
			all = append(all, dir)
		} else {
			err = os.RemoveAll(dir)
		}
	}
	return all, err
}

// prune erases all but the newest backups, and files that none of those names.
func (s Source) prune(to string, all []string, keep int) error {
	gone := all[:max(0, len(all)-keep)]
	for _, dir := range gone {
		if err := os.Remove(filepath.Join(dir, manifestName)); err != nil { // from now on it is none
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	needed := map[string]bool{}
	for _, dir := range slices.Clip(all)[len(gone):] {
		err := eachFile(filepath.Join(dir, listName), func(f file) error { needed[f.key] = true; return nil })
		if err != nil {
			return err
		}
	}
	copies := blob.NewLocal(filepath.Join(to, "files"))
	for info, err := range copies.List(context.Background(), "") {
		if err != nil {
			return err
		}
		if !needed[info.Key] {
			if err := copies.Remove(context.Background(), info.Key); err != nil {
				return err
			}
		}
	}
	s.Say("%d older backups erased, %d are kept", len(gone), keep)
	return nil
}

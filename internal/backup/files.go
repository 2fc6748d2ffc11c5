package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
)

const (
	listName = "files.tsv"
	unread   = "-" // the hash of a file that was listed only
	sayEvery = 5000
)

// file is a line of the list.
type file struct {
	hash string // SHA-256, or unread
	size int64
	key  string
}

// files writes the list of the store, and copies what is not among the copies yet.
func (s Source) files(ctx context.Context, to, dir string, old []string, m *Manifest) error {
	known := map[string]file{}
	if len(old) > 0 && s.Copy {
		err := eachFile(filepath.Join(old[len(old)-1], listName), func(f file) error {
			if f.hash != unread {
				known[f.key] = f
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	list, err := os.OpenFile(filepath.Join(dir, listName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w, copies := bufio.NewWriter(list), blob.NewLocal(filepath.Join(to, "files"))
	for info, err := range s.Store.List(ctx, "") {
		if err != nil {
			return errors.Join(err, list.Close())
		}
		if info.Key == installation.MarkKey {
			continue
		}
		f := file{unread, info.Size, info.Key}
		if s.Copy {
			if f, err = s.kept(ctx, copies, info, known); blob.Missing(err) { // erased since it was listed
				continue
			} else if err != nil {
				return errors.Join(err, list.Close())
			}
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\n", f.hash, f.size, f.key) // the first error is kept for Flush
		m.Files, m.FileBytes = m.Files+1, m.FileBytes+f.size
		if m.Files%sayEvery == 0 {
			s.Say("%d files, %d MB", m.Files, m.FileBytes>>20)
		}
	}
	if err := errors.Join(w.Flush(), list.Sync(), list.Close()); err != nil {
		return err
	}
	m.List, err = partOf(dir, listName)
	return err
}

// kept makes sure that a file is among the copies and gives its line. Whoever has the hash of an earlier backup believes it: a restore
// reads each file again.
func (s Source) kept(ctx context.Context, copies *blob.Local, info blob.Info, known map[string]file) (file, error) {
	have, err := copies.Stat(ctx, info.Key)
	if err == nil && have.Size == info.Size {
		if f, ok := known[info.Key]; ok && f.size == info.Size {
			return f, nil
		}
		return hashed(ctx, copies, info.Key)
	}
	if err != nil && !blob.Missing(err) {
		return file{}, err
	}
	return copyFile(ctx, s.Store, copies, info.Key)
}

// copyFile copies a file from one store to another and gives what was read.
func copyFile(ctx context.Context, from, to blob.Store, key string) (file, error) {
	r, err := from.Open(ctx, key)
	if err != nil {
		return file{}, err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	n := new(count)
	if err := to.Put(ctx, key, io.TeeReader(r, io.MultiWriter(h, n))); err != nil {
		return file{}, err
	}
	return file{hex.EncodeToString(h.Sum(nil)), int64(*n), key}, nil
}

func hashed(ctx context.Context, store blob.Store, key string) (file, error) {
	r, err := store.Open(ctx, key)
	if err != nil {
		return file{}, err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, r)
	return file{hex.EncodeToString(h.Sum(nil)), n, key}, err
}

// count counts what is written to it.
type count int64

func (c *count) Write(b []byte) (int, error) { *c += count(len(b)); return len(b), nil }

// eachFile reads a list.
func eachFile(path string, use func(f file) error) error {
	r, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		var f file
		if len(parts) != 3 {
			return fmt.Errorf("%s: a line of %d parts", path, len(parts))
		}
		if _, err := fmt.Sscan(parts[1], &f.size); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f.hash, f.key = parts[0], parts[2]
		if err := use(f); err != nil {
			return err
		}
	}
	return lines.Err()
}

// partOf measures a file of the backup.
func partOf(dir, name string) (Part, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return Part{}, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return Part{name, n, hex.EncodeToString(h.Sum(nil))}, err
}

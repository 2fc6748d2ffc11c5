// Package blob keeps files by key. Local disk today; the interface is what an object store can do too.
package blob

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Store keeps immutable files. A key is slash-separated and never names a parent.
type Store interface {
	Put(key string, r io.Reader) error
	// Open gives the file for reading and seeking. os.IsNotExist(err) when there is none.
	Open(key string) (*os.File, error)
	// Remove erases the file; one that is not there is no error.
	Remove(key string) error
}

// Local keeps files under a folder.
type Local struct{ dir string }

// NewLocal keeps files under dir.
func NewLocal(dir string) *Local { return &Local{dir} }

func (l *Local) path(key string) (string, error) {
	if !filepath.IsLocal(key) || strings.ContainsAny(key, "\\\x00") {
		return "", fmt.Errorf("blob: key %q", key)
	}
	return filepath.Join(l.dir, filepath.FromSlash(key)), nil
}

// Put stores r under key: complete and durable, or not at all.
func (l *Local) Put(key string, r io.Reader) (err error) {
	path, err := l.path(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".put-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err = io.Copy(f, r); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Open implements Store.
func (l *Local) Open(key string) (*os.File, error) {
	path, err := l.path(key)
	if err != nil {
		return nil, err
	}
	// Not os.Open: it tries each file on the poller, at the price of four system calls, and a regular file is never on it.
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, syscall.EINTR):
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// Remove implements Store.
func (l *Local) Remove(key string) error {
	path, err := l.path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

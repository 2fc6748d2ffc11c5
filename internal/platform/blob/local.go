package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// making is the folder of files on their way in. No key begins with a dot.
const making = ".put"

// Local keeps files under a folder.
type Local struct{ dir string }

// NewLocal keeps files under dir.
func NewLocal(dir string) *Local { return &Local{dir} }

func (l *Local) path(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	return filepath.Join(l.dir, filepath.FromSlash(key)), nil
}

// Put implements Store: the file is on the disk, under its name, when it returns.
func (l *Local) Put(ctx context.Context, key string, r io.Reader) (err error) {
	path, err := l.path(key)
	if err != nil {
		return err
	}
	if err := mkdir(filepath.Join(l.dir, making)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(l.dir, making), "*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if _, err = io.Copy(f, untilDone{ctx, r}); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return rename(f.Name(), path)
}

// untilDone is a reader that ends with its context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// rename moves a file to its name for good. The folder may be removed as empty in between: then it is made again.
func rename(from, to string) (err error) {
	for range 100 {
		if err = mkdir(filepath.Dir(to)); err == nil {
			err = os.Rename(from, to)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	if err = sync(filepath.Dir(to)); errors.Is(err, fs.ErrNotExist) { // removed already, and its folder with it
		return nil
	}
	return err
}

// mkdir makes a folder and those above it, so that they are there after the machine fails.
func mkdir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	if err := sync(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // removed already: who needs it makes it again
}

func sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// localFile is an *os.File that has been looked at.
type localFile struct {
	*os.File
	info fs.FileInfo
}

// Stat implements fs.File.
func (f *localFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Open implements Store.
func (l *Local) Open(_ context.Context, key string) (File, error) {
	path, err := l.path(key)
	if err != nil {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = missing(key)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &localFile{f, info}, nil
}

// open is not os.Open: that tries each file on the poller, at the price of four system calls, and a regular file is never on it.
func open(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case errors.Is(err, syscall.ENOTDIR): // a part of the key is a file: nothing lies below it
			return nil, missing(path)
		case !errors.Is(err, syscall.EINTR):
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

func missing(what string) error {
	return &os.PathError{Op: "open", Path: what, Err: fs.ErrNotExist}
}

// Stat implements Store.
func (l *Local) Stat(_ context.Context, key string) (Info, error) {
	path, err := l.path(key)
	if err != nil {
		return Info{}, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.Mode().IsRegular() {
		err = missing(key)
	}
	if err != nil {
		return Info{}, err
	}
	return Info{key, info.Size(), info.ModTime()}, nil
}

// Fetch implements Store: the file itself.
func (l *Local) Fetch(ctx context.Context, key string) (path string, done func(), err error) {
	if _, err := l.Stat(ctx, key); err != nil {
		return "", nil, err
	}
	path, err = l.path(key)
	return path, func() {}, err
}

// List implements Store.
func (l *Local) List(ctx context.Context, folder string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := CheckFolder(folder)
		if err == nil {
			_, err = l.walk(ctx, folder, yield)
		}
		if err != nil {
			yield(Info{}, err)
		}
	}
}

// walk gives the files below a folder; more is false when nobody wants more.
func (l *Local) walk(ctx context.Context, folder string, yield func(Info, error) bool) (more bool, err error) {
	entries, err := os.ReadDir(filepath.Join(l.dir, filepath.FromSlash(folder)))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return true, nil
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return false, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(inOrder(a), inOrder(b)) })
	for _, e := range entries {
		key := folder + e.Name()
		switch {
		case CheckKey(key) != nil: // .put, or nothing of ours
			continue
		case e.IsDir():
			more, err = l.walk(ctx, key+"/", yield)
		default:
			info, statErr := e.Info()
			if statErr != nil || !info.Mode().IsRegular() {
				continue // removed meanwhile, or nothing of ours
			}
			more = yield(Info{key, info.Size(), info.ModTime()}, nil)
		}
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// inOrder is how an entry sorts among keys: "a-b" before "a/b".
func inOrder(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// Remove implements Store; folders that it empties go too.
func (l *Local) Remove(_ context.Context, key string) error {
	path, err := l.path(key)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(path); err != nil || info.IsDir() {
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return err
		}
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for dir := filepath.Dir(path); dir != filepath.Clean(l.dir); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil { // others are in it
			break
		}
	}
	return nil
}

// Clean implements Store.
func (l *Local) Clean(ctx context.Context, before time.Time) (n int, err error) {
	entries, err := os.ReadDir(filepath.Join(l.dir, making))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		info, statErr := e.Info()
		if err != nil || ctx.Err() != nil || statErr != nil || !info.ModTime().Before(before) {
			continue
		}
		if err = os.Remove(filepath.Join(l.dir, making, e.Name())); err == nil {
			n++
		}
	}
	return n, errors.Join(err, ctx.Err())
}

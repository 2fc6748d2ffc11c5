package blob_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/blob/blobtest"
)

func TestLocalIsAStore(t *testing.T) {
	t.Parallel()
	blobtest.Contract(t, func(t *testing.T) blob.Store { return blob.NewLocal(t.TempDir()) })
}

func TestLocalMemory(t *testing.T) { blobtest.Large(t, blob.NewLocal(t.TempDir()), 8<<20) }

// Local's files bring the descriptor with which net calls sendfile; their Stat is the file's own.
func TestLocalFilesAreSentByTheKernel(t *testing.T) {
	t.Parallel()
	s := blob.NewLocal(t.TempDir())
	if err := s.Put(t.Context(), "a", strings.NewReader("abc")); err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, ok := f.(syscall.Conn); !ok {
		t.Errorf("%T has no descriptor", f)
	}
}

// A Put that dies leaves a file that nobody sees, until Clean finds it old enough.
func TestLocalKeepsHalfFilesOutOfSight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := blob.NewLocal(dir)
	r, w := io.Pipe()
	put := make(chan error, 1)
	go func() { put <- s.Put(t.Context(), "a/b", r) }()
	if _, err := w.Write(make([]byte, 1000)); err != nil { // so it has begun
		t.Fatal(err)
	}
	visible := func() (keys []string) {
		for i, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, i.Key)
		}
		return keys
	}
	if got := visible(); len(got) > 0 {
		t.Errorf("half a file is listed: %q", got)
	}
	left := filepath.Join(dir, ".put", "left") // as if another Put had been killed two days ago
	old := time.Now().Add(-48 * time.Hour)
	if err := errors.Join(os.WriteFile(left, []byte("half"), 0o600), os.Chtimes(left, old, old)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Clean(t.Context(), time.Now().Add(-time.Hour)); n != 1 || err != nil {
		t.Errorf("%d, %v: want the old one alone", n, err)
	}
	_ = w.Close()
	if err := <-put; err != nil || !slices.Equal(visible(), []string{"a/b"}) {
		t.Errorf("%v, %q", err, visible())
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, ".put")); len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
}

// Removing empties folders; a Put into one that goes at this moment makes it again.
func TestLocalFoldersComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := blob.NewLocal(dir)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for range 200 {
				key := "a/b/" + string(rune('a'+w))
				if err := s.Put(t.Context(), key, strings.NewReader("x")); err != nil {
					t.Error(err)
				}
				if err := s.Remove(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if _, err := os.Stat(filepath.Join(dir, "a")); !os.IsNotExist(err) {
		t.Errorf("an empty folder is left: %v", err)
	}
}

// What cannot be read is there: it is no missing file.
func TestLocalTellsBrokenFromMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := blob.NewLocal(dir)
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil { // ELOOP, for root too
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "loop"); err == nil || blob.Missing(err) {
		t.Errorf("open: %v", err)
	}
	if _, err := s.Stat(t.Context(), "loop"); err == nil || blob.Missing(err) {
		t.Errorf("stat: %v", err)
	}
}

// Package blobtest says what every blob.Store does, as one test that each of them passes.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
)

// keys are such as people make, in the order of their bytes.
var keys = []string{
	"a-b", "a/b", "a/b c+d&e=f?g#h%i", "a0", "course/é~!@$'()*,;:", "course/中文 第一讲（下）/0.m4s", "course/中文 第一讲（下）/1.m4s", "z/y/x/w/v/u/t/s/0",
}

// badKeys lead nowhere.
var badKeys = []string{"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".put/1", "a\\b", "a\x00b", "a\nb", "a/\xff", strings.Repeat("a", 201), strings.Repeat("a/", 500) + "a"}

// Contract runs the whole of it; open gives an empty store.
func Contract(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for name, part := range map[string]func(t *testing.T, s blob.Store){
		"stored files": stored, "reading and seeking": reading, "over HTTP": overHTTP, "missing": missingFiles, "keys": keyRule, "listing": listing,
		"pages": pages, "one key from many": together, "a source that fails": brokenSource, "an end of the context": ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, open(t))
		})
	}
}

func put(t testing.TB, s blob.Store, key, content string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func get(t testing.TB, s blob.Store, key string) string {
	t.Helper()
	f, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("open %q: %v", key, err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(f)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	return string(raw)
}

// list is the keys below a folder.
func list(t testing.TB, s blob.Store, folder string) (out []string) {
	t.Helper()
	for i, err := range s.List(t.Context(), folder) {
		if err != nil {
			t.Fatalf("list %q: %v", folder, err)
		}
		out = append(out, i.Key)
	}
	return out
}

func stored(t *testing.T, s blob.Store) {
	for i, key := range append(keys, "empty") {
		content := strings.Repeat(key, i*100)
		if key == "empty" {
			content = ""
		}
		put(t, s, key, "what was there before")
		put(t, s, key, content)
		if got := get(t, s, key); got != content {
			t.Errorf("%q: %d bytes, want %d", key, len(got), len(content))
		}
		info, err := s.Stat(t.Context(), key)
		if age := time.Since(info.Modified); err != nil || info.Key != key || info.Size != int64(len(content)) || age > time.Minute || age < -time.Minute {
			t.Errorf("%q: %+v, %v", key, info, err)
		}
		path, done, err := s.Fetch(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != content {
			t.Errorf("%q fetched: %d bytes, %v", key, len(raw), err)
		}
		done()
		done()
		if err := errors.Join(s.Remove(t.Context(), key), s.Remove(t.Context(), key)); err != nil {
			t.Errorf("remove %q: %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !blob.Missing(err) {
			t.Errorf("%q is removed: %v", key, err)
		}
	}
	put(t, s, "half", "0123456789")
	r := strings.NewReader("0123456789")
	if _, err := r.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "half", r); err != nil || get(t, s, "half") != "456789" {
		t.Errorf("a reader that was read before: %q, %v", get(t, s, "half"), err)
	}
	if err := s.Put(t.Context(), "stream", io.MultiReader(strings.NewReader("one "), strings.NewReader("two"))); err != nil || get(t, s, "stream") != "one two" {
		t.Errorf("of unknown length: %q, %v", get(t, s, "stream"), err)
	}
}

func reading(t *testing.T, s blob.Store) {
	content := random(9<<20 + 17)
	put(t, s, "f", string(content))
	f, err := s.Open(t.Context(), "f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.Size() != int64(len(content)) || info.IsDir() || time.Since(info.ModTime()).Abs() > time.Minute {
		t.Fatalf("%+v, %v", info, err)
	}
	// Ahead by little and by much, back, over the edges of what a store may read at once, and beyond the end.
	for _, at := range []int{0, 100, 4<<20 - 10, 4 << 20, 50, 8<<20 - 1, 3, 9 << 20, 9<<20 + 10, 1 << 20, 1<<20 + 300<<10} {
		if n, err := f.Seek(int64(at), io.SeekStart); err != nil || n != int64(at) {
			t.Fatal(n, err)
		}
		p := make([]byte, min(5000, len(content)-at))
		if _, err := io.ReadFull(f, p); err != nil || !bytes.Equal(p, content[at:at+len(p)]) {
			t.Errorf("from %d: %v", at, err)
		}
	}
	if n, err := f.Seek(-7, io.SeekEnd); err != nil || n != int64(len(content))-7 {
		t.Error(n, err)
	}
	if raw, err := io.ReadAll(f); err != nil || !bytes.Equal(raw, content[len(content)-7:]) {
		t.Errorf("the last: %q, %v", raw, err)
	}
	if n, err := f.Seek(100, io.SeekEnd); err != nil || n != int64(len(content))+100 {
		t.Error(n, err)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error("beyond the end:", n, err)
	}
	if _, err := f.Seek(-1, io.SeekStart); err == nil {
		t.Error("before the beginning")
	}
	// iotest.TestReader is thorough, and reads byte by byte: for a small file.
	put(t, s, "small", string(content[:300]))
	small, err := s.Open(t.Context(), "small")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = small.Close() }()
	if err := iotest.TestReader(struct{ io.ReadSeeker }{small}, content[:300]); err != nil {
		t.Error(err)
	}
}

func random(n int) []byte {
	out, x := make([]byte, n), uint32(1)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x)
	}
	return out
}

func overHTTP(t *testing.T, s blob.Store) {
	content := random(5 << 20)
	put(t, s, "课/0.m4s", string(content))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := s.Open(r.Context(), "课/0.m4s")
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = f.Close() }()
		info, _ := f.Stat()
		http.ServeContent(w, r, "", info.ModTime(), f)
	}))
	defer srv.Close()
	for _, c := range []struct {
		rng      string
		status   int
		from, to int
	}{{"", 200, 0, len(content)}, {"bytes=0-0", 206, 0, 1}, {"bytes=4194300-4194310", 206, 4194300, 4194311}, {"bytes=-5", 206, len(content) - 5, len(content)}, {"bytes=4500000-", 206, 4500000, len(content)}} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		if c.rng != "" {
			req.Header.Set("Range", c.rng)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || !bytes.Equal(raw, content[c.from:c.to]) {
			t.Errorf("%q: %d, %d bytes, %v", c.rng, res.StatusCode, len(raw), err)
		}
	}
}

func missingFiles(t *testing.T, s blob.Store) {
	put(t, s, "a/b", "x")
	for _, key := range []string{"b", "a", "a/c", "a/b/c", "中文"} {
		_, openErr := s.Open(t.Context(), key)
		_, statErr := s.Stat(t.Context(), key)
		_, _, fetchErr := s.Fetch(t.Context(), key)
		for what, err := range map[string]error{"open": openErr, "stat": statErr, "fetch": fetchErr} {
			if !blob.Missing(err) || errs.KindOf(err) == errs.Unavailable {
				t.Errorf("%s %q: %v", what, key, err)
			}
		}
		if err := s.Remove(t.Context(), key); err != nil {
			t.Errorf("remove %q: %v", key, err)
		}
	}
	if got := list(t, s, "b/"); len(got) > 0 {
		t.Errorf("a folder that is not there: %q", got)
	}
	if get(t, s, "a/b") != "x" {
		t.Error("what is there was touched")
	}
}

func keyRule(t *testing.T, s blob.Store) {
	for _, key := range badKeys {
		_, openErr := s.Open(t.Context(), key)
		_, statErr := s.Stat(t.Context(), key)
		_, _, fetchErr := s.Fetch(t.Context(), key)
		for what, err := range map[string]error{"put": s.Put(t.Context(), key, strings.NewReader("x")), "open": openErr, "stat": statErr, "fetch": fetchErr, "remove": s.Remove(t.Context(), key)} {
			if err == nil || !blob.Missing(err) {
				t.Errorf("%s %.40q: %v", what, key, err)
			}
		}
	}
	for _, folder := range []string{"a", "/", "../", "a//", ".put/"} {
		for _, err := range s.List(t.Context(), folder) {
			if err == nil {
				t.Errorf("list %q", folder)
			}
		}
	}
	if got := list(t, s, ""); len(got) > 0 {
		t.Errorf("stored: %q", got)
	}
}

func listing(t *testing.T, s blob.Store) {
	for _, key := range keys {
		put(t, s, key, "x"+key)
	}
	for folder, want := range map[string][]string{"": keys, "a/": keys[1:3], "course/": keys[4:7], "course/中文 第一讲（下）/": keys[5:7], "z/y/": keys[7:]} {
		if got := list(t, s, folder); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", folder, got, want)
		}
	}
	for i, err := range s.List(t.Context(), "a/") {
		if err != nil || i.Size != int64(len(i.Key)+1) || time.Since(i.Modified).Abs() > time.Minute {
			t.Errorf("%+v, %v", i, err)
		}
		break
	}
	// What is listed may be removed on the way.
	for i, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), i.Key); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, s, ""); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}

// pages has more files than any store lists at once.
func pages(t *testing.T, s blob.Store) {
	const n = 1203
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := w; i < n; i += 8 {
				if err := s.Put(t.Context(), fmt.Sprintf("many/%02d/%04d", i%7, i), strings.NewReader("")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got := list(t, s, "many/")
	if len(got) != n || !slices.IsSorted(got) || len(slices.Compact(got)) != n {
		t.Errorf("%d of %d, in order: %v", len(got), n, slices.IsSorted(got))
	}
}

func together(t *testing.T, s blob.Store) {
	whole := func(raw string) bool { return len(raw) == 100_000 && strings.Count(raw, raw[:1]) == len(raw) }
	put(t, s, "k", strings.Repeat("x", 100_000))
	var all sync.WaitGroup
	for w := range 6 {
		all.Go(func() {
			for range 5 {
				if err := s.Put(t.Context(), "k", strings.NewReader(strings.Repeat(string(rune('a'+w)), 100_000))); err != nil {
					t.Error(err)
				}
				if raw := get(t, s, "k"); !whole(raw) {
					t.Errorf("a mixture of %d bytes", len(raw))
				}
			}
		})
	}
	all.Wait()
	if got := list(t, s, ""); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// errSource is what a disk says that breaks while it is read.
var errSource = errors.New("the source is broken")

// brokenSource ends in the middle: nothing is stored, and the error is the source's.
func brokenSource(t *testing.T, s blob.Store) {
	put(t, s, "there", "before")
	for _, size := range []int{100, 3 << 20, 40 << 20} {
		for _, key := range []string{"there", "new"} {
			err := s.Put(t.Context(), key, io.MultiReader(bytes.NewReader(random(size)), iotest.ErrReader(errSource)))
			if !errors.Is(err, errSource) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	}
	if get(t, s, "there") != "before" {
		t.Error("what was there is lost")
	}
	if got := list(t, s, ""); !slices.Equal(got, []string{"there"}) {
		t.Errorf("%q", got)
	}
}

func ended(t *testing.T, s blob.Store) {
	put(t, s, "a", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, "b", strings.NewReader("x")); err == nil || blob.Missing(err) {
		t.Errorf("put: %v", err)
	}
	n := 0
	for _, err := range s.List(ctx, "") {
		if n++; err == nil || blob.Missing(err) {
			t.Errorf("list: %v", err)
		}
	}
	if n == 0 {
		t.Error("a list that was cut looks empty")
	}
	if got := list(t, s, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q", got)
	}
}

// Large puts and reads 100 MB and holds what the heap grew by meanwhile to a bound of bytes, 0 = none. It must run alone.
func Large(t *testing.T, s blob.Store, bound uint64) {
	t.Helper()
	const n = 100 << 20
	put(t, s, "warm", string(random(1<<20)))
	_ = get(t, s, "warm")
	held := peak(t, func() {
		if err := s.Put(t.Context(), "large", io.LimitReader(&noise{}, n)); err != nil {
			t.Error(err)
		}
		f, err := s.Open(t.Context(), "large")
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = f.Close() }()
		want := &noise{}
		p, q := make([]byte, 64<<10), make([]byte, 64<<10)
		for at := 0; at < n; at += len(p) {
			_, _ = want.Read(q)
			if _, err := io.ReadFull(f, p); err != nil || !bytes.Equal(p, q) {
				t.Errorf("at %d: %v", at, err)
				return
			}
		}
	})
	t.Logf("100 MB took %d MB of memory at most", held>>20)
	if bound > 0 && held > bound {
		t.Errorf("100 MB took %d MB of memory, more than %d MB", held>>20, bound>>20)
	}
}

// noise is an endless source.
type noise struct{ x byte }

// Read implements io.Reader.
func (r *noise) Read(p []byte) (int, error) {
	for i := range p {
		r.x += 7
		p[i] = r.x
	}
	return len(p), nil
}

// peak is the most heap in use while f runs, less what was in use before.
func peak(t *testing.T, f func()) uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for every := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				every.Stop()
				return
			case <-every.C:
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most - min(most, before)
}

package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/blob/blobtest"
)

// fake is an S3 server in this process; it looks at no signature.
func fake(t *testing.T) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(srv.Close)
	return srv.URL
}

var folders atomic.Int64

// at opens a folder of its own in the bucket of a server.
func at(t *testing.T, endpoint string) *Store {
	t.Helper()
	c, err := Parse(fmt.Sprintf("s3://files/test/%d?endpoint=%s&path_style=1", folders.Add(1), endpoint))
	if err != nil {
		t.Fatal(err)
	}
	c.AccessKey, c.SecretKey, c.Dir = "tester", "tester-secret", t.TempDir()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestS3IsAStore(t *testing.T) {
	t.Parallel()
	url := fake(t)
	blobtest.Contract(t, func(t *testing.T) blob.Store { return at(t, url) })
}

// gateway starts versitygw over a folder: a server that checks signatures. It belongs to the slow set.
func gateway(t *testing.T) (endpoint string) {
	t.Helper()
	if os.Getenv("XUESHI_TEST_ALL") != "1" {
		t.Skip("versitygw belongs to the slow set: XUESHI_TEST_ALL=1")
	}
	bin, err := exec.Command("../../../scripts/versitygw.sh").Output()
	if err != nil {
		t.Fatalf("scripts/versitygw.sh: %v", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/files", 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strings.TrimSpace(string(bin)), "--port", addr, "--access", "tester", "--secret", "tester-secret", "--quiet", "posix", dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			_ = c.Close()
			return "http://" + addr
		}
		<-time.After(50 * time.Millisecond) // until it listens
	}
	t.Fatal("versitygw does not listen")
	return ""
}

func TestS3OverVersityGateway(t *testing.T) {
	url := gateway(t)
	t.Run("a wrong secret is refused", func(t *testing.T) {
		s := at(t, url)
		if err := errors.Join(s.Check(t.Context()), s.Put(t.Context(), "a", strings.NewReader("x"))); err != nil {
			t.Fatal(err)
		}
		c := s.c
		c.SecretKey = "another"
		wrong, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(wrong.Close)
		if err := wrong.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "refuses this key") || strings.Contains(err.Error(), c.SecretKey) {
			t.Errorf("check: %v", err)
		}
		_, err = wrong.Open(t.Context(), "a")
		for what, err := range map[string]error{"open": err, "put": wrong.Put(t.Context(), "b", strings.NewReader("x")), "remove": wrong.Remove(t.Context(), "a")} {
			if errs.KindOf(err) != errs.Unavailable || blob.Missing(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := s.Stat(t.Context(), "a"); err != nil {
			t.Errorf("removed by a wrong secret: %v", err)
		}
	})
	t.Run("memory", func(t *testing.T) { blobtest.Large(t, at(t, url), 64<<20) })
	t.Run("contract", func(t *testing.T) { blobtest.Contract(t, func(t *testing.T) blob.Store { return at(t, url) }) })
	t.Run("remains", func(t *testing.T) { remains(t, at(t, url)) })
}

func TestWhatDeadPutsLeaveIsCleaned(t *testing.T) {
	t.Parallel()
	remains(t, at(t, fake(t)))
}

// remains begins an upload in parts and never ends it.
func remains(t *testing.T, s *Store) {
	ctx := t.Context()
	id, err := s.core.NewMultipartUpload(ctx, s.c.Bucket, s.c.Prefix+"dead/大", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range s.List(ctx, "") {
		t.Errorf("listed: %+v, %v", i, err)
	}
	for _, c := range []struct {
		before time.Time
		n      int
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}, {time.Now().Add(time.Hour), 0}} {
		if n, err := s.Clean(ctx, c.before); n != c.n || err != nil {
			t.Errorf("cleaned %d, want %d: %v", n, c.n, err)
		}
	}
	if _, err := s.core.PutObjectPart(ctx, s.c.Bucket, s.c.Prefix+"dead/大", id, 1, strings.NewReader("x"), 1, minio.PutObjectPartOptions{}); err == nil {
		t.Error("the upload goes on")
	}
}

// faulty stands before a server; cut says after how many bytes the next bodies break off, and refuse what is answered instead.
type faulty struct {
	mu     sync.Mutex
	cut    []int64
	refuse func(w http.ResponseWriter, r *http.Request) bool
	asked  int
}

// set changes what goes wrong and counts anew; asked is how often it was asked before.
func (f *faulty) set(refuse func(http.ResponseWriter, *http.Request) bool, cut ...int64) (asked int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked = f.asked
	f.refuse, f.cut, f.asked = refuse, cut, 0
	return asked
}

func (f *faulty) before(t *testing.T, endpoint string) string {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		refuse, after := f.refuse, int64(-1)
		f.asked++
		if len(f.cut) > 0 {
			after, f.cut = f.cut[0], f.cut[1:]
		}
		f.mu.Unlock()
		if refuse != nil && refuse(w, r) {
			return
		}
		if after >= 0 {
			w = &broken{w, after}
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// broken ends the connection after some bytes of the body.
type broken struct {
	http.ResponseWriter
	left int64
}

// Write implements http.ResponseWriter.
func (b *broken) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		_, _ = b.ResponseWriter.Write(p[:b.left])
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= int64(len(p))
	return b.ResponseWriter.Write(p)
}

// Answers that break off are asked for again from where they did; a store that goes on breaking off is unavailable.
func TestReadsGoOnWhereTheyWereCut(t *testing.T) {
	t.Parallel()
	f := &faulty{}
	s := at(t, f.before(t, fake(t)))
	content := strings.Repeat("0123456789abcdef", 600_000)
	if err := s.Put(t.Context(), "a", strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	f.set(nil, 100, 1<<20, 0, 5)
	r, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(r); err != nil || string(raw) != content {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	f.set(nil, 100, 50, 50, 50, 50, 50, 50, 50, 50)
	r, err = s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(r); errs.KindOf(err) != errs.Unavailable || blob.Missing(err) || len(raw) < 100 {
		t.Errorf("a server that breaks off each time: %d bytes, %v", len(raw), err)
	}
	f.set(nil, 100, 50, 50, 50, 50, 50, 50, 50, 50)
	if _, _, err := s.Fetch(t.Context(), "a"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("fetch: %v", err)
	}
	if left, _ := os.ReadDir(s.c.Dir); len(left) > 0 {
		t.Errorf("half a fetched file is left: %v", left)
	}
}

// answer is a refusal for every request.
func answer(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func s3Error(code string) string {
	return `<?xml version="1.0"?><Error><Code>` + code + `</Code><Message>no</Message></Error>`
}

// A store that fails, refuses, or is not there says so; nothing of it looks like a lost file or an empty store.
func TestNothingElseLooksLikeALostFile(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"an error of the server": answer(500, s3Error("InternalError")), "busy": answer(503, s3Error("SlowDown")), "no right": answer(403, s3Error("AccessDenied")),
		"another's 404": answer(404, "<html>not found</html>"), "an empty 404": answer(404, ""), "no bucket": answer(404, s3Error("NoSuchBucket")),
		"a broken connection": func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
		"nonsense":            answer(200, "hello"),
		"an address that moved": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &faulty{}
			s := at(t, f.before(t, fake(t)))
			if err := s.Put(t.Context(), "a", strings.NewReader("content")); err != nil {
				t.Fatal(err)
			}
			f.set(refuse)
			tell := map[string]error{}
			if name != "nonsense" { // a server that answers 200 has what it says
				_, tell["open"] = s.Open(t.Context(), "a")
				_, tell["stat"] = s.Stat(t.Context(), "a")
				_, _, tell["fetch"] = s.Fetch(t.Context(), "a")
				tell["put"] = s.Put(t.Context(), "b", strings.NewReader("x"))
				tell["remove"] = s.Remove(t.Context(), "a")
			}
			for _, tell["list"] = range s.List(t.Context(), "") {
				break
			}
			for what, err := range tell {
				if errs.KindOf(err) != errs.Unavailable || blob.Missing(err) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if n := f.set(nil); n > 40 {
				t.Errorf("asked %d times", n)
			}
			if info, err := s.Stat(t.Context(), "a"); err != nil || info.Size != 7 {
				t.Errorf("afterwards: %+v, %v", info, err)
			}
		})
	}
}

// An unreachable store answers within bounds, and startup says it in one line.
func TestAnUnreachableStore(t *testing.T) {
	t.Parallel()
	s := at(t, "http://127.0.0.1:1")
	if _, err := s.Open(t.Context(), "a"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("open: %v", err)
	}
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), `bucket "files" at http://127.0.0.1:1 does not answer`) || strings.Contains(err.Error(), "\n") {
		t.Errorf("check: %v", err)
	}
	other := at(t, fake(t))
	other.c.Bucket = "another"
	if err := other.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a bucket that is not there: %v", err)
	}
}

// An object that is replaced while it is read does not give a mixture.
func TestAReplacedObjectIsNotMixed(t *testing.T) {
	t.Parallel()
	s := at(t, fake(t))
	put := func(c string) {
		if err := s.Put(t.Context(), "a", strings.NewReader(strings.Repeat(c, window+1000))); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	f, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	put("b")
	if raw, err := io.ReadAll(f); err == nil || strings.Contains(string(raw), "b") {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

// Fetched files take no more room than they are given: the next one waits until one is given back.
func TestFetchedFilesShareARoom(t *testing.T) {
	t.Parallel()
	s := at(t, fake(t))
	s.c.Room = 100
	c := s.c
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for key, n := range map[string]int{"small": 60, "other": 60, "huge": 101} {
		if err := s.Put(t.Context(), key, strings.NewReader(strings.Repeat("x", n))); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Fetch(t.Context(), "huge"); !errs.Has(err, "store.no_room") {
		t.Errorf("huge: %v", err)
	}
	_, done, err := s.Fetch(t.Context(), "small")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { _, _, err := s.Fetch(ctx, "other"); waiting <- err }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("no room, and the wait was ended: %v", err)
	}
	go func() {
		_, again, err := s.Fetch(t.Context(), "other")
		if err == nil {
			again()
		}
		waiting <- err
	}()
	done()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(s.c.Dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A disk on which nothing can be made is not a lost file.
func TestAFetchWithoutItsFolderIsNoLostFile(t *testing.T) {
	t.Parallel()
	s := at(t, fake(t))
	if err := s.Put(t.Context(), "a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	s.c.Dir = "/proc/none/work" // the kernel says that it does not exist, and makes nothing there
	if _, _, err := s.Fetch(t.Context(), "a"); errs.KindOf(err) != errs.Unavailable || blob.Missing(err) {
		t.Errorf("%v", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse("s3://bucket/a/中?endpoint=http://h:9000&region=cn-north-1&path_style=1")
	if err != nil || c.Endpoint != "http://h:9000" || c.Region != "cn-north-1" || c.Bucket != "bucket" || c.Prefix != "a/中/" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := Parse("s3://bucket?endpoint=h"); err != nil || c.Endpoint != "https://h" || c.Prefix != "" || c.Region != "us-east-1" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "bucket", "https://bucket", "s3://", "s3://hunter2:hunter2@bucket", "s3://b?secret=hunter2", "s3://b?endpoint=https://hunter2:x@h", "s3://b?endpoint=ftp://h",
		"s3://b?endpoint=https://h/hunter2", "s3://b?path_style=hunter2", "s3://b?region=", "s3://b/../c", "s3://b?region=a&region=b", "s3://b/%zz?x=hunter2", "s3://b?region=%zzhunter2"} {
		if _, err := Parse(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := New(Config{Endpoint: "http://h", Bucket: "b"}); err == nil {
		t.Error("without a key")
	}
}

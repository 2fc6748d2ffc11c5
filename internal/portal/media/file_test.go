package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
)

// files serves one blob once, over a real connection; booked waits for the handler and gives what it made of the request.
func files(t *testing.T, content []byte, tls bool) (url string, client *http.Client, booked func() delivery) {
	t.Helper()
	store := blob.NewLocal(t.TempDir())
	if err := store.Put(t.Context(), "m/1/0.m4s", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	done := make(chan delivery, 1)
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = httpx.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done <- Services{Store: store}.file(w, r, r.URL.Path[1:], "video/mp4")
	}))
	if tls {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv.URL + "/m/1/0.m4s", srv.Client(), func() delivery { return <-done }
}

func TestWholeFilesAndRanges(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	for _, c := range []struct {
		name, rng, body string
		tls             bool
		status          int
	}{
		{"whole", "", string(content), false, 200}, {"whole over TLS", "", string(content), true, 200},
		{"a range", "bytes=10-14", "01234", false, 206}, {"a range over TLS", "bytes=999999-", "9", true, 206}, {"beyond the end", "bytes=1000000-", "", false, 416},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, client, booked := files(t, content, c.tls)
			req, _ := http.NewRequest(http.MethodGet, url, nil)
			if c.rng != "" {
				req.Header.Set("Range", c.rng)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != c.status || c.status < 400 && string(body) != c.body {
				t.Errorf("%d, %d bytes, %v", res.StatusCode, len(body), err)
			}
			if c.status == 200 && (res.Header.Get("Content-Length") != strconv.Itoa(len(content)) || res.Header.Get("Content-Type") != "video/mp4" || res.Header.Get("Accept-Ranges") != "bytes") {
				t.Errorf("headers %v", res.Header)
			}
			if got, want := booked(), c.status == 200; got.whole != want || want && got.bytes != int64(len(content)) {
				t.Errorf("booked %+v", got)
			}
		})
	}
}

// A client that goes away in the middle is not booked as if it had everything.
func TestCutDeliveryIsNotWhole(t *testing.T) {
	t.Parallel()
	url, _, booked := files(t, make([]byte, 64<<20), false)
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET /"+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if got := booked(); got.whole || got.bytes >= 64<<20 {
		t.Errorf("booked %+v", got)
	}
}

// broken is a store that does not answer.
type broken struct{ blob.Store }

// Open implements blob.Store.
func (broken) Open(context.Context, string) (blob.File, error) {
	return nil, blob.Unavailable(errors.New("no answer"))
}

// A store that does not answer is no lost file, and what a public address says stays below the revision's folder.
func TestWhatPublicAddressesGive(t *testing.T) {
	t.Parallel()
	store := blob.NewLocal(t.TempDir())
	for _, key := range []string{"media/l/1/poster.jpg", "reports/r/00-black.jpg", "media/l/2/secret.jpg"} {
		if err := store.Put(t.Context(), key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		store            blob.Store
		media, rev, file string
		status           int
	}{
		{store, "l", "1", "poster.jpg", 200}, {store, "l", "1", "other.jpg", 404}, {store, "l", "one", "poster.jpg", 404},
		{store, "l", "1", "../../../reports/r/00-black.jpg", 404}, {store, "../reports/r/..", "1", "../00-black.jpg", 404}, {store, "l", "1", "../2/secret.jpg", 404},
		{store, "l", "1", "./poster.jpg", 404}, {store, "", "1", "poster.jpg", 404}, {store, "l", "1", "\x00.jpg", 404},
		{broken{}, "l", "1", "poster.jpg", 503},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetPathValue("media", c.media)
		r.SetPathValue("rev", c.rev)
		r.SetPathValue("file", c.file)
		w := httptest.NewRecorder()
		Services{Store: c.store}.public(w, r)
		if w.Code != c.status {
			t.Errorf("%q %q %q: %d, want %d", c.media, c.rev, c.file, w.Code, c.status)
		}
	}
}

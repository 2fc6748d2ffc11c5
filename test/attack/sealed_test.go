package attack

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// get asks for an address, of this host or beside the playlist.
func (r *rig) get(address string, header ...string) (status int, h http.Header, body []byte) {
	r.Helper()
	if !strings.HasPrefix(address, "/") {
		address = strings.Replace(r.p.Playlist, "index.m3u8", address, 1)
	}
	req, err := http.NewRequest(http.MethodGet, r.c.URL+address, nil)
	if err != nil {
		r.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req) // no cookie: a cache has none
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// segments are the addresses that the playlist of a rendition names.
func (r *rig) segments(rendition string) (out []string) {
	_, _, list := r.get(rendition + "/index.m3u8")
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "/media/sealed/") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	if len(out) != 245 {
		r.Fatalf("%d segments in\n%.600s", len(out), list)
	}
	return out
}

var sealedAttacks = []attack{
	{"T25", "bulk download of keys", 0, func(r *rig) {
		for group := range 8 {
			want := http.StatusOK
			if group >= 7 { // 90 s are seven groups of 12 s and a half
				want = http.StatusTooEarly
			}
			if status, _, _ := r.get(fmt.Sprintf("720p/%d.key", group)); status != want {
				r.Errorf("key %d: %d, want %d", group, status, want)
			}
		}
	}},
	{"T03", "sealed segments without their keys", 0, func(r *rig) {
		for _, address := range r.segments("720p")[:10] {
			if status, _, _ := r.get(address); status != http.StatusOK {
				r.Errorf("%s: %d", address, status)
			}
		}
		for at := int64(0); at < 60_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T03", "one key, and watched on", 12_000, func(r *rig) {
		r.get("360p/0.key")
		for at := int64(0); at < 60_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
		if got := r.credited(); got != 12_000 {
			r.Errorf("credited %d ms: the key of a group is the delivery of its segments", got)
		}
	}},
	{"T25", "an ended lease gets no key", 0, func(r *rig) {
		if _, err := r.d.Acquire(long, true); err != nil {
			r.Fatal(err)
		}
		if status, _, _ := r.get("720p/0.key"); status != http.StatusGone {
			r.Errorf("superseded token: %d, want 410", status)
		}
	}},
	{"T15", "keys and addresses that do not exist", 0, func(r *rig) {
		at := r.segments("720p")[0]
		seal := strings.Split(at, "/")[3]
		for _, address := range []string{"720p/-1.key", "720p/123.key", "720p/9223372036854775807.key", "1080p/0.key", "0.key", "720p/x.key",
			"/media/sealed/" + seal + "/many/2/720p/0.m4s", "/media/sealed/" + strings.Repeat("0", 24) + "/many/1/720p/0.m4s", "/media/sealed/" + seal + "/many/1/720p/999.m4s",
			"/media/sealed/" + seal + "/many/1/720p/00.m4s", "/media/sealed/" + seal + "/many/1/720p/lesson.json", "/media/sealed/" + seal + "/many/1/..%2f..%2foriginals/0.m4s",
			"/media/sealed/" + seal + "/many/1/lesson.json", "/media/sealed/" + seal + "/many/x/720p/0.m4s"} {
			if status, _, body := r.get(address); status != http.StatusNotFound || !bytes.Contains(body, []byte(`"code"`)) {
				r.Errorf("%s: %d %.80s", address, status, body)
			}
		}
	}},
}

func TestSealedDelivery(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.NewSealed(t, env)
		publish(t, c, long, "many", 1, 1_468_000, nil)
		rigged := func(t *testing.T) *rig {
			r := &rig{T: t, c: c}
			r.person, r.d = c.Enrolled(t, "c04")
			var err error
			if r.p, err = r.d.Acquire(long, false); err != nil {
				t.Fatal(err)
			}
			r.p.Run = 1
			return r
		}
		for _, a := range sealedAttacks {
			t.Run(a.threat+" "+a.name, func(t *testing.T) {
				r := rigged(t)
				a.run(r)
				if got := r.credited(); got > a.most {
					t.Errorf("earned %d ms, at most %d", got, a.most)
				}
			})
		}
		t.Run("a cache keeps it, a player opens it", func(t *testing.T) { cached(rigged(t)) })
		agreed(t, c)
	})
}

// cached: what two learners are sent to is the same, stays the same, and opens with the key of either.
func cached(r *rig) {
	at := r.segments("720p")[3]
	_, h, sealed := r.get(at)
	if got := h.Get("Cache-Control"); got != "public, max-age=31536000, immutable" || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Set-Cookie") != "" {
		r.Errorf("headers %v", h)
	}
	if status, _, _ := r.get(at, "If-None-Match", h.Get("ETag")); status != http.StatusNotModified {
		r.Errorf("asked again: %d", status)
	}
	if status, _, part := r.get(at, "Range", "bytes=5-20"); status != http.StatusPartialContent || !bytes.Equal(part, sealed[5:21]) {
		r.Errorf("a part: %d, %d bytes", status, len(part))
	}
	first := r.p.Playlist
	_, d := r.c.Enrolled(r.T, "c04")
	other := &rig{T: r.T, c: r.c, d: d}
	var err error
	if other.p, err = d.Acquire(long, false); err != nil {
		r.Fatal(err)
	}
	if other.segments("720p")[3] != at || other.p.Playlist == first {
		r.Error("every learner has an address of their own: nothing can be cached")
	}
	_, _, key := other.get("720p/1.key")
	block, err := aes.NewCipher(key)
	if err != nil {
		r.Fatal(err)
	}
	iv := make([]byte, 16)
	iv[15] = 3
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(sealed, sealed)
	if got := string(sealed[:len(sealed)-int(sealed[len(sealed)-1])]); got != "segment 3 of 720p" {
		r.Errorf("opened to %q", got)
	}
}

package cluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"xueshi/internal/client"
)

const uploads = "/api/provider/uploads"

// film is seconds of picture and sound that nobody has uploaded before.
func film(t *testing.T, seconds int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	cmd := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=320x180:r=25:d=%d", seconds), "-f", "lavfi", "-i",
		fmt.Sprintf("sine=d=%d:r=48000", seconds), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// provider is somebody who makes courses, logged in.
func (p *platform) provider() *client.Device {
	p.Helper()
	d := client.New(p.url, "staff")
	d.HTTP.Timeout = back
	if err := d.Do("POST", "/api/public/account/login", map[string]any{"account": p.staff.Phone, "password": p.staff.Password, "device": d.Info()}, nil); err != nil {
		p.Fatal(err)
	}
	return d
}

// tus sends a request of the protocol of resumable uploads.
func tus(d *client.Device, method, path string, body []byte, pairs ...string) (*http.Response, error) {
	req, err := http.NewRequest(method, d.Base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Requested-With", "xueshi")
	req.Header.Set("Tus-Resumable", "1.0.0")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/offset+octet-stream")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode >= 500 {
		return nil, fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	return res, nil
}

// upload sends a file in pieces, each a moment after the other, and asks how far it is whenever one was not taken: as the page
// does. It gives how often that was.
func upload(d *client.Device, file []byte, piece int, between time.Duration) (interrupted int, err error) {
	meta := "provider " + base64.StdEncoding.EncodeToString([]byte("jinyun")) + ",filename " + base64.StdEncoding.EncodeToString([]byte("a.mp4")) +
		",profile " + base64.StdEncoding.EncodeToString([]byte("video"))
	res, err := again(func() (*http.Response, error) {
		return tus(d, "POST", uploads, nil, "Upload-Length", strconv.Itoa(len(file)), "Upload-Metadata", meta)
	}, &interrupted)
	if err != nil {
		return interrupted, err
	}
	at, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusCreated {
		return interrupted, fmt.Errorf("an upload begins with %s, %v", res.Status, err)
	}
	for from := 0; from < len(file); {
		<-time.After(between)
		res, err := tus(d, "PATCH", at.Path, file[from:min(from+piece, len(file))], "Upload-Offset", strconv.Itoa(from))
		if err != nil || res.StatusCode == http.StatusConflict {
			if err != nil {
				interrupted++
			}
			if res, err = again(func() (*http.Response, error) { return tus(d, "HEAD", at.Path, nil) }, &interrupted); err != nil {
				return interrupted, err
			}
		}
		if from, err = strconv.Atoi(res.Header.Get("Upload-Offset")); err != nil {
			return interrupted, fmt.Errorf("a piece is answered with %s", res.Status)
		}
	}
	return interrupted, nil
}

// arrived waits until a file is an original of the provider's library, and holds that it is there once.
func (p *platform) arrived(file []byte) {
	p.Helper()
	sum := sha256.Sum256(file)
	count := func() int64 {
		return p.number(`SELECT count(*) FROM original WHERE hash = $1`, hex.EncodeToString(sum[:]))
	}
	eventually(p.T, "the file is in the library", func() bool { return count() > 0 })
	if n := count(); n != 1 {
		p.Errorf("the file is there %d times", n)
	}
}

package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"xueshi/internal/app"
	"xueshi/internal/client"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// bucket is an object store in this process, which may be down, and its address.
func bucket(t *testing.T) (address string, down *atomic.Bool) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("city"); err != nil {
		t.Fatal(err)
	}
	down = &atomic.Bool{}
	s3 := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusForbidden) // not asked again
			return
		}
		s3.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	return "s3://city/files?path_style=1&endpoint=" + srv.URL, down
}

// get asks for a path and gives status, problem code or body.
func get(t *testing.T, d *client.Device, path, rng string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rng != "" {
		req.Header.Set("Range", rng)
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

// A city whose files lie in an object store: learners get segments and ranges of them, what is watched counts, and a store that is
// down is no lost file.
func TestACityOnS3(t *testing.T) {
	address, down := bucket(t)
	c := city.NewOn(t, sqltest.SQLite(t), address)
	if left, _ := filepath.Glob(filepath.Join(c.Data(), "blobs", "*")); len(left) > 0 {
		t.Errorf("files lie on the disk: %v", left)
	}
	_, d := c.Enrolled(t, courseOf(t, c, "l0401"))
	p, err := d.Acquire("l0401", false)
	if err != nil {
		t.Fatal(err)
	}
	segment := p.Playlist[:strings.LastIndex(p.Playlist, "/")+1] + "1.m4s"
	want, err := os.ReadFile(filepath.Join(city.Root(), "demo", "media", "l0401", "1.m4s"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		rng  string
		code int
		want []byte
	}{{"", 200, want}, {"bytes=10-99", 206, want[10:100]}, {"bytes=-7", 206, want[len(want)-7:]}} {
		if code, body := get(t, d, segment, r.rng); code != r.code || !bytes.Equal(body, r.want) {
			t.Errorf("range %q: %d, %d bytes, want %d", r.rng, code, len(body), len(r.want))
		}
	}
	for path, code := range map[string]int{"/media/public/l0401/1/poster.jpg": 200, "/media/public/l0401/1/nothing.jpg": 404, "/media/public/l0401/1/..%2F..%2F..%2Fmedia%2Fl0401%2F1%2Fposter.jpg": 404,
		"/media/public/..%2Fmedia%2Fl0401/1/poster.jpg": 404} {
		if got, body := get(t, d, path, ""); got != code {
			t.Errorf("%s: %d %.80s", path, got, body)
		}
	}
	watched(t, c, p)
	down.Store(true)
	for _, path := range []string{segment, "/media/public/l0401/1/poster.jpg"} {
		if got, body := get(t, d, path, ""); got != http.StatusServiceUnavailable || !strings.Contains(string(body), `"store.unavailable"`) || strings.Contains(string(body), "127.0.0.1") {
			t.Errorf("%s while the store is down: %d %.200s", path, got, body)
		}
	}
	if _, err := app.New(t.Context(), app.Config{Data: t.TempDir(), Storage: address}, clock.System{}, nil); err == nil || !strings.Contains(err.Error(), `bucket "city"`) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a start while the store is down: %v", err)
	}
	down.Store(false)
	if got, body := get(t, d, segment, ""); got != 200 || !bytes.Equal(body, want) {
		t.Errorf("afterwards: %d", got)
	}
}

// watched plays the first twelve seconds honestly and asks for the credit.
func watched(t *testing.T, c *city.City, p *client.Play) {
	t.Helper()
	if err := p.Fetch(0, 12_000); err != nil {
		t.Fatal(err)
	}
	for _, s := range [][2]int64{{0, 0}, {0, 10_000}} {
		if s[1] > 0 {
			c.Clock.Advance(10 * time.Second)
		}
		if _, err := p.Beat("playing", s[0], s[1]); err != nil {
			t.Fatal(err)
		}
	}
	if p.Answer.CreditedMS == 0 {
		t.Errorf("nothing is credited: %+v", p.Answer)
	}
}

func courseOf(t *testing.T, c *city.City, lesson string) (course string) {
	t.Helper()
	one(t, c, &course, `SELECT course_id FROM lesson WHERE id = $1`, lesson)
	return course
}

func one(t *testing.T, c *city.City, v any, query string, args ...any) {
	t.Helper()
	if err := c.DB.Read(t.Context(), func(tx *sqldb.Tx) error { return tx.QueryRowContext(t.Context(), query, args...).Scan(v) }); err != nil {
		t.Fatal(err)
	}
}

// A film goes through the whole way on S3: uploaded by tus, inspected and packaged by the real programs on fetched copies; what lies in the
// store is what the rows name, nothing is left on the disk, and no sweep finds anything.
func TestAFilmOnS3(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("XUESHI_TEST_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	address, _ := bucket(t)
	c := city.NewOn(t, sqltest.SQLite(t), address)
	d := client.New(c.URL, "staff")
	for _, l := range c.Logins {
		if slices.Contains(l.Roles, "provider_staff:jinyun") {
			if err := d.Do("POST", "/api/public/account/login", map[string]any{"account": l.Phone, "password": l.Password, "device": d.Info()}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	var course, lesson struct{ ID string }
	if err := d.Do("POST", "/api/provider/providers/jinyun/courses", map[string]any{"title": "A course", "subject": "public", "year": 2026, "hours_tenths": 10, "summary": "",
		"teacher": "Zhou", "teacher_bio": "", "sequential": false}, &course); err != nil {
		t.Fatal(err)
	}
	if err := d.Do("POST", "/api/provider/providers/jinyun/courses/"+course.ID+"/lessons", map[string]any{"title": "One", "chapter": "", "handout": ""}, &lesson); err != nil {
		t.Fatal(err)
	}
	send(t, d, lesson.ID, film(t))
	work(t, c)
	var state, report, findings string
	var packaged int
	one(t, c, &state, `SELECT state FROM courseware WHERE lesson_id = $1 AND rev = 1`, lesson.ID)
	one(t, c, &packaged, `SELECT packaged FROM courseware WHERE lesson_id = $1 AND rev = 1`, lesson.ID)
	one(t, c, &report, `SELECT report_id FROM courseware WHERE lesson_id = $1 AND rev = 1`, lesson.ID)
	if state != "inspected" || packaged != 1 {
		t.Fatalf("the revision is %s, packaged %d", state, packaged)
	}
	one(t, c, &findings, `SELECT findings FROM inspection_report WHERE id = $1`, report)
	base := fmt.Sprintf("/api/provider/providers/jinyun/lessons/%s/courseware/1/files/", lesson.ID)
	for _, name := range []string{"index.m3u8", "poster.jpg", "report/" + evidence(t, findings)} {
		if code, body := get(t, d, base+name, ""); code != 200 || len(body) == 0 {
			t.Errorf("%s: %d %.100s", name, code, body)
		}
	}
	for _, folder := range []string{"uploads/work", "blobs"} {
		if left, _ := filepath.Glob(filepath.Join(c.Data(), folder, "*")); len(left) > 0 {
			t.Errorf("left on the disk: %v", left)
		}
	}
	c.Clock.Set(time.Now().Add(72 * time.Hour)) // the store's own clock
	if did, err := c.Media.SweepNow(context.Background(), 48*time.Hour); err != nil || did.Files != 0 || did.Looked < 100 {
		t.Errorf("the sweep: %+v, %v", did, err)
	}
}

// film is eight seconds of H.264 and AAC with a black head, so that there is something to find.
func film(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8,fade=in:st=2:d=0.1", "-f", "lavfi", "-i", "sine=d=8:r=48000",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// send uploads a file by tus, in one piece.
func send(t *testing.T, d *client.Device, lesson string, file []byte) {
	t.Helper()
	meta := ""
	for name, v := range map[string]string{"provider": "jinyun", "filename": "第一讲.mp4", "profile": "video", "lesson": lesson} {
		meta += "," + name + " " + base64.StdEncoding.EncodeToString([]byte(v))
	}
	res := tus(t, d, "POST", "/api/provider/uploads", nil, "Upload-Length", strconv.Itoa(len(file)), "Upload-Metadata", meta[1:])
	at, err := url.Parse(res.Header.Get("Location"))
	if res.StatusCode != http.StatusCreated || err != nil {
		t.Fatalf("an upload begins with %d", res.StatusCode)
	}
	if res := tus(t, d, "PATCH", at.Path, file, "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"); res.StatusCode != http.StatusNoContent {
		t.Fatalf("the file: %d", res.StatusCode)
	}
}

func tus(t *testing.T, d *client.Device, method, path string, body []byte, pairs ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.Base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Requested-With", "xueshi")
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

// work does every job that is due.
func work(t *testing.T, c *city.City) {
	t.Helper()
	for {
		next, err := c.Jobs.Turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if next > 0 {
			return
		}
	}
}

// evidence is the first picture that a report's findings name.
func evidence(t *testing.T, findings string) string {
	t.Helper()
	_, rest, ok := strings.Cut(findings, `"evidence":"0`)
	name, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no picture: %.300s", findings)
	}
	return "0" + name
}

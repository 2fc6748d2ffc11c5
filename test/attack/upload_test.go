package attack

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/gateway/clamd/clamdtest"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// workshop is the real program over a demo city, with files to upload and a handle on its database.
type workshop struct {
	*testing.T
	bin, data, database, url string
	srv                      *exec.Cmd
	db                       *sqldb.DB
	logins                   map[string][2]string // by role
	flags                    []string
}

func newWorkshop(t *testing.T, env *sqltest.Env, flags ...string) *workshop {
	w := &workshop{T: t, bin: city.Program(t), data: t.TempDir(), logins: map[string][2]string{}, flags: flags}
	dsn := filepath.Join(w.data, "xueshi.db")
	if strings.HasPrefix(env.DSN, "postgres") {
		dsn, w.database = env.DSN, env.DSN
	}
	seed := exec.Command(w.bin, "demo", "--data", w.data, "--database", w.database, "--media", filepath.Join(city.Root(), "demo"))
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("demo: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(filepath.Join(w.data, "demo-logins.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		f := strings.Split(line, "\t")
		w.logins[strings.Trim(f[2], "[]")] = [2]string{f[0], f[1]}
	}
	if w.db, err = sqldb.Open(t.Context(), dsn, env.Clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	w.start()
	return w
}

func (w *workshop) start() {
	w.Helper()
	w.srv, w.url = process(w.T, w.bin, w.data, w.database, w.flags...)
}

// again kills the program with SIGKILL and starts another.
func (w *workshop) again(devices ...*client.Device) {
	w.Helper()
	kill(w.T, w.srv)
	w.start()
	for _, d := range devices {
		d.Base = w.url
	}
}

func (w *workshop) login(role string) *client.Device {
	w.Helper()
	l, ok := w.logins[role]
	if !ok {
		w.Fatalf("nobody is %s", role)
	}
	d := client.New(w.url, role)
	if err := d.Do("POST", "/api/public/account/login", map[string]any{"account": l[0], "password": l[1], "device": d.Info()}, nil); err != nil {
		w.Fatal(err)
	}
	return d
}

// number is what a statement counts.
func (w *workshop) number(query string, args ...any) (n int64) {
	w.Helper()
	err := w.db.Read(w.Context(), func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(w.Context(), tx, sqldb.ScanValue[int64], query, args...)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// film is seconds of H.264 and AAC.
func film(t *testing.T, seconds int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	cmd := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=s=640x360:r=25:d=%d", seconds), "-f", "lavfi", "-i",
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

// said is an answer of the tus protocol.
type said struct {
	status int
	code   string // of the problem
	header http.Header
}

func (s said) offset() int64 {
	n, err := strconv.ParseInt(s.header.Get("Upload-Offset"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

const uploads = "/api/provider/uploads"

// tus sends a request of the protocol; header pairs override what is usual, "" leaves one out.
func tus(t *testing.T, d *client.Device, method, path string, body []byte, pairs ...string) said {
	t.Helper()
	req, err := http.NewRequest(method, d.Base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Requested-With", "xueshi")
	req.Header.Set("Tus-Resumable", "1.0.0")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/offset+octet-stream")
	}
	for i := 0; i < len(pairs); i += 2 {
		if req.Header.Del(pairs[i]); pairs[i+1] != "" {
			req.Header.Set(pairs[i], pairs[i+1])
		}
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p client.Problem
	if res.StatusCode >= 400 && method != http.MethodHead {
		if err := json.Unmarshal(raw, &p); err != nil || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d says %q of type %s, no problem", method, path, res.StatusCode, raw, res.Header.Get("Content-Type"))
		}
	}
	return said{res.StatusCode, p.Code, res.Header}
}

// metadata is the header's form.
func metadata(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(out, ",")
}

// begin creates an upload and gives its path.
func begin(t *testing.T, d *client.Device, size int, pairs ...string) string {
	t.Helper()
	s := tus(t, d, "POST", uploads, nil, "Upload-Length", strconv.Itoa(size), "Upload-Metadata", metadata(append([]string{"provider", "jinyun", "filename", "第一讲.mp4", "profile", "video"}, pairs...)...))
	at, err := url.Parse(s.header.Get("Location"))
	if s.status != http.StatusCreated || err != nil || !strings.HasPrefix(at.Path, uploads+"/") {
		t.Fatalf("an upload begins with %+v", s)
	}
	return at.Path
}

func patch(t *testing.T, d *client.Device, path string, from int64, body []byte) said {
	t.Helper()
	return tus(t, d, "PATCH", path, body, "Upload-Offset", strconv.FormatInt(from, 10))
}

func far(t *testing.T, d *client.Device, path string) int64 {
	t.Helper()
	return tus(t, d, "HEAD", path, nil).offset()
}

// cut sends the head of a PATCH that promises the whole, a part of it, and then nothing: a line that breaks.
func cut(t *testing.T, d *client.Device, path string, from int64, part []byte, whole int) {
	t.Helper()
	base, err := url.Parse(d.Base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", base.Host)
	if err != nil {
		t.Fatal(err)
	}
	var cookies []string
	for _, c := range d.HTTP.Jar.Cookies(base) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if _, err := fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nX-Requested-With: xueshi\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"+
		"Upload-Offset: %d\r\nContent-Length: %d\r\n\r\n%s", path, base.Host, strings.Join(cookies, "; "), from, whole, part); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// state is what became of an upload, from its provider's list.
func state(t *testing.T, d *client.Device, path string) (out struct{ ID, State, Code string }) {
	t.Helper()
	var list struct {
		Items []struct{ ID, State, Code string }
	}
	if err := d.Do("GET", "/api/provider/providers/jinyun/uploads", nil, &list); err != nil {
		t.Fatal(err)
	}
	for _, u := range list.Items {
		if u.ID == filepath.Base(path) {
			return u
		}
	}
	t.Fatalf("no upload %s in %+v", path, list)
	return out
}

// TestUploadsResume: a line that breaks and a program that is killed cost what was on its way, and nothing else; what arrives
// is the file to the byte.
func TestUploadsResume(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w, file := newWorkshop(t, env), film(t, 4)
		d := w.login("provider_staff:jinyun")
		path, third := begin(t, d, len(file)), len(file)/3
		cut(t, d, path, 0, file[:third], len(file))
		eventually(t, "what came before the break is kept", func() bool { return far(t, d, path) == int64(third) })
		w.again(d)
		if got := far(t, d, path); got != int64(third) {
			t.Fatalf("after a kill it has %d of %d bytes", got, third)
		}
		if s := patch(t, d, path, 0, file[:10]); s.code != "media.upload_offset" || s.status != http.StatusConflict {
			t.Errorf("from the start again: %+v", s)
		}
		if s := patch(t, d, path, int64(third), file[third:2*third]); s.status != http.StatusNoContent || s.offset() != int64(2*third) {
			t.Fatalf("the second third: %+v", s)
		}
		w.again(d)
		if s := patch(t, d, path, far(t, d, path), file[2*third:]); s.status != http.StatusNoContent || s.offset() != int64(len(file)) {
			t.Fatalf("the last third: %+v", s)
		}
		eventually(t, "it is taken in", func() bool { return state(t, d, path).State == "accepted" })
		if n := w.number(`SELECT count(*) FROM original WHERE hash = $1`, hashOf(file)); n != 1 {
			t.Errorf("%d originals of the file's bytes", n)
		}
		if s := patch(t, d, path, int64(len(file)), nil); s.code != "media.upload_ended" {
			t.Errorf("more of what has ended: %+v", s)
		}
		if left, _ := filepath.Glob(filepath.Join(w.data, "blobs", "uploads", filepath.Base(path), "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		theSameAgain(t, w, d, file)
	})
}

// theSameAgain: a file that is there already makes no second original, and one given up leaves nothing.
func theSameAgain(t *testing.T, w *workshop, d *client.Device, file []byte) {
	t.Helper()
	path := begin(t, d, len(file))
	if s := patch(t, d, path, 0, file); s.status != http.StatusNoContent {
		t.Fatalf("the whole file: %+v", s)
	}
	eventually(t, "it is taken in again", func() bool { return state(t, d, path).State == "accepted" })
	if n := w.number(`SELECT count(*) FROM original WHERE hash = $1`, hashOf(file)); n != 1 {
		t.Errorf("%d originals of the same bytes", n)
	}
	path = begin(t, d, len(file))
	patch(t, d, path, 0, file[:100])
	if s := tus(t, d, "DELETE", path, nil); s.status != http.StatusNoContent {
		t.Errorf("giving up: %+v", s)
	}
	if s := state(t, d, path); s.State != "abandoned" {
		t.Errorf("given up is %+v", s)
	}
	if left, _ := filepath.Glob(filepath.Join(w.data, "blobs", "uploads", filepath.Base(path), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestUploadsThroughAnyProcess: each piece goes to another process than the one before; of two that send the same piece, one is taken;
// what arrives is the file to the byte.
func TestUploadsThroughAnyProcess(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w, file := newWorkshop(t, env), film(t, 3)
		a := w.login("provider_staff:jinyun")
		_, url := process(t, w.bin, w.data, w.database)
		b := &client.Device{Base: url, HTTP: a.HTTP, Key: a.Key}
		path, quarter := begin(t, a, len(file)), len(file)/4
		if s := patch(t, b, path, 0, file[:quarter]); s.status != http.StatusNoContent {
			t.Fatalf("the first piece, by another process than it began with: %+v", s)
		}
		var both [2]said
		var wg sync.WaitGroup
		for i, d := range []*client.Device{a, b} {
			wg.Go(func() { both[i] = patch(t, d, path, int64(quarter), file[quarter:2*quarter]) })
		}
		wg.Wait()
		slices.SortFunc(both[:], func(x, y said) int { return x.status - y.status })
		if both[0].status != http.StatusNoContent || both[1].code != "media.upload_offset" {
			t.Errorf("the second piece, sent twice at a time: %+v", both)
		}
		for _, d := range []*client.Device{a, b} {
			if got := far(t, d, path); got != int64(2*quarter) {
				t.Fatalf("it has %d bytes, want %d", got, 2*quarter)
			}
		}
		if s := patch(t, a, path, int64(2*quarter), file[2*quarter:3*quarter]); s.status != http.StatusNoContent {
			t.Fatalf("the third piece: %+v", s)
		}
		if s := patch(t, b, path, int64(3*quarter), file[3*quarter:]); s.status != http.StatusNoContent {
			t.Fatalf("the last piece: %+v", s)
		}
		eventually(t, "it is taken in", func() bool { return state(t, a, path).State == "accepted" })
		if n := w.number(`SELECT count(*) FROM original WHERE hash = $1`, hashOf(file)); n != 1 {
			t.Errorf("%d originals of the file's bytes", n)
		}
		eventually(t, "its pieces are gone", func() bool { return w.number(`SELECT count(*) FROM upload_piece`) == 0 })
	})
}

// TestUploadsAreRefused: everything that is no upload of the provider's own is a problem with a code, and changes nothing.
func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		w := newWorkshop(t, env)
		mine, theirs, learner, nobody := w.login("provider_staff:jinyun"), w.login("provider_staff:yanmen"), w.login("learner"), client.New(w.url, "nobody")
		good := metadata("provider", "jinyun", "filename", "a.mp4", "profile", "video")
		before := w.number(`SELECT count(*) FROM upload`)
		for name, c := range map[string]struct {
			d      *client.Device
			pairs  []string
			status int
			code   string
		}{
			"nobody":                   {nobody, []string{"Upload-Length", "10", "Upload-Metadata", good}, 401, "identity.login_required"},
			"a learner":                {learner, []string{"Upload-Length", "10", "Upload-Metadata", good}, 403, "identity.role_required"},
			"another provider":         {theirs, []string{"Upload-Length", "10", "Upload-Metadata", good}, 403, "identity.scope_required"},
			"no provider":              {mine, []string{"Upload-Length", "10", "Upload-Metadata", metadata("filename", "a.mp4", "profile", "video")}, 422, "request.invalid"},
			"no metadata":              {mine, []string{"Upload-Length", "10"}, 422, "request.invalid"},
			"no name":                  {mine, []string{"Upload-Length", "10", "Upload-Metadata", metadata("provider", "jinyun", "profile", "video")}, 422, "media.upload_name"},
			"an unknown profile":       {mine, []string{"Upload-Length", "10", "Upload-Metadata", metadata("provider", "jinyun", "filename", "a", "profile", "x")}, 422, "request.invalid"},
			"another's lesson":         {mine, []string{"Upload-Length", "10", "Upload-Metadata", good + "," + metadata("lesson", "nosuch")}, 404, "catalog.no_lesson"},
			"metadata of noise":        {mine, []string{"Upload-Length", "10", "Upload-Metadata", "provider !!!"}, 422, "request.invalid"},
			"nothing":                  {mine, []string{"Upload-Length", "0", "Upload-Metadata", good}, 422, "media.upload_size"},
			"too much":                 {mine, []string{"Upload-Length", "99999999999", "Upload-Metadata", good}, 413, "media.upload_size"},
			"less than nothing":        {mine, []string{"Upload-Length", "-1", "Upload-Metadata", good}, 400, "media.upload_protocol"},
			"a length that is none":    {mine, []string{"Upload-Length", "ten", "Upload-Metadata", good}, 400, "media.upload_protocol"},
			"a length that comes late": {mine, []string{"Upload-Defer-Length", "1", "Upload-Metadata", good}, 501, "media.upload_size"},
			"no version":               {mine, []string{"Tus-Resumable", "", "Upload-Length", "10", "Upload-Metadata", good}, 412, "media.upload_protocol"},
			"from a foreign site":      {mine, []string{"X-Requested-With", "", "Upload-Length", "10", "Upload-Metadata", good}, 403, "request.csrf"},
		} {
			if s := tus(t, c.d, "POST", uploads, nil, c.pairs...); s.status != c.status || s.code != c.code {
				t.Errorf("%s: %d %s, want %d %s", name, s.status, s.code, c.status, c.code)
			}
		}
		if n := w.number(`SELECT count(*) FROM upload`); n != before {
			t.Errorf("%d uploads were made of nothing", n-before)
		}
		inTheMiddle(t, mine, map[string]*client.Device{"media.no_upload": theirs, "identity.role_required": learner, "identity.login_required": nobody})
	})
}

// inTheMiddle attacks an upload that has begun.
func inTheMiddle(t *testing.T, mine *client.Device, others map[string]*client.Device) {
	t.Helper()
	path := begin(t, mine, 10)
	patch(t, mine, path, 0, []byte("12345"))
	for code, d := range others {
		for _, s := range []said{patch(t, d, path, 5, []byte("XXXXX")), tus(t, d, "DELETE", path, nil)} {
			if s.code != code {
				t.Errorf("somebody else is told %+v, want %s", s, code)
			}
		}
		if s := tus(t, d, "HEAD", path, nil); s.status < 400 || s.offset() >= 0 {
			t.Errorf("somebody else learns how far it is: %+v", s)
		}
	}
	for name, c := range map[string]struct {
		s      said
		status int
		code   string
	}{
		"a wrong place":       {patch(t, mine, path, 7, []byte("890")), 409, "media.upload_offset"},
		"a place before all":  {patch(t, mine, path, -1, []byte("890")), 400, "media.upload_protocol"},
		"a wrong type":        {tus(t, mine, "PATCH", path, []byte("67890"), "Upload-Offset", "5", "Content-Type", "application/json"), 400, "media.upload_protocol"},
		"no place":            {tus(t, mine, "PATCH", path, []byte("67890")), 400, "media.upload_protocol"},
		"another version":     {tus(t, mine, "PATCH", path, []byte("67890"), "Upload-Offset", "5", "Tus-Resumable", "0.2.2"), 412, "media.upload_protocol"},
		"no such upload":      {patch(t, mine, uploads+"/nosuch", 0, []byte("1")), 404, "media.no_upload"},
		"a file of the store": {patch(t, mine, uploads+"/..%2f..%2fxueshi.db", 0, []byte("1")), 404, "media.no_upload"},
	} {
		if c.s.status != c.status || c.s.code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, c.s.status, c.s.code, c.status, c.code)
		}
	}
	if got := far(t, mine, path); got != 5 {
		t.Errorf("the attacks left it at %d, want 5", got)
	}
	if s := patch(t, mine, path, 5, []byte("67890 and more than was said")); s.status < 400 && s.offset() > 10 {
		t.Errorf("more than was said: %+v", s)
	}
	patch(t, mine, path, far(t, mine, path), []byte("67890")[far(t, mine, path)-5:])
	eventually(t, "what is no video is refused", func() bool { return state(t, mine, path).State == "refused" })
	if s := state(t, mine, path); s.Code != "media.not_video" {
		t.Errorf("ten bytes of text: %+v", s)
	}
}

// TestUploadsAreScanned: what the real scanner finds harmful is not taken in; while it does not answer nothing is taken in and
// nothing lost.
func TestUploadsAreScanned(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		dir := t.TempDir()
		daemon := clamdtest.Start(t, dir)
		w, file := newWorkshop(t, env, "--clamd", daemon.Address), film(t, 2)
		d := w.login("provider_staff:jinyun")
		send := func(file []byte) string {
			path := begin(t, d, len(file))
			if s := patch(t, d, path, 0, file); s.status != http.StatusNoContent {
				t.Fatalf("the file: %+v", s)
			}
			return path
		}
		harmful := send(append(bytes.Clone(file), clamdtest.Harmful...))
		eventually(t, "the harmful one is refused", func() bool { return state(t, d, harmful).State == "refused" })
		if s := state(t, d, harmful); s.Code != "media.infected" {
			t.Errorf("%+v", s)
		}
		daemon.Stop()
		waiting := send(file)
		eventually(t, "its sender learns what it waits for", func() bool { return state(t, d, waiting).Code == "media.scanner_silent" })
		if s := state(t, d, waiting); s.State != "received" {
			t.Errorf("%+v", s)
		}
		clamdtest.Start(t, dir)
		eventually(t, "it goes on by itself", func() bool { return state(t, d, waiting).State == "accepted" })
		if s := state(t, d, waiting); s.Code != "" {
			t.Errorf("%+v", s)
		}
		if n := w.number(`SELECT count(*) FROM original`); n != 1 {
			t.Errorf("%d originals", n)
		}
	})
}

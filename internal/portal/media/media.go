// Package media delivers segments to playback sessions and books what was delivered, and public pictures and captions to everybody.
package media

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/playback"
)

// Services are what delivery stands on.
type Services struct {
	Playback *playback.Service
	Store    blob.Store
	Media    func(ctx context.Context, mediaID string, rev int64) (*media.Media, error)
	// Sealer seals segments for a cache; nil: segments leave in the plain, and there are no keys. Cache is where sealed segments come
	// from ("https://cdn.example.cn", or "" for this host).
	Sealer *media.Sealer
	Cache  string
}

// Register puts delivery on mux.
func Register(mux *http.ServeMux, api huma.API, s Services) {
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/media/{token}/{file}",
		Summary:   "Playlist (index.m3u8), init.mp4 and segments (N.m4s) of a playback session; 425 before release, 410 once another place plays",
		Responses: httpx.FileAnswer("The file, with ranges", "application/vnd.apple.mpegurl", "video/mp4")}, s.session)
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/media/{token}/{rendition}/{file}",
		Summary:   "The same of one rendition, where index.m3u8 names renditions; segment N of any of them counts as segment N",
		Responses: httpx.FileAnswer("The file, with ranges", "application/vnd.apple.mpegurl", "video/mp4")}, s.session)
	s.registerSealed(mux, api)
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/media/public/{media}/{rev}/{file}", Summary: "Poster, captions and slides of a lesson",
		Responses: httpx.FileAnswer("The file, cached for good", "image/jpeg", "text/vtt")}, s.public)
}

// session serves playlist, init segment and media segments of one playback session. The token stands in the path, since
// native players send no headers of ours.
func (s Services) session(w http.ResponseWriter, r *http.Request) {
	pass, err := s.Playback.ReadToken(r.PathValue("token"))
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	name, kind, _ := strings.Cut(r.PathValue("file"), ".")
	no, numErr := strconv.ParseInt(name, 10, 64)
	switch {
	case kind == "m4s" && numErr == nil:
		s.segment(w, r, pass, no)
	case kind == "key" && numErr == nil && s.Sealer != nil: // without a cache a key would be delivery without a segment
		s.key(w, r, pass, no)
	case kind == "m3u8" && name == "index", kind == "mp4" && name == "init":
		s.head(w, r, pass, kind)
	default:
		httpx.WriteProblem(w, r, errs.New(errs.NotFound, "playback.no_segment"))
	}
}

func (s Services) head(w http.ResponseWriter, r *http.Request, pass playback.Pass, kind string) {
	l, err := s.Playback.Release(r.Context(), pass, 0)
	if err != nil {
		refuse(w, r, err)
		return
	}
	rendition := r.PathValue("rendition")
	m, err := s.media(r.Context(), l, rendition)
	switch {
	case err != nil:
		httpx.WriteProblem(w, r, err)
	case kind == "mp4":
		s.file(w, r, m.Key(path.Join(rendition, "init.mp4")), "video/mp4")
	default:
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = io.WriteString(w, s.playlist(m, rendition))
	}
}

// playlist names what a player fetches next.
func (s Services) playlist(m *media.Media, rendition string) string {
	switch {
	case rendition == "" && len(m.Renditions) > 0:
		return m.Master()
	case s.Sealer != nil:
		return s.Sealer.Playlist(m, s.Cache, rendition)
	default:
		return m.Playlist()
	}
}

// media is the lesson's, if it has the rendition; "" is the folder itself.
func (s Services) media(ctx context.Context, l playback.Lesson, rendition string) (*media.Media, error) {
	m, err := s.Media(ctx, l.MediaID, l.MediaRev)
	if err == nil && rendition != "" && !m.Has(rendition) {
		err = errs.New(errs.NotFound, "playback.no_segment")
	}
	return m, err
}

// segment sends one segment, if it is released, and books it once its last byte is written. All renditions are cut at the
// same instants, so which one it was does not matter.
func (s Services) segment(w http.ResponseWriter, r *http.Request, pass playback.Pass, no int64) {
	l, err := s.Playback.Release(r.Context(), pass, no)
	if err != nil {
		refuse(w, r, err)
		return
	}
	m, rendition := &media.Media{ID: l.MediaID, Rev: l.MediaRev}, r.PathValue("rendition")
	if rendition != "" {
		if m, err = s.media(r.Context(), l, rendition); err != nil {
			httpx.WriteProblem(w, r, err)
			return
		}
	}
	sent := s.file(w, r, m.Key(path.Join(rendition, strconv.FormatInt(no, 10)+".m4s")), "video/mp4")
	if sent.whole {
		// The client has its bytes; what is booked here must not be lost because it hung up right after.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
		defer cancel()
		_ = s.Playback.Sent(ctx, pass, no, sent.bytes)
	}
}

// refuse says "not yet" in a way that players retry: 425 beyond the window, 410 once another place plays.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := errs.As(err)
	switch e.Code {
	case "playback.not_released":
		httpx.WriteProblemAs(w, r, http.StatusTooEarly, e.WithRetry(5))
	case "playback.superseded":
		httpx.WriteProblemAs(w, r, http.StatusGone, e)
	default:
		httpx.WriteProblem(w, r, err)
	}
}

// delivery is what ServeContent wrote.
type delivery struct {
	bytes int64
	whole bool
}

// file serves a blob with ranges and conditions. Of a file on this machine's disk sendfile does the copying: net finds it beneath.
func (s Services) file(w http.ResponseWriter, r *http.Request, key, contentType string) (d delivery) {
	f, err := s.Store.Open(r.Context(), key)
	if err != nil {
		if blob.Missing(err) {
			err = errs.New(errs.NotFound, "playback.no_segment")
		}
		httpx.WriteProblem(w, r, err)
		return d
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return d
	}
	w.Header().Set("Content-Type", contentType)
	c := &counter{ResponseWriter: w}
	if whole(r) {
		c.send(r.Context(), f, info)
	} else {
		http.ServeContent(c, r, "", info.ModTime(), f)
	}
	return delivery{c.n, r.Method == http.MethodGet && c.n == info.Size()}
}

// whole tells whether a request asks for all of a file, whatever the client has: nearly every segment's does.
func whole(r *http.Request) bool {
	for _, name := range []string{"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return r.Method == http.MethodGet
}

// counter counts body bytes and keeps the fast path of the writer beneath.
type counter struct {
	http.ResponseWriter
	n int64
}

// send writes a whole file as ServeContent does, with half the system calls; header and file leave together.
func (c *counter) send(ctx context.Context, f blob.File, info fs.FileInfo) {
	h := c.Header()
	h.Set("Accept-Ranges", "bytes")
	h.Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	uncork, corked := httpx.Cork(ctx)
	defer uncork()
	c.WriteHeader(http.StatusOK)
	if corked { // the header waits in the kernel, and the file follows it without a copy
		if err := http.NewResponseController(c.ResponseWriter).Flush(); err != nil {
			return
		}
	}
	_, _ = c.ReadFrom(io.LimitReader(f, info.Size())) // what was sent is what counts
}

// Write implements http.ResponseWriter.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

// ReadFrom lets the connection use sendfile.
func (c *counter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(unwrap(c.ResponseWriter), r)
	c.n += n
	return n, err
}

// unwrap finds the connection's own writer beneath the wrappers.
func unwrap(w http.ResponseWriter) http.ResponseWriter {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

// public serves posters, captions and slide pictures; they never change under their revision.
func (s Services) public(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	types := map[string]string{".jpg": "image/jpeg", ".vtt": "text/vtt; charset=utf-8"}
	dot := strings.LastIndexByte(file, '.')
	rev, err := strconv.ParseInt(r.PathValue("rev"), 10, 64)
	if dot < 0 || types[file[dot:]] == "" || err != nil {
		httpx.WriteProblem(w, r, errs.New(errs.NotFound, "media.no_media"))
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	m := media.Media{ID: r.PathValue("media"), Rev: rev}
	s.file(w, r, m.Key(file), types[file[dot:]])
}

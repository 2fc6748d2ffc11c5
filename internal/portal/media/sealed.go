package media

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/playback"
)

// registerSealed puts the origin of caches on mux. Nobody is asked who they are: without a key the bytes mean nothing. The address
// itself cannot be guessed (media.Sealer.Path), so that nothing is cached, or made, that no learner was ever sent to.
func (s Services) registerSealed(mux *http.ServeMux, api huma.API) {
	answer := httpx.FileAnswer("The file, with ranges, the same for good", "video/mp4", "application/octet-stream")
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/media/sealed/{seal}/{media}/{rev}/{file}",
		Summary: "Sealed segments (N.m4s, AES-128) and init.mp4 of a lesson, for caches; the key of their group comes from the playback session", Responses: answer}, s.sealed)
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/media/sealed/{seal}/{media}/{rev}/{rendition}/{file}",
		Summary: "The same of one rendition", Responses: answer}, s.sealed)
}

// sealed serves a cache. What it answers never changes under its address; what is not there may come later.
func (s Services) sealed(w http.ResponseWriter, r *http.Request) {
	rev, err := strconv.ParseInt(r.PathValue("rev"), 10, 64)
	if err == nil {
		err = s.sealedFile(w, r, r.PathValue("media"), rev)
	} else {
		err = errs.New(errs.NotFound, "media.no_media")
	}
	if err != nil {
		httpx.WriteProblem(w, r, err)
	}
}

// sealedFile answers, or says why not before anything is sent. Errors: NotFound "media.no_media", "playback.no_segment".
func (s Services) sealedFile(w http.ResponseWriter, r *http.Request, mediaID string, rev int64) error {
	rendition, file := r.PathValue("rendition"), r.PathValue("file")
	name, kind, _ := strings.Cut(file, ".")
	no, numErr := strconv.ParseInt(name, 10, 64)
	if s.Sealer == nil || !s.Sealer.Names(r.PathValue("seal"), mediaID, rev) {
		return errs.New(errs.NotFound, "media.no_media")
	}
	m, err := s.Media(r.Context(), mediaID, rev)
	switch {
	case err != nil:
		return err
	case rendition != "" && !m.Has(rendition), file != "init.mp4" && (kind != "m4s" || numErr != nil || strconv.FormatInt(no, 10) != name):
		return errs.New(errs.NotFound, "playback.no_segment")
	}
	f, err := s.Store.Open(r.Context(), m.Key(path.Join(rendition, file)))
	if err != nil {
		if blob.Missing(err) {
			err = errs.New(errs.NotFound, "playback.no_segment")
		}
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Access-Control-Allow-Origin", "*") // the page is another site's than the cache
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("ETag", fmt.Sprintf(`"1-%d-%d"`, rev, info.Size()))
	if file == "init.mp4" {
		h.Set("Content-Type", "video/mp4")
		http.ServeContent(w, r, "", time.Time{}, f)
		return nil
	}
	sealed, err := s.Sealer.Seal(m, rendition, no, f, info.Size())
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, sealed)
	return nil
}

// key gives the key of a group to a playback session, if all of the group is released, and books the group: whoever has its key
// has what it takes to play it.
func (s Services) key(w http.ResponseWriter, r *http.Request, pass playback.Pass, group int64) {
	l, err := s.Playback.Release(r.Context(), pass, 0)
	if err != nil {
		refuse(w, r, err)
		return
	}
	rendition := r.PathValue("rendition")
	m, err := s.media(r.Context(), l, rendition)
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	first, last, ok := m.Group(group)
	if !ok || rendition == "" && len(m.Renditions) > 0 {
		httpx.WriteProblem(w, r, errs.New(errs.NotFound, "playback.no_segment"))
		return
	}
	if _, err := s.Playback.Release(r.Context(), pass, last); err != nil {
		refuse(w, r, err)
		return
	}
	key := s.Sealer.Key(m, rendition, group)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(key)))
	if n, err := w.Write(key); err != nil || n < len(key) || r.Method != http.MethodGet {
		return
	}
	s.book(r.Context(), pass, first, last, int64(len(key)))
}

// book notes that the segments of a group can be played. Bytes are those this program has sent, so they stand with the first.
func (s Services) book(ctx context.Context, pass playback.Pass, first, last, bytes int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for no := first; no <= last; no++ {
		if s.Playback.Sent(ctx, pass, no, bytes) != nil {
			return
		}
		bytes = 0
	}
}

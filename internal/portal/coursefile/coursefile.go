// Package coursefile serves the files of one revision of courseware to people who look at it without studying: its playlist,
// segments, poster and the pictures of its report. Who may is the source's to say.
package coursefile

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
)

// Source gives a revision's files; both refuse those who may not.
type Source struct {
	Playlist func(ctx context.Context, rev int64, name string) (string, error)
	File     func(ctx context.Context, rev int64, name string) (blob.File, error)
}

// types of the files of a revision, by extension; nothing else is served.
var types = map[string]string{"m4s": "video/mp4", "mp4": "video/mp4", "jpg": "image/jpeg", "png": "image/png", "vtt": "text/vtt; charset=utf-8"}

// Answer is the responses of an operation that serves such files.
func Answer() map[string]*huma.Response {
	return httpx.FileAnswer("The file, with ranges", "application/vnd.apple.mpegurl", "video/mp4", "image/jpeg", "text/vtt")
}

// Serve answers with the file {file...} of the revision {rev}.
func Serve(w http.ResponseWriter, r *http.Request, s Source) {
	rev, err := strconv.ParseInt(r.PathValue("rev"), 10, 64)
	name := r.PathValue("file")
	ext := name[strings.LastIndex(name, ".")+1:]
	if err != nil || types[ext] == "" && ext != "m3u8" || strings.Contains(name, "..") {
		httpx.WriteProblem(w, r, errs.New(errs.NotFound, "media.no_file"))
		return
	}
	w.Header().Set("Cache-Control", "private, max-age=600")
	if ext == "m3u8" {
		text, err := s.Playlist(r.Context(), rev, name)
		if err != nil {
			httpx.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = w.Write([]byte(text))
		return
	}
	f, err := s.File(r.Context(), rev, name)
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", types[ext])
	http.ServeContent(w, r, "", info.ModTime(), f)
}

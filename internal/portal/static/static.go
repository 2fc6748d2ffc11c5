// Package static serves the built web app: hashed assets for good, the page itself never from a cache.
package static

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/httpx"
)

//go:embed all:dist
var dist embed.FS

type file struct {
	raw, zipped []byte
	contentType string
}

// Handler serves the app. Unknown paths get the page (its router decides), except those that look like a file.
func Handler() http.Handler {
	files := loaded()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		f, ok := files[name]
		if !ok {
			if name != "" && strings.Contains(path.Base(name), ".") || strings.HasPrefix(name, "media/") {
				httpx.WriteProblem(w, r, errs.New(errs.NotFound, "request.no_such_path"))
				return
			}
			name, f = "index.html", files["index.html"]
		}
		h := w.Header()
		h.Set("Content-Type", f.contentType)
		h.Set("Cache-Control", "no-cache")
		if strings.HasPrefix(name, "assets/") {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if f.zipped != nil {
			h.Add("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				_, _ = w.Write(f.zipped)
				return
			}
		}
		_, _ = w.Write(f.raw)
	})
}

var loaded = sync.OnceValue(load)

// load reads and compresses everything.
func load() map[string]file {
	out := map[string]file{}
	root, err := fs.Sub(dist, "dist/app")
	if _, missing := fs.Stat(dist, "dist/app/index.html"); missing != nil {
		root, err = fs.Sub(dist, "dist") // not built yet: the committed placeholder says how
	}
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	_ = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f := file{raw: raw, contentType: mime.TypeByExtension(path.Ext(name))}
		if f.contentType == "" {
			f.contentType = "application/octet-stream"
		}
		if len(raw) > 1024 && !strings.HasSuffix(name, ".woff2") {
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
			_, _ = z.Write(raw)
			_ = z.Close()
			f.zipped = b.Bytes()
		}
		out[name] = f
		return nil
	})
	return out
}

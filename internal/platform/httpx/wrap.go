package httpx

import (
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/trace"
)

// scope is what the log tells of a request; Routed fills in the route once it is known.
type scope struct{ id, route string }

type scopeKey struct{}

// RequestID is the id of the request in ctx; people quote it to the service desk.
func RequestID(ctx context.Context) string {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return s.id
	}
	return ""
}

// Routed stands directly before the router and tells the access log which route it chose: a path would show ids.
func Routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		if s, ok := r.Context().Value(scopeKey{}).(*scope); ok {
			s.route = r.Pattern
		}
	})
}

// Options of Wrap.
type Options struct {
	Clock clock.Clock
	TLS   bool   // behind HTTPS: HSTS is sent
	Media string // another host that pages fetch media from ("https://cdn.example.cn"), or empty
	// Observe hears of each answered request; pattern is its route. nil = nobody counts.
	Observe func(pattern string, status int, took time.Duration)
	// Trace makes spans; nil makes none.
	Trace *trace.Tracer
	// Leaving tells that this process will end: connections are closed behind the answers they wait for. nil = never.
	Leaving func() bool
}

// policy is the content security policy of every answer that sets none itself.
func (o Options) policy() []string {
	return []string{"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " + strings.TrimSpace("media-src 'self' blob: "+o.Media) + "; " +
		"worker-src 'self' blob:; " + strings.TrimSpace("connect-src 'self' "+o.Media) + "; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"}
}

// Wrap puts request id, security headers, CSRF and content-type checks, panic handling, compression and the access log around h.
func Wrap(h http.Handler, o Options) http.Handler {
	policy := o.policy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := o.Clock.Now()
		rid := id.New(start)
		told := &scope{id: rid}
		r, end := o.Trace.Request(r)
		r = r.WithContext(context.WithValue(r.Context(), scopeKey{}, told))
		head(w.Header(), rid, o.TLS, policy)
		if o.Leaving != nil && o.Leaving() {
			w.Header().Set("Connection", "close")
		}
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				slog.ErrorContext(r.Context(), "panic", "request_id", rid, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if rec.status == 0 {
					WriteProblem(rec, r, errs.New(errs.Internal, "internal"))
				}
			}
			end(told.route, rec.status)
			took := o.Clock.Now().Sub(start)
			if o.Observe != nil {
				o.Observe(told.route, rec.status, took)
			}
			if rec.status >= 500 || !quiet(r.URL.Path) {
				slog.InfoContext(r.Context(), "request", "request_id", rid, "method", r.Method, "route", told.route, "status", rec.status, "ms", took.Milliseconds())
			}
		}()
		if err := admit(r); err != nil {
			WriteProblem(rec, r, err)
			return
		}
		serve(h, rec, r)
	})
}

// quiet paths are too many for the access log: their outcome is in the metrics and in the evidence rows.
func quiet(path string) bool {
	return strings.HasPrefix(path, "/media/") || strings.HasPrefix(path, "/assets/") || path == "/api/learner/playback/beat"
}

// fixed is the headers of every answer: canonical names and shared values, set without an allocation each. Handlers
// replace a value by Set and never append to one.
var fixed = []struct {
	name  string
	value []string
}{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=(), payment=()"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
}

var hsts = []string{"max-age=31536000; includeSubDomains"}

func head(h http.Header, rid string, tls bool, policy []string) {
	h["X-Request-Id"] = []string{rid}
	h["Content-Security-Policy"] = policy[:1:1]
	for _, f := range fixed {
		h[f.name] = f.value[:1:1] // full slice: an append would copy
	}
	if tls {
		h["Strict-Transport-Security"] = hsts
	}
}

// admit refuses what no handler needs to see: cross-site writes, other content types, oversize bodies.
func admit(r *http.Request) error {
	if !strings.HasPrefix(r.URL.Path, "/api/") || r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return nil
	}
	if r.Header.Get("X-Requested-With") != "xueshi" {
		return errs.New(errs.Forbidden, "request.csrf")
	}
	if r.ContentLength == 0 {
		return nil
	}
	ct := r.Header.Get("Content-Type")
	t, err := ct, error(nil)
	if ct != "application/json" {
		t, _, err = mime.ParseMediaType(ct)
	}
	if err != nil || t != "application/json" && t != "multipart/form-data" && !(t == "application/offset+octet-stream" && r.Method == http.MethodPatch) {
		return newProblem(http.StatusUnsupportedMediaType, "request.content_type")
	}
	if r.ContentLength > 16<<20 || r.ContentLength < 0 && t == "application/offset+octet-stream" {
		return newProblem(http.StatusRequestEntityTooLarge, "request.too_large")
	}
	return nil
}

func serve(h http.Handler, w *recorder, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || r.URL.Path == "/api/learner/playback/beat" {
		h.ServeHTTP(w, r)
		return
	}
	z := &gzipWriter{recorder: w}
	defer z.close()
	h.ServeHTTP(z, r)
}

// recorder remembers the status for the log and lets the file server keep its fast path.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController, and with it sendfile, the writer beneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

var gzips = sync.Pool{New: func() any { z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return z }}

// gzipWriter compresses JSON answers.
type gzipWriter struct {
	*recorder
	z       *gzip.Writer
	decided bool
}

// WriteHeader decides whether to compress.
func (g *gzipWriter) WriteHeader(status int) {
	if !g.decided {
		g.decided = true
		ct := g.Header().Get("Content-Type")
		if strings.Contains(ct, "json") && g.Header().Get("Content-Encoding") == "" && status != http.StatusNoContent {
			g.Header().Set("Content-Encoding", "gzip")
			g.Header().Add("Vary", "Accept-Encoding")
			g.Header().Del("Content-Length")
			g.z = gzips.Get().(*gzip.Writer)
			g.z.Reset(g.recorder)
		}
	}
	g.recorder.WriteHeader(status)
}

// Write compresses.
func (g *gzipWriter) Write(b []byte) (int, error) {
	if !g.decided {
		g.WriteHeader(http.StatusOK)
	}
	if g.z != nil {
		return g.z.Write(b)
	}
	return g.recorder.Write(b)
}

func (g *gzipWriter) close() {
	if g.z != nil {
		_ = g.z.Close()
		gzips.Put(g.z)
	}
}

// Server is an http.Server with timeouts that neither kill a slow segment download nor let a slow sender hold a connection.
// Keep-alive outlives two heartbeats, since a new TLS connection costs more than fifty of them.
func Server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ConnContext: withConn, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second, MaxHeaderBytes: 32 << 10}
}

type connKey struct{}

// withConn lets Cork find the connection of a request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if _, plain := c.(*net.TCPConn); plain {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

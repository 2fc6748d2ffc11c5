package httpx_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/httpx"
)

// server is a small API behind everything that Wrap adds.
func server(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	api := httpx.New(mux, "test")
	type in struct {
		Body struct {
			Name string `json:"name" maxLength:"5"`
		}
	}
	httpx.Handle(api, huma.Operation{Method: "POST", Path: "/api/say"}, func(_ context.Context, in *in) (*httpx.Body[map[string]string], error) {
		switch in.Body.Name {
		case "late":
			return nil, errs.New(errs.Limited, "say.limit", "n", 3).WithRetry(7)
		case "bug":
			return nil, io.ErrUnexpectedEOF
		case "panic":
			panic("a bug with 140900199001010011 in it")
		}
		return httpx.OK(map[string]string{"said": in.Body.Name})
	})
	return httpx.Wrap(httpx.Routed(mux), httpx.Options{Clock: clock.System{}, TLS: true})
}

func post(h http.Handler, body string, edit func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/api/say", strings.NewReader(body))
	r.Header.Set("X-Requested-With", "xueshi")
	r.Header.Set("Content-Type", "application/json")
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestRefusalsAreProblems(t *testing.T) {
	t.Parallel()
	h := server(t)
	for _, c := range []struct {
		name, body string
		edit       func(*http.Request)
		status     int
		code       string
	}{
		{"a limit", `{"name":"late"}`, nil, 429, "say.limit"},
		{"an error that is not ours", `{"name":"bug"}`, nil, 500, "internal"},
		{"a panic", `{"name":"panic"}`, nil, 500, "internal"},
		{"malformed JSON", `{"name":`, nil, 400, "request.malformed"},
		{"a wrong type", `{"name":7}`, nil, 422, "request.invalid"},
		{"an unknown member", `{"name":"a","admin":true}`, nil, 422, "request.invalid"},
		{"a foreign site", `{"name":"a"}`, func(r *http.Request) { r.Header.Del("X-Requested-With") }, 403, "request.csrf"},
		{"a form", `name=a`, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "request.content_type"},
		{"an oversize body", `{"name":"` + strings.Repeat("a", 70<<10) + `"}`, nil, 413, "request.too_large"},
	} {
		w := post(h, c.body, c.edit)
		var p httpx.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != c.status || p.Code != c.code || p.Status != c.status || p.Type != "/problems/"+c.code {
			t.Errorf("%s: %d %s (%v), want %d %s", c.name, w.Code, w.Body, err, c.status, c.code)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type %s", c.name, ct)
		}
		if c.status == 429 && (w.Header().Get("Retry-After") != "7" || p.RetryAfter != 7) {
			t.Errorf("retry after %q, %d", w.Header().Get("Retry-After"), p.RetryAfter)
		}
		if strings.Contains(w.Body.String(), "140900") {
			t.Errorf("%s: the answer repeats what must stay inside: %s", c.name, w.Body)
		}
	}
}

func TestEveryAnswerCarriesItsHeaders(t *testing.T) {
	t.Parallel()
	w := post(server(t), `{"name":"a"}`, nil)
	for _, name := range []string{"X-Request-Id", "Strict-Transport-Security", "Content-Security-Policy", "Permissions-Policy"} {
		if w.Header().Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %s", csp)
	}
}

func TestJSONIsCompressedForThoseWhoAsk(t *testing.T) {
	t.Parallel()
	w := post(server(t), `{"name":"a"}`, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(z); err != nil || !strings.Contains(string(raw), `"said":"a"`) {
		t.Errorf("%s, %v", raw, err)
	}
}

// The log names routes, never paths or values: both may carry ids and personal data.
func TestTheLogNamesTheRoute(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	defer slog.SetDefault(before)
	post(server(t), `{"name":"a"}`, nil)
	var line struct{ Msg, Route string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Msg != "request" || line.Route != "POST /api/say" {
		t.Errorf("%s, %v", log.Bytes(), err)
	}
}

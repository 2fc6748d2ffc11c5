package app_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"xueshi/internal/app"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/platform/trace"
	"xueshi/test/city"
)

// sink is a collector: it takes what is sent to it in OTLP.
type sink struct {
	mu  sync.Mutex
	all []*spans.Span
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &sent)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "what is this", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rs := range sent.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			s.all = append(s.all, ss.Spans...)
		}
	}
}

// A request that a proxy has chosen is sent with its transactions, by its route and without anything of people; others are not.
func TestTraces(t *testing.T) {
	t.Parallel()
	into := &sink{}
	srv := httptest.NewServer(into)
	defer srv.Close()
	ctx := context.Background()
	tracer, err := trace.New(ctx, srv.URL, "test")
	if err != nil {
		t.Fatal(err)
	}
	env := sqltest.SQLite(t)
	c := city.New(t, env)
	p := c.Learner(t)
	d := c.Login(t, p, "pc")
	a, err := app.New(ctx, app.Config{Data: c.Data(), Database: env.DSN, Demo: city.Root() + "/demo", Simulate: true, Trace: tracer}, clock.System{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	traced := httptest.NewServer(a.Handler)
	defer traced.Close()
	d.Base = traced.URL
	const chosen, passed = "4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4737"
	ask := func(path, id string, flag int) {
		t.Helper()
		// What a client calls itself must not reach a span either.
		_ = d.Raw("GET", path, "", nil, map[string]string{"traceparent": fmt.Sprintf("00-%s-00f067aa0ba902b7-%02d", id, flag), "User-Agent": "phone of " + p.Phone}, nil)
	}
	ask("/api/learner/lessons/l0401?q="+p.Phone, chosen, 1)
	ask("/api/learner/home", passed, 0)
	if err := tracer.Close(ctx); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range into.all {
		if fmt.Sprintf("%x", s.TraceId) != chosen {
			t.Errorf("a request that was not chosen is traced: %s", s.Name)
		}
		names = append(names, s.Name)
		if text := s.String(); strings.Contains(text, p.Phone) || strings.Contains(text, "l0401") || strings.Contains(text, "127.0.0.1") {
			t.Errorf("a span tells of people: %s", text)
		}
	}
	if !slices.Contains(names, "GET /api/learner/lessons/{id}") || !slices.Contains(names, "sql read") {
		t.Errorf("got %q", names)
	}
	if _, err := trace.New(ctx, "collector:4318", "test"); err == nil {
		t.Error("an address without a scheme was taken")
	}
}

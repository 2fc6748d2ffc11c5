// Package trace sends what a request did and how long each part took to a collector (OpenTelemetry, OTLP over HTTP). A span carries the
// route, the status and the kind of a transaction, never a path, an address or an id of a person: otelhttp's spans would.
package trace

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// share of requests whose spans are sent, besides those that a proxy in front has chosen (traceparent).
const share = 0.01

// Tracer makes spans; nil makes none and costs nothing.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   oteltrace.Tracer
	carry    propagation.TraceContext
}

// New sends to a collector: http://HOST:4318 or https://… ; the path /v1/traces is added. What it cannot send it drops: studying does
// not wait for a collector.
func New(ctx context.Context, collector, version string) (*Tracer, error) {
	u, err := url.Parse(collector)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no collector: http://HOST:4318", collector)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/v1/traces"
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(out), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(share))),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "xueshi"), attribute.String("service.version", version))))
	return &Tracer{provider: provider, tracer: provider.Tracer("xueshi")}, nil
}

// Close sends what waits, for as long as ctx allows.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Request begins the span of a request; end says how it went, by its route ("GET /api/…/{id}").
func (t *Tracer) Request(r *http.Request) (in *http.Request, end func(route string, status int)) {
	if t == nil {
		return r, func(string, int) {}
	}
	ctx := t.carry.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, r.Method, oteltrace.WithSpanKind(oteltrace.SpanKindServer))
	if !span.IsRecording() {
		return r, func(string, int) {}
	}
	return r.WithContext(ctx), func(route string, status int) {
		if route == "" {
			route = r.Method + " (no route)"
		}
		span.SetName(route)
		span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Part begins a span within a request that is traced ("sql write"); otherwise it does nothing. end takes the part's error.
func Part(ctx context.Context, name string) (context.Context, func(err error)) {
	parent := oteltrace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, nothing
	}
	began := time.Now()
	ctx, span := parent.TracerProvider().Tracer("xueshi").Start(ctx, name, oteltrace.WithTimestamp(began))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "") // the text may hold what a span must not
		}
		span.End()
	}
}

func nothing(error) {}

// Package httpx is HTTP for every portal: OpenAPI from Go types, RFC 9457 problems, limits and security headers.
package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"xueshi/internal/kernel/errs"
)

// Problem is a refusal as RFC 9457 has it. The sentence for people is the page's, chosen by Code.
type Problem struct {
	Type       string         `json:"type" doc:"/problems/ and the code"`
	Title      string         `json:"title" doc:"Standard title of the status"`
	Status     int            `json:"status"`
	Code       string         `json:"code" doc:"Stable code, e.g. playback.lease_held"`
	Params     map[string]any `json:"params,omitempty" doc:"Numbers and names the sentence needs"`
	Fields     []errs.Field   `json:"fields,omitempty" doc:"Wrong inputs"`
	RetryAfter int            `json:"retry_after,omitempty" doc:"Seconds"`
	RequestID  string         `json:"request_id,omitempty" doc:"For the service desk"`
	cause      error
}

// Error implements error.
func (p *Problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statusOf = map[errs.Kind]int{
	errs.Invalid: 422, errs.Unauthenticated: 401, errs.Forbidden: 403, errs.NotFound: 404, errs.Conflict: 409,
	errs.Precondition: 428, errs.Limited: 429, errs.Unavailable: 503, errs.Internal: 500,
}

// toProblem maps an error to its problem; an error that is not ours is Internal and keeps its text for the log only.
func toProblem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = errs.New(errs.Unavailable, "request.timeout").WithRetry(2).WithCause(err)
	}
	e := errs.As(err)
	p = newProblem(statusOf[e.Kind], e.Code)
	p.Params, p.Fields, p.RetryAfter, p.RequestID, p.cause = e.Params, e.Fields, e.RetryAfter, RequestID(ctx), err
	if e.Kind == errs.Unavailable && e.Unwrap() != nil && e.Code != "request.timeout" { // something of ours is down
		slog.WarnContext(ctx, "unavailable", "request_id", p.RequestID, "error", err.Error())
	}
	if e.Kind == errs.Internal {
		slog.ErrorContext(ctx, "request failed", "request_id", p.RequestID, "error", err.Error())
	}
	return p
}

func newProblem(status int, code string) *Problem {
	return &Problem{Type: "/problems/" + code, Title: http.StatusText(status), Status: status, Code: code}
}

// WriteProblem answers with err as a problem, for plain handlers.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, toProblem(r.Context(), err))
}

// WriteProblemAs is WriteProblem under another status: where the client is a player that goes by the number.
func WriteProblemAs(w http.ResponseWriter, r *http.Request, status int, err error) {
	p := toProblem(r.Context(), err)
	p.Status, p.Title = status, http.StatusText(status)
	writeProblem(w, p)
}

// ProblemOf is err as a problem's status and body, for a library that writes its own answers.
func ProblemOf(ctx context.Context, err error) (status int, body string) {
	p := toProblem(ctx, err)
	raw, _ := json.Marshal(p)
	return p.Status, string(raw)
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// The library keeps its error maker in a variable of the package: it is set once, before any API is made.
func init() {
	huma.NewError = func(status int, _ string, details ...error) huma.StatusError { return validation(status, details) }
}

// New makes the API on mux. The document stands at /api/openapi.json.
func New(mux *http.ServeMux, version string) huma.API {
	cfg := huma.DefaultConfig("Xueshi", version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "/api/openapi", "", ""
	cfg.CreateHooks = nil
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	return humago.New(mux, cfg)
}

// validation turns huma's findings into a problem without repeating the rejected value.
func validation(status int, details []error) *Problem {
	code := map[int]string{400: "request.malformed", 413: "request.too_large", 415: "request.content_type", 422: "request.invalid", 406: "request.not_acceptable"}[status]
	if code == "" {
		code = "internal"
	}
	p := newProblem(status, code)
	for _, d := range details {
		var e *huma.ErrorDetail
		if errors.As(d, &e) {
			p.Fields = append(p.Fields, errs.Field{Path: e.Location, Code: "invalid"})
		}
	}
	return p
}

// Handle registers a use case. Its errors become problems.
func Handle[I, O any](api huma.API, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	if op.OperationID == "" {
		op.OperationID = huma.GenerateOperationID(op.Method, op.Path, new(O))
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = 64 << 10
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			p := toProblem(ctx, err)
			if p.RetryAfter > 0 {
				return nil, huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(p.RetryAfter)}})
			}
			return nil, p
		}
		return out, nil
	})
}

// Plain registers a handler that writes its own bytes (files, pictures, the heartbeat) and puts it into the document.
// Path parameters are documented from the path; query and header parameters stand in op.
func Plain(mux *http.ServeMux, api huma.API, op huma.Operation, h http.HandlerFunc) {
	if op.OperationID == "" {
		op.OperationID = huma.GenerateOperationID(op.Method, op.Path, &struct{}{})
	}
	for _, part := range strings.Split(op.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
		}
	}
	mux.HandleFunc(op.Method+" "+op.Path, h)
	api.OpenAPI().AddOperation(&op)
}

// FileAnswer documents the answer of a plain handler: bytes of one of the content types, or a problem.
func FileAnswer(description string, contentTypes ...string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, t := range contentTypes {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	return map[string]*huma.Response{"200": {Description: description, Content: content}, "default": {Description: "A problem (RFC 9457)"}}
}

// Body is an answer with a JSON body.
type Body[T any] struct {
	Body T
}

// OK wraps a value as an answer.
func OK[T any](v T) (*Body[T], error) { return &Body[T]{v}, nil }

// Page is one page of a list; Next is empty at the end.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next" doc:"Cursor of the next page; empty at the end"`
}

// Paging is the query of every list.
type Paging struct {
	After string `query:"after" maxLength:"200" doc:"Cursor from the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// Package errs gives every error of the product a kind, a stable code and parameters.
//
// Use cases return these; only the portals know HTTP (they turn a kind into a
// status and an RFC 9457 problem). The sentence for people comes from the
// message catalogue by code, never from here.
package errs

import (
	"errors"
	"fmt"
	"maps"
)

// Kind says what sort of refusal an error is.
type Kind string

// The kinds. Anything that is not an *Error is Internal.
const (
	Invalid         Kind = "invalid"         // the request itself is wrong; fix it and send it again
	Unauthenticated Kind = "unauthenticated" // nobody is logged in, or the login has ended
	Forbidden       Kind = "forbidden"       // logged in, but without the right
	NotFound        Kind = "not_found"       // no such thing, or not for this actor
	Conflict        Kind = "conflict"        // the state of the thing does not allow it now
	Precondition    Kind = "precondition"    // something else has to be done first (step-up, consent)
	Limited         Kind = "limited"         // too often; RetryAfter says when
	Unavailable     Kind = "unavailable"     // we cannot now; try again
	Internal        Kind = "internal"        // our fault; shown as a request id only
)

// Error is a refusal with a stable code such as "playback.lease_lost".
type Error struct {
	Kind       Kind
	Code       string
	Params     map[string]any // numbers and names the sentence needs; never personal data
	Fields     []Field        // which inputs are wrong, for forms
	RetryAfter int            // seconds; only for Limited and Unavailable
	cause      error
}

// Field points at one wrong input by its JSON path.
type Field struct {
	Path string `json:"path" doc:"JSON path of the wrong input"`
	Code string `json:"code" doc:"Stable code of what is wrong with it"`
}

// New makes an error of a kind with a code and alternating parameter names and values.
func New(kind Kind, code string, params ...any) *Error {
	e := &Error{Kind: kind, Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if e.Params == nil {
			e.Params = map[string]any{}
		}
		e.Params[fmt.Sprint(params[i])] = params[i+1]
	}
	return e
}

// Error implements error; the text is for logs, not for people.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
	if len(e.Params) > 0 {
		return fmt.Sprintf("%s %v", e.Code, e.Params)
	}
	return e.Code
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, errs.New(k, code)) compare by code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// WithCause returns a copy that remembers what lay beneath (for the log).
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.Params = maps.Clone(e.Params)
	c.cause = err
	return &c
}

// WithField returns a copy that also points at a wrong input.
func (e *Error) WithField(path, code string) *Error {
	c := *e
	c.Fields = append(append([]Field{}, e.Fields...), Field{Path: path, Code: code})
	return &c
}

// WithRetry returns a copy that says after how many seconds to try again.
func (e *Error) WithRetry(seconds int) *Error {
	c := *e
	c.RetryAfter = seconds
	return &c
}

// As finds the *Error in a chain, or makes an Internal one around err.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", cause: err}
}

// KindOf is the kind of err; Internal for errors that are not ours.
func KindOf(err error) Kind { return As(err).Kind }

// Has reports whether err carries code.
func Has(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Wrap is deferred first in a function, so that every error says which call with which arguments:
//
//	defer errs.Wrap(&err, "playback.Acquire(%s)", lesson)
func Wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf(format+": %w", append(args, *err)...)
	}
}

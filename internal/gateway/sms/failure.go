package sms

import (
	"regexp"
	"strings"

	"xueshi/internal/kernel/errs"
)

// Results that are ours, beside the codes of the service.
const (
	codeOK          = "OK"
	codeTimeout     = "timeout"
	codeUnreachable = "unreachable"
	codeGarbage     = "garbage"   // an answer that is not the protocol's
	codeForbidden   = "forbidden" // the endpoint's name leads to an address of our own network
	codeOpen        = "circuit_open"
	codeExpired     = "expired"
	codeReplaced    = "replaced"
)

// failure is a call that did not end with OK.
type failure struct {
	Code, Message, RequestID string
	doubt                    bool // the service may have taken the message all the same
	cause                    error
}

// Error implements error.
func (f *failure) Error() string {
	if f.cause != nil {
		return "sms: " + f.Code + ": " + f.cause.Error()
	}
	return "sms: " + f.Code + " " + f.Message
}

// Unwrap gives the cause.
func (f *failure) Unwrap() error { return f.cause }

// refusal is an answer with a code of the service. A server error leaves open whether it acted.
func refusal(status int, a answer) *failure {
	doubt := status >= 500 || strings.HasPrefix(a.Code, "isp.") && a.Code != "isp.RAM_PERMISSION_DENY"
	return &failure{Code: a.Code, Message: cut(redact(a.Message)), RequestID: cut(a.RequestID), doubt: doubt}
}

// redact takes out of the service's words what they repeat of the request: its texts show whole requests, with the phone
// and the code, and they go into a row, the log and the operator's page.
func redact(text string) string {
	if i := strings.Index(text, "server string to sign"); i >= 0 {
		text = strings.TrimSpace(text[:i])
	}
	return digits.ReplaceAllString(text, "***")
}

// digits are runs that could be a code or a phone, however the text around them is encoded.
var digits = regexp.MustCompile(`[0-9]{4,}`)

// cut keeps a foreign text short enough for a row.
func cut(s string) string {
	r := []rune(strings.ToValidUTF8(s, "?"))
	return string(r[:min(len(r), 300)])
}

// aboutPhone failures say nothing of the gateway's health: the number is wrong, or has had enough messages.
func (f *failure) aboutPhone() bool {
	switch f.Code {
	case "isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED":
		return true
	}
	return false
}

// again tells whether the same message may be tried once more: we could not reach the service, it had no time for us,
// or our clock or nonce was at fault. A refusal of the credential, the texts or the number stands.
func (f *failure) again() bool {
	switch f.Code {
	case codeTimeout, codeUnreachable, codeGarbage, codeOpen, "InvalidTimeStamp.Expired", "SignatureNonceUsed", "ServiceUnavailable", "InternalError":
		return true
	}
	return f.doubt || strings.HasPrefix(f.Code, "Throttling")
}

// told is what the person who asked for the code hears.
func (f *failure) told() error {
	switch f.Code {
	case "isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED":
		return errs.New(errs.Invalid, "identity.phone").WithField("phone", "invalid").WithCause(f)
	case "isv.BUSINESS_LIMIT_CONTROL":
		return errs.New(errs.Limited, "identity.code_limit").WithRetry(int(codeAgain.Seconds())).WithCause(f)
	}
	return errs.New(errs.Unavailable, "identity.sms_busy").WithRetry(int(codeAgain.Seconds())).WithCause(f)
}

package sms

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
)

// Name is the gateway's name among the credentials.
const Name = "sms"

// Purposes are the kinds of messages; each has a template of its own at the service.
var Purposes = []string{identity.ForRegister, identity.ForLogin, identity.ForReset, identity.ForPhone, identity.ForStepUp, identity.ForUnlock}

// Kind is what the SMS gateway needs to be told. With loopback (the demo city) the endpoint may be on this machine.
func Kind(loopback bool) credential.Kind {
	k := credential.Kind{
		Name: Name, KeyField: "access_key_id",
		Fields: []credential.Field{
			{Key: "endpoint", Default: "https://dysmsapi.aliyuncs.com", Valid: func(s string) bool { return credential.ValidEndpoint(s, loopback) }},
			{Key: "access_key_id", Valid: func(s string) bool { return between(s, 8, 64) && strings.Trim(s, alphanumeric+"._-") == "" }},
			{Key: "sign_name", Valid: func(s string) bool {
				return between(s, 2, 24) && strings.TrimSpace(s) == s && !strings.ContainsAny(s, "【】\x00\r\n\t")
			}},
		},
		ValidSecret: func(s string) bool { return between(s, 16, 128) && strings.Trim(s, alphanumeric+"+/=._-") == "" },
	}
	for _, p := range Purposes {
		k.Fields = append(k.Fields, credential.Field{Key: templateKey(p), Valid: func(s string) bool { return between(s, 3, 40) && strings.Trim(s, alphanumeric+"_") == "" }})
	}
	return k
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func between(s string, low, high int) bool {
	n := utf8.RuneCountInString(s)
	return n >= low && n <= high
}

func templateKey(purpose string) string { return "template_" + purpose }

// Gateway makes calls with the credential that stands now, behind the circuit.
type Gateway struct {
	creds   *credential.Service
	clk     clock.Clock
	http    *http.Client
	circuit *circuit
}

// NewGateway makes the gateway; loopback as for Kind.
func NewGateway(creds *credential.Service, clk clock.Clock, loopback bool) *Gateway {
	return &Gateway{creds: creds, clk: clk, http: credential.HTTPClient(loopback), circuit: &circuit{clk: clk}}
}

// Ready tells at once whether a message could go out now.
// Errors: Unavailable "identity.sms_unavailable" when nothing is set up, "identity.sms_busy" while the circuit is open.
func (g *Gateway) Ready(ctx context.Context) error {
	c, err := g.current(ctx)
	if err != nil {
		return err
	}
	if wait := g.circuit.wait(c.Version); wait > 0 {
		return errs.New(errs.Unavailable, "identity.sms_busy").WithRetry(int(wait.Seconds()) + 1)
	}
	return nil
}

func (g *Gateway) current(ctx context.Context) (credential.Credential, error) {
	c, ok, err := g.creds.Current(ctx, Name)
	if err == nil && !ok {
		err = errs.New(errs.Unavailable, "identity.sms_unavailable")
	}
	return c, err
}

func (g *Gateway) client(c credential.Credential) *client {
	return &client{endpoint: c.Fields["endpoint"], keyID: c.Fields["access_key_id"], secret: c.Secret, http: g.http, clk: g.clk}
}

// send hands a message over behind the circuit. Errors: *failure, or those of current.
func (g *Gateway) send(ctx context.Context, phone, purpose, code, outID string) (receipt, error) {
	c, err := g.current(ctx)
	if err != nil {
		return receipt{}, err
	}
	if !g.circuit.enter(c.Version) {
		return receipt{}, &failure{Code: codeOpen}
	}
	return g.call(ctx, c, phone, purpose, code, outID)
}

// call sends and tells the circuit how it went.
func (g *Gateway) call(ctx context.Context, c credential.Credential, phone, purpose, code, outID string) (receipt, error) {
	r, err := g.client(c).send(ctx, message{Phone: phone, SignName: c.Fields["sign_name"], Template: c.Fields[templateKey(purpose)], Code: code, OutID: outID})
	g.circuit.leave(c.Version, healthy(err))
	return r, err
}

// sent asks for a message that may have been taken before; days are those on which it was tried. Errors as send.
func (g *Gateway) sent(ctx context.Context, phone, outID string, days []civil.Date) (receipt, bool, error) {
	c, err := g.current(ctx)
	if err != nil {
		return receipt{}, false, err
	}
	if !g.circuit.enter(c.Version) {
		return receipt{}, false, &failure{Code: codeOpen}
	}
	r, found, err := g.client(c).sent(ctx, phone, outID, days)
	g.circuit.leave(c.Version, healthy(err))
	return r, found, err
}

func healthy(err error) bool {
	f, ok := err.(*failure)
	return err == nil || ok && f.aboutPhone()
}

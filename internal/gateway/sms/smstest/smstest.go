// Package smstest gives tests a product that sends its codes over HTTP to a simulator of its own.
package smstest

import (
	"testing"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

// Site is one process's way to the SMS service.
type Site struct {
	Creds   *credential.Service
	Gateway *sms.Gateway
	Outbox  *sms.Outbox
}

// Service starts a simulator that ends with the test; limits as the real one's only if asked for.
func Service(t testing.TB, clk clock.Clock, limits bool) (*smssim.Server, smssim.Account) {
	t.Helper()
	a := smssim.NewAccount("测试学习网", sms.Purposes...)
	o := a.Serve(smssim.Options{Clock: clk})
	if limits {
		o.PerMinute, o.PerHour, o.PerDay = 1, 5, 10
	}
	s, err := smssim.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, a
}

// New makes a process's parts, with nothing set up.
func New(db *sqldb.DB, keys *secret.Keys, clk clock.Clock) Site {
	s := Site{Creds: credential.New(db, keys, sms.Kind(true))}
	s.Gateway = sms.NewGateway(s.Creds, clk, true)
	s.Outbox = sms.NewOutbox(db, keys, s.Gateway)
	return s
}

// Use makes the simulator's account the stand-in.
func (s Site) Use(srv *smssim.Server, a smssim.Account) Site {
	s.Creds.StandIn(credential.Credential{Gateway: sms.Name, Fields: a.Fields(srv.URL()), Secret: a.Secret})
	return s
}

// Package sms sends one-time codes and notices. The simulator keeps them in memory for the demo city and tests.
package sms

import (
	"context"
	"log/slog"
	"sync"
)

// Simulator is an SMS service that nobody pays for: what it was given can be read back.
type Simulator struct {
	mu    sync.Mutex
	inbox map[string]string
	Log   bool // write codes to the log: only the demo city does
}

// NewSimulator makes an empty one.
func NewSimulator(log bool) *Simulator { return &Simulator{inbox: map[string]string{}, Log: log} }

// SendCode implements identity.CodeSender.
func (s *Simulator) SendCode(ctx context.Context, phone, purpose, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox[phone+"/"+purpose] = code
	if s.Log {
		slog.InfoContext(ctx, "simulated sms", "to", phone, "purpose", purpose, "code", code)
	}
	return nil
}

// Code is the last code sent to phone for purpose.
func (s *Simulator) Code(phone, purpose string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inbox[phone+"/"+purpose]
}

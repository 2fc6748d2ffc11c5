package sms

import (
	"sync"
	"time"

	"xueshi/internal/kernel/clock"
)

const (
	openAfter = 5                // failures in a row
	openFor   = 30 * time.Second // then one call may try
	codeAgain = time.Minute      // when the next code may be asked for: identity allows one a minute
)

// circuit answers fast while the service fails: after five failures in a row nobody waits three seconds to hear the sixth.
// It belongs to one version of the credential; a new one starts closed. Each process has its own.
type circuit struct {
	mu       sync.Mutex
	clk      clock.Clock
	version  int64
	failures int
	until    time.Time // open until then; afterwards one call is let through
	trying   bool
}

// wait is how long the circuit stays open for this version; 0 means that calls may go out.
func (c *circuit) wait(version int64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.version || c.failures < openAfter {
		return 0
	}
	return max(0, c.until.Sub(c.clk.Now()))
}

// enter asks for leave to call. Half open, only one call at a time is let through.
func (c *circuit) enter(version int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.version {
		c.version, c.failures, c.trying = version, 0, false
	}
	if c.failures < openAfter {
		return true
	}
	if c.trying || c.clk.Now().Before(c.until) {
		return false
	}
	c.trying = true
	return true
}

// leave tells how the call went.
func (c *circuit) leave(version int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.version {
		return // the credential has changed meanwhile: its predecessor's health says nothing
	}
	c.trying = false
	if ok {
		c.failures = 0
		return
	}
	if c.failures++; c.failures >= openAfter {
		c.until = c.clk.Now().Add(openFor)
	}
}

package s3

import (
	"net"
	"testing"
	"time"
)

// deadlines is a connection that notes until when it may be read from.
type deadlines struct {
	net.Conn
	read time.Time
}

// SetReadDeadline implements net.Conn.
func (d *deadlines) SetReadDeadline(at time.Time) error { d.read = at; return nil }

// SetWriteDeadline implements net.Conn.
func (d *deadlines) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline implements net.Conn.
func (d *deadlines) SetDeadline(at time.Time) error { d.read = at; return nil }

// Write implements net.Conn.
func (d *deadlines) Write(p []byte) (int, error) { return len(p), nil }

// net/http reads from a connection all the time that it sends a body: what is sent gives that read more time, or no part could
// take longer than a stall.
func TestASlowUploadIsNoStall(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	d := &deadlines{read: begun.Add(time.Second)} // of a read that waits already
	if _, err := (&moving{d}).Write([]byte("x")); err != nil || d.read.Before(begun.Add(stallIn)) {
		t.Errorf("the read ends at %v, %v", d.read.Sub(begun), err)
	}
}

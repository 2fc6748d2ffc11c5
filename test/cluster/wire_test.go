package cluster

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is a way between two programs that a test can cut: a TCP relay.
type wire struct {
	addr string
	mu   sync.Mutex
	cond *sync.Cond
	dead bool          // nothing passes, and nobody is told: a network that is cut
	gone bool          // every connection is refused: a machine that is off
	slow time.Duration // that each piece takes longer
	live map[net.Conn]bool
}

// newWire leads to an address.
func newWire(t *testing.T, to string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: ln.Addr().String(), live: map[net.Conn]bool{}}
	w.cond = sync.NewCond(&w.mu)
	t.Cleanup(func() { _ = ln.Close(); w.set(func() { w.gone, w.dead = true, false }) })
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			go w.carry(in, to)
		}
	}()
	return w
}

// set changes the wire; connections end when it is gone.
func (w *wire) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	if w.gone {
		for c := range w.live {
			_ = c.Close()
		}
		clear(w.live)
	}
	w.cond.Broadcast()
}

func (w *wire) cut()                      { w.set(func() { w.dead = true }) }
func (w *wire) mend()                     { w.set(func() { w.dead, w.gone, w.slow = false, false, 0 }) }
func (w *wire) refuse()                   { w.set(func() { w.gone = true }) }
func (w *wire) delay(piece time.Duration) { w.set(func() { w.slow = piece }) }

// pass waits while the wire is cut and says whether bytes may go on.
func (w *wire) pass() (slow time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.dead {
		w.cond.Wait()
	}
	return w.slow, !w.gone
}

func (w *wire) carry(in net.Conn, to string) {
	defer func() { _ = in.Close() }()
	if _, ok := w.pass(); !ok {
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	w.mu.Lock()
	w.live[in], w.live[out] = true, true
	w.mu.Unlock()
	done := make(chan bool, 2)
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() { w.copy(way[1], way[0]); done <- true }()
	}
	<-done
	_, _ = in.Close(), out.Close()
	<-done
	w.mu.Lock()
	delete(w.live, in)
	delete(w.live, out)
	w.mu.Unlock()
}

func (w *wire) copy(to io.Writer, from io.Reader) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		slow, ok := w.pass()
		if n == 0 && err != nil || !ok {
			return
		}
		if slow > 0 {
			<-time.After(slow)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

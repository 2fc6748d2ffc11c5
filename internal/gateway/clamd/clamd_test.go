package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"xueshi/internal/gateway/clamd/clamdtest"
	"xueshi/internal/kernel/errs"
)

const bad = clamdtest.Harmful

// zeros is so many bytes with the harmful ones at a place; before 0 none.
func zeros(n, at int64) io.Reader {
	if at < 0 {
		return io.LimitReader(nothing{}, n)
	}
	return io.MultiReader(io.LimitReader(nothing{}, at), strings.NewReader(bad), io.LimitReader(nothing{}, n-at-int64(len(bad))))
}

type nothing struct{}

func (nothing) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestTheRealScanner(t *testing.T) {
	t.Parallel()
	s, err := New(clamdtest.Start(t, t.TempDir()).Address)
	if err != nil {
		t.Fatal(err)
	}
	const first = piece - overlap // where the second piece begins to be new
	for name, c := range map[string]struct {
		r    io.Reader
		want string
	}{
		"nothing at all":             {strings.NewReader(""), ""},
		"a clean file":               {zeros(1000, -1), ""},
		"a harmful one":              {zeros(1000, 500), clamdtest.Name},
		"a long clean one":           {zeros(70<<20, -1), ""},
		"at its end":                 {zeros(70<<20, 70<<20-int64(len(bad))), clamdtest.Name},
		"across two pieces":          {zeros(70<<20, first-10), clamdtest.Name},
		"exactly one piece, harmful": {zeros(first, first-int64(len(bad))), clamdtest.Name},
		"a slow source":              {iotest.OneByteReader(zeros(3000, 2000)), clamdtest.Name},
	} {
		if got, err := s.Scan(t.Context(), c.r); err != nil || got != c.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, c.want)
		}
	}
	broken := errors.New("disk")
	if _, err := s.Scan(t.Context(), io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken))); !errors.Is(err, broken) || errs.Has(err, "media.scanner_silent") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// TestAScannerThatDoesNotAnswer is never taken for one that found nothing.
func TestAScannerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "stream: OK-ish", "stream: FOUND\x00", "INSTREAM size limit exceeded. ERROR\x00", "stream: " + strings.Repeat("A", 10_000), "UNKNOWN COMMAND\x00", "HTTP/1.1 200 OK\r\n\r\n"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, c, 12)
				_, _ = fmt.Fprint(c, answer)
				_ = c.Close()
			}
		}()
		s, err := New(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int64{10, 50 << 20} {
			if name, err := s.Scan(t.Context(), zeros(size, -1)); !errs.Has(err, "media.scanner_silent") || name != "" {
				t.Errorf("%.40q to %d bytes: %q %v", answer, size, name, err)
			}
		}
		_ = l.Close()
		if _, err := s.Scan(t.Context(), zeros(10, -1)); !errs.Has(err, "media.scanner_silent") {
			t.Errorf("nobody listens: %v", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s, _ := New(l.Addr().String()) // takes the call and says nothing
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Scan(ctx, zeros(10, -1)); !errs.Has(err, "media.scanner_silent") {
		t.Errorf("silence: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for address, good := range map[string]bool{"unix:/run/clamav/clamd.ctl": true, "127.0.0.1:3310": true, "clamd.internal:3310": true,
		"": false, "unix:": false, "localhost": false, "/run/clamd": false, "host:": false} {
		if _, err := New(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

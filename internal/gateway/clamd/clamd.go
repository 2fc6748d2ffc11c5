// Package clamd asks the virus scanner of ClamAV whether a file is harmful, by the INSTREAM command of its socket
// (clamd(8)). The scanner runs beside the platform, with signatures that freshclam keeps new.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
)

const (
	// Debian's clamd takes 25 MB a stream (StreamMaxLength): a lesson goes in pieces, each beginning before the last one's end.
	piece   = 24 << 20
	overlap = 1 << 20
	chunk   = 256 << 10
	patient = 60 * time.Second // for one piece
)

// Scanner is a clamd at an address; it is safe for concurrent use.
type Scanner struct{ network, address string }

// New is the scanner at "unix:PATH" or "HOST:PORT". Errors: an address of neither form.
func New(address string) (*Scanner, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok && path != "" {
		return &Scanner{"unix", path}, nil
	}
	if _, port, err := net.SplitHostPort(address); err == nil && port != "" {
		return &Scanner{"tcp", address}, nil
	}
	return nil, fmt.Errorf("the virus scanner's address is unix:PATH or HOST:PORT, not %q", address)
}

// Scan reads r to its end and names what is harmful in it; "" = nothing is.
// Errors: Unavailable "media.scanner_silent" when the scanner does not answer, or not as it should.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (string, error) {
	var tail []byte
	for in := bufio.NewReaderSize(r, chunk); ; {
		name, next, err := s.piece(ctx, in, tail)
		if err != nil || name != "" {
			return name, err
		}
		if _, err := in.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				return "", nil
			}
			return "", err
		}
		tail = next
	}
}

// piece sends one stream, the end of the piece before it first, and gives the end of this one; it fails when that takes too long.
func (s *Scanner) piece(ctx context.Context, in io.Reader, before []byte) (name string, tail []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	dial := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dial.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", nil, silent(err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	out := &stream{conn: conn}
	kept := &last{most: overlap}
	file := &source{r: in}
	err = send(conn, out, before, io.TeeReader(io.LimitReader(file, piece-overlap), kept))
	if file.err != nil {
		return "", nil, file.err
	}
	// A scanner that has had enough answers and closes: what it said counts more than that we could not go on.
	answer, readErr := bufio.NewReader(io.LimitReader(conn, 4096)).ReadString(0)
	name, ok := verdict(answer)
	if !ok {
		return "", nil, silent(errors.Join(err, readErr, fmt.Errorf("it says %q", answer)))
	}
	return name, kept.b, nil
}

// send writes one stream of the command.
func send(conn net.Conn, out io.Writer, before []byte, r io.Reader) error {
	if _, err := conn.Write([]byte("zINSTREAM\x00")); err != nil {
		return err
	}
	if _, err := out.Write(before); err != nil {
		return err
	}
	if _, err := io.CopyBuffer(out, r, make([]byte, chunk)); err != nil {
		return err
	}
	_, err := conn.Write([]byte{0, 0, 0, 0})
	return err
}

// verdict reads "stream: OK" or "stream: NAME FOUND"; anything else is none.
func verdict(answer string) (name string, ok bool) {
	said, ok := strings.CutPrefix(strings.TrimSuffix(answer, "\x00"), "stream: ")
	if !ok {
		return "", false
	}
	if said == "OK" {
		return "", true
	}
	name, ok = strings.CutSuffix(said, " FOUND")
	return name, ok && name != ""
}

// silent is the refusal; the cause is for the log.
func silent(cause error) error {
	return errs.New(errs.Unavailable, "media.scanner_silent").WithCause(cause).WithRetry(60)
}

// stream writes chunks as INSTREAM wants them: their length in four bytes, then they.
type stream struct{ conn net.Conn }

func (s *stream) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if _, err := s.conn.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b)))); err != nil {
		return 0, err
	}
	return s.conn.Write(b)
}

// last keeps the last bytes written to it.
type last struct {
	most int
	b    []byte
}

func (l *last) Write(b []byte) (int, error) {
	l.b = append(l.b, b...)
	if over := len(l.b) - l.most; over > 0 {
		l.b = append(l.b[:0], l.b[over:]...)
	}
	return len(b), nil
}

// source remembers an error of the file, which is not the scanner's.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

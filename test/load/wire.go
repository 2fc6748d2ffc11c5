//go:build bench

package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is one kept connection that speaks just enough HTTP/1.1: the load must cost the machine little beside the server.
type wire struct {
	addr string
	tls  bool
	c    net.Conn
	r    *bufio.Reader
	buf  []byte
}

// close ends the connection; the next request opens another.
func (w *wire) close() {
	if w.c != nil {
		_ = w.c.Close()
		w.c = nil
	}
}

// do sends a whole request and reads the whole answer; body tells how many bytes it had.
func (w *wire) do(req []byte) (status int, body int64, err error) {
	if w.c == nil {
		if w.c, err = net.Dial("tcp", w.addr); err != nil {
			return 0, 0, err
		}
		if w.tls {
			w.c = tls.Client(w.c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}) // our own certificate, made a moment ago
		}
		w.r = bufio.NewReaderSize(w.c, 16<<10)
	}
	defer func() {
		if err != nil {
			_ = w.c.Close()
			w.c = nil
		}
	}()
	if _, err = w.c.Write(req); err != nil {
		return 0, 0, err
	}
	length := int64(-1)
	for first := true; ; first = false {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		switch {
		case first:
			if len(line) < 12 {
				return 0, 0, errors.New("short status line")
			}
			status, _ = strconv.Atoi(string(line[9:12]))
		case len(line) <= 2:
			if length < 0 {
				return status, 0, errors.New("an answer without Content-Length")
			}
			return status, length, w.discard(length)
		case len(line) > 16 && bytes.EqualFold(line[:15], []byte("Content-Length:")):
			length, _ = strconv.ParseInt(string(bytes.TrimSpace(line[15:])), 10, 64)
		}
	}
}

// discard reads n bytes of body; what is long goes past the small buffer.
func (w *wire) discard(n int64) error {
	k, err := w.r.Discard(int(min(n, int64(w.r.Buffered()))))
	n -= int64(k)
	if n > 0 && w.buf == nil {
		w.buf = make([]byte, 256<<10)
	}
	for n > 0 && err == nil {
		k, err = w.c.Read(w.buf[:min(n, int64(len(w.buf)))])
		n -= int64(k)
	}
	if n > 0 && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// player is a seat as its player's clock has it.
type player struct {
	*seat
	seq, pos int64
	begin    time.Time
}

// request is the next heartbeat to path: it claims the real time that has passed, as a player at 1.0× does. The no-op gets
// the same bytes, and the player stays where it is: a run that skipped what the no-op swallowed would end.
func (p *player) request(b []byte, host, path string) []byte {
	seq, from := p.seq+1, p.pos
	to := min(time.Since(p.begin).Milliseconds(), deliveredMS-5000)
	body := fmt.Appendf(make([]byte, 0, 256), `{"session_id":%q,"epoch":%d,"seq":%d,"run":1,"from_ms":%d,"to_ms":%d,"state":"playing","visible":true,"buffered_ms":30000,"stalled_ms":0,"mono_ms":%d}`,
		p.Session, p.Epoch, seq, from, to, to)
	if path != pathNoop {
		p.seq, p.pos = seq, to
	}
	mac := hmac.New(sha256.New, p.Key)
	mac.Write(body)
	b = fmt.Appendf(b[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Requested-With: xueshi\r\nX-Lease-Proof: %s\r\nCookie: sid=%s\r\nContent-Length: %d\r\n\r\n",
		path, host, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), p.Token, len(body))
	return append(b, body...)
}

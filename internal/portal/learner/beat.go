package learner

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"sync"
)

// The heartbeat is the one message that comes by the ten thousand a second: its usual form is read by hand, and
// everything else by encoding/json, with the same result (beat_test.go holds one against the other).

var buffers = sync.Pool{New: func() any { return new([2 * beatLimit]byte) }}

var errBeatTooLarge = errors.New("heartbeat over the limit")

// readBeat reads a body into buf, which is one byte longer than a body may be.
func readBeat(r io.Reader, buf []byte) ([]byte, error) {
	n, err := io.ReadFull(r, buf)
	switch {
	case err == nil:
		return nil, errBeatTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return buf[:n], nil
	}
	return nil, err
}

// decodeBeat reads a heartbeat strictly: a field of another name is an error.
func decodeBeat(body []byte) (b Beat, err error) {
	if b, ok := scanBeat(body); ok {
		return b, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err = dec.Decode(&b)
	return b, err
}

// scanBeat reads what our player sends: one flat object, no spaces, names and texts without escapes, plain integers.
// ok is false for everything else, wrong or not.
func scanBeat(s []byte) (b Beat, ok bool) {
	if len(s) < 2 || s[0] != '{' {
		return b, false
	}
	for s = s[1:]; ; {
		var name []byte
		if name, s, ok = plainText(s); !ok || len(s) == 0 || s[0] != ':' {
			return Beat{}, false
		}
		if s, ok = b.scan(name, s[1:]); !ok || len(s) == 0 {
			return Beat{}, false
		}
		switch {
		case s[0] == ',':
			s = s[1:]
		case s[0] == '}' && len(s) == 1:
			return b, true
		default:
			return Beat{}, false
		}
	}
}

// scan reads the value of one field.
func (b *Beat) scan(name, s []byte) (rest []byte, ok bool) {
	var n *int64
	switch string(name) {
	case "session_id":
		var text []byte
		text, rest, ok = plainText(s)
		b.SessionID = string(text)
		return rest, ok
	case "state":
		var text []byte
		text, rest, ok = plainText(s)
		b.State = string(text)
		return rest, ok
	case "visible":
		if rest, ok = bytes.CutPrefix(s, []byte("true")); ok {
			b.Visible = true
			return rest, true
		}
		b.Visible = false
		return bytes.CutPrefix(s, []byte("false"))
	case "epoch":
		n = &b.Epoch
	case "seq":
		n = &b.Seq
	case "run":
		n = &b.Run
	case "from_ms":
		n = &b.FromMS
	case "to_ms":
		n = &b.ToMS
	case "buffered_ms":
		n = &b.BufferedMS
	case "stalled_ms":
		n = &b.StalledMS
	case "mono_ms":
		n = &b.MonoMS
	default:
		return s, false
	}
	*n, rest, ok = plainInt(s)
	return rest, ok
}

// plainText reads a quoted text of printable ASCII without escapes.
func plainText(s []byte) (text, rest []byte, ok bool) {
	if len(s) < 2 || s[0] != '"' {
		return nil, s, false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[1:i], s[i+1:], true
		case c == '\\' || c < 0x20 || c >= 0x7f:
			return nil, s, false
		}
	}
	return nil, s, false
}

// plainInt reads an integer of at most 18 digits, which no 64 bits overflow.
func plainInt(s []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || i == 0 && s[i] == '-') {
		i++
	}
	if i == 0 || i > 18 || s[0] == '0' && i > 1 || s[0] == '-' && (i == 1 || s[1] == '0') {
		return 0, s, false
	}
	n, err := strconv.ParseInt(string(s[:i]), 10, 64)
	return n, s[i:], err == nil
}

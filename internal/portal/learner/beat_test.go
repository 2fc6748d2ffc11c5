package learner

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// slow is what decodeBeat must mean.
func slow(body string) (b Beat, err error) {
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	return b, dec.Decode(&b)
}

const usual = `{"session_id":"01jd0000000000000000000000","epoch":3,"seq":17,"run":2,"from_ms":1000,"to_ms":11000,"state":"playing","visible":true,"buffered_ms":30000,"stalled_ms":0,"mono_ms":123456}`

func TestUsualBeatIsReadByHand(t *testing.T) {
	t.Parallel()
	fast, ok := scanBeat([]byte(usual))
	want, err := slow(usual)
	if !ok || err != nil || fast != want {
		t.Fatalf("%+v %v, want %+v %v", fast, ok, want, err)
	}
}

func FuzzBeat(f *testing.F) {
	for _, s := range []string{usual, `{}`, `{"seq":-0}`, `{"seq":01}`, `{"seq":1e3}`, `{"seq":1.0}`, `{"SEQ":4}`, `{"seq":1,"seq":2}`, `{"visible":null}`, `{"visible":truefalse}`,
		`{"state":"a\u0062"}`, `{"state":"\xff"}`, `{"seq":9223372036854775808}`, `{"seq":123456789012345678}`, `{"completed":true}`, `{"seq":1}x`, `{"seq":1,}`, `{"seq":-5}`, "{\"state\":\"\x7f\"}", `[]`, ``} {
		f.Add(s)
	}
	f.Fuzz(sameBeat)
}

func sameBeat(t *testing.T, body string) {
	fast, ok := scanBeat([]byte(body))
	want, err := slow(body)
	if ok && (err != nil || fast != want) {
		t.Errorf("%q: by hand %+v, by encoding/json %+v %v", body, fast, want, err)
	}
}

// TestBeatMutations breaks the usual beat in ten thousand ways: whatever the hand reads, encoding/json reads the same.
func TestBeatMutations(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	bits := []string{`"`, `{`, `}`, `,`, `:`, `0`, `-`, `1e2`, `.5`, `true`, `null`, `\`, ` `, "\x00", "é", `"seq":9`}
	read := 0
	for range 10_000 {
		s := []byte(usual)
		for range 1 + rnd.IntN(2) {
			at, to := rnd.IntN(len(s)), 0
			to = min(len(s), at+rnd.IntN(3))
			s = append(s[:at:at], append([]byte(bits[rnd.IntN(len(bits))]), s[to:]...)...)
		}
		if _, ok := scanBeat(s); ok {
			read++
		}
		sameBeat(t, string(s))
	}
	if read == 0 {
		t.Error("no mutation was readable: the test proves nothing")
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	buf := make([]byte, beatLimit+1)
	if b, err := readBeat(strings.NewReader(strings.Repeat("x", beatLimit)), buf); err != nil || len(b) != beatLimit {
		t.Errorf("a body of the limit: %d %v", len(b), err)
	}
	if _, err := readBeat(bytes.NewReader(make([]byte, beatLimit+1)), buf); err == nil {
		t.Error("a body over the limit was read")
	}
	if b, err := readBeat(strings.NewReader(""), buf); err != nil || len(b) != 0 {
		t.Errorf("an empty body: %q %v", b, err)
	}
}

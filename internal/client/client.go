// Package client is a learner's device for tests and simulations: it speaks the public wire protocol and nothing else,
// honestly or not, as the test asks.
package client

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strconv"
	"strings"
)

// Device is one browser: a cookie jar and a P-256 key.
type Device struct {
	Base string
	HTTP *http.Client
	Key  *ecdsa.PrivateKey
	Name string
}

// New makes a device that talks to base.
func New(base, name string) *Device {
	jar, _ := cookiejar.New(nil)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // no randomness: nothing can be tested
	}
	return &Device{Base: base, HTTP: &http.Client{Jar: jar}, Key: key, Name: name}
}

// Problem is an RFC 9457 refusal.
type Problem struct {
	Status     int            `json:"status"`
	Code       string         `json:"code"`
	Type       string         `json:"type"`
	Params     map[string]any `json:"params"`
	Fields     []Field        `json:"fields"`
	RetryAfter int            `json:"retry_after"`
}

// Field is a wrong input that a problem names.
type Field struct{ Path, Code string }

// Error implements error.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s %v", p.Status, p.Code, p.Params) }

// Do sends v as JSON (nil for none) and decodes the answer into out; a refusal comes back as *Problem.
func (d *Device) Do(method, path string, v, out any) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	return d.Raw(method, path, "application/json", body, nil, out)
}

// Raw sends bytes as they are, with extra headers.
func (d *Device) Raw(method, path, contentType string, body []byte, header map[string]string, out any) error {
	req, err := http.NewRequest(method, d.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if method != http.MethodGet {
		req.Header.Set("X-Requested-With", "xueshi")
		req.Header.Set("Content-Type", contentType)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 400 {
		p := &Problem{Status: res.StatusCode}
		_ = json.Unmarshal(raw, p)
		p.Status = res.StatusCode
		return p
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("%s %s: %w in %.200s", method, path, err, raw)
	}
	return nil
}

// PublicKey is the device key as sent at login: base64url SPKI.
func (d *Device) PublicKey() string {
	der, err := x509.MarshalPKIXPublicKey(&d.Key.PublicKey)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(der)
}

// Info is the device part of login and registration.
func (d *Device) Info() map[string]any {
	return map[string]any{"public_key": d.PublicKey(), "name": d.Name, "kind": "pc"}
}

// Sign signs a message as WebCrypto does: ECDSA P-256 SHA-256, r‖s, base64url.
func (d *Device) Sign(message string) string {
	sum := sha256.Sum256([]byte(message))
	r, s, err := ecdsa.Sign(rand.Reader, d.Key, sum[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return base64.RawURLEncoding.EncodeToString(sig)
}

// Lesson is what the lesson page gets, as far as a player needs it.
type Lesson struct {
	Lesson struct {
		ID         string `json:"id"`
		DurationMS int64  `json:"duration_ms"`
	} `json:"lesson"`
	Progress struct {
		Credited    [][2]int64 `json:"credited"`
		CreditedMS  int64      `json:"credited_ms"`
		ConfirmedMS int64      `json:"confirmed_ms"`
		FrontierMS  int64      `json:"frontier_ms"`
		ResumeMS    int64      `json:"resume_ms"`
		Complete    bool       `json:"complete"`
	} `json:"progress"`
	Nonce string `json:"nonce"`
	Check *Check `json:"check"`
}

// Check is a presence check.
type Check struct {
	ID        string `json:"id"`
	Nonce     string `json:"nonce"`
	Late      bool   `json:"late"`
	TriesLeft int    `json:"tries_left"`
	Tasks     []Task `json:"tasks"`
}

// Task is one task of a check.
type Task struct {
	Kind    string `json:"kind"`
	Text    string `json:"text"`
	Options []struct {
		Key  string `json:"key"`
		Text string `json:"text"`
	} `json:"options"`
}

// Answer is what a heartbeat brings back.
type Answer struct {
	Seq           int64      `json:"seq"`
	State         string     `json:"state"`
	Reason        string     `json:"reason"`
	GrantedMS     int64      `json:"granted_ms"`
	CreditedMS    int64      `json:"credited_ms"`
	ConfirmedMS   int64      `json:"confirmed_ms"`
	ProvisionalMS int64      `json:"provisional_ms"`
	Credited      [][2]int64 `json:"credited"`
	FrontierMS    int64      `json:"frontier_ms"`
	ResumeMS      int64      `json:"resume_ms"`
	Complete      bool       `json:"complete"`
	NextCheckMS   int64      `json:"next_check_ms"`
	PauseAtMS     int64      `json:"pause_at_ms"`
	Check         *Check     `json:"check"`
	Missing       []int      `json:"missing_segments"`
}

// Play is one held lease.
type Play struct {
	Device    *Device
	LessonID  string
	SessionID string `json:"session_id"`
	Epoch     int64  `json:"epoch"`
	LeaseKey  string `json:"lease_key"`
	Playlist  string `json:"playlist_url"`
	Answer    Answer `json:"answer"`
	Seq       int64
	Run       int64
	Folder    string // of the rendition that is fetched, with a slash; empty: the playlist's own
}

// Open reads a lesson.
func (d *Device) Open(lesson string) (*Lesson, error) {
	var l Lesson
	return &l, d.Do(http.MethodGet, "/api/learner/lessons/"+lesson, nil, &l)
}

// Acquire takes the lease for a lesson.
func (d *Device) Acquire(lesson string, takeover bool) (*Play, error) {
	l, err := d.Open(lesson)
	if err != nil {
		return nil, err
	}
	return d.AcquireWith(lesson, l.Nonce, takeover)
}

// AcquireWith takes the lease with a nonce already read.
func (d *Device) AcquireWith(lesson, nonce string, takeover bool) (*Play, error) {
	flag := "0"
	if takeover {
		flag = "1"
	}
	p := &Play{Device: d, LessonID: lesson}
	err := d.Do(http.MethodPost, "/api/learner/playback/acquire", map[string]any{
		"lesson_id": lesson, "nonce": nonce, "takeover": takeover,
		"signature": d.Sign("xueshi-acquire-v1\n" + nonce + "\n" + lesson + "\n" + flag),
	}, p)
	return p, err
}

// Beat is one heartbeat as the wire has it.
type Beat struct {
	SessionID  string `json:"session_id"`
	Epoch      int64  `json:"epoch"`
	Seq        int64  `json:"seq"`
	Run        int64  `json:"run"`
	FromMS     int64  `json:"from_ms"`
	ToMS       int64  `json:"to_ms"`
	State      string `json:"state"`
	Visible    bool   `json:"visible"`
	BufferedMS int64  `json:"buffered_ms"`
	StalledMS  int64  `json:"stalled_ms"`
	MonoMS     int64  `json:"mono_ms"`
}

// Beat sends the next heartbeat of the current run.
func (p *Play) Beat(state string, from, to int64) (Answer, error) {
	p.Seq++
	return p.Send(Beat{SessionID: p.SessionID, Epoch: p.Epoch, Seq: p.Seq, Run: p.Run, FromMS: from, ToMS: to, State: state, Visible: true})
}

// Send sends a heartbeat exactly as given, signed with the lease key.
func (p *Play) Send(b Beat) (Answer, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return Answer{}, err
	}
	var a Answer
	err = p.Device.Raw(http.MethodPost, "/api/learner/playback/beat", "application/json", body, map[string]string{"X-Lease-Proof": p.Proof(body)}, &a)
	if err == nil {
		p.Answer = a
	}
	return a, err
}

// Proof is the HMAC of a body under the lease key.
func (p *Play) Proof(body []byte) string {
	key, _ := base64.RawURLEncoding.DecodeString(p.LeaseKey)
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// base is the folder of the playlist.
func (p *Play) base() string { return p.Playlist[:strings.LastIndex(p.Playlist, "/")+1] }

// Segment downloads segment no; it returns the HTTP status and the bytes read.
func (p *Play) Segment(no int) (status int, n int64, err error) {
	res, err := p.Device.HTTP.Get(p.Device.Base + p.base() + p.Folder + strconv.Itoa(no) + ".m4s")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	n, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, n, err
}

// SegmentMS is the length of every segment but the last (demo media and the tests' media alike).
const SegmentMS = 6000

// Fetch downloads the segments of [from, to) ms.
func (p *Play) Fetch(from, to int64) error {
	for no := from / SegmentMS; no*SegmentMS < to; no++ {
		status, _, err := p.Segment(int(no))
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return &Problem{Status: status, Code: "segment"}
		}
	}
	return nil
}

// Solve answers a due check honestly: it asks for another kind until the sequence task comes, whose answer
// anybody who looks at it can give.
func (d *Device) Solve(c *Check) (result string, err error) {
	for range 12 {
		if !slices.ContainsFunc(c.Tasks, func(t Task) bool { return t.Kind != "sequence" }) {
			break
		}
		next := new(Check)
		if err := d.Do(http.MethodPost, "/api/learner/playback/check/another", map[string]any{"check_id": c.ID}, next); err != nil {
			return "", err
		}
		c = next
	}
	answers := make([]string, len(c.Tasks))
	for i, t := range c.Tasks {
		answers[i] = Sequence(t)
	}
	return d.AnswerCheck(c, answers)
}

// Sequence is the right answer of a sequence task: its keys in ascending order of their numbers.
func Sequence(t Task) string {
	o := slices.Clone(t.Options)
	slices.SortFunc(o, func(a, b struct {
		Key  string `json:"key"`
		Text string `json:"text"`
	}) int {
		x, _ := strconv.Atoi(a.Text)
		y, _ := strconv.Atoi(b.Text)
		return x - y
	})
	keys := make([]string, len(o))
	for i := range o {
		keys[i] = o[i].Key
	}
	return strings.Join(keys, ",")
}

// AnswerCheck sends answers to a check.
func (d *Device) AnswerCheck(c *Check, answers []string) (result string, err error) {
	var out struct {
		Result string `json:"result"`
	}
	err = d.Do(http.MethodPost, "/api/learner/playback/check/answer", map[string]any{
		"check_id": c.ID, "nonce": c.Nonce, "answers": answers,
		"signature": d.Sign("xueshi-check-v1\n" + c.ID + "\n" + c.Nonce + "\n" + strings.Join(answers, "\n")),
	}, &out)
	return out.Result, err
}

package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

// rig is one attacker: a learner enrolled in the long course, with a lease.
type rig struct {
	*testing.T
	c      *city.City
	person city.Person
	d      *client.Device
	p      *client.Play
	start  time.Time
}

// attack is one scripted attack: what it does, the threat it belongs to, and the most it may earn (ms).
type attack struct {
	threat, name string
	most         int64
	run          func(r *rig)
}

func (r *rig) wait(d time.Duration) { r.c.Clock.Advance(d) }

// beat sends a heartbeat and leaves out what came back: attackers do not stop at a refusal.
func (r *rig) beat(state string, from, to int64) client.Answer {
	a, _ := r.p.Beat(state, from, to)
	return a
}

func (r *rig) fetch(from, to int64) { _ = r.p.Fetch(from, to) }

// code is the refusal's code; "" when it was taken.
func code(err error) string {
	if p, ok := err.(*client.Problem); ok {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func (r *rig) refused(err error, want string) {
	r.Helper()
	if got := code(err); got != want {
		r.Errorf("refused with %q, want %q", got, want)
	}
}

var attacks = []attack{
	{"T01", "one request says the whole lesson is done", 0, func(r *rig) { r.wait(10 * time.Second); r.beat("ended", 0, 1_468_000) }},
	{"T01", "100-second chunks every 200 ms", 0, func(r *rig) {
		for at := int64(0); at < 1_400_000; at += 100_000 {
			r.wait(200 * time.Millisecond)
			r.fetch(at, at+100_000)
			r.beat("playing", at, at+100_000)
		}
	}},
	{"T01", "a completion flag in the body", 0, func(r *rig) {
		body := fmt.Sprintf(`{"session_id":%q,"epoch":%d,"seq":1,"run":1,"from_ms":0,"to_ms":0,"state":"ended","visible":true,"completed":true,"duration":1}`, r.p.SessionID, r.p.Epoch)
		r.refused(r.raw(body, r.p.Proof([]byte(body))), "playback.beat_invalid")
	}},
	{"T02", "no lease proof", 0, func(r *rig) {
		r.wait(10 * time.Second)
		r.fetch(0, 10_000)
		r.refused(r.send(1, "", 0, 10_000), "playback.proof_invalid")
	}},
	{"T02", "a proof under a guessed key", 0, func(r *rig) {
		r.wait(10 * time.Second)
		q := *r.p
		q.LeaseKey = strings.Repeat("A", 43)
		_, err := q.Beat("playing", 0, 10_000)
		r.refused(err, "playback.proof_invalid")
	}},
	{"T02", "a proof of another body", 0, func(r *rig) {
		r.wait(10 * time.Second)
		r.refused(r.send(1, r.p.Proof([]byte("{}")), 0, 10_000), "playback.proof_invalid")
	}},
	{"T03", "paced forging without fetching a segment", 0, func(r *rig) {
		for at := int64(0); at < 300_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T03", "fetching only the first segment", 6_000, func(r *rig) {
		r.fetch(0, 6_000)
		for at := int64(0); at < 120_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T03", "HEAD and ranges instead of whole segments", 0, func(r *rig) {
		base := r.p.Playlist[:strings.LastIndex(r.p.Playlist, "/")+1]
		for n := range 10 {
			for _, m := range []string{http.MethodHead, http.MethodGet} {
				req, _ := http.NewRequest(m, fmt.Sprintf("%s%s%d.m4s", r.d.Base, base, n), nil)
				req.Header.Set("Range", "bytes=0-99")
				if res, err := r.d.HTTP.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
			}
		}
		r.wait(10 * time.Second)
		r.beat("playing", 0, 10_000)
	}},
	{"T03", "segments fetched with another learner's session", 0, func(r *rig) {
		_, other := r.c.Enrolled(r.T, "c04")
		q, err := other.Acquire(long, false)
		if err != nil {
			r.Fatal(err)
		}
		_ = q.Fetch(0, 60_000)
		r.wait(10 * time.Second)
		r.beat("playing", 0, 10_000)
	}},
	{"T04", "1.25× for ten minutes", 30_000, func(r *rig) { r.speed(5, 4, 60) }},
	{"T04", "2× for ten minutes", 30_000, func(r *rig) { r.speed(2, 1, 60) }},
	{"T04", "16× for a minute", 30_000, func(r *rig) { r.speed(16, 1, 6) }},
	{"T04", "20 s claimed for each 10 s, a new run each time", 200_000, func(r *rig) {
		at := int64(0)
		for range 20 {
			r.wait(10 * time.Second)
			r.p.Run++
			r.fetch(at, at+20_000)
			at = max(at, r.beat("playing", at, at+20_000).ResumeMS)
		}
	}},
	{"T04", "session rotated for every beat", 200_000, func(r *rig) {
		at := int64(0)
		for range 6 {
			r.wait(10 * time.Second)
			r.fetch(at, at+20_000)
			at = r.beat("playing", at, at+20_000).ResumeMS
			r.p, _ = r.d.Acquire(long, true)
		}
	}},
	{"T05", "client clock an hour ahead", 10_000, func(r *rig) {
		r.fetch(0, 10_000)
		r.wait(10 * time.Second)
		_, _ = r.p.Send(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: 1, Run: 1, ToMS: 10_000, State: "playing", Visible: true, MonoMS: 3_600_000})
	}},
	{"T06", "the same beat fifty times at once", 10_000, func(r *rig) {
		r.fetch(0, 12_000)
		r.wait(10 * time.Second)
		b := client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: 1, Run: 1, ToMS: 10_000, State: "playing", Visible: true}
		r.crowd(50, func(int) { q := *r.p; _, _ = q.Send(b) })
	}},
	{"T06", "an old beat replayed after others", 20_000, func(r *rig) {
		r.fetch(0, 24_000)
		r.wait(10 * time.Second)
		r.beat("playing", 0, 10_000)
		r.wait(10 * time.Second)
		r.beat("playing", 10_000, 20_000)
		for range 10 {
			r.wait(10 * time.Second)
			_, _ = r.p.Send(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: 1, Run: 1, ToMS: 10_000, State: "playing", Visible: true})
		}
	}},
	{"T06", "the same minute watched ten times", 60_000, func(r *rig) {
		for range 10 {
			watch(r.T, r.c, r.p, 0, 60_000)
		}
	}},
	{"T07", "forty different beats at once", 10_000, func(r *rig) {
		r.fetch(0, 60_000)
		r.wait(10 * time.Second)
		r.crowd(40, func(i int) {
			q := *r.p
			_, _ = q.Send(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: int64(i + 1), Run: int64(i % 3), FromMS: int64(i) * 1000, ToMS: int64(i)*1000 + 10_000, State: "playing", Visible: true})
		})
	}},
	{"T07", "twenty takeovers at once", 0, func(r *rig) {
		r.crowd(20, func(int) { _, _ = r.d.Acquire(long, true) })
	}},
	{"T08", "silence for an hour, then an hour claimed", 90_000, func(r *rig) {
		r.fetch(0, 90_000)
		r.wait(time.Hour)
		for at := int64(0); at < 600_000; at += 10_000 {
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T08", "paused keep-alives for ten minutes, then 16×", 70_000, func(r *rig) {
		for range 60 {
			r.wait(10 * time.Second)
			r.p.Run++
			r.beat("paused", 0, 0)
		}
		r.p.Run++
		for i := range int64(60) {
			r.fetch(i*16_000, (i+1)*16_000)
			r.wait(time.Second)
			r.beat("playing", i*16_000, (i+1)*16_000)
		}
	}},
	{"T09", "beats that claim nothing, thousands of them", 0, func(r *rig) {
		for range 200 {
			r.wait(100 * time.Millisecond)
			r.beat("playing", 0, 0)
		}
	}},
	{"T12", "one second at each end", 2_000, func(r *rig) {
		r.fetch(0, 1_000)
		r.wait(time.Second)
		r.beat("seeking", 0, 1_000)
		r.p.Run++
		r.fetch(1_460_000, 1_468_000)
		r.wait(time.Second)
		r.beat("ended", 1_467_000, 1_468_000)
	}},
	{"T12", "three segments of ninety seconds", 90_000, func(r *rig) {
		for _, at := range []int64{0, 600_000, 1_300_000} {
			r.p.Run++
			for s := at; s < at+90_000; s += 10_000 {
				r.fetch(s, s+10_000)
				r.wait(10 * time.Second)
				r.beat("playing", s, s+10_000)
			}
		}
	}},
	{"T13", "paused while claiming to advance", 10_000, func(r *rig) {
		r.fetch(0, 12_000)
		for range 30 {
			r.wait(10 * time.Second)
			r.beat("paused", 0, 10_000)
		}
	}},
	{"T15", "one segment looped", 6_000, func(r *rig) {
		r.fetch(0, 6_000)
		for range 40 {
			r.p.Run++
			r.wait(6 * time.Second)
			r.beat("playing", 0, 6_000)
		}
	}},
	{"T15", "a forged media token", 0, func(r *rig) {
		base := strings.Split(r.p.Playlist, "/")[2]
		forged := strings.Replace(base, r.p.SessionID, strings.Repeat("0", 26), 1)
		res, err := r.d.HTTP.Get(r.d.Base + "/media/" + forged + "/0.m4s")
		if err != nil || res.StatusCode != 404 {
			r.Errorf("forged token: %v %v", res, err)
		}
		if res != nil {
			_ = res.Body.Close()
		}
	}},
	{"T17", "hidden page played on", 0, func(r *rig) {
		r.fetch(0, 60_000)
		for i := range int64(6) {
			r.wait(10 * time.Second)
			r.p.Seq++
			_, _ = r.p.Send(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: r.p.Seq, Run: 1, FromMS: i * 10_000, ToMS: (i + 1) * 10_000, State: "playing", Visible: false})
		}
	}},
	{"T18", "the check never answered", 900_000, func(r *rig) { r.toCheck(); r.playOn() }},
	{"T19", "the check blocked on the network, session renewed", 900_000, func(r *rig) {
		r.toCheck()
		r.p, _ = r.d.Acquire(long, true)
		r.playOn()
	}},
	{"T20", "a thousand blind answers", 900_000, func(r *rig) {
		check := r.toCheck()
		for i := range 40 {
			if result, _ := r.d.AnswerCheck(check, []string{fmt.Sprintf("%04d", i)}); result == "passed" {
				r.Error("a blind answer passed")
			}
			var due struct{ Check *client.Check }
			if r.d.Do("GET", "/api/learner/playback/check", nil, &due) != nil || due.Check == nil {
				return
			}
			check = due.Check
		}
		r.playOn()
	}},
	{"T20", "another learner's solved check", 900_000, func(r *rig) {
		check := r.toCheck()
		_, other := r.c.Enrolled(r.T, "c04")
		_, err := other.AnswerCheck(check, []string{"1"})
		r.refused(err, "playback.check_gone")
		_, err = other.Solve(check)
		r.refused(err, "playback.check_gone")
		r.playOn()
	}},
	{"T20", "an answer replayed with its nonce", 900_000, func(r *rig) {
		check := r.toCheck()
		_, _ = r.d.AnswerCheck(check, []string{"wrong"})
		_, err := r.d.AnswerCheck(check, []string{"wrong"})
		r.refused(err, "playback.check_nonce")
		r.playOn()
	}},
	{"T20", "an answer not signed by the device", 900_000, func(r *rig) {
		check := r.toCheck()
		thief := client.New(r.c.URL, "thief")
		thief.HTTP = r.d.HTTP
		_, err := thief.Solve(check)
		r.refused(err, "playback.device_unproven")
		r.playOn()
	}},
	{"T22", "eight lessons in one account at once", 60_000, func(r *rig) {
		_ = r.d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": "c01"}, nil)
		plays := []*client.Play{r.p}
		for _, l := range []string{"l0101", "l0102", "l0103"} {
			if p, err := r.d.Acquire(l, true); err == nil {
				_ = p.Fetch(0, 60_000)
				plays = append(plays, p)
			}
		}
		for at := int64(0); at < 60_000; at += 10_000 {
			r.wait(10 * time.Second)
			for _, p := range plays {
				_, _ = p.Beat("playing", at, at+10_000)
			}
		}
	}},
	{"T23", "two devices at once", 60_000, func(r *rig) {
		phone := client.New(r.c.URL, "phone")
		r.c.LoginOn(r.T, r.person, phone)
		r.start = r.c.Clock.Now()
		q, err := phone.Acquire(long, true)
		if err != nil {
			r.Fatal(err)
		}
		r.fetch(0, 60_000)
		_ = q.Fetch(0, 60_000)
		for at := int64(0); at < 60_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
			_, _ = q.Beat("playing", at, at+10_000)
		}
	}},
	{"T23", "takeover ping-pong between devices is cooled down", 0, func(r *rig) {
		phone := client.New(r.c.URL, "phone")
		r.c.LoginOn(r.T, r.person, phone)
		var last error
		for n := 0; last == nil && n < 12; n++ {
			_, last = []*client.Device{phone, r.d}[n%2].Acquire(long, true)
		}
		r.refused(last, "playback.takeover_cooldown")
	}},
	{"T23", "a page that is reloaded keeps its own lease, but not without end", 0, func(r *rig) {
		var last error
		for range 20 {
			if _, last = r.d.Acquire(long, true); last != nil {
				r.Fatal(last)
			}
		}
		for range 60 {
			_, last = r.d.Acquire(long, true)
		}
		r.refused(last, "playback.takeover_cooldown")
	}},
	{"T24", "two accounts on one device key", 0, func(r *rig) {
		other := r.c.Learner(r.T)
		d := client.New(r.c.URL, "same machine")
		d.Key = r.d.Key
		r.c.LoginOn(r.T, other, d)
		if err := d.Do("POST", "/api/learner/enrolments", map[string]any{"course_id": "c04"}, nil); err != nil {
			r.Fatal(err)
		}
		r.p.Run++
		_, _ = r.p.Beat("paused", 0, 0)
		_, err := d.Acquire(long, false)
		r.refused(err, "playback.device_busy")
	}},
	{"T25", "bulk download", 0, func(r *rig) {
		got := 0
		for n := range 244 {
			if status, _, _ := r.p.Segment(n); status == http.StatusOK {
				got++
			}
		}
		if got != 15 {
			r.Errorf("%d segments were released, want the 90 s window's 15", got)
		}
	}},
	{"T25", "an ended lease downloads nothing", 0, func(r *rig) {
		if _, err := r.d.Acquire(long, true); err != nil {
			r.Fatal(err)
		}
		if status, _, _ := r.p.Segment(0); status != http.StatusGone {
			r.Errorf("superseded token: %d, want 410", status)
		}
	}},
	{"T26", "a copied cookie without the key", 0, func(r *rig) {
		thief := client.New(r.c.URL, "thief")
		thief.HTTP = r.d.HTTP
		_, err := thief.Acquire(long, true)
		r.refused(err, "playback.device_unproven")
	}},
	{"T26", "a nonce used twice", 0, func(r *rig) {
		l, err := r.d.Open(long)
		if err != nil {
			r.Fatal(err)
		}
		_, _ = r.d.AcquireWith(long, l.Nonce, true)
		_, err = r.d.AcquireWith(long, l.Nonce, true)
		r.refused(err, "playback.nonce_stale")
	}},
	{"T26", "beats after log-out", 0, func(r *rig) {
		if err := r.d.Do("POST", "/api/learner/account/logout", nil, nil); err != nil {
			r.Fatal(err)
		}
		r.wait(10 * time.Second)
		_, err := r.p.Beat("playing", 0, 10_000)
		if p, ok := err.(*client.Problem); !ok || p.Status != 401 {
			r.Errorf("after log-out: %v", err)
		}
	}},
	{"T27", "another account's lesson and lease", 0, func(r *rig) {
		_, other := r.c.Enrolled(r.T, "c01")
		_, err := other.Open(long)
		r.refused(err, "playback.not_enrolled")
		q := *r.p
		q.Device = other
		r.fetch(0, 12_000)
		r.wait(10 * time.Second)
		_, _ = q.Beat("playing", 0, 10_000)
	}},
}

// speed plays num/den × for beats of ten seconds.
func (r *rig) speed(num, den int64, beats int) {
	at := int64(0)
	for range beats {
		step := 10_000 * num / den
		r.fetch(at, at+step)
		r.wait(10 * time.Second)
		r.beat("playing", at, at+step)
		at += step
	}
}

// toCheck plays honestly until a presence check is due.
func (r *rig) toCheck() *client.Check {
	r.Helper()
	watch(r.T, r.c, r.p, 0, 900_000)
	if r.p.Answer.Check == nil {
		r.Fatal("no check within 900 s of credit")
	}
	return r.p.Answer.Check
}

// playOn goes on as if no check were due.
func (r *rig) playOn() {
	at := r.p.Answer.CreditedMS
	before := r.credited()
	for range 12 {
		r.p.Run++
		r.fetch(at, at+10_000)
		r.wait(10 * time.Second)
		r.beat("playing", at, at+10_000)
		at += 10_000
	}
	if got := r.credited(); got != before {
		r.Errorf("credited %d ms while a check was due", got-before)
	}
}

func (r *rig) crowd(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func (r *rig) send(seq int64, proof string, from, to int64) error {
	b, _ := json.Marshal(client.Beat{SessionID: r.p.SessionID, Epoch: r.p.Epoch, Seq: seq, Run: 1, FromMS: from, ToMS: to, State: "playing", Visible: true})
	return r.raw(string(b), proof)
}

func (r *rig) raw(body, proof string) error {
	return r.d.Raw("POST", "/api/learner/playback/beat", "application/json", []byte(body), map[string]string{"X-Lease-Proof": proof}, nil)
}

// credited is everything the learner has, over all lessons, from the rows themselves.
func (r *rig) credited() (ms int64) {
	r.Helper()
	ctx := context.Background()
	err := r.c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT (SELECT coalesce(sum(media_to - media_from), 0) FROM span WHERE learner_id = $1)
			+ (SELECT coalesce(sum(open_media_to - open_media_from), 0) FROM study WHERE learner_id = $2)`, r.person.ID, r.person.ID).Scan(&ms)
	})
	if err != nil {
		r.Fatal(err)
	}
	return ms
}

func TestAttacksEarnNothing(t *testing.T) {
	t.Parallel()
	if len(attacks) < 40 {
		t.Fatalf("%d attacks, want at least 40", len(attacks))
	}
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		for _, a := range attacks {
			t.Run(a.threat+" "+a.name, func(t *testing.T) { // one after another: they share the city's clock
				r := &rig{T: t, c: c}
				r.person, r.d = c.Enrolled(t, "c04")
				var err error
				if r.p, err = r.d.Acquire(long, false); err != nil {
					t.Fatal(err)
				}
				r.p.Run = 1
				r.start = c.Clock.Now()
				a.run(r)
				got, wall := r.credited(), c.Clock.Now().Sub(r.start).Milliseconds()
				if got > a.most {
					t.Errorf("earned %d ms, at most %d", got, a.most)
				}
				if got > wall {
					t.Errorf("earned %d ms in %d ms of wall time", got, wall)
				}
			})
		}
		if report, err := verify.Run(context.Background(), c.DB, c.Signer); err != nil || len(report.Findings) > 0 {
			t.Fatalf("verify after all attacks: %v, %v", report.Findings, err)
		}
	})
}

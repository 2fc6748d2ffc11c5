// Package attack plays learners, honest and not, against the real program over HTTP.
package attack

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xueshi/internal/client"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

const long = "l0401" // the demo city's long lesson: 24 minutes, the only one of its course

// watch plays [from, to) at 1.0× honestly: segments first, a beat every ten seconds, pausing where the check falls due.
func watch(t testing.TB, c *city.City, p *client.Play, from, to int64) int64 {
	t.Helper()
	p.Run++
	for at := from; at < to; {
		step := min(10_000, to-at)
		if stop := p.Answer.PauseAtMS; stop > at && stop < at+step {
			step = stop - at
		}
		if err := p.Fetch(at, at+step); err != nil {
			t.Fatalf("fetch at %d: %v", at, err)
		}
		c.Clock.Advance(time.Duration(step) * time.Millisecond)
		state := "playing"
		if at+step == to || at+step == p.Answer.PauseAtMS {
			state = "paused"
		}
		a, err := p.Beat(state, at, at+step)
		if err != nil {
			t.Fatalf("beat at %d: %v", at, err)
		}
		at += step
		if a.Check != nil {
			return at
		}
		if state == "paused" {
			p.Run++
		}
	}
	return to
}

// study watches a whole lesson and answers every check.
func study(t testing.TB, c *city.City, d *client.Device, lesson string) {
	t.Helper()
	p, err := d.Acquire(lesson, true)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Open(lesson)
	if err != nil {
		t.Fatal(err)
	}
	at := l.Progress.ResumeMS
	for range 20 {
		at = watch(t, c, p, at, l.Lesson.DurationMS)
		if p.Answer.Check != nil {
			if result, err := d.Solve(p.Answer.Check); err != nil || result != "passed" {
				t.Fatalf("check: %s, %v", result, err)
			}
			p.Answer.Check = nil
			continue
		}
		if at >= l.Lesson.DurationMS {
			break
		}
	}
	if _, err := p.Beat("closed", at, at); err != nil {
		t.Fatal(err)
	}
}

func TestAnHonestLearnerEarnsTheHourAndCanProveIt(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		study(t, c, d, long)
		l, err := d.Open(long)
		if err != nil {
			t.Fatal(err)
		}
		if !l.Progress.Complete || l.Progress.ConfirmedMS < l.Lesson.DurationMS-5000 {
			t.Fatalf("confirmed %d of %d, complete %v", l.Progress.ConfirmedMS, l.Lesson.DurationMS, l.Progress.Complete)
		}
		var home struct {
			Summary struct {
				ProfessionalTenths int64 `json:"professional_tenths"`
			} `json:"summary"`
			Records []struct {
				Hours  string `json:"hours"`
				Source string `json:"source"`
			} `json:"records"`
		}
		if err := d.Do("GET", "/api/learner/home", nil, &home); err != nil {
			t.Fatal(err)
		}
		if home.Summary.ProfessionalTenths != 4 || len(home.Records) != 1 || home.Records[0].Source != "platform" {
			t.Fatalf("ledger: %+v, want one record of 0.4 hours", home)
		}
		for more := true; more; {
			if more, err = c.Credit.Anchor(context.Background(), c.Signer); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Credit.Anchor(context.Background(), c.Signer); err != nil { // nothing new: nothing happens twice
			t.Fatal(err)
		}
		provesItself(t, d)
		if res, err := d.HTTP.Get(c.URL + "/api/learner/archive.xlsx"); err != nil || res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Type"), "spreadsheet") {
			t.Errorf("archive sheet: %v, %v", res, err)
		} else {
			_ = res.Body.Close()
		}
		report, err := verify.Run(context.Background(), c.DB, c.Signer)
		if err != nil || len(report.Findings) > 0 || report.Spans == 0 || report.Records == 0 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
		editsAreFound(t, c)
	})
}

// provesItself downloads the learner's evidence and checks it as a stranger would: signature, root, path, commitment.
func provesItself(t *testing.T, d *client.Device) {
	t.Helper()
	var b struct {
		PublicKey  string `json:"public_key"`
		Pending    bool   `json:"pending"`
		Checkpoint struct {
			Size int64
			Note string
		}
		Records []struct {
			No   int64
			Hash string
		}
		Study struct {
			Chain string `json:"chain_head"`
		}
		Proofs []ledger.Proof
	}
	if err := d.Do("GET", "/api/learner/evidence", nil, &b); err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(b.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(b.Checkpoint.Note), note.VerifierList(v))
	if err != nil {
		t.Fatalf("checkpoint: %v", err)
	}
	root, err := tlog.ParseHash(strings.Split(n.Text, "\n")[2])
	if err != nil || b.Pending || len(b.Records) != 1 || len(b.Proofs) != 2 {
		t.Fatalf("bundle: %v, pending %v, %d records, %d proofs", err, b.Pending, len(b.Records), len(b.Proofs))
	}
	for _, p := range b.Proofs {
		row := b.Study.Chain
		if p.Kind == "credit" {
			row = b.Records[0].Hash
		}
		hash, err := hex.DecodeString(row)
		if err != nil {
			t.Fatal(err)
		}
		leaf := ledger.Commitment(p.Salt, p.Kind, p.Owner, p.Seq, hash)
		var path tlog.RecordProof
		for _, h := range p.Path {
			step, err := tlog.ParseHash(h)
			if err != nil {
				t.Fatal(err)
			}
			path = append(path, step)
		}
		if err := tlog.CheckRecord(path, b.Checkpoint.Size, root, p.Leaf, tlog.RecordHash(leaf[:])); err != nil {
			t.Errorf("proof of %s %d: %v", p.Kind, p.Seq, err)
		}
		hash[0] ^= 1
		leaf = ledger.Commitment(p.Salt, p.Kind, p.Owner, p.Seq, hash)
		if tlog.CheckRecord(path, b.Checkpoint.Size, root, p.Leaf, tlog.RecordHash(leaf[:])) == nil {
			t.Errorf("the proof of %s %d fits another row too", p.Kind, p.Seq)
		}
	}
}

// editsAreFound changes one thing at a time behind the engine's back; verify must find each.
func editsAreFound(t *testing.T, c *city.City) {
	ctx := context.Background()
	drop := []string{"DROP TRIGGER span_no_update", "DROP TRIGGER credit_record_no_update", "DROP TRIGGER window_result_no_update", "DROP TRIGGER window_result_no_delete", "DROP TRIGGER playback_session_no_update"}
	if c.DB.Engine() == sqldb.Postgres {
		drop = []string{"DROP TRIGGER span_append_only ON span", "DROP TRIGGER credit_record_append_only ON credit_record", "DROP TRIGGER window_result_append_only ON window_result", "DROP TRIGGER playback_session_append_only ON playback_session"}
	}
	exec := func(query string) {
		t.Helper()
		if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { _, err := tx.Exec(ctx, query); return err }); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	for _, q := range drop {
		exec(q)
	}
	for _, e := range []struct{ do, undo string }{
		{"UPDATE span SET booked_at = booked_at + 1 WHERE chain_seq = 2", "UPDATE span SET booked_at = booked_at - 1 WHERE chain_seq = 2"},
		{"UPDATE span SET epoch = epoch + 7 WHERE chain_seq = 2", "UPDATE span SET epoch = epoch - 7 WHERE chain_seq = 2"},
		{"UPDATE credit_record SET hours_tenths = hours_tenths + 10 WHERE source = 'platform'", "UPDATE credit_record SET hours_tenths = hours_tenths - 10 WHERE source = 'platform'"},
		{"UPDATE credit_record SET completed_at = completed_at - 1 WHERE source = 'seed'", "UPDATE credit_record SET completed_at = completed_at + 1 WHERE source = 'seed'"},
		{"UPDATE lesson_progress SET confirmed_ms = confirmed_ms + 1000", "UPDATE lesson_progress SET confirmed_ms = confirmed_ms - 1000"},
		{"UPDATE window_result SET at = at + 1", "UPDATE window_result SET at = at - 1"},
		{"UPDATE playback_session SET acquired_at = acquired_at + 1", "UPDATE playback_session SET acquired_at = acquired_at - 1"},
		{"UPDATE study SET chain_seq = chain_seq + 1", "UPDATE study SET chain_seq = chain_seq - 1"},
		{"UPDATE delivery SET finished_at = finished_at + 86400000000", "UPDATE delivery SET finished_at = finished_at - 86400000000"},
	} {
		exec(e.do)
		if report, err := verify.Run(ctx, c.DB, c.Signer); err != nil || len(report.Findings) == 0 {
			t.Errorf("%s: not found (%v)", e.do, err)
		}
		exec(e.undo)
	}
	if report, err := verify.Run(ctx, c.DB, c.Signer); err != nil || len(report.Findings) > 0 {
		t.Errorf("after undoing: %v, %v", report, err)
	}
}

func TestStudyGoesOnOnAnotherDeviceWithoutLosingASecond(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		person, pc := c.Enrolled(t, "c04")
		p, err := pc.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, p, 0, 60_000)
		phone := client.New(c.URL, "phone")
		// logging in takes a minute of the test's clock: let the first lease lapse and renew it by a paused beat
		c.LoginOn(t, person, phone)
		if _, err := p.Beat("paused", 60_000, 60_000); err != nil {
			t.Fatal(err)
		}
		p.Run++
		if err := p.Fetch(60_000, 78_000); err != nil {
			t.Fatal(err)
		}
		c.Clock.Advance(10 * time.Second)
		if _, err := p.Beat("playing", 60_000, 70_000); err != nil {
			t.Fatal(err)
		}
		if _, err := phone.Acquire(long, false); !isCode(err, "playback.lease_held") {
			t.Fatalf("second device: %v, want lease_held", err)
		}
		c.Clock.Advance(6 * time.Second)
		q, err := phone.Acquire(long, true)
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.Beat("playing", 70_000, 76_000) // played before the takeover, reported after it
		if err != nil || a.State != "superseded" || a.GrantedMS != 6_000 {
			t.Fatalf("late beat: %+v, %v, want 6000 ms granted and superseded", a, err)
		}
		if a, err = p.Beat("playing", 76_000, 78_000); err != nil || a.GrantedMS != 0 {
			t.Fatalf("after the takeover: %+v, %v", a, err)
		}
		l, err := phone.Open(long)
		if err != nil || l.Progress.ResumeMS != 76_000 {
			t.Fatalf("resume at %d, %v, want 76000", l.Progress.ResumeMS, err)
		}
		watch(t, c, q, 76_000, 96_000)
		if got := q.Answer.CreditedMS; got != 96_000 {
			t.Fatalf("credited %d, want 96000", got)
		}
		if report, err := verify.Run(context.Background(), c.DB, c.Signer); err != nil || len(report.Findings) > 0 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
	})
}

func TestARestartLosesNothing(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		_, d := c.Enrolled(t, "c04")
		p, err := d.Acquire(long, false)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, p, 0, 50_000)
		c.Restart(t)
		d.Base = c.URL
		watch(t, c, p, 50_000, 100_000)
		if p.Answer.CreditedMS != 100_000 {
			t.Fatalf("credited %d, want 100000", p.Answer.CreditedMS)
		}
		other := c.Second(t) // any process may take any heartbeat
		for i, at := 0, int64(100_000); at < 160_000; i, at = i+1, at+10_000 {
			d.Base = []string{c.URL, other.URL}[i%2]
			watch(t, c, p, at, at+10_000)
		}
		if p.Answer.CreditedMS != 160_000 {
			t.Fatalf("over two processes: credited %d, want 160000", p.Answer.CreditedMS)
		}
		if report, err := verify.Run(context.Background(), c.DB, c.Signer); err != nil || len(report.Findings) > 0 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
	})
}

func isCode(err error, code string) bool {
	p, ok := err.(*client.Problem)
	return ok && p.Code == code
}

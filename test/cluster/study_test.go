package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"xueshi/internal/client"
)

const (
	lesson = "l0401" // the demo city's long one
	pace   = 400 * time.Millisecond
	ahead  = 90_000 // ms of the lesson that are fetched before it is played: as far as the release window goes
)

// learner studies without a pause and, as the player does, sends what was not answered again, unchanged.
type learner struct {
	*client.Device
	play    *client.Play
	began   time.Time
	acked   int64         // ms credited, by the last answer
	told    atomic.Int64  // the same, for who asks meanwhile
	at      int64         // ms played when it was sent
	silence time.Duration // the longest between two answers
	failed  int           // beats that had to be sent again
	notes   int           // acknowledged
	err     error         // a refusal: what no honest learner may meet
}

func (l *learner) begin() error {
	var err error
	if l.play, err = l.Acquire(lesson, false); err != nil {
		return err
	}
	err = l.play.Fetch(0, ahead)
	l.began = time.Now()
	return err
}

// study goes on until ctx ends and its last beat is answered.
func (l *learner) study(ctx context.Context, no int) {
	answered, tick := time.Now(), time.NewTicker(pace)
	defer tick.Stop()
	for seq := int64(1); ; seq++ {
		<-tick.C
		state := "playing"
		if ctx.Err() != nil {
			state = "paused"
		}
		from := l.at
		l.at = time.Since(l.began).Milliseconds()
		b := client.Beat{SessionID: l.play.SessionID, Epoch: l.play.Epoch, Seq: seq, Run: 1, FromMS: from, ToMS: l.at, State: state, Visible: true}
		a, err := again(func() (client.Answer, error) { return l.play.Send(b) }, &l.failed)
		if l.err = err; err != nil {
			return
		}
		l.silence, answered = max(l.silence, time.Since(answered)), time.Now()
		l.acked = a.CreditedMS
		l.told.Store(l.acked)
		if a.State != "ok" {
			l.err = fmt.Errorf("beat %d at %d ms: %s", seq, l.at, a.State)
		}
		if l.err != nil || state == "paused" {
			return
		}
		if seq%5 == 0 {
			if l.err = l.note(fmt.Sprintf("note-%d-of-%d", l.notes, no)); l.err != nil {
				return
			}
		}
	}
}

// segment is the address of a file that a learner may fetch.
func (p *platform) segment() string {
	p.Helper()
	l := &learner{Device: p.learners(1)[0]}
	if err := l.begin(); err != nil {
		p.Fatal(err)
	}
	return p.url + strings.Replace(l.play.Playlist, "index.m3u8", "0.m4s", 1)
}

// note writes one, under a name of its own, until it is acknowledged.
func (l *learner) note(text string) error {
	_, err := again(func() (struct{}, error) {
		return struct{}{}, l.Do("POST", "/api/learner/lessons/"+lesson+"/notes", map[string]any{"at_ms": 1000, "text": text, "key": text}, nil)
	}, &l.failed)
	if err == nil {
		l.notes++
	}
	return err
}

// again repeats what was not answered, or answered by "not now", until it is: twice as long as a platform may be away.
func again[T any](do func() (T, error), failed *int) (v T, err error) {
	for end := time.Now().Add(2 * back); ; <-time.After(200 * time.Millisecond) {
		v, err = do()
		var p *client.Problem
		if err == nil || errors.As(err, &p) && p.Status < 500 && p.Status != 429 || time.Now().After(end) {
			return v, err
		}
		*failed++
	}
}

// under lets people study while something happens, until it has ended and a little longer; then it holds what they were told
// against what the platform knows.
func (p *platform) under(happens func()) (all []*learner) {
	p.Helper()
	devices := p.learners(5)
	all = make([]*learner, len(devices))
	for i, d := range devices {
		all[i] = &learner{Device: d}
		if err := all[i].begin(); err != nil {
			p.Fatal(err)
		}
	}
	ctx, end := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for i, l := range all {
		group.Go(func() { l.study(ctx, i) })
	}
	<-time.After(2 * time.Second) // so that all have been credited something before it happens
	happens()
	<-time.After(3 * time.Second)
	end()
	group.Wait()
	for i, l := range all {
		p.held(i, l)
	}
	p.verified()
	return all
}

// held is what one learner was promised.
func (p *platform) held(no int, l *learner) {
	p.Helper()
	if l.err != nil {
		p.Errorf("learner %d: %v", no, l.err)
		return
	}
	wall := time.Since(l.began).Milliseconds()
	now, err := l.Open(lesson)
	if err != nil {
		p.Errorf("learner %d: %v", no, err)
		return
	}
	p.Logf("learner %d: %d ms played, %d acknowledged, %d in the end; longest silence %v, %d sent again, %d notes", no, l.at, l.acked, now.Progress.CreditedMS, l.silence.Round(time.Millisecond), l.failed, l.notes)
	switch {
	case now.Progress.CreditedMS < l.acked:
		p.Errorf("learner %d: %d ms were acknowledged, %d are there", no, l.acked, now.Progress.CreditedMS)
	case now.Progress.CreditedMS > wall:
		p.Errorf("learner %d: %d ms credited in %d ms", no, now.Progress.CreditedMS, wall)
	case l.acked < l.at-1000:
		p.Errorf("learner %d: watched %d ms, credited %d", no, l.at, l.acked)
	case l.silence > back:
		p.Errorf("learner %d: nothing was taken for %v", no, l.silence)
	}
	if n := p.number(`SELECT count(*) FROM lesson_note WHERE text LIKE $1`, fmt.Sprintf("note-%%-of-%d", no)); n != int64(l.notes) {
		p.Errorf("learner %d: %d notes were acknowledged, %d are there", no, l.notes, n)
	}
}

package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"xueshi/internal/client"
)

// How a player behaves; the same figures as the web player's.
const (
	beatEvery = 10 * time.Second
	buffer    = 40_000 // ms that are fetched ahead
	tries     = 40     // of a request that is not answered, half a second to five apart
	thinking  = 4 * time.Second
)

// learner is a person at a player.
type learner struct {
	*client.Device
	tally   *tally
	media   bool
	no      int
	fetched int64 // ms of the lesson that are in the player
}

// visit is a stay: look at the home page, choose, enrol, study lesson after lesson until it is time to go.
func (l *learner) visit(ctx context.Context) {
	err := l.study(ctx)
	if err != nil && ctx.Err() == nil {
		l.tally.stopped(err)
	}
}

func (l *learner) study(ctx context.Context) error {
	courses, err := l.courses(ctx)
	if err != nil {
		return err
	}
	for i := range courses {
		lessons, err := l.enrol(ctx, courses[(i+l.no)%len(courses)])
		if err != nil {
			return err
		}
		for _, lesson := range lessons {
			if err := l.lesson(ctx, lesson); err != nil || ctx.Err() != nil {
				return err
			}
		}
	}
	l.tally.finished()
	return nil
}

// courses are the free courses of the present year.
func (l *learner) courses(ctx context.Context) (ids []string, err error) {
	var home any
	if err := l.ask(ctx, Page, http.MethodGet, "/api/learner/home", nil, &home); err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			ID       string `json:"id"`
			PriceFen int64  `json:"price_fen"`
		} `json:"items"`
	}
	if err := l.ask(ctx, Page, http.MethodGet, "/api/public/courses?limit=100", nil, &list); err != nil {
		return nil, err
	}
	for _, c := range list.Items {
		if c.PriceFen == 0 {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		err = errors.New("there is no free course")
	}
	return ids, err
}

// enrol enrols and gives the course's lessons in their order.
func (l *learner) enrol(ctx context.Context, course string) (lessons []string, err error) {
	var page struct {
		Lessons []struct {
			ID string `json:"id"`
		} `json:"lessons"`
	}
	if err := l.ask(ctx, Page, http.MethodGet, "/api/public/courses/"+course, nil, &page); err != nil {
		return nil, err
	}
	err = l.ask(ctx, Enrol, http.MethodPost, "/api/learner/enrolments", map[string]any{"course_id": course}, nil)
	for _, x := range page.Lessons {
		lessons = append(lessons, x.ID)
	}
	return lessons, err
}

// lesson studies one to its end, or until it is time to go, and holds what was watched against what is credited.
func (l *learner) lesson(ctx context.Context, id string) error {
	page, err := l.open(ctx, id)
	if err != nil || page.Progress.Complete {
		return err
	}
	began := time.Now()
	play, err := again(ctx, l.tally, Acquire, func() (*client.Play, error) { return l.AcquireWith(id, page.Nonce, true) })
	if err != nil {
		return err
	}
	at := page.Progress.ResumeMS
	l.fetched = at - at%client.SegmentMS
	if err := l.fetch(ctx, play, at+client.SegmentMS); err != nil {
		return err
	}
	l.tally.note(First, time.Since(began), nil)
	watched, err := l.play(ctx, play, at, page.Lesson.DurationMS)
	if err != nil {
		return err
	}
	after, err := l.open(context.WithoutCancel(ctx), id)
	if err == nil && l.media {
		l.tally.watched(watched, after.Progress.CreditedMS-page.Progress.CreditedMS)
	}
	return err
}

func (l *learner) open(ctx context.Context, id string) (*client.Lesson, error) {
	return again(ctx, l.tally, Page, func() (*client.Lesson, error) { return l.Open(id) })
}

// play plays from at on, in stretches between checks.
func (l *learner) play(ctx context.Context, p *client.Play, at, end int64) (watched int64, err error) {
	for at < end && ctx.Err() == nil {
		p.Run++
		from := at
		if at, err = l.stretch(ctx, p, at, end); err != nil {
			return watched, err
		}
		watched += at - from
		if c := p.Answer.Check; c != nil && ctx.Err() == nil {
			if err := l.check(ctx, c); err != nil {
				return watched, err
			}
			p.Answer.Check = nil
		}
	}
	_, err = l.beat(context.WithoutCancel(ctx), p, "closed", at, at)
	return watched, err
}

// stretch plays without a pause, until the lesson's end, a check, or the time to go.
func (l *learner) stretch(ctx context.Context, p *client.Play, base, end int64) (at int64, err error) {
	began := time.Now()
	for at = base; ; {
		if err := l.fetch(ctx, p, min(end, at+buffer)); err != nil {
			return at, err
		}
		next := min(end, at+beatEvery.Milliseconds())
		if stop := p.Answer.PauseAtMS; stop > at {
			next = min(next, stop)
		}
		here := sleep(ctx, time.Until(began.Add(time.Duration(next-base)*time.Millisecond)))
		if !here {
			next = min(next, base+time.Since(began).Milliseconds())
		}
		state := "playing"
		if next == end || next == p.Answer.PauseAtMS || !here {
			state = "paused"
		}
		a, err := l.beat(context.WithoutCancel(ctx), p, state, at, next)
		if err != nil {
			return at, err
		}
		if a.State != "ok" && a.Check == nil {
			return at, fmt.Errorf("a heartbeat was answered by %s", a.State)
		}
		if at = next; state == "paused" || a.Check != nil {
			return at, nil
		}
	}
}

// beat sends one, unchanged, until it is answered.
func (l *learner) beat(ctx context.Context, p *client.Play, state string, from, to int64) (client.Answer, error) {
	p.Seq++
	b := client.Beat{SessionID: p.SessionID, Epoch: p.Epoch, Seq: p.Seq, Run: p.Run, FromMS: from, ToMS: to, State: state, Visible: true, BufferedMS: l.fetched}
	return again(ctx, l.tally, Beat, func() (client.Answer, error) { return p.Send(b) })
}

// fetch brings segments into the player, up to a position.
func (l *learner) fetch(ctx context.Context, p *client.Play, to int64) error {
	for ; l.media && l.fetched < to; l.fetched += client.SegmentMS {
		n, err := again(ctx, l.tally, Segment, func() (int64, error) {
			status, n, err := p.Segment(int(l.fetched / client.SegmentMS))
			if err == nil && status != http.StatusOK {
				err = &client.Problem{Status: status, Code: "segment"}
			}
			return n, err
		})
		if err != nil {
			return err
		}
		l.tally.bytes(n)
	}
	return nil
}

// check answers a presence check as somebody who sits there.
func (l *learner) check(ctx context.Context, c *client.Check) error {
	if !sleep(ctx, thinking) {
		return nil
	}
	return l.tally.timed(Check, func() error {
		result, err := l.Solve(c)
		if err == nil && result != "passed" {
			err = fmt.Errorf("a right answer to a check was %s", result)
		}
		return err
	})
}

func (l *learner) ask(ctx context.Context, class, method, path string, v, out any) error {
	_, err := again(ctx, l.tally, class, func() (struct{}, error) { return struct{}{}, l.Do(method, path, v, out) })
	return err
}

// again repeats what was not answered, or answered by "not now", as the player does. Each try is noted.
func again[T any](ctx context.Context, t *tally, class string, do func() (T, error)) (v T, err error) {
	for try := range tries {
		err = t.timed(class, func() error { v, err = do(); return err })
		var p *client.Problem
		if err == nil || errors.As(err, &p) && p.Status < 500 && p.Status != http.StatusTooManyRequests && p.Status != http.StatusTooEarly {
			return v, err
		}
		if !sleep(ctx, min(5*time.Second, time.Second/2<<min(try, 4))) {
			break
		}
	}
	return v, err
}

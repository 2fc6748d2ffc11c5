package city

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"xueshi/internal/client"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

// Seat is one login of a learner on one device, for tests that call the playback use cases themselves: the same service,
// database and signatures as behind HTTP, without the socket. Program says which process takes the calls.
type Seat struct {
	Program *City
	Actor   identity.Actor
	Token   string
	Device  *client.Device
}

var seats atomic.Int64

// Seat logs the person in on a new device.
func (c *City) Seat(t testing.TB, p Person, name string) *Seat {
	t.Helper()
	return c.SeatOn(t, p, client.New(c.URL, name))
}

// SeatOn logs the person in on a device that exists (its key may serve another account already).
func (c *City) SeatOn(t testing.TB, p Person, d *client.Device) *Seat {
	t.Helper()
	ctx := context.Background()
	c.Clock.Advance(61e9) // one code a minute
	must(t, c.Identity.SendCode(ctx, p.Phone, "login", fmt.Sprintf("10.9.%d", seats.Add(1))))
	login, err := c.Identity.LogInByCode(ctx, p.Phone, c.SMS.Code(p.Phone, "login"), identity.DeviceInfo{PublicKey: d.PublicKey(), Name: d.Name, Kind: "pc"})
	must(t, err)
	return &Seat{Program: c, Actor: login.Actor, Token: login.Token, Device: d}
}

// Enrol gives the person courses of this year.
func (c *City) Enrol(t testing.TB, p Person, courses ...string) {
	t.Helper()
	ctx := context.Background()
	must(t, c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		for _, course := range courses {
			if _, err := enrolment.GrantTx(ctx, tx, p.ID, course, int64(c.Clock.Now().Year()), "self"); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Ctx is a context in which the seat's login acts, if it still lives: the session is looked up as for every request.
func (s *Seat) Ctx() context.Context {
	ctx := context.Background()
	actor, err := s.Program.Identity.Authenticate(ctx, s.Token)
	if err != nil {
		return ctx
	}
	return identity.WithActor(ctx, actor)
}

// Page reads the playback part of the lesson page.
func (s *Seat) Page(lesson string) (p playback.Page, err error) {
	ctx := s.Ctx()
	err = s.Program.DB.Read(ctx, func(tx *sqldb.Tx) error {
		p, err = s.Program.Playback.PageTx(ctx, tx, s.Actor, lesson)
		return err
	})
	return p, err
}

// Acquire takes the lease as the lesson page does: read the nonce, sign, ask.
func (s *Seat) Acquire(lesson string, takeover bool) (playback.Lease, error) {
	p, err := s.Page(lesson)
	if err != nil {
		return playback.Lease{}, err
	}
	flag := "0"
	if takeover {
		flag = "1"
	}
	return s.Program.Playback.Acquire(s.Ctx(), playback.Acquire{LessonID: lesson, Nonce: p.Nonce, Takeover: takeover,
		Signature: s.Device.Sign("xueshi-acquire-v1\n" + p.Nonce + "\n" + lesson + "\n" + flag)})
}

// Beat sends a heartbeat under the lease's key.
func (s *Seat) Beat(l playback.Lease, b playback.Beat) (playback.Answer, error) {
	b.SessionID, b.Epoch = l.SessionID, l.Epoch
	body, err := json.Marshal(b)
	if err != nil {
		return playback.Answer{}, err
	}
	p := client.Play{LeaseKey: base64.RawURLEncoding.EncodeToString(l.Key)}
	return s.Program.Playback.Submit(s.Ctx(), b, body, p.Proof(body))
}

// Deliver sends segment no as the media portal does: token, release window, and the last byte booked.
func (s *Seat) Deliver(l playback.Lease, no int64) error {
	pass, err := s.Program.Playback.ReadToken(l.Token)
	if err != nil {
		return err
	}
	if _, err := s.Program.Playback.Release(context.Background(), pass, no); err != nil {
		return err
	}
	return s.Program.Playback.Delivered(context.Background(), pass, no, 1000)
}

// Answer sends an answer to a check.
func (s *Seat) Answer(c *playback.Check, answers []string) (playback.CheckResult, error) {
	return s.Program.Playback.AnswerCheck(s.Ctx(), playback.CheckAnswer{CheckID: c.ID, Nonce: c.Nonce, Answers: answers,
		Signature: s.Device.Sign("xueshi-check-v1\n" + c.ID + "\n" + c.Nonce + "\n" + strings.Join(answers, "\n"))})
}

// Right asks for other kinds until the tasks are number sequences, and gives the right answers of those.
func (s *Seat) Right(c *playback.Check) (*playback.Check, []string, error) {
	for range 10 {
		var answers []string
		for _, t := range c.Tasks {
			if t.Kind == playback.KindSequence {
				answers = append(answers, sequence(t))
			}
		}
		if len(answers) == len(c.Tasks) {
			return c, answers, nil
		}
		next, err := s.Program.Playback.Another(s.Ctx(), c.ID)
		if err != nil {
			return c, nil, err
		}
		c = next
	}
	return c, nil, fmt.Errorf("no sequence in ten draws: %+v", c.Tasks)
}

func sequence(t playback.Task) string {
	raw, _ := json.Marshal(t)
	var c client.Task
	_ = json.Unmarshal(raw, &c)
	return client.Sequence(c)
}

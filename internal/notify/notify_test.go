package notify_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/notify"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

type centre struct {
	*sqltest.Env
	t   *testing.T
	svc *notify.Service
}

func newCentre(t *testing.T, env *sqltest.Env) *centre { return &centre{env, t, notify.New(env.DB)} }

func (c *centre) as(person string) context.Context {
	return identity.WithActor(c.t.Context(), identity.Actor{PersonID: person, AccountID: person})
}

func (c *centre) send(person, template, key string, params map[string]any) error {
	return c.Write(c.t.Context(), func(tx *sqldb.Tx) error { return c.svc.SendTx(c.t.Context(), tx, person, template, params, key) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *centre) inbox(person, after string, n int) notify.Inbox {
	c.t.Helper()
	in, err := c.svc.Inbox(c.as(person), after, n)
	must(c.t, err)
	return in
}

func TestInboxPagesAndReading(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCentre(t, env)
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			env.Clock.Advance(1e9)
			must(t, c.send("p1", "credit.booked", key, map[string]any{"course": key, "hours": "1.0", "year": int64(2026)}))
		}
		must(t, c.send("p2", "identity.transfer_approved", "x", nil))
		first := c.inbox("p1", "", 2)
		if len(first.Items) != 2 || first.Next == "" || first.Unread != 5 || first.Items[0].Params["course"] != "e" || first.Items[0].Kind != "study" {
			t.Fatalf("first page %+v", first)
		}
		last := c.inbox("p1", c.inbox("p1", first.Next, 2).Next, 2)
		if len(last.Items) != 1 || last.Next != "" || last.Items[0].Params["course"] != "a" {
			t.Fatalf("last page %+v", last)
		}
		must(t, c.svc.Read(c.as("p1"), first.Items[0].ID))
		read := c.inbox("p1", "", 1).Items[0].ReadAt
		env.Clock.Advance(60e9)
		must(t, c.svc.Read(c.as("p1"), first.Items[0].ID))
		if again := c.inbox("p1", "", 1); again.Unread != 4 || read == nil || !again.Items[0].ReadAt.Equal(*read) {
			t.Fatalf("read twice: %+v, first read at %v", again, read)
		}
		if err := c.svc.Read(c.as("p2"), first.Items[1].ID); !errs.Has(err, "notify.no_message") {
			t.Fatalf("reading another's message: %v", err)
		}
		must(t, c.svc.ReadAll(c.as("p1"), first.Items[1].ID))
		must(t, c.send("p1", "identity.transfer_approved", "new", nil))
		n, err := c.svc.Unread(c.as("p1"))
		must(t, err)
		if n != 1 || c.inbox("p2", "", 9).Unread != 1 {
			t.Fatalf("%d unread after reading all that was seen, want the one that came later", n)
		}
	})
}

// The same news from many sides at once is one message.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCentre(t, env)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := c.send("p1", "identity.transfer_approved", "request/1", nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		must(t, c.send("p2", "identity.transfer_approved", "request/1", nil))
		if a, b := len(c.inbox("p1", "", 9).Items), len(c.inbox("p2", "", 9).Items); a != 1 || b != 1 {
			t.Fatalf("%d and %d messages, want one each", a, b)
		}
	})
}

// A message stands or falls with the act it tells of.
func TestSendRollsBackWithTheAct(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCentre(t, env)
		err := env.Write(t.Context(), func(tx *sqldb.Tx) error {
			must(t, c.svc.SendTx(t.Context(), tx, "p1", "identity.transfer_approved", nil, "k"))
			return errs.New(errs.Conflict, "test.refused")
		})
		if !errs.Has(err, "test.refused") || len(c.inbox("p1", "", 9).Items) != 0 {
			t.Fatalf("%v, messages %v", err, c.inbox("p1", "", 9).Items)
		}
	})
}

func TestWrongCallsAreRefused(t *testing.T) {
	t.Parallel()
	c := newCentre(t, sqltest.SQLite(t))
	for name, params := range map[string]map[string]any{
		"credit.nothing":             {},
		"credit.appeal_refused":      {"lesson": "l"},
		"identity.transfer_approved": {"name": "somebody"},
		"identity.new_device":        {"device": 3.5},
	} {
		if err := c.send("p1", name, name, params); err == nil {
			t.Errorf("%s %v was sent", name, params)
		}
	}
	must(t, c.send("p1", "identity.new_device", "long", map[string]any{"device": strings.Repeat("长", 500)}))
	if got := []rune(c.inbox("p1", "", 9).Items[0].Params["device"].(string)); len(got) != 200 {
		t.Errorf("a long text was kept with %d characters", len(got))
	}
	if _, err := c.svc.Inbox(t.Context(), "", 9); !errs.Has(err, "identity.login_required") {
		t.Errorf("without login: %v", err)
	}
}

func TestExportAndErase(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCentre(t, env)
		for _, p := range []string{"p1", "p2"} {
			must(t, c.send(p, "identity.new_device", "d", map[string]any{"device": "手机"}))
			must(t, c.svc.SetPreferences(c.as(p), notify.Preferences{}))
		}
		must(t, env.Write(t.Context(), func(tx *sqldb.Tx) error {
			name, data, err := c.svc.Export(t.Context(), tx, "p1")
			if err != nil || name != "messages" || len(data.(map[string]any)["messages"].([]notify.Message)) != 1 || data.(map[string]any)["preferences"] != (notify.Preferences{}) {
				t.Errorf("export %s %v, %v", name, data, err)
			}
			return c.svc.EraseTx(t.Context(), tx, "p1")
		}))
		pref, err := c.svc.Preferences(c.as("p1"))
		must(t, err)
		if len(c.inbox("p1", "", 9).Items) != 0 || !pref.Reminders || len(c.inbox("p2", "", 9).Items) != 1 {
			t.Error("erased too little or too much")
		}
	})
}

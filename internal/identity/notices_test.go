package identity_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// heard remembers what people were told.
type heard struct{ said []string }

func (h *heard) SendTx(_ context.Context, _ *sqldb.Tx, personID, template string, params map[string]any, _ string) error {
	h.said = append(h.said, fmt.Sprint(personID, " ", template, " ", params))
	return nil
}

func TestPeopleAreToldOfNewDevicesAndDecisions(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c, h := newCity(t, env), &heard{}
		c.svc.Tell(h)
		first, own := c.register(1)
		_, admin := c.register(2, identity.Grant{Role: identity.UnitAdmin, Scope: "u2"})
		id := first.Actor.PersonID
		login := func(d identity.DeviceInfo) {
			t.Helper()
			_, err := c.svc.LogIn(t.Context(), phone(1), pass, "10.0.0.1", d)
			must(t, err)
		}
		if len(h.said) != 0 {
			t.Fatalf("the first login is no news: %v", h.said)
		}
		d, _ := device(t)
		login(d)
		login(d)
		want := []string{id + " identity.new_device map[device:办公室电脑]"}
		if !slices.Equal(h.said, want) {
			t.Fatalf("told %v, want %v", h.said, want)
		}
		request, err := c.svc.AskTransfer(own, "u2")
		must(t, err)
		must(t, c.svc.Decide(admin, request, true, ""))
		if want = append(want, id+" identity.transfer_approved map[]"); !slices.Equal(h.said, want) {
			t.Fatalf("told %v, want %v", h.said, want)
		}
	})
}

// eraser notes whose data it was asked to delete.
type eraser struct{ of []string }

func (e *eraser) EraseTx(_ context.Context, _ *sqldb.Tx, personID string) error {
	e.of = append(e.of, personID)
	return nil
}

func TestClosingErasesElsewhereToo(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c, e := newCity(t, env), &eraser{}
		c.svc.AddEraser(e)
		l, own := c.register(1)
		must(t, c.svc.AskClosing(own))
		c.Clock.Advance(8 * 24 * 3600e9)
		_, err := c.svc.FinishClosings(identity.SystemContext(t.Context(), "test"))
		must(t, err)
		if !slices.Equal(e.of, []string{l.Actor.PersonID}) {
			t.Fatalf("erased %v", e.of)
		}
	})
}

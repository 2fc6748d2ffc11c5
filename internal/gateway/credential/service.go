package credential

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
)

// cacheFor is how long a process may work with a credential that another process has changed.
const cacheFor = 5 * time.Second

// Service keeps the credentials of all gateways.
type Service struct {
	db      *sqldb.DB
	keys    *secret.Keys
	kinds   []Kind
	standIn map[string]Credential

	mu    sync.Mutex
	cache map[string]cached
}

type cached struct {
	c     Credential
	ok    bool
	until time.Time
}

// New makes the service for the gateways of kinds.
func New(db *sqldb.DB, keys *secret.Keys, kinds ...Kind) *Service {
	return &Service{db: db, keys: keys, kinds: kinds, standIn: map[string]Credential{}, cache: map[string]cached{}}
}

// StandIn gives a gateway the credential of its simulator, used while no other is set. Only the demo city has them.
func (s *Service) StandIn(c Credential) { s.standIn[c.Gateway] = c }

// Current is what a gateway works with now; it is for gateways, not for people. ok is false when nothing is set up.
func (s *Service) Current(ctx context.Context, gateway string) (c Credential, ok bool, err error) {
	now := s.db.Clock().Now()
	s.mu.Lock()
	hit, found := s.cache[gateway]
	s.mu.Unlock()
	if found && now.Before(hit.until) {
		return hit.c, hit.ok, nil
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		r, found, err := newestTx(ctx, tx, gateway)
		if err != nil {
			return err
		}
		if !found || r.state != "active" {
			c, ok = s.standIn[gateway]
			return nil
		}
		c = Credential{Gateway: gateway, Version: r.version, Fields: r.fields}
		c.Secret, err = s.keys.Unseal(r.seal, aad(gateway, r.version))
		ok = err == nil
		return err
	})
	if err != nil {
		return Credential{}, false, fmt.Errorf("credential %s: %w", gateway, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache[gateway] = cached{c, ok, now.Add(cacheFor)}
	return c, ok, nil
}

func (s *Service) forget(gateway string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, gateway)
}

func aad(gateway string, version int64) string {
	return fmt.Sprintf("credential/%s/%d", gateway, version)
}

// kind finds a gateway. Errors: NotFound "gateway.unknown".
func (s *Service) kind(gateway string) (Kind, error) {
	for _, k := range s.kinds {
		if k.Name == gateway {
			return k, nil
		}
	}
	return Kind{}, errs.New(errs.NotFound, "gateway.unknown")
}

// Put appends a version. The secrets of earlier versions are erased.
// Errors: NotFound "gateway.unknown"; Invalid "gateway.credential" with fields; Conflict "gateway.changed" when somebody
// else was first; Precondition "identity.step_up_required".
func (s *Service) Put(ctx context.Context, gateway string, c Change) error {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return err
	}
	k, err := s.kind(gateway)
	if err != nil {
		return err
	}
	c.Reason, c.Secret = strings.TrimSpace(c.Reason), strings.TrimSpace(c.Secret)
	if err := identity.RequireStepUp(ctx, s.db); err != nil {
		return err
	}
	defer s.forget(gateway)
	return s.append(ctx, gateway, c.Version, func(tx *sqldb.Tx, present row) error {
		keep := present.state == "active" && present.fields[k.KeyField] == c.Fields[k.KeyField]
		if err := k.check(c, keep); err != nil {
			return err
		}
		value := c.Secret
		if value == "" {
			if value, err = s.keys.Unseal(present.seal, aad(gateway, present.version)); err != nil {
				return err
			}
		}
		next := row{version: present.version + 1, state: "active", fields: c.Fields, tail: mask(value), reason: c.Reason, setBy: actor.AccountID}
		if next.seal, err = s.keys.Seal(value, aad(gateway, next.version)); err != nil {
			return err
		}
		if err := insertTx(ctx, tx, gateway, next); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "gateway.credential_set", "gateway/"+gateway, map[string]any{"version": next.version, "reason": c.Reason,
			"fields": c.Fields, "secret_changed": c.Secret != ""})
	})
}

// Withdraw ends the use of the present credential: the gateway sends nothing more (in the demo city the simulator stands in).
// Errors: NotFound "gateway.unknown"; Conflict "gateway.changed", "gateway.not_configured"; Invalid "gateway.credential".
func (s *Service) Withdraw(ctx context.Context, gateway string, version int64, reason string) error {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return err
	}
	if _, err := s.kind(gateway); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); len([]rune(reason)) < 2 {
		return errs.New(errs.Invalid, "gateway.credential").WithField("reason", "missing")
	}
	if err := identity.RequireStepUp(ctx, s.db); err != nil {
		return err
	}
	defer s.forget(gateway)
	return s.append(ctx, gateway, version, func(tx *sqldb.Tx, present row) error {
		if present.state != "active" {
			return errs.New(errs.Conflict, "gateway.not_configured")
		}
		next := row{version: present.version + 1, state: "withdrawn", fields: present.fields, seal: []byte{}, reason: reason, setBy: actor.AccountID}
		if err := insertTx(ctx, tx, gateway, next); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "gateway.credential_withdrawn", "gateway/"+gateway, map[string]any{"version": next.version, "reason": reason})
	})
}

// append runs f on the newest version if it is still the one the actor has seen.
func (s *Service) append(ctx context.Context, gateway string, seen int64, f func(tx *sqldb.Tx, present row) error) error {
	changed := errs.New(errs.Conflict, "gateway.changed")
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		present, _, err := newestTx(ctx, tx, gateway)
		if err == nil && present.version != seen {
			err = changed
		}
		if err != nil {
			return err
		}
		return f(tx, present)
	})
	if sqldb.IsUnique(err) {
		err = changed
	}
	return err
}

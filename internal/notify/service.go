package notify

import (
	"context"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Service is the use cases of the message centre; it implements identity.Notices and identity.Exporter.
type Service struct{ db *sqldb.DB }

// New makes the service.
func New(db *sqldb.DB) *Service { return &Service{db} }

// SendTx leaves a message for a person inside the transaction of the act it tells of. The same key sends nothing twice, and a
// kind the person has switched off is not sent. It fails only on a mistake in the program: an unknown template, a missing parameter.
func (s *Service) SendTx(ctx context.Context, tx *sqldb.Tx, personID, name string, params map[string]any, key string) error {
	t := templates[name]
	body, err := t.encode(name, params)
	if err != nil {
		return err
	}
	return insert(ctx, tx, personID, name, t.Kind, body, key)
}

// Inbox is a page of the actor's messages, the newest first, with the number of unread ones.
type Inbox struct {
	Items  []Message `json:"items"`
	Next   string    `json:"next" doc:"Cursor of the next page; empty at the end"`
	Unread int64     `json:"unread" doc:"Unread messages in all, at most 100"`
}

// Inbox reads a page of the actor's messages older than the cursor.
func (s *Service) Inbox(ctx context.Context, after string, n int) (in Inbox, err error) {
	actor, err := identity.Require(ctx)
	if err != nil {
		return in, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if in.Items, err = page(ctx, tx, actor.PersonID, after, n+1); err != nil {
			return err
		}
		in.Unread, err = unread(ctx, tx, actor.PersonID)
		return err
	})
	if len(in.Items) > n {
		in.Items = in.Items[:n]
		in.Next = in.Items[n-1].ID
	}
	return in, err
}

// Unread counts the actor's unread messages, at most 100.
func (s *Service) Unread(ctx context.Context) (n int64, err error) {
	actor, err := identity.Require(ctx)
	if err != nil {
		return 0, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		n, err = unread(ctx, tx, actor.PersonID)
		return err
	})
	return n, err
}

// Read marks one of the actor's messages as read; marking it again changes nothing. Errors: NotFound "notify.no_message".
func (s *Service) Read(ctx context.Context, messageID string) error {
	actor, err := identity.Require(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := markRead(ctx, tx, actor.PersonID, messageID)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "notify.no_message")
		}
		return err
	})
}

// ReadAll marks the actor's messages up to the newest one they have seen as read, so that one which arrives meanwhile stays unread.
func (s *Service) ReadAll(ctx context.Context, until string) error {
	actor, err := identity.Require(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return markAllRead(ctx, tx, actor.PersonID, until) })
}

// Preferences is what a person wants to be told.
type Preferences struct {
	Reminders bool `json:"reminders" doc:"Deadline reminders"`
}

// Preferences reads the actor's preferences; everything is on until it is switched off.
func (s *Service) Preferences(ctx context.Context) (p Preferences, err error) {
	actor, err := identity.Require(ctx)
	if err != nil {
		return p, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		off, err := muted(ctx, tx, actor.PersonID, Reminder)
		p.Reminders = !off
		return err
	})
	return p, err
}

// SetPreferences changes them; what was sent before stays.
func (s *Service) SetPreferences(ctx context.Context, p Preferences) error {
	actor, err := identity.Require(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return setMuted(ctx, tx, actor.PersonID, Reminder, !p.Reminders) })
}

// Export implements identity.Exporter: every message and what is switched off.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	all, err := page(ctx, tx, personID, "", maxExport)
	if err != nil {
		return "", nil, err
	}
	off, err := muted(ctx, tx, personID, Reminder)
	return "messages", map[string]any{"messages": all, "preferences": Preferences{Reminders: !off}}, err
}

// EraseTx implements identity.Eraser: messages go with the account.
func (s *Service) EraseTx(ctx context.Context, tx *sqldb.Tx, personID string) error {
	return erase(ctx, tx, personID)
}

package identity

import (
	"context"

	"xueshi/internal/platform/sqldb"
)

// Notices tells a person something, in the transaction of the act it tells of; notify.Service is it. It is declared here, at
// the bottom of the domains, so that each of them can tell people what happened without importing the message centre.
type Notices interface {
	// SendTx leaves a message made from a template and its parameters. A second one with the same key for the same person
	// is nothing. Parameters are texts and whole numbers and hold no personal data of anybody else.
	SendTx(ctx context.Context, tx *sqldb.Tx, personID, template string, params map[string]any, key string) error
}

// Silence is Notices where nobody is to be told: what domains begin with until the application gives them a message centre.
type Silence struct{}

// SendTx implements Notices and does nothing.
func (Silence) SendTx(context.Context, *sqldb.Tx, string, string, map[string]any, string) error {
	return nil
}

// Tell makes n the way people are told; only the composition of the application calls it, before serving.
func (s *Service) Tell(n Notices) { s.notices = n }

// newDeviceTx tells a person of a login on a device they have never used. The first login of all is no news.
func (s *Service) newDeviceTx(ctx context.Context, tx *sqldb.Tx, personID, deviceID string, d DeviceInfo) error {
	type logins struct{ all, here int64 }
	before, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (l logins, err error) { return l, row.Scan(&l.all, &l.here) },
		`SELECT count(*), coalesce(sum(CASE WHEN device_id = $1 THEN 1 ELSE 0 END), 0) FROM login_session WHERE person_id = $2`, deviceID, personID)
	if err != nil || before.all == 0 || before.here > 0 {
		return err
	}
	return s.notices.SendTx(ctx, tx, personID, "identity.new_device", map[string]any{"device": d.Name}, "device/"+deviceID)
}

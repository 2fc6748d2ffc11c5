package app

import (
	"context"
	"strings"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/identity"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/sqldb"
)

// Reseal seals anew whatever an older key has sealed, and gives how much that was; with count it only counts.
func (a *App) Reseal(ctx context.Context, count bool, say func(string, ...any)) (old int64, err error) {
	columns := append(identity.Sealed(), credential.Sealed(), sms.SealedPhone(), sms.SealedCode())
	for _, c := range columns {
		n, err := installation.Reseal(ctx, a.DB, a.Keys, c, count)
		old += n
		if err != nil {
			return old, err
		}
		say("%s %s: %d by older keys", c.Table, strings.ReplaceAll(strings.TrimSuffix(c.Column, "_seal"), "_", " "), n)
	}
	n, err := a.Identity.ResealProofs(ctx, count)
	old += n
	if err != nil || count {
		return old, err
	}
	say("files that prove corrections: %d by older keys", n)
	return old, a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return identity.AuditTx(ctx, tx, "keys.resealed", "installation", map[string]any{"values": old})
	})
}

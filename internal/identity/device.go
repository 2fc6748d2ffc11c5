package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"math/big"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// logInTx opens a session on the device and returns its token.
func (s *Service) logInTx(ctx context.Context, tx *sqldb.Tx, personID string, d DeviceInfo) (Login, error) {
	key, err := base64.RawURLEncoding.DecodeString(d.PublicKey)
	if err == nil {
		_, err = parseKey(key)
	}
	if err != nil {
		return Login{}, errs.New(errs.Invalid, "identity.device_key").WithField("device.public_key", "invalid")
	}
	deviceID, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `INSERT INTO device (id, public_key, name, kind, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (public_key) DO UPDATE SET name = excluded.name RETURNING id`, id.New(tx.Now()), key, d.Name, d.Kind, tx.NowMicro())
	if err != nil {
		return Login{}, err
	}
	if err := s.newDeviceTx(ctx, tx, personID, deviceID, d); err != nil {
		return Login{}, err
	}
	token, sessionID := id.Secret(32), id.New(tx.Now())
	if _, err := tx.Exec(ctx, `INSERT INTO login_session (id, token_hash, person_id, device_id, created_at, seen_at, proved_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`, sessionID, hashToken(token), personID, deviceID, tx.NowMicro(), tx.NowMicro(), tx.NowMicro()); err != nil {
		return Login{}, err
	}
	actor, _, err := s.actorTx(ctx, tx, hashToken(token))
	return Login{token, actor}, err
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func parseKey(der []byte) (*ecdsa.PublicKey, error) {
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	pub, ok := k.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, errs.New(errs.Invalid, "identity.device_key")
	}
	return pub, nil
}

// VerifyDevice checks that message was signed by the key the actor's login is bound to (ECDSA P-256, SHA-256, r‖s, base64url).
// Errors: Unauthenticated "playback.device_unproven".
func (s *Service) VerifyDevice(ctx context.Context, actor Actor, message, signature string) error {
	unproven := errs.New(errs.Unauthenticated, "playback.device_unproven")
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(sig) != 64 {
		return unproven
	}
	var der []byte
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		der, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[[]byte], `SELECT public_key FROM device WHERE id = $1`, actor.DeviceID)
		return err
	})
	if err != nil {
		return err
	}
	pub, err := parseKey(der)
	if err != nil {
		return unproven
	}
	sum := sha256.Sum256([]byte(message))
	if !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return unproven
	}
	return nil
}

// DeviceName is the actor's device as its own list calls it.
func (s *Service) DeviceName(ctx context.Context, actor Actor) (name string, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		name, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT name FROM device WHERE id = $1`, actor.DeviceID)
		return err
	})
	return name, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

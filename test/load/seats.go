//go:build bench

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"xueshi/internal/app"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/id"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

const (
	lesson, course = "l0401", "c04"
	segmentMS      = 6000
	deliveredMS    = 100 * segmentMS // of each seat, before the load begins
)

// seatLearners stores learners who hold leases; a quarter as many again belong to the store that acknowledges at once.
func seatLearners(ctx context.Context, a *app.App, kind string) []seat {
	n := *learners
	if kind == "beats" {
		n += *learners / 4
	}
	lazy(ctx, a.DB, true)
	defer lazy(ctx, a.DB, false)
	out := make([]seat, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				s, err := seatOne(identity.SystemContext(ctx, "load"), a, i, kind != "segments")
				check(err)
				s.Dry = i >= *learners
				if i == 200 && a.DB.Engine() == sqldb.Postgres { // plans by index from here on: fewer conflicts
					_, err = a.DB.Writer().ExecContext(ctx, "ANALYZE")
					check(err)
				}
				out[i] = s
			}
		})
	}
	wg.Wait()
	return out
}

// lazy lets commits go without fsync while the learners are seated, and never while something is measured.
func lazy(ctx context.Context, db *sqldb.DB, on bool) {
	steps := map[bool][]string{true: {"PRAGMA synchronous=OFF"}, false: {"PRAGMA synchronous=FULL"}}[on]
	if db.Engine() == sqldb.Postgres {
		steps = map[bool][]string{true: {"ALTER SYSTEM SET synchronous_commit=off"}, false: {"ALTER SYSTEM RESET synchronous_commit"}}[on]
		steps = append(steps, "SELECT pg_reload_conf()")
		if !on {
			steps = append(steps, "VACUUM ANALYZE", "CHECKPOINT")
		}
	}
	for _, q := range steps {
		_, err := db.Writer().ExecContext(ctx, q)
		check(err)
	}
}

// seatOne stores a person with a device and a login, then takes the lease as the device would.
func seatOne(ctx context.Context, a *app.App, i int, delivered bool) (seat, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return seat{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return seat{}, err
	}
	token := id.Secret(32)
	sum := sha256.Sum256([]byte(token))
	actor := identity.Actor{Grants: []identity.Grant{{Role: identity.Learner}}}
	err = again(func() error {
		return a.DB.Write(ctx, func(tx *sqldb.Tx) error {
			return personTx(ctx, tx, a, &actor, i, der, hex.EncodeToString(sum[:]))
		})
	})
	if err != nil {
		return seat{}, err
	}
	var s seat
	err = again(func() error { s, err = take(identity.WithActor(ctx, actor), a, actor, key); return err })
	s.Token = token
	if err == nil && delivered {
		err = deliver(ctx, a, s.Session)
	}
	return s, err
}

// again tries what lost against its neighbours more often than a request would: many learners register at once here.
func again(f func() error) (err error) {
	for range 100 {
		var pg *pgconn.PgError
		if err = f(); !errors.As(err, &pg) || pg.Code != "40001" {
			return err
		}
	}
	return err
}

func personTx(ctx context.Context, tx *sqldb.Tx, a *app.App, actor *identity.Actor, i int, device []byte, token string) (err error) {
	actor.PersonID, err = a.Identity.CreatePersonTx(ctx, tx, identity.NewPerson{Name: "load", IDNumber: fmt.Sprintf("%018d", i), Phone: fmt.Sprintf("19%09d", i),
		RegionID: "140902", UnitID: "u01", Agreed: identity.FirstVersion, Grants: actor.Grants})
	if err != nil {
		return err
	}
	actor.AccountID, actor.DeviceID, actor.SessionID = actor.PersonID, id.New(tx.Now()), id.New(tx.Now())
	if _, err := tx.Exec(ctx, `INSERT INTO device (id, public_key, name, kind, created_at) VALUES ($1, $2, 'load', 'pc', $3)`, actor.DeviceID, device, tx.NowMicro()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO login_session (id, token_hash, person_id, device_id, created_at, seen_at, proved_at, ended_at) VALUES ($1, $2, $3, $4, $5, $5, $5, 0)`,
		actor.SessionID, token, actor.PersonID, actor.DeviceID, tx.NowMicro()); err != nil {
		return err
	}
	_, err = enrolment.GrantTx(ctx, tx, actor.PersonID, course, 2026, "seed")
	return err
}

func take(ctx context.Context, a *app.App, actor identity.Actor, key *ecdsa.PrivateKey) (seat, error) {
	var page playback.Page
	if err := a.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { page, err = a.Playback.PageTx(ctx, tx, actor, lesson); return err }); err != nil {
		return seat{}, err
	}
	sum := sha256.Sum256([]byte("xueshi-acquire-v1\n" + page.Nonce + "\n" + lesson + "\n0"))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return seat{}, err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	lease, err := a.Playback.Acquire(ctx, playback.Acquire{LessonID: lesson, Nonce: page.Nonce, Signature: base64.RawURLEncoding.EncodeToString(sig)})
	return seat{Session: lease.SessionID, Epoch: lease.Epoch, Key: lease.Key, Media: lease.Token}, err
}

// deliver books a stretch of segments at once, so that heartbeats of the next minutes are paid.
func deliver(ctx context.Context, a *app.App, session string) error {
	var b strings.Builder
	for n := range deliveredMS / segmentMS {
		if n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "('%s', %d, 1, 1)", session, n)
	}
	return a.DB.WriteCAS(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO delivery (session_id, segment_no, finished_at, bytes) VALUES `+b.String())
		return err
	})
}

// Sizes of the segments that are measured; they stand in for the first of the lesson, which are released from the start.
var sizes = map[int64]int{0: 150 << 10, 1: 200 << 10, 2: 250 << 10, 3: 200 << 10, 4: 2 << 20, 5: 4 << 20, 6: 6 << 20}

const smallSegments, allSegments = 4, 7

// fill puts files of the measured sizes in place of the lesson's own and gives the folder they lie in.
func fill(ctx context.Context, a *app.App) string {
	var m media.Media
	check(a.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT media_id, media_rev FROM study LIMIT 1`).Scan(&m.ID, &m.Rev)
	}))
	for n, size := range sizes {
		raw := make([]byte, size)
		_, _ = rand.Read(raw)
		check(a.Store.Put(ctx, m.Key(fmt.Sprintf("%d.m4s", n)), bytes.NewReader(raw)))
	}
	return strings.TrimSuffix(m.Key("x"), "x")
}

// certificate makes one for both servers and leaves it in dir for nginx.
func certificate(dir string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), certPEM, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), keyPEM, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

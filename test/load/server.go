package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

const lesson, course = "l0401", "c04"

// serveMain serves the program as it ships, beside a no-op of the same server, over a city with learners who hold leases.
func serveMain() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "load")
	check(err)
	a, err := app.New(ctx, app.Config{Data: dir, Database: *database, Demo: *demoDir}, clock.System{}, nil)
	check(err)
	_, _, err = demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS(*demoDir)})
	check(err)
	seats := seatLearners(ctx, a)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	enc := json.NewEncoder(os.Stdout)
	for _, s := range seats {
		check(enc.Encode(s))
	}
	seats = nil
	debug.FreeOSMemory()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /noop", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.Handle("/", a.Handler)
	check(enc.Encode(seat{Base: "http://" + ln.Addr().String()}))
	check(httpx.Server(mux).Serve(ln))
}

func seatLearners(ctx context.Context, a *app.App) []seat {
	var out []seat
	for i := range *learners {
		s, err := seatOne(identity.SystemContext(ctx, "load"), a, i)
		check(err)
		out = append(out, s)
	}
	return out
}

// seatOne stores a person with a device and a login, then takes the lease as the device would.
func seatOne(ctx context.Context, a *app.App, i int) (seat, error) {
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
	err = a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		actor.PersonID, err = a.Identity.CreatePersonTx(ctx, tx, identity.NewPerson{Name: "load", IDNumber: fmt.Sprintf("%018d", i), Phone: fmt.Sprintf("19%09d", i),
			RegionID: "140902", UnitID: "u01", Agreed: "load", Grants: actor.Grants})
		if err != nil {
			return err
		}
		actor.AccountID, actor.DeviceID, actor.SessionID = actor.PersonID, id.New(tx.Now()), id.New(tx.Now())
		if _, err := tx.Exec(ctx, `INSERT INTO device (id, public_key, name, kind, created_at) VALUES ($1, $2, 'load', 'pc', $3)`, actor.DeviceID, der, tx.NowMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO login_session (id, token_hash, person_id, device_id, created_at, seen_at, proved_at, ended_at) VALUES ($1, $2, $3, $4, $5, $5, $5, 0)`,
			actor.SessionID, hex.EncodeToString(sum[:]), actor.PersonID, actor.DeviceID, tx.NowMicro()); err != nil {
			return err
		}
		_, err = enrolment.GrantTx(ctx, tx, actor.PersonID, course, 2026, "seed")
		return err
	})
	if err != nil {
		return seat{}, err
	}
	return take(identity.WithActor(ctx, actor), a, actor, key, token)
}

func take(ctx context.Context, a *app.App, actor identity.Actor, key *ecdsa.PrivateKey, token string) (seat, error) {
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
	if err != nil {
		return seat{}, err
	}
	for n := range int64(15) {
		if err := a.Playback.Delivered(ctx, playback.Pass{SessionID: lease.SessionID, LearnerID: actor.PersonID, LessonID: lesson, Epoch: lease.Epoch}, n, 1); err != nil {
			return seat{}, err
		}
	}
	return seat{Token: token, Session: lease.SessionID, Epoch: lease.Epoch, Key: lease.Key}, nil
}

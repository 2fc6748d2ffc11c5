package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// Member is a made-up learner who is logged in on a device: what a simulation needs to study in their place.
type Member struct {
	Phone string `json:"phone"`
	Token string `json:"token"` // of the session's cookie
	Key   []byte `json:"key"`   // of the device, PKCS #8
}

// Crowd makes n further learners of the demo city and logs each in. told hears how many are done.
// It refuses a database that does not hold the demo city: made-up people do not belong among real ones.
func Crowd(ctx context.Context, d Deps, n int, told func(done int)) ([]Member, error) {
	ctx = identity.SystemContext(ctx, "bench")
	var units []identity.NewPerson
	var from int64
	err := d.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		found, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM person WHERE phone_mask = '139****0001'`)
		if err == nil && found == 0 {
			err = errors.New("this is not the demo city; make one elsewhere with xueshi demo")
		}
		if err == nil {
			from, _, err = sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM person`)
		}
		if err == nil {
			units, err = sqldb.Rows(ctx, tx, scanPlace, `SELECT id, region_id FROM unit ORDER BY id`)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	password := id.Secret(12) // nobody needs it: they are logged in already
	hash, err := identity.HashPassword(ctx, password)
	if err != nil {
		return nil, err
	}
	out := make([]Member, n)
	for begin := 0; begin < n; begin += 500 {
		err := d.DB.Write(ctx, func(tx *sqldb.Tx) error {
			for i := begin; i < min(begin+500, n); i++ {
				p := units[i%len(units)]
				no := from + int64(i)
				p.Name, p.PasswordHash, p.Agreed, p.Grants = "学员", hash, identity.FirstVersion, []identity.Grant{{Role: identity.Learner}}
				p.Phone = fmt.Sprintf("165%08d", no)
				p.IDNumber = checked(fmt.Sprintf("1409%02d%d%02d%02d%03d", no/1_000_000%100, 1960+no%30, 1+no/30%12, 1+no/360%28, no/10080%1000))
				if _, err := d.Identity.CreatePersonTx(ctx, tx, p); err != nil {
					return err
				}
				out[i].Phone = p.Phone
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, logInAll(ctx, d.Identity, out, password, told)
}

func scanPlace(row sqldb.Scanner) (p identity.NewPerson, err error) {
	err = row.Scan(&p.UnitID, &p.RegionID)
	return p, err
}

// logInAll logs each in as a browser would, with a device key of its own.
func logInAll(ctx context.Context, svc *identity.Service, all []Member, password string, told func(done int)) error {
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i := range all {
		group.Go(func() error {
			if n := done.Add(1); n%100 == 0 {
				told(int(n))
			}
			return all[i].logIn(ctx, svc, password)
		})
	}
	return group.Wait()
}

func (m *Member) logIn(ctx context.Context, svc *identity.Service, password string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if m.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	login, err := svc.LogIn(ctx, m.Phone, password, "bench/"+m.Phone, identity.DeviceInfo{PublicKey: base64.RawURLEncoding.EncodeToString(public), Name: "bench", Kind: "pc"})
	m.Token = login.Token
	return err
}

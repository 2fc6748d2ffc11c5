package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/gateway/sms/smstest"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

const pass = "晋北的秋天 很高很蓝"

type city struct {
	*sqltest.Env
	t   *testing.T
	svc *identity.Service
	sms *smssim.Server
	dir string // of the blob store
}

func newCity(t *testing.T, env *sqltest.Env) *city {
	t.Helper()
	keys, err := secret.Open(t.TempDir())
	must(t, err)
	inbox, account := smstest.Service(t, env.Clock, false)
	dir := t.TempDir()
	outbox := smstest.New(env.DB, keys, env.Clock).Use(inbox, account).Outbox
	c := &city{env, t, identity.New(env.DB, keys, outbox, identity.WithProofs(blob.NewLocal(dir))), inbox, dir}
	must(t, env.Write(t.Context(), func(tx *sqldb.Tx) error {
		for _, q := range []string{`INSERT INTO region (id, parent, name, kind, rank) VALUES ('r1', '', '忻府', 'county', 1)`,
			`INSERT INTO region (id, parent, name, kind, rank) VALUES ('r2', '', '原平', 'county', 2)`,
			`INSERT INTO unit (id, region_id, name) VALUES ('u1', 'r1', '甲')`, `INSERT INTO unit (id, region_id, name) VALUES ('u2', 'r2', '乙')`} {
			if _, err := tx.Exec(t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}))
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, code string) {
	t.Helper()
	if !errs.Has(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// idNumber makes the n-th valid ID number.
func idNumber(n int) string {
	s := fmt.Sprintf("14220119800101%03d", n)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s + string("10X98765432"[sum%11])
}

func phone(n int) string { return fmt.Sprintf("1380000%04d", n) }

func device(t *testing.T) (identity.DeviceInfo, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	return identity.DeviceInfo{PublicKey: base64.RawURLEncoding.EncodeToString(der), Name: "办公室电脑", Kind: "pc"}, key
}

func (c *city) code(p, purpose string) string {
	c.t.Helper()
	c.Clock.Advance(time.Minute)
	must(c.t, c.svc.SendCode(c.t.Context(), p, purpose, "10.0.0.1"))
	return c.sms.Code(p, purpose)
}

func (c *city) registration(n int) identity.Registration {
	d, _ := device(c.t)
	return identity.Registration{Name: "王小岚", IDNumber: idNumber(n), Phone: phone(n), Password: pass, RegionID: "r1", UnitID: "u1",
		Agreed: "2026-1", Device: d, Code: c.code(phone(n), identity.ForRegister)}
}

func (c *city) register(n int, grants ...identity.Grant) (identity.Login, context.Context) {
	c.t.Helper()
	l, err := c.svc.Register(c.t.Context(), c.registration(n))
	must(c.t, err)
	if len(grants) > 0 {
		must(c.t, c.Write(c.t.Context(), func(tx *sqldb.Tx) error {
			for _, g := range grants {
				if _, err := tx.Exec(c.t.Context(), `INSERT INTO role_grant (person_id, role, scope, granted_by, granted_at) VALUES ($1, $2, $3, '', 0)`, l.Actor.PersonID, string(g.Role), g.Scope); err != nil {
					return err
				}
			}
			return nil
		}))
		a, err := c.svc.Authenticate(c.t.Context(), l.Token)
		must(c.t, err)
		l.Actor = a
	}
	return l, identity.WithActor(c.t.Context(), l.Actor)
}

func TestRegisterAndSessions(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		l, ctx := c.register(1)
		a, err := c.svc.Authenticate(ctx, l.Token)
		must(t, err)
		if !a.Has(identity.Learner, "") || a.UnitID != "u1" {
			t.Fatalf("actor %+v", a)
		}
		needed, err := c.svc.ConsentNeeded(ctx)
		if err != nil || needed {
			t.Fatalf("consent needed %v %v", needed, err)
		}
		d, _ := device(t)
		other, err := c.svc.LogIn(ctx, idNumber(1), pass, "10.0.0.1", d)
		must(t, err)
		list, err := c.svc.Sessions(ctx)
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
		_, err = c.svc.Authenticate(ctx, other.Token)
		must(t, err)
		must(t, c.svc.EndSession(ctx, other.Actor.SessionID))
		_, err = c.svc.Authenticate(ctx, other.Token)
		refused(t, err, "identity.session_ended")
		c.Clock.Advance(13 * time.Hour)
		_, err = c.svc.Authenticate(ctx, l.Token)
		refused(t, err, "identity.session_ended")
	})
}

func TestOneIDNumberOneAccount(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		first, second := c.registration(1), c.registration(2)
		second.IDNumber = strings.ToLower(first.IDNumber)
		var wg sync.WaitGroup
		results := make([]error, 2)
		for i, r := range []identity.Registration{first, second} {
			wg.Go(func() { _, results[i] = c.svc.Register(t.Context(), r) })
		}
		wg.Wait()
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("one must win: %v", results)
		}
		for _, err := range results {
			if err != nil {
				refused(t, err, "identity.taken")
			}
		}
	})
}

func TestRegistrationRefusals(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	good := c.registration(1)
	for name, spoil := range map[string]func(*identity.Registration){
		"check digit": func(r *identity.Registration) { r.IDNumber = r.IDNumber[:17] + "A" },
		"own phone":   func(r *identity.Registration) { r.Password = "my" + r.Phone },
		"short":       func(r *identity.Registration) { r.Password = "ab3#" },
		"consent":     func(r *identity.Registration) { r.Agreed = "2025-1" },
		"other unit":  func(r *identity.Registration) { r.UnitID = "u2"; r.Code = c.code(r.Phone, identity.ForRegister) },
	} {
		r := good
		spoil(&r)
		_, err := c.svc.Register(t.Context(), r)
		if !errs.Has(err, "identity.registration") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCodeTriesAndLimits(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	r := c.registration(1)
	right := r.Code
	refused(t, c.svc.SendCode(t.Context(), r.Phone, identity.ForRegister, "10.0.0.1"), "identity.code_limit")
	r.Code = "x"
	for range 5 {
		_, err := c.svc.Register(t.Context(), r)
		refused(t, err, "identity.code_wrong")
	}
	r.Code = right
	_, err := c.svc.Register(t.Context(), r)
	refused(t, err, "identity.code_wrong")
	r.Code = c.code(r.Phone, identity.ForRegister)
	c.Clock.Advance(6 * time.Minute)
	_, err = c.svc.Register(t.Context(), r)
	refused(t, err, "identity.code_wrong")
}

func TestLockOutAndTheWayBack(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	_, ctx := c.register(1)
	d, _ := device(t)
	for _, account := range []string{phone(1), phone(999)} { // known and unknown answer alike
		for range 5 {
			_, err := c.svc.LogIn(ctx, account, "wrong password", "10.0.0.1", d)
			refused(t, err, "identity.bad_credentials")
		}
		_, err := c.svc.LogIn(ctx, account, pass, "10.0.0.1", d)
		refused(t, err, "identity.locked")
	}
	must(t, c.svc.Unlock(ctx, phone(1), c.code(phone(1), identity.ForUnlock)))
	_, err := c.svc.LogIn(ctx, phone(1), pass, "10.0.0.1", d)
	must(t, err)
}

func TestDeviceProof(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	r := c.registration(1)
	d, key := device(t)
	r.Device = d
	l, err := c.svc.Register(t.Context(), r)
	must(t, err)
	sum := sha256.Sum256([]byte("m"))
	x, y, err := ecdsa.Sign(rand.Reader, key, sum[:])
	must(t, err)
	sig := make([]byte, 64)
	x.FillBytes(sig[:32])
	y.FillBytes(sig[32:])
	must(t, c.svc.VerifyDevice(t.Context(), l.Actor, "m", base64.RawURLEncoding.EncodeToString(sig)))
	refused(t, c.svc.VerifyDevice(t.Context(), l.Actor, "n", base64.RawURLEncoding.EncodeToString(sig)), "playback.device_unproven")
	refused(t, c.svc.VerifyDevice(t.Context(), l.Actor, "m", "!"), "playback.device_unproven")
}

func TestStepUpRevealGrants(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		learner, lctx := c.register(1)
		_, op := c.register(2, identity.Grant{Role: identity.Operator})
		id := learner.Actor.PersonID
		_, err := c.svc.RevealIDNumber(lctx, id, "核对身份")
		refused(t, err, "identity.role_required")
		_, err = c.svc.RevealIDNumber(op, id, " ")
		refused(t, err, "identity.reason_missing")
		got, err := c.svc.RevealIDNumber(op, id, "核对身份")
		if err != nil || got != idNumber(1) {
			t.Fatal(got, err)
		}
		c.Clock.Advance(11 * time.Minute)
		_, err = c.svc.RevealIDNumber(op, id, "核对身份")
		refused(t, err, "identity.step_up_required")
		must(t, c.svc.StepUp(op, pass, ""))
		must(t, c.svc.Grant(op, id, identity.Grant{Role: identity.UnitAdmin, Scope: "u1"}))
		a, err := c.svc.Authenticate(lctx, learner.Token)
		if err != nil || !a.Has(identity.UnitAdmin, "u1") || a.Has(identity.UnitAdmin, "u2") {
			t.Fatal(a, err)
		}
		refused(t, c.svc.Grant(op, id, identity.Grant{Role: identity.UnitAdmin}), "identity.grant")
		opActor, _ := identity.ActorFrom(op)
		refused(t, c.svc.Grant(op, opActor.PersonID, identity.Grant{Role: identity.Learner}), "identity.own_account")
		refused(t, c.svc.AskClosing(op), "identity.last_operator")
		acc, err := c.svc.FindAccount(op, idNumber(1))
		if err != nil || acc.ID != id || acc.Name != "王*岚" {
			t.Fatal(acc, err)
		}
		must(t, c.svc.SetLocked(op, id, true, "失联"))
		_, err = c.svc.Authenticate(lctx, learner.Token)
		refused(t, err, "identity.session_ended")
	})
}

func TestCorrectionAndTransfer(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		l, ctx := c.register(1)
		_, admin := c.register(2, identity.Grant{Role: identity.UnitAdmin, Scope: "u2"})
		req, err := c.svc.AskTransfer(ctx, "u2")
		must(t, err)
		_, err = c.svc.AskTransfer(ctx, "u2")
		refused(t, err, "identity.request_pending")
		list, err := c.svc.PendingRequests(admin, "u2", identity.Transfer, "", 20)
		if err != nil || len(list) != 1 || list[0].PersonName != "王*岚" {
			t.Fatal(list, err)
		}
		refused(t, c.svc.Decide(admin, req, false, ""), "identity.answer_missing")
		must(t, c.svc.Decide(admin, req, true, ""))
		refused(t, c.svc.Decide(admin, req, true, ""), "identity.request_decided")
		a, err := c.svc.Authenticate(ctx, l.Token)
		if err != nil || a.UnitID != "u2" || a.RegionID != "r2" {
			t.Fatal(a, err)
		}
		ctx = identity.WithActor(t.Context(), a)
		wish := identity.Wish{Name: "王晓岚", IDNumber: idNumber(3), Proof: "户口簿"}
		_, err = c.svc.AskCorrection(ctx, wish)
		refused(t, err, "identity.correction")
		p, err := c.svc.KeepProof(ctx, picture(t))
		must(t, err)
		wish.ProofRef = p.ID
		req, err = c.svc.AskCorrection(ctx, wish)
		must(t, err)
		must(t, c.svc.Decide(admin, req, true, ""))
		me, err := c.svc.Me(ctx)
		if err != nil || me.Name != "王晓岚" || me.IDNumberMask != identity.MaskIDNumber(idNumber(3)) {
			t.Fatal(me, err)
		}
	})
}

func TestClosing(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		l, ctx := c.register(1)
		data, err := c.svc.ExportOwn(ctx)
		if err != nil || !strings.Contains(string(data["identity"]), idNumber(1)) {
			t.Fatal(string(data["identity"]), err)
		}
		must(t, c.svc.AskClosing(ctx))
		must(t, c.svc.WithdrawClosing(ctx))
		must(t, c.svc.AskClosing(ctx))
		job := identity.SystemContext(t.Context(), "job:closing")
		if n, err := c.svc.FinishClosings(job); n != 0 || err != nil {
			t.Fatal("closed before seven days", n, err)
		}
		c.Clock.Advance(7*24*time.Hour + time.Second)
		if n, err := c.svc.FinishClosings(job); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		must(t, c.Read(t.Context(), func(tx *sqldb.Tx) error {
			n, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], `SELECT count(*) FROM person WHERE id = $1 AND name = '' AND length(id_number_seal) = 0 AND length(phone_seal) = 0`, l.Actor.PersonID)
			if n != 1 {
				t.Error("personal data left")
			}
			return err
		}))
		_, err = c.svc.Register(t.Context(), c.registration(1))
		refused(t, err, "identity.closed_recently")
		c.Clock.Advance(31 * 24 * time.Hour)
		c.register(1)
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		_, admin := c.register(1, identity.Grant{Role: identity.UnitAdmin, Scope: "u1"})
		list := "姓名,身份证号,手机\n李明," + idNumber(5) + "," + phone(5) + "\n=cmd|x," + idNumber(6) + "," + phone(6) + "\n张三," + idNumber(1) + "," + phone(7) + "\n赵六,123," + phone(8) + "\n"
		_, err := c.svc.PreviewImport(admin, "u2", []byte(list))
		refused(t, err, "identity.scope_required")
		p, err := c.svc.PreviewImport(admin, "u1", []byte(list))
		if err != nil || len(p.Rows) != 1 || len(p.Errors) != 3 || p.Rows[0].Name != "李*" {
			t.Fatal(p, err)
		}
		n, _, err := c.svc.ConfirmImport(admin, p.ID)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		_, _, err = c.svc.ConfirmImport(admin, p.ID)
		refused(t, err, "identity.no_import")
		d, _ := device(t)
		_, err = c.svc.LogIn(t.Context(), phone(5), "", "10.0.0.1", d)
		refused(t, err, "identity.bad_credentials")
		l, err := c.svc.LogInByCode(t.Context(), phone(5), c.code(phone(5), identity.ForLogin), d)
		must(t, err)
		if needed, err := c.svc.ConsentNeeded(identity.WithActor(t.Context(), l.Actor)); err != nil || !needed {
			t.Fatal("an invited account has yet to agree", err)
		}
	})
}

func TestFirstOperator(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		p := identity.NewPerson{Name: "李运维", IDNumber: idNumber(1), Phone: phone(1)}
		_, err := c.svc.CreateFirstOperator(t.Context(), p)
		refused(t, err, "identity.role_required")
		cli := identity.SystemContext(t.Context(), "command")
		old, err := c.svc.CreateFirstOperator(cli, p)
		must(t, err)
		code, err := c.svc.CreateFirstOperator(cli, p)
		must(t, err)
		d, _ := device(t)
		_, err = c.svc.Enrol(t.Context(), old, pass, d)
		refused(t, err, "identity.code_wrong")
		l, err := c.svc.Enrol(t.Context(), code, pass, d)
		if err != nil || !l.Actor.Has(identity.Operator, "") {
			t.Fatal(l, err)
		}
		_, err = c.svc.Enrol(t.Context(), code, pass, d)
		refused(t, err, "identity.code_wrong")
		_, err = c.svc.CreateFirstOperator(cli, p)
		refused(t, err, "identity.operator_exists")
	})
}

func TestPhoneAndPassword(t *testing.T) {
	t.Parallel()
	c := newCity(t, sqltest.SQLite(t))
	_, ctx := c.register(1)
	d, _ := device(t)
	code := c.code(phone(9), identity.ForPhone)
	refused(t, c.svc.ChangePhone(ctx, phone(9), code, "wrong password", ""), "identity.bad_credentials")
	must(t, c.svc.ChangePhone(ctx, phone(9), code, pass, ""))
	reset := c.code(phone(9), identity.ForReset)
	must(t, c.svc.ResetPassword(ctx, phone(9), reset, idNumber(1)[14:], "a wholly other phrase"))
	_, err := c.svc.LogIn(ctx, phone(9), pass, "10.0.0.1", d)
	refused(t, err, "identity.bad_credentials")
	_, err = c.svc.LogIn(ctx, phone(9), "a wholly other phrase", "10.0.0.1", d)
	must(t, err)
}

func TestNewTextsNeedANewConsent(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := newCity(t, env)
		_, ctx := c.register(1)
		needs := func(want bool) {
			t.Helper()
			if got, err := c.svc.ConsentNeeded(ctx); err != nil || got != want {
				t.Fatal(got, err)
			}
		}
		needs(false)
		before, err := c.svc.AgreementVersions(ctx)
		must(t, err)
		_, err = c.svc.PublishText(identity.SystemContext(ctx, "test"), "privacy", "# 隐私政策\n\n"+strings.Repeat("我们怎样处理个人信息。", 30), "", "new retention")
		must(t, err)
		needs(true)
		refused(t, c.svc.Agree(ctx, before.Agreed), "identity.agreement_version")
		now, err := c.svc.AgreementVersions(ctx)
		must(t, err)
		must(t, c.svc.Agree(ctx, now.Agreed))
		needs(false)
	})
}

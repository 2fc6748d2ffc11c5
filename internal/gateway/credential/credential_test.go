package credential_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

const clear = "a-long-enough-secret-9f3k"

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

// operator is somebody whose login was proved now.
func operator(t *testing.T, env *sqltest.Env) context.Context {
	t.Helper()
	must(t, env.Write(t.Context(), func(tx *sqldb.Tx) error {
		none, now := []byte{}, tx.NowMicro()
		for _, q := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO person (id, name, id_number_seal, id_number_index, id_number_mask, phone_seal, phone_index, phone_mask, region_id, unit_id,
				password_hash, state, agreed_version, created_at) VALUES ('p1', '秦运维', $1, 'i1', '', $2, 'f1', '', '', '', '', 'active', '', 1)`, []any{none, none}},
			{`INSERT INTO device (id, public_key, name, kind, created_at) VALUES ('d1', $1, '', 'pc', 1)`, []any{none}},
			{`INSERT INTO login_session (id, token_hash, person_id, device_id, created_at, seen_at, proved_at, ended_at)
				VALUES ('s1', 'h', 'p1', 'd1', $1, $2, $3, 0)`, []any{now, now, now}},
		} {
			if _, err := tx.Exec(t.Context(), q.text, q.args...); err != nil {
				return err
			}
		}
		return nil
	}))
	return identity.WithActor(t.Context(), identity.Actor{AccountID: "p1", PersonID: "p1", SessionID: "s1", Grants: []identity.Grant{{Role: identity.Operator}}})
}

func fields(endpoint string) map[string]string {
	f := map[string]string{"endpoint": endpoint, "access_key_id": "LTAI5tExample", "sign_name": "学习网"}
	for _, p := range sms.Purposes {
		f["template_"+p] = "SMS_1234567"
	}
	return f
}

func TestVersionsAndSecrets(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		keys, err := secret.Open(t.TempDir())
		must(t, err)
		a, b := credential.New(env.DB, keys, sms.Kind(false)), credential.New(env.DB, keys, sms.Kind(false))
		ctx := operator(t, env)
		if _, ok, err := b.Current(ctx, sms.Name); ok || err != nil {
			t.Fatal(ok, err)
		}
		change := credential.Change{Fields: fields("https://dysmsapi.aliyuncs.com"), Secret: clear, Reason: "开站"}
		must(t, a.Put(ctx, sms.Name, change))
		c, ok, err := a.Current(ctx, sms.Name)
		if err != nil || !ok || c.Secret != clear || c.Version != 1 {
			t.Fatalf("%+v %v %v", c, ok, err)
		}
		env.Clock.Advance(5 * time.Second) // the other process learns of it without a restart
		if c, ok, _ := b.Current(ctx, sms.Name); !ok || c.Secret != clear {
			t.Fatal("the other process does not know")
		}
		refused(t, b.Put(ctx, sms.Name, change), "gateway.changed")
		change.Version, change.Secret, change.Fields["sign_name"] = 1, "", "新签名"
		must(t, b.Put(ctx, sms.Name, change)) // the secret stays
		if c, _, _ := b.Current(ctx, sms.Name); c.Secret != clear || c.Fields["sign_name"] != "新签名" || c.Version != 2 {
			t.Fatalf("%+v", c)
		}
		change.Version, change.Fields["access_key_id"] = 2, "LTAI5tAnother"
		refused(t, a.Put(ctx, sms.Name, change), "gateway.credential") // another key needs its own secret
		env.Clock.Advance(time.Second)
		must(t, a.Withdraw(ctx, sms.Name, 2, "换服务商"))
		if _, ok, _ := a.Current(ctx, sms.Name); ok {
			t.Fatal("still in use")
		}
		refused(t, a.Withdraw(ctx, sms.Name, 3, "再停一次"), "gateway.not_configured")
		views(t, a, ctx)
		stored(t, env)
	})
}

func views(t *testing.T, s *credential.Service, ctx context.Context) {
	t.Helper()
	list, next, err := s.Versions(ctx, sms.Name, "", 2)
	if err != nil || len(list) != 2 || next != "2" || list[0].State != "withdrawn" || list[1].SecretMask != "••••9f3k" || list[1].SetBy != "秦*维" {
		t.Fatalf("%+v %s %v", list, next, err)
	}
	if list, next, err = s.Versions(ctx, sms.Name, next, 2); err != nil || len(list) != 1 || next != "" || list[0].Version != 1 {
		t.Fatalf("%+v %s %v", list, next, err)
	}
	_, _, err = s.Versions(ctx, sms.Name, "x", 2)
	refused(t, err, "request.invalid")
	now, err := s.List(ctx)
	if err != nil || len(now) != 1 || now[0].State != "withdrawn" || now[0].SecretMask != "" {
		t.Fatalf("%+v %v", now, err)
	}
}

// stored: every act is in the audit trail, no secret is in clear anywhere, and old ones are gone.
func stored(t *testing.T, env *sqltest.Env) {
	t.Helper()
	must(t, env.Read(t.Context(), func(tx *sqldb.Tx) error {
		left, _, err := sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], `SELECT coalesce(sum(length(secret_seal)), 0) FROM credential`)
		if err != nil || left != 0 {
			t.Errorf("%d bytes of withdrawn secrets are left: %v", left, err)
		}
		audit, err := sqldb.Rows(t.Context(), tx, sqldb.ScanValue[string], `SELECT action || ' ' || detail FROM audit_entry WHERE object = 'gateway/sms' ORDER BY id`)
		if err != nil || len(audit) != 3 || !strings.HasPrefix(audit[2], "gateway.credential_withdrawn") || strings.Contains(strings.Join(audit, ""), clear) {
			t.Errorf("audit %v %v", audit, err)
		}
		return nil
	}))
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		keys, err := secret.Open(t.TempDir())
		must(t, err)
		s := credential.New(env.DB, keys, sms.Kind(false))
		ctx := operator(t, env)
		change := credential.Change{Fields: fields("https://dysmsapi.aliyuncs.com"), Secret: clear, Reason: "开站"}
		learner := identity.WithActor(t.Context(), identity.Actor{AccountID: "x", Grants: []identity.Grant{{Role: identity.Learner}}})
		refused(t, s.Put(learner, sms.Name, change), "identity.role_required")
		refused(t, s.Withdraw(t.Context(), sms.Name, 1, "no"), "identity.login_required")
		_, err = s.List(learner)
		refused(t, err, "identity.role_required")
		_, _, err = s.Versions(learner, sms.Name, "", 10)
		refused(t, err, "identity.role_required")
		refused(t, s.Put(ctx, "fax", change), "gateway.unknown")
		env.Clock.Advance(11 * time.Minute)
		refused(t, s.Put(ctx, sms.Name, change), "identity.step_up_required")
		refused(t, s.Withdraw(ctx, sms.Name, 1, "停用"), "identity.step_up_required")
	})
}

func TestFieldsAreChecked(t *testing.T) {
	t.Parallel()
	env := sqltest.SQLite(t)
	keys, err := secret.Open(t.TempDir())
	must(t, err)
	s := credential.New(env.DB, keys, sms.Kind(false))
	ctx := operator(t, env)
	for path, change := range map[string]func(c *credential.Change){
		"fields.endpoint":       func(c *credential.Change) { c.Fields["endpoint"] = "https://localhost" },
		"fields.access_key_id":  func(c *credential.Change) { c.Fields["access_key_id"] = "a b" },
		"fields.sign_name":      func(c *credential.Change) { c.Fields["sign_name"] = "【学习】" },
		"fields.template_login": func(c *credential.Change) { delete(c.Fields, "template_login") },
		"fields.surprise":       func(c *credential.Change) { c.Fields["surprise"] = "1" },
		"secret":                func(c *credential.Change) { c.Secret = "short" },
		"reason":                func(c *credential.Change) { c.Reason = " " },
	} {
		c := credential.Change{Fields: fields("https://dysmsapi.aliyuncs.com"), Secret: clear, Reason: "开站"}
		change(&c)
		err := s.Put(ctx, sms.Name, c)
		refused(t, err, "gateway.credential")
		if f := errs.As(err).Fields; len(f) != 1 || f[0].Path != path {
			t.Errorf("%s: %+v", path, f)
		}
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{ // on a site, in the demo city
		"https://dysmsapi.aliyuncs.com": {true, true}, "https://dysmsapi.aliyuncs.com:443": {true, true}, "https://47.96.1.1": {true, true},
		"http://dysmsapi.aliyuncs.com": {}, "https://dysmsapi.aliyuncs.com/": {}, "https://a:b@aliyuncs.com": {}, "https://aliyuncs.com?x=1": {}, "https://aliyuncs.com#x": {},
		"http://127.0.0.1:8080": {false, true}, "http://[::1]:8080": {false, true}, "https://localhost": {}, "http://localhost:80": {}, "https://sms.internal": {},
		"https://10.0.0.8": {}, "https://192.168.1.1": {}, "https://172.16.0.1": {}, "https://169.254.169.254": {}, "https://100.64.0.1": {}, "https://0.0.0.0": {},
		"https://[fd00::1]": {}, "https://[fe80::1%25eth0]": {}, "https://[::ffff:10.0.0.1]": {}, "https://[64:ff9b::a00:1]": {}, "https://2130706433": {}, "https://127.1": {},
		"https://0x7f.0.0.1": {}, "ftp://aliyuncs.com": {}, "//aliyuncs.com": {}, "aliyuncs.com": {}, "": {}, "https://": {}, "https://a b.com": {}, "https://-": {},
	} {
		if got := [2]bool{credential.ValidEndpoint(text, false), credential.ValidEndpoint(text, true)}; got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]bool{"47.96.1.1": true, "2408:4000::1": true, "127.0.0.1": false, "::1": false, "10.1.1.1": false, "::ffff:192.168.0.1": false,
		"2002:a00:1::1": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false} {
		if got := credential.PublicAddress(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public %v, want %v", text, got, want)
		}
	}
}

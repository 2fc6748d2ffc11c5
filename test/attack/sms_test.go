package attack

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/gateway/sms/smstest"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/test/city"
)

// TestKilledWhileSending kills the real program with SIGKILL while the SMS service is holding its answer back, once after
// the service has taken the message and once before. Another process brings both to an end: each code arrives once.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		data, dsn, database := t.TempDir(), env.DSN, env.DSN
		if !strings.HasPrefix(env.DSN, "postgres") {
			dsn, database = filepath.Join(data, "xueshi.db"), ""
		}
		bin := city.Program(t)
		first, _ := process(t, bin, data, database, "--demo") // makes the database
		service, account := smstest.Service(t, clock.System{}, true)
		db := setUp(t, dsn, data, account.Fields(service.URL()), account.Secret)
		kill(t, first) // what it knows of the credential it may keep for five seconds
		first, url := process(t, bin, data, database, "--demo")
		for i, phone := range []string{"13800000001", "13800000002"} {
			arrived := i == 1
			service.Fail(smssim.Fault{Kind: "hang", AfterAccepting: arrived})
			begun := service.Calls("SendSms")
			go func(base string) {
				_ = client.New(base, "pc").Do("POST", "/api/public/account/code", map[string]any{"phone": phone, "purpose": "register"}, nil) // ends with the program
			}(url)
			eventually(t, "the service has the call", func() bool {
				return service.Calls("SendSms") > begun && (!arrived || len(service.Inbox()) == i+1)
			})
			kill(t, first)
			service.Fail()
			first, url = process(t, bin, data, database, "--demo")
			eventually(t, "the message is sent", func() bool { return sentRows(t, db) == i+1 })
			if got := len(service.Inbox()); got != i+1 {
				t.Fatalf("arrived before the kill: %v; %d messages to %d phones", arrived, got, i+1)
			}
		}
	})
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// setUp stores the credential as an operator would, on a handle of the test's own.
func setUp(t *testing.T, dsn, data string, fields map[string]string, clear string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), dsn, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	keys, err := secret.Open(filepath.Join(data, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := identity.SystemContext(t.Context(), "test")
	if err := credential.New(db, keys, sms.Kind(true)).Put(ctx, sms.Name, credential.Change{Fields: fields, Secret: clear, Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	return db
}

func sentRows(t *testing.T, db *sqldb.DB) int {
	t.Helper()
	var n int64
	err := db.Read(t.Context(), func(tx *sqldb.Tx) (err error) {
		n, _, err = sqldb.One(t.Context(), tx, sqldb.ScanValue[int64], `SELECT count(*) FROM sms_outbox WHERE state = 'sent' AND length(code_seal) = 0`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

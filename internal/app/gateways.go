package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"xueshi/internal/gateway/clamd"
	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/ffmpeg"
	"xueshi/internal/gateway/s3"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/sqldb"
)

// demoSign is the sign name under which the demo city's messages arrive.
const demoSign = "忻州专技继教"

// openGateways builds what speaks to outside services. In the demo city the services are simulators on loopback; the
// product reaches them by the protocol, with a credential made at this start.
func (a *App) openGateways(cfg Config, clk clock.Clock) error {
	a.Credentials = credential.New(a.DB, a.Keys, sms.Kind(cfg.Simulate))
	a.Outbox = sms.NewOutbox(a.DB, a.Keys, sms.NewGateway(a.Credentials, clk, cfg.Simulate))
	if !cfg.Simulate {
		return nil
	}
	account := smssim.NewAccount(demoSign, sms.Purposes...)
	o := account.Serve(smssim.Options{Clock: clk, Log: cfg.LogCodes})
	if cfg.LogCodes { // the demo city keeps the real service's limits; tests log one person in many times an hour
		o.PerMinute, o.PerHour, o.PerDay = 1, 5, 10
	}
	var err error
	if a.SMS, err = smssim.Listen(o); err != nil {
		return err
	}
	a.Credentials.StandIn(credential.Credential{Gateway: sms.Name, Fields: account.Fields(a.SMS.URL()), Secret: account.Secret})
	return nil
}

// openStore chooses where files lie: this machine's disk, or an object store, which has to answer now. Its key and secret come from
// the environment alone.
func (a *App) openStore(ctx context.Context, cfg Config) error {
	if cfg.Storage == "" {
		a.Store, a.shut = blob.NewLocal(filepath.Join(cfg.Data, "blobs")), func() {}
		return nil
	}
	c, err := s3.Parse(cfg.Storage)
	if err != nil {
		return err
	}
	c.Dir = media.WorkDir(uploadDir(cfg))
	c.AccessKey, c.SecretKey, c.SessionToken = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")
	store, err := s3.New(c)
	if err == nil {
		err = store.Check(ctx)
	}
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "files lie in the object store", "endpoint", c.Endpoint, "bucket", c.Bucket, "prefix", c.Prefix)
	a.Store, a.shut = store, store.Close
	return nil
}

// AdoptStore makes the store this installation's; it gives what the store said before.
func (a *App) AdoptStore(ctx context.Context) (before installation.Mark, err error) {
	if before, err = installation.Adopt(ctx, a.DB, a.Store); err != nil {
		return before, err
	}
	return before, a.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return identity.AuditTx(ctx, tx, "store.adopted", "store", map[string]any{"installation": before.Installation, "sweep": before.Sweep})
	})
}

// cache is the host that sealed segments come from; empty for this one. Errors: an address that is none, or is not HTTPS while the
// site is.
func (c Config) cache() (base string, err error) {
	if c.CDN == "" || c.CDN == "self" {
		return "", nil
	}
	u, err := url.Parse(c.CDN)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || c.TLS) || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || strings.ContainsAny(u.Host, "; ,'\"") {
		return "", fmt.Errorf("cdn: %q is no address like https://cdn.example.cn (without a path; http only where the site has no TLS)", c.CDN)
	}
	return u.Scheme + "://" + u.Host, nil
}

// uploadDir is where files in the making lie, on this machine's disk in any case.
func uploadDir(cfg Config) string { return filepath.Join(cfg.Data, "uploads") }

// mediaDeps gives the media service the programs that this machine has. Without them it takes nothing in and says so
// (media.tools_missing): a demo needs no ffmpeg. Errors: a scanner's address that is none.
func (a *App) mediaDeps(cfg Config, clk clock.Clock) (media.Deps, error) {
	d := media.Deps{DB: a.DB, Store: a.Store, Jobs: a.Jobs, Clock: clk, Dir: uploadDir(cfg)}
	if ffmpeg.Installed() {
		d.Inspector, d.Transcoder = ffmpeg.NewInspector(), ffmpeg.NewTranscoder()
	}
	if cfg.Clamd == "" {
		return d, nil
	}
	scanner, err := clamd.New(cfg.Clamd)
	d.Scanner = scanner
	return d, err
}

// Package app puts the parts together: the only package that imports everything.
package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"xueshi/internal/availability"
	"xueshi/internal/catalog"
	"xueshi/internal/classroom"
	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/fault"
	"xueshi/internal/gateway/credential"
	"xueshi/internal/gateway/sms"
	"xueshi/internal/gateway/sms/smssim"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/media"
	"xueshi/internal/notify"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/metrics"
	"xueshi/internal/platform/secret"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/trace"
	"xueshi/internal/playback"
	mediaportal "xueshi/internal/portal/media"
	"xueshi/internal/portal/session"
	"xueshi/internal/supervision"
	"xueshi/migrations"
)

// Version is what the OpenAPI document says.
const Version = "0.1.0"

// Config is the process's settings.
type Config struct {
	Data     string        // folder of files: database (SQLite), blobs, keys
	Database string        // "postgres://…", or empty for SQLite under Data
	Storage  string        // "s3://bucket/…" (gateway/s3), or empty for files under Data
	Demo     string        // folder of the demo city's sources; spoken digits are read from it
	TLS      bool          // the site is reached by HTTPS
	Proxied  bool          // requests come through a reverse proxy that sets X-Real-IP
	Simulate bool          // outside services are simulators on loopback (demo city, tests)
	LogCodes bool          // the SMS simulator writes codes to the log (demo city)
	Sweep    bool          // stored files that no row needs are erased daily
	CDN      string        // where sealed segments come from: "https://host", "self" (a proxy before this host keeps them), or empty = segments come from here in the plain
	Trace    *trace.Tracer // makes spans; nil = none
	Look     bool          // only look: the schema stays as it is
	Clamd    string        // the virus scanner that uploads go through, "unix:PATH" or "HOST:PORT"; empty = none
}

// App is the running program without its listener.
type App struct {
	DB           *sqldb.DB
	Keys         *secret.Keys
	Store        blob.Store
	Credentials  *credential.Service
	Outbox       *sms.Outbox
	SMS          *smssim.Server // nil unless simulated
	Identity     *identity.Service
	Playback     *playback.Service
	Credit       *credit.Service
	Notify       *notify.Service
	Classroom    *classroom.Service
	Fault        *fault.Service
	Supervision  *supervision.Service
	Availability *availability.Service
	recorder     *availability.Recorder
	Jobs         *jobs.Queue
	Media        *media.Service
	sweep        bool
	Catalog      *catalog.Service
	Signer       *ledger.Signer
	delivery     mediaportal.Services
	Handler      http.Handler
	metrics      metrics.Registry
	leaving      atomic.Bool
	folder       string   // of this process's files
	dsn          string   // of the database
	schema       int64    // that this program needs
	stops        []func() // end what runs by itself
	shut         func()   // closes the store
}

// DSN is where the configuration keeps its database.
func (c Config) DSN() string {
	if c.Database != "" {
		return c.Database
	}
	return filepath.Join(c.Data, "xueshi.db")
}

// New opens storage, migrates, and builds services and portals. policy nil = the defaults; tests inject a clock and a policy.
func New(ctx context.Context, cfg Config, clk clock.Clock, policy *playback.Policy, opts ...sqldb.Option) (*App, error) {
	cache, err := cfg.cache()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, cfg.DSN(), clk, opts...)
	if err != nil {
		return nil, err
	}
	a := &App{DB: db, folder: cfg.Data, dsn: cfg.DSN(), metrics: metrics.New()}
	if err := a.openStore(ctx, cfg); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := a.migrate(ctx, cfg); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if a.Keys, err = installation.Keys(ctx, db, filepath.Join(cfg.Data, "keys")); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := a.claim(ctx, cfg); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := a.openGateways(cfg, clk); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	a.Identity = identity.New(db, a.Keys, a.Outbox, identity.WithProofs(a.Store))
	a.Credit, a.Supervision = credit.New(db), supervision.New(db)
	a.Availability, a.recorder = availability.New(db), availability.NewRecorder(db, a.ready)
	a.Jobs = jobs.New(db)
	deps, err := a.mediaDeps(cfg, clk)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	a.Media = media.New(deps)
	a.Catalog = catalog.New(db, a.Media)
	a.Notify = notify.New(db)
	a.Classroom = classroom.New(db, a.Notify)
	a.Fault = fault.New(db, a.Catalog, a.Notify)
	if a.Signer, err = ledger.NewSigner(a.Keys.Derive("evidence-log")); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	lessons := newLessons(db)
	a.Playback = playback.New(playback.Deps{DB: db, Key: a.Keys.Derive("playback"), Lessons: lessons, Contents: lessons, Devices: a.Identity,
		Completion: a.Credit, Policy: policy, Digits: loadDigits(cfg.Demo)})
	a.join()
	a.sweep = cfg.Sweep
	a.delivery = mediaportal.Services{Playback: a.Playback, Store: a.Store, Media: lessons.media}
	if cfg.CDN != "" {
		a.delivery.Sealer, a.delivery.Cache = media.NewSealer(a.Keys.Derive("segments")), cache
	}
	a.measure(a.metrics)
	requests := metrics.NewRequests(a.metrics)
	observe := func(pattern string, status int, took time.Duration) {
		requests.Observe(pattern, status, took)
		a.recorder.Observe(pattern, status, took)
	}
	a.Handler = a.handler(lessons, session.Cookies{TLS: cfg.TLS, Proxied: cfg.Proxied}, httpx.Options{Clock: clk, TLS: cfg.TLS, Media: cache,
		Observe: observe, Trace: cfg.Trace, Leaving: a.leaving.Load})
	return a, nil
}

// migrate brings the schema to what this program needs, or, when it only looks, says what is missing.
func (a *App) migrate(ctx context.Context, cfg Config) (err error) {
	if a.schema, err = migrations.Newest(); err != nil {
		return err
	}
	if !cfg.Look {
		if err := sqldb.Migrate(ctx, a.DB, migrations.FS, sqldb.LockPath(cfg.DSN())); err != nil { // a newer database stays as it is
			return err
		}
		return a.supported(ctx)
	}
	if v, err := sqldb.Version(ctx, a.DB); err != nil || v < a.schema {
		return fmt.Errorf("the database's schema is at %d, this program needs %d: start it once with serve (%v)", v, a.schema, err)
	}
	return nil
}

// supported refuses a database that a newer program has changed so that this one cannot use it any more.
func (a *App) supported(ctx context.Context) error {
	oldest, err := sqldb.Oldest(ctx, a.DB)
	if err == nil && oldest > a.schema {
		err = fmt.Errorf("a newer version has changed this database: it needs a program whose schema is at least %d, this one's is %d; start that version (docs/runbook/upgrade.md)", oldest, a.schema)
	}
	return err
}

// claim makes an empty store this installation's; one of another installation does not start.
func (a *App) claim(ctx context.Context, cfg Config) error {
	if cfg.Look {
		return nil
	}
	return installation.Claim(ctx, a.DB, a.Store)
}

// join gives the lower domains what the upper ones do for them: telling people things, the sections of a personal-data
// export, and the erasing of a closed account's data.
func (a *App) join() {
	a.Identity.Tell(a.Notify)
	a.Credit.Tell(a.Notify)
	a.Media.Serve(a.Catalog)
	for _, e := range []identity.Exporter{enrolment.New(a.DB), a.Playback, a.Credit, a.Notify, a.Classroom, a.Fault} {
		a.Identity.AddExporter(e)
	}
	a.Identity.AddEraser(a.Notify)
	a.Identity.AddEraser(a.Classroom)
	a.Identity.AddEraser(a.Fault)
}

// Close commits what is waiting and closes the database.
func (a *App) Close() error {
	for _, stop := range a.stops {
		stop()
	}
	a.Playback.Close()
	a.shut()
	var err error
	if a.SMS != nil {
		err = a.SMS.Close()
	}
	return errors.Join(err, a.DB.Close())
}

// loadDigits reads the spoken digits; without them checks have no audio form and offer another kind instead.
func loadDigits(demo string) playback.Digits {
	var d [10][]byte
	for n := range d {
		pcm, err := os.ReadFile(filepath.Join(demo, "audio", "digit_"+strconv.Itoa(n)+".pcm"))
		if err != nil {
			return nil
		}
		d[n] = pcm
	}
	return &d
}

// mediaCache keeps immutable media rows.
func (l *lessons) media(ctx context.Context, mediaID string, rev int64) (*media.Media, error) {
	key := fmt.Sprintf("%s/%d", mediaID, rev)
	if m, ok := l.cache.Load(key); ok {
		return m.(*media.Media), nil
	}
	var m *media.Media
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		m, err = media.Tx(ctx, tx, mediaID, rev)
		return err
	})
	if err == nil {
		l.cache.Store(key, m)
	}
	return m, err
}

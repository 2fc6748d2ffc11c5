package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/metrics"
	"xueshi/internal/platform/sqldb"
)

// Ops is what the operations listener answers: /livez, /readyz and /metrics. It belongs on an address that people cannot reach.
func (a *App) Ops() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.metrics.Handler())
	return mux
}

// Leave says that this process will end: it is not ready any more, and closes connections behind the answers they wait for, so that
// whoever asks goes elsewhere. It goes on answering until it is stopped.
func (a *App) Leave() { a.leaving.Store(true) }

// How a check stands. What only warns leaves the process ready: taking all processes out of use would help nobody.
const (
	CheckOK   = "ok"
	CheckWarn = "warn"
	CheckFail = "fail"
)

// Check is one thing that a process needs.
type Check struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok, warn or fail
	Detail string `json:"detail"`
}

// checkIn is how long all checks together may take.
const checkIn = 2 * time.Second

func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkIn)
	defer cancel()
	checks := a.Checks(ctx)
	if a.leaving.Load() {
		checks = append(checks, Check{"leaving", CheckFail, "this process is about to end"})
	}
	status := http.StatusOK
	if failed(checks) {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": status == http.StatusOK, "checks": checks})
}

func failed(checks []Check) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return c.State == CheckFail })
}

// ready tells whether this process could serve now.
func (a *App) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkIn)
	defer cancel()
	return !failed(a.Checks(ctx))
}

// Checks looks at everything that this process needs to serve.
func (a *App) Checks(ctx context.Context) []Check {
	return []Check{a.checkDatabase(ctx), a.checkClock(ctx), a.checkStore(ctx), checkDisk(a.folder)}
}

func (a *App) checkDatabase(ctx context.Context) Check {
	v, err := sqldb.Version(ctx, a.DB)
	switch {
	case err != nil:
		return Check{"database", CheckFail, err.Error()}
	case v < a.schema:
		return Check{"database", CheckFail, fmt.Sprintf("its schema is at %d, this program needs %d", v, a.schema)}
	}
	if err := a.supported(ctx); err != nil {
		return Check{"database", CheckFail, err.Error()}
	}
	return Check{"database", CheckOK, fmt.Sprintf("%s, schema %d", a.DB.Engine(), v)}
}

// clockApart is how far this machine's clock may be from the database's before somebody should look at it.
const clockApart = 2 * time.Second

func (a *App) checkClock(ctx context.Context) Check {
	began := a.DB.Clock().Now()
	now, err := sqldb.ReadValue(ctx, a.DB, func(tx *sqldb.Tx) (time.Time, error) { return tx.Now(), nil })
	if err != nil {
		return Check{"clock", CheckFail, err.Error()}
	}
	apart := now.Sub(began) - a.DB.Clock().Now().Sub(began)/2
	if apart.Abs() > clockApart {
		return Check{"clock", CheckWarn, fmt.Sprintf("the database's clock differs by %v: let both machines follow the same time servers", apart.Round(time.Millisecond))}
	}
	return Check{"clock", CheckOK, fmt.Sprintf("%v from the database's", apart.Round(time.Millisecond))}
}

func (a *App) checkStore(ctx context.Context) Check {
	_, err := a.Store.Stat(ctx, "health/none")
	if err != nil && !blob.Missing(err) {
		return Check{"store", CheckFail, errors.Join(err, errors.Unwrap(err)).Error()}
	}
	return Check{"store", CheckOK, "answers"}
}

// What is left of a disk, below which somebody should look at it, and below which nothing can be written; bytes.
const (
	diskLow  = 2 << 30
	diskFull = 64 << 20
)

func checkDisk(folder string) Check {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return Check{"disk", CheckFail, err.Error()}
	}
	free := int64(fs.Bavail) * int64(fs.Bsize)
	c := Check{"disk", CheckOK, fmt.Sprintf("%d MB free in %s", free>>20, folder)}
	switch {
	case free < diskFull:
		c.State = CheckFail
	case free < diskLow:
		c.State = CheckWarn
	}
	return c
}

// measure tells Prometheus what the parts know.
func (a *App) measure(r metrics.Registry) {
	p := a.Playback.Stats()
	r.Counter("xueshi_heartbeats_total", "Heartbeats stored.", func() float64 { return float64(p.Beats.Load()) })
	r.Counter("xueshi_deliveries_total", "Segments booked as delivered.", func() float64 { return float64(p.Segments.Load()) })
	r.Counter("xueshi_delivered_bytes_total", "Bytes of segments booked as delivered.", func() float64 { return float64(p.DeliveredBytes.Load()) })
	r.Counter("xueshi_credited_seconds_total", "Study time credited by heartbeats, before its confirmation.", func() float64 { return float64(p.CreditedMS.Load()) / 1000 })
	r.Counter("xueshi_commits_total", "Batches of heartbeats and deliveries committed.", func() float64 { return float64(p.Batches.Load()) })
	r.Counter("xueshi_commit_seconds_total", "Time that these batches took, until they were durable.", func() float64 { return float64(p.BatchMicroseconds.Load()) / 1e6 })
	r.Counter("xueshi_commit_conflicts_total", "Heartbeats read again because another process had changed their learner.", func() float64 { return float64(p.Missed.Load()) })
	r.Counter("xueshi_commit_failures_total", "Heartbeats and deliveries that could not be stored.", func() float64 { return float64(p.Failed.Load()) })
	r.Gauge("xueshi_commit_waiting", "Heartbeats and deliveries that wait for their batch.", func() float64 { return float64(a.Playback.Waiting()) })
	r.Gauge("xueshi_leaving", "1 once this process is about to end.", func() float64 {
		if a.leaving.Load() {
			return 1
		}
		return 0
	})
	r.MustRegister(collectors.NewDBStatsCollector(a.DB.Writer(), "writer"))
	r.MustRegister(newDatabaseCollector(a.DB, a.Jobs))
	info := map[string]string{"version": Version, "go": runtime.Version(), "engine": string(a.DB.Engine())}
	if host, err := os.Hostname(); err == nil {
		info["host"] = host
	}
	r.Info("xueshi_build_info", "What runs here.", info)
}

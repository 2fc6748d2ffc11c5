package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"xueshi/internal/app"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/trace"
)

type serve struct {
	storage
	Role    string        `help:"What this process does: web answers people, worker runs the jobs, all is both." enum:"all,web,worker" default:"all" env:"XUESHI_ROLE"`
	Addr    string        `help:"Address to listen on." default:"127.0.0.1:8080" env:"ADDR"`
	Ops     string        `help:"Address of /livez, /readyz and /metrics, for those who look after the platform; never one that people can reach. Empty = none." env:"XUESHI_OPS"`
	Leave   time.Duration `help:"How long the process goes on answering after it was told to end, so that a proxy before it sees that it is not ready and connections close behind their answers." default:"0s" env:"XUESHI_LEAVE"`
	Demo    bool          `help:"The demo city: the SMS service is a simulator on this machine, and its codes are written to the log."`
	Media   string        `help:"Folder of the demo sources." default:"demo"`
	TLS     bool          `help:"The site is reached by HTTPS (through a proxy): secure cookies, HSTS." env:"XUESHI_TLS"`
	Proxied bool          `help:"All requests come through a reverse proxy that sets X-Real-IP: limits count that address. Never without such a proxy." env:"XUESHI_PROXIED"`
	Sweep   bool          `help:"Erase once a day the stored files that no row needs ('store sweep --dry-run' lists them). A store that another database has swept since is left alone." default:"true" negatable:"" env:"XUESHI_SWEEP"`
	CDN     string        `help:"Segments leave as sealed files that a CDN keeps (https://cdn.example.cn, with this program's /media/sealed/ as its origin), or a proxy before this host (self); empty = this program sends them." env:"XUESHI_CDN"`
	Traces  string        `help:"Collector of OpenTelemetry traces (OTLP over HTTP): http://HOST:4318; empty = none are made. They hold routes and durations, nothing of people." env:"XUESHI_TRACES"`
	Clamd   string        `help:"The virus scanner (ClamAV's clamd) that every upload goes through, unix:PATH or HOST:PORT; empty = none." env:"XUESHI_CLAMD"`
}

// How a server ends: settle is how long connections that were accepted last have to bring their request, which a server that shuts
// down would not answer any more; drain is how long requests have to end.
const (
	settle = 500 * time.Millisecond
	drain  = 20 * time.Second
)

// Validate refuses a worker nobody could ask how it is.
func (s *serve) Validate() error {
	if s.Role == "worker" && s.Ops == "" {
		return errors.New("--role worker needs --ops: it has no other address")
	}
	return nil
}

// Run serves until a signal. Then it is not ready any more, answers for as long as it was told to, lets open requests end, and commits
// what waits for the database.
func (s *serve) Run(ctx context.Context) error {
	cfg := s.config()
	cfg.Demo, cfg.TLS, cfg.Proxied, cfg.Simulate, cfg.LogCodes, cfg.Clamd, cfg.Sweep, cfg.CDN = s.Media, s.TLS, s.Proxied, s.Demo, s.Demo, s.Clamd, s.Sweep, s.CDN
	if s.Traces != "" {
		tracer, err := trace.New(ctx, s.Traces, app.Version)
		if err != nil {
			return err
		}
		cfg.Trace = tracer
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settle)
			defer cancel()
			_ = tracer.Close(ctx) // a collector that is away keeps nobody
		}()
	}
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	if err != nil {
		return err
	}
	return errors.Join(s.serve(ctx, a), a.Close())
}

func (s *serve) serve(ctx context.Context, a *app.App) error {
	failed := make(chan error, 2)
	if s.Ops != "" {
		ln, err := net.Listen("tcp", s.Ops)
		if err != nil {
			return err
		}
		ops := httpx.Server(a.Ops())
		go func() { failed <- ops.Serve(ln) }()
		defer func() { _ = ops.Close() }()
		if s.Role == "worker" {
			fmt.Printf("http://%s\n", ln.Addr())
		}
	}
	var ln net.Listener
	public := httpx.Server(a.Handler)
	if s.Role != "worker" {
		var err error
		if ln, err = s.listen(); err != nil {
			return err
		}
		go func() { failed <- public.Serve(ln) }()
		a.Answering(ctx)
		fmt.Printf("http://%s\n", ln.Addr())
	}
	app.TradeMemory() // after starting, which only fetches more pages from the kernel for it
	if s.Role != "web" {
		a.Start(ctx)
	}
	time.AfterFunc(time.Second/2, debug.FreeOSMemory) // what starting took and nobody will ask for again; not before the first answers
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
	a.Leave()
	if ln == nil {
		return nil
	}
	<-time.After(s.Leave)
	return end(public, ln)
}

// listen takes the socket that systemd holds for this program, so that no connection is refused while it is replaced, or opens one.
func (s *serve) listen() (net.Listener, error) {
	given, err := activation.Listeners()
	if err != nil {
		return nil, err
	}
	switch {
	case len(given) == 1 && given[0] != nil:
		return given[0], nil
	case len(given) > 0:
		return nil, errors.New("systemd gives more than one socket, or one that is no stream")
	}
	return net.Listen("tcp", s.Addr)
}

// end takes no more connections and answers those that are there.
func end(public *http.Server, ln net.Listener) error {
	_ = ln.Close()
	<-time.After(settle)
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	return public.Shutdown(ctx)
}

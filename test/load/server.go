//go:build bench

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime/debug"
	"strconv"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/portal/media"
)

// serveMain serves the program as it ships, beside a no-op of the same server, over a city with learners who hold leases.
func serveMain() {
	raiseFiles()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "load")
	check(err)
	cfg := app.Config{Data: dir, Database: *database, Demo: *demoDir}
	app.TradeMemory()
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	check(err)
	_, _, err = demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS(*demoDir)})
	check(err)
	seats := seatLearners(ctx, a, *serve)
	where := seat{Dir: dir}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /noop", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.Handle("/", a.Handler)
	debugFigures(mux, a)
	switch *serve {
	case "beats":
		dry, err := app.New(ctx, cfg, clock.System{}, nil)
		check(err)
		dry.Playback.AckAtOnce()
		mux.Handle("/dry/", http.StripPrefix("/dry", dry.Handler))
	case "segments":
		where.MediaID = fill(ctx, a)
		bare := media.Services{Store: a.Store}
		mux.Handle("/media/unchecked/", httpx.Wrap(http.StripPrefix("/media/unchecked/", http.HandlerFunc(bare.Unchecked)), httpx.Options{Clock: clock.System{}}))
		where.TLS = serveTLS(mux, dir)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	where.Base = ln.Addr().String()
	enc := json.NewEncoder(os.Stdout)
	for _, s := range seats {
		check(enc.Encode(s))
	}
	seats = nil
	debug.FreeOSMemory()
	check(enc.Encode(where))
	check(httpx.Server(mux).Serve(ln))
}

// debugFigures are what a measurement asks of the server beside its work.
func debugFigures(mux *http.ServeMux, a *app.App) {
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/heap", pprof.Index)
	mux.HandleFunc("GET /debug/free", func(w http.ResponseWriter, _ *http.Request) { debug.FreeOSMemory(); _, _ = w.Write([]byte("ok")) })
	mux.HandleFunc("GET /debug/booked", func(w http.ResponseWriter, r *http.Request) {
		err := a.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
			n, _, err := sqldb.One(r.Context(), tx, sqldb.ScanValue[int64], `SELECT coalesce(sum(bytes), 0) FROM delivery`)
			if err == nil {
				_, err = fmt.Fprint(w, n)
			}
			return err
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /debug/records", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		if err := a.Playback.FillCache(n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		debug.FreeOSMemory()
		_, _ = w.Write([]byte("ok"))
	})
}

// serveTLS serves the same handler over TLS 1.3, as the platform does behind a proxy that is left out here.
func serveTLS(mux http.Handler, dir string) string {
	cert, err := certificate(dir)
	check(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	srv := httpx.Server(mux)
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	go func() { check(srv.ServeTLS(ln, "", "")) }()
	return ln.Addr().String()
}

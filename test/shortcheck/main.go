// Command shortcheck is the program with a presence check every 25 seconds of credit (or XUESHI_SHORTCHECK_MS), for tests of the real process: the released
// binary takes its policy from nobody. It knows two commands, demo and serve.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/playback"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "shortcheck:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	if len(os.Args) < 2 {
		return errors.New("demo or serve")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ContinueOnError)
	data, addr := flags.String("data", "", "folder"), flags.String("addr", "127.0.0.1:0", "address")
	_ = flags.String("media", "", "as the program's")
	_, database := flags.Bool("demo", false, "as the program's"), flags.String("database", "", "PostgreSQL address")
	if err := flags.Parse(os.Args[2:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	policy := playback.DefaultPolicy
	policy.CheckMinMS = 25_000
	if ms, err := strconv.ParseInt(os.Getenv("XUESHI_SHORTCHECK_MS"), 10, 64); err == nil {
		policy.CheckMinMS = ms
	}
	policy.CheckMaxMS = policy.CheckMinMS
	a, err := app.New(ctx, app.Config{Data: *data, Database: *database, Demo: "demo", Simulate: true, LogCodes: true}, clock.System{}, &policy)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if os.Args[1] == "demo" {
		return seed(ctx, a, *data)
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	srv := httpx.Server(a.Handler)
	fmt.Printf("http://%s\n", ln.Addr())
	go func() { <-ctx.Done(); _ = srv.Close() }()
	if err = srv.Serve(ln); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

func seed(ctx context.Context, a *app.App, data string) error {
	logins, _, err := demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS("demo")})
	if err != nil {
		return err
	}
	text := ""
	for _, l := range logins {
		text += fmt.Sprintf("%s\t%s\t%v\t%s\n", l.Phone, l.Password, l.Roles, l.Name)
	}
	return os.WriteFile(filepath.Join(data, "demo-logins.txt"), []byte(text), 0o600)
}

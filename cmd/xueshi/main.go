// Command xueshi is the whole platform in one program.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/org"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/verify"
)

type storage struct {
	Data     string `help:"Folder of database, media and keys." default:"./data" env:"DATA"`
	Database string `help:"PostgreSQL address; empty = SQLite under the data folder." env:"XUESHI_DATABASE"`
	Storage  string `help:"Object store for files: s3://bucket/prefix?endpoint=https://…&region=…&path_style=1, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment; empty = the data folder." env:"XUESHI_STORAGE"`
}

// config is what every command that opens the storage begins with.
func (s storage) config() app.Config {
	return app.Config{Data: s.Data, Database: s.Database, Storage: s.Storage}
}

type demoCmd struct {
	storage
	Media string `help:"Folder of the demo sources." default:"demo"`
	Addr  string `help:"Address the city will be served at, for the addresses of the sites." default:"127.0.0.1:8080" env:"ADDR"`
}

type verifyCmd struct {
	storage
	Sample int `help:"Only so many learners, chosen at random; 0 = all." default:"0"`
}

type operatorCmd struct {
	storage
	Name     string `help:"Real name." required:""`
	IDNumber string `help:"Resident identity number." required:""`
	Phone    string `help:"Mobile number." required:""`
}

type openapi struct{}

var cli struct {
	Serve    serve       `cmd:"" help:"Serve the platform."`
	Demo     demoCmd     `cmd:"" help:"Make the demo city, if it is not there."`
	Verify   verifyCmd   `cmd:"" help:"Recompute every total from evidence; fails on any edit of any row."`
	Doctor   doctorCmd   `cmd:"" help:"Look for what is wrong around the program: database, clocks, disk, store, permissions, tools. Changes nothing."`
	Backup   backupCmd   `cmd:"" help:"Copy everything but the keys while the platform serves: a signed, consistent backup."`
	Restore  restoreCmd  `cmd:"" help:"Put a backup into an empty place and check it: every part, the evidence log, a sample of learners."`
	Bench    benchCmd    `cmd:"" help:"Measure a deployment under a population that studies."`
	Keys     keysCmd     `cmd:"" help:"Change the key that personal data is sealed with."`
	Store    storeCmd    `cmd:"" help:"Look after stored files."`
	Operator operatorCmd `cmd:"" help:"Make the first operator and print a one-time code for choosing a password."`
	Openapi  openapi     `cmd:"" help:"Print the OpenAPI document."`
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	k := kong.Parse(&cli, kong.Name("xueshi"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "xueshi:", err)
		os.Exit(1)
	}
}

// Run makes the demo city and says who can log in.
func (d *demoCmd) Run(ctx context.Context) error {
	cfg := d.config()
	cfg.Demo = d.Media
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	if err != nil {
		return err
	}
	logins, made, err := demo.Seed(ctx, demo.Deps{DB: a.DB, Store: a.Store, Identity: a.Identity, Source: os.DirFS(d.Media), Population: true})
	if err != nil {
		return errors.Join(err, a.Close())
	}
	sites, err := org.New(a.DB).Sites(ctx)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(d.Addr) // without a port the bare names are right
	for _, s := range sites {
		fmt.Printf("http://%s\t%s\n", strings.TrimSuffix(net.JoinHostPort(s.Host, port), ":"), s.Settings["site_name"])
	}
	path := filepath.Join(d.Data, "demo-logins.txt")
	if made {
		text := ""
		for _, l := range logins {
			text += fmt.Sprintf("%s\t%s\t%v\t%s\n", l.Phone, l.Password, l.Roles, l.Name)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil // a city made elsewhere: its logins are not here
	}
	fmt.Printf("Log in with phone and password (%s):\n%s", path, text)
	return nil
}

// Run verifies the evidence and exits 1 on any finding.
func (v *verifyCmd) Run(ctx context.Context) error {
	a, err := app.New(ctx, v.config(), clock.System{}, nil)
	if err != nil {
		return err
	}
	run := verify.Run
	if v.Sample > 0 {
		run = func(ctx context.Context, db *sqldb.DB, s *ledger.Signer) (*verify.Report, error) {
			return verify.Sample(ctx, db, s, v.Sample)
		}
	}
	report, err := run(ctx, a.DB, a.Signer)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	fmt.Printf("%d learners, %d spans, %d windows, %d carried over, %d credit records\n", report.Learners, report.Spans, report.Windows, report.Carried, report.Records)
	if report.Aged > 0 {
		fmt.Printf("%d spans are older than delivery records are kept: that their media was sent rests on the hash of those records\n", report.Aged)
	}
	for _, f := range report.Findings {
		fmt.Println("FINDING", f)
	}
	if len(report.Findings) > 0 {
		return fmt.Errorf("%d findings", len(report.Findings))
	}
	fmt.Println("verified")
	return nil
}

// Run makes the first operator. There is no default password: the code it prints lets its owner choose one, within a day.
func (o *operatorCmd) Run(ctx context.Context) error {
	a, err := app.New(ctx, o.config(), clock.System{}, nil)
	if err != nil {
		return err
	}
	code, err := a.Identity.CreateFirstOperator(identity.SystemContext(ctx, "command line"), identity.NewPerson{Name: o.Name, IDNumber: o.IDNumber, Phone: o.Phone})
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	fmt.Printf("open /start within 24 hours and enter the code %s\n", code)
	return nil
}

// Run prints the document without a database.
func (openapi) Run() error {
	doc, err := app.OpenAPI()
	if err == nil {
		_, err = os.Stdout.Write(doc)
	}
	return err
}

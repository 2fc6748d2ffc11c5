package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/media"
)

type storeCmd struct {
	Sweep sweepCmd `cmd:"" help:"Erase stored files that nothing needs, as the server does once a day."`
	Adopt adoptCmd `cmd:"" help:"Say that the store is this database's and no other's: after a restore, or for a store that was used before."`
}

type adoptCmd struct {
	storage
	Yes bool `help:"No other database needs the files that lie there." required:""`
}

// Run marks the store. The app is opened as for a look, since a start refuses another installation's store.
func (c *adoptCmd) Run(ctx context.Context) error {
	cfg := c.config()
	cfg.Look = true
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	if err != nil {
		return err
	}
	ctx = identity.SystemContext(ctx, "command line")
	before, err := a.AdoptStore(ctx)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	was := "said nothing"
	if before.Installation != "" {
		was = fmt.Sprintf("was installation %s's, swept %d times", before.Installation, before.Sweep)
	}
	fmt.Printf("the store is this database's; it %s\n", was)
	return nil
}

type sweepCmd struct {
	storage
	DryRun bool          `help:"Only list them: key, bytes, when stored, and what is missing."`
	Grace  time.Duration `help:"How old a file is before it is looked at; at least 24h." default:"48h"`
}

// Validate refuses what would take files whose rows are still to come.
func (s *sweepCmd) Validate() error {
	if s.Grace < media.MinGrace {
		return fmt.Errorf("--grace: at least %s", media.MinGrace)
	}
	return nil
}

// Run sweeps, or says what a sweep would erase.
func (s *sweepCmd) Run(ctx context.Context) error {
	a, err := app.New(ctx, s.config(), clock.System{}, nil)
	if err != nil {
		return err
	}
	ctx = identity.SystemContext(ctx, "command line")
	sweep := s.erase
	if s.DryRun {
		sweep = s.list
	}
	return errors.Join(sweep(ctx, a), a.Close())
}

func (s *sweepCmd) erase(ctx context.Context, a *app.App) error {
	done, err := a.Media.SweepNow(ctx, s.Grace)
	fmt.Printf("%d files looked at, %d erased (%d bytes), %d remains of broken stores\n", done.Looked, done.Files, done.Bytes, done.Parts)
	return err
}

func (s *sweepCmd) list(ctx context.Context, a *app.App) error {
	var files, bytes int64
	looked, err := a.Media.Orphans(ctx, s.Grace, func(_ context.Context, batch []media.Orphan) error {
		for _, o := range batch {
			fmt.Printf("%s\t%d\t%s\tno %s\n", o.Key, o.Size, o.Modified.UTC().Format(time.RFC3339), o.Kind)
			files, bytes = files+1, bytes+o.Size
		}
		return nil
	})
	if err == nil {
		fmt.Printf("%d files looked at, %d would be erased (%d bytes)\n", looked, files, bytes)
	}
	return err
}

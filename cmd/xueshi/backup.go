package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
)

type backupCmd struct {
	storage
	To    string `help:"Folder of the backups; files that are there already are not copied again." required:"" type:"path"`
	Keep  int    `help:"How many backups to keep there; 0 = all." default:"0"`
	Files bool   `help:"Copy the files of an object store, too; without it they are listed. Files of the data folder are always copied."`
}

type restoreCmd struct {
	storage
	From   string `help:"Folder of one backup (BACKUPS/20261127T030000Z)." required:"" type:"existingdir"`
	Keys   string `help:"The installation's key folder, which is kept apart from its backups." required:"" type:"existingdir"`
	Sample int    `help:"How many learners are recomputed from evidence; xueshi verify does all." default:"200"`
}

// progress tells on standard error how far it is.
func progress(begun time.Time) func(string, ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
}

// Run makes a backup while the platform serves.
func (b *backupCmd) Run(ctx context.Context) error {
	cfg := b.config()
	cfg.Look = true
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	if err != nil {
		return err
	}
	dir, m, err := a.Backup(identity.SystemContext(ctx, "command line"), b.To, b.Keep, b.Files, progress(time.Now()))
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	fmt.Printf("%s: the database as it was at %s (%d MB), %d files (%d MB), evidence log of %d leaves. The keys are not in it.\n", dir,
		m.Made.UTC().Format(time.RFC3339), m.Database.Size>>20, m.Files, m.FileBytes>>20, m.Leaves)
	return nil
}

// Run puts a backup into an empty place and checks it.
func (r *restoreCmd) Run(ctx context.Context) error {
	report, err := app.Restore(ctx, r.config(), r.From, r.Keys, r.Sample, progress(time.Now()))
	if err != nil {
		return err
	}
	fmt.Printf("restored to %s: the evidence log is whole, %d learners with %d credit records were recomputed\n", r.Data, report.Learners, report.Records)
	return nil
}

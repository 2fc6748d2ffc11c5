package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/secret"
)

// keysCmd changes the key that personal data is sealed with, step by step (docs/runbook/keys.md).
type keysCmd struct {
	List   keysList   `cmd:"" help:"List the sealing keys, the oldest first."`
	Add    keysAdd    `cmd:"" help:"Make a new key, which opens and seals nothing yet. Bring the key folder to every machine and restart."`
	Use    keysUse    `cmd:"" help:"Seal new values with the newest key. Bring the key folder to every machine and restart."`
	Reseal keysReseal `cmd:"" help:"Seal anew what older keys have sealed, while the platform serves. May be stopped and begun again."`
	Retire keysRetire `cmd:"" help:"Destroy the older keys, if nothing is sealed with them any more."`
}

type keyFolder struct {
	Data string `help:"Folder of database, media and keys." default:"./data" env:"DATA"`
}

func (k keyFolder) dir() string { return filepath.Join(k.Data, "keys") }

type (
	keysList   struct{ keyFolder }
	keysAdd    struct{ keyFolder }
	keysUse    struct{ keyFolder }
	keysReseal struct{ storage }
	keysRetire struct{ storage }
)

// Run lists.
func (k *keysList) Run() error {
	all, err := secret.SealingKeys(k.dir())
	for _, key := range all {
		use := "opens"
		if key.Used {
			use = "seals and opens"
		}
		fmt.Printf("%08x  %s\n", key.ID, use)
	}
	return err
}

// Run adds a key.
func (k *keysAdd) Run() error {
	id, err := secret.AddSealingKey(k.dir())
	if err == nil {
		fmt.Printf("%08x is new. Copy %s to every machine and to the safe, restart every process; then: xueshi keys use\n", id, k.dir())
	}
	return err
}

// Run uses the newest key.
func (k *keysUse) Run() error {
	id, err := secret.UseSealingKey(k.dir())
	if err == nil {
		fmt.Printf("%08x seals from the next start on. Copy %s to every machine and to the safe, restart every process; then: xueshi keys reseal\n", id, k.dir())
	}
	return err
}

// Run seals anew.
func (k *keysReseal) Run(ctx context.Context) error {
	n, err := reseal(ctx, k.storage, false)
	if err == nil {
		fmt.Printf("%d values were sealed anew. When every process has been restarted with the new key: xueshi keys retire\n", n)
	}
	return err
}

// Run retires.
func (k *keysRetire) Run(ctx context.Context) error {
	left, err := reseal(ctx, k.storage, true)
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d values are still sealed with older keys: run xueshi keys reseal, once every process has the new key", left)
	}
	n, err := secret.RetireSealingKeys(filepath.Join(k.Data, "keys"))
	if err == nil {
		fmt.Printf("%d older keys are gone. Old backups still need them: keep the safe's copy as long as those\n", n)
	}
	return err
}

func reseal(ctx context.Context, s storage, count bool) (int64, error) {
	a, err := app.New(ctx, s.config(), clock.System{}, nil)
	if err != nil {
		return 0, err
	}
	n, err := a.Reseal(identity.SystemContext(ctx, "command line"), count, progress(time.Now()))
	return n, errors.Join(err, a.Close())
}

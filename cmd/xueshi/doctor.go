package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/kernel/clock"
)

type doctorCmd struct{ storage }

// doctorIn is how long all checks together may take.
const doctorIn = 30 * time.Second

// Run prints a line for each check and fails when one of them does.
func (d *doctorCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, doctorIn)
	defer cancel()
	cfg := d.config()
	cfg.Look = true
	a, err := app.New(ctx, cfg, clock.System{}, nil)
	if err != nil {
		return err
	}
	failed := 0
	for _, c := range a.Doctor(ctx) {
		fmt.Printf("%-5s %-14s %s\n", c.State, c.Name, c.Detail)
		if c.State == app.CheckFail {
			failed++
		}
	}
	if failed > 0 {
		err = fmt.Errorf("%d checks failed", failed)
	}
	return errors.Join(err, a.Close())
}

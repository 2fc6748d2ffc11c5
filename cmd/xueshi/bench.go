package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/demo"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/simulate"
)

type benchCmd struct {
	People benchPeople `cmd:"" help:"Make learners for a simulation, in a demo city, and log them in."`
	City   benchCity   `cmd:"" help:"Let them study against a deployment, and report response times, errors and lost credit. Fails when a learner could not go on or lost more than a second an hour."`
}

type benchPeople struct {
	storage
	Learners int    `help:"How many." default:"1000"`
	Out      string `help:"File to write: a line of JSON for each. It lets its holder study as they do; they are nobody." default:"people.jsonl"`
}

type benchCity struct {
	Base   string        `arg:"" help:"Address of the deployment: http://HOST:PORT or https://HOST."`
	People string        `help:"File made by bench people." default:"people.jsonl" type:"existingfile"`
	Most   int           `help:"Only the first so many; 0 = all." default:"0"`
	Shape  string        `help:"steady: all are there from the beginning; evening: they come and go; deadline: more and more come, as on a year's last day." enum:"steady,evening,deadline" default:"evening"`
	For    time.Duration `help:"How long." default:"10m"`
	Media  bool          `help:"Fetch the video too." default:"true" negatable:""`
	Out    string        `help:"Write the report as JSON to this file."`
}

// Run makes them.
func (b *benchPeople) Run(ctx context.Context) error {
	if b.Learners < 1 || b.Learners > 1_000_000 {
		return errors.New("--learners: from 1 to 1000000")
	}
	a, err := app.New(ctx, b.config(), clock.System{}, nil)
	if err != nil {
		return err
	}
	people, err := demo.Crowd(ctx, demo.Deps{DB: a.DB, Identity: a.Identity}, b.Learners, func(done int) { fmt.Fprintf(os.Stderr, "\r%d of %d are logged in ", done, b.Learners) })
	fmt.Fprintln(os.Stderr)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	f, err := os.OpenFile(b.Out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, p := range people {
		err = errors.Join(err, json.NewEncoder(w).Encode(p))
	}
	if err = errors.Join(err, w.Flush(), f.Close()); err == nil {
		fmt.Printf("%d learners in %s\n", len(people), b.Out)
	}
	return err
}

// Run lets them study.
func (b *benchCity) Run(ctx context.Context) error {
	people, err := readPeople(b.People, b.Most)
	if err != nil {
		return err
	}
	r, err := simulate.Run(ctx, simulate.Plan{Base: b.Base, People: people, Shape: b.Shape, For: b.For, Media: b.Media, Told: func(online int64, requests, failed int) {
		fmt.Fprintf(os.Stderr, "%s  %d online, %d requests, %d errors\n", time.Now().Format(time.TimeOnly), online, requests, failed)
	}})
	if err != nil {
		return err
	}
	r.Write(os.Stdout)
	if b.Out != "" {
		raw, err := json.MarshalIndent(r, "", " ")
		if err == nil {
			err = os.WriteFile(b.Out, append(raw, '\n'), 0o644) //nolint:gosec // a report for everybody
		}
		if err != nil {
			return err
		}
	}
	if why := r.Failed(); why != "" && b.Media {
		return errors.New(why)
	}
	return nil
}

func readPeople(path string, most int) (out []simulate.Person, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	for in := json.NewDecoder(bufio.NewReader(f)); in.More() && (most == 0 || len(out) < most); {
		var p simulate.Person
		if err := in.Decode(&p); err != nil {
			return nil, fmt.Errorf("%s, learner %d: %w", path, len(out)+1, err)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		err = fmt.Errorf("%s holds nobody", path)
	}
	return out, err
}

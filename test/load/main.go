//go:build bench

// Command load measures the goals of speed and size: ratios against a no-op of the same server, against nginx, and against
// a bare Go program, each alternated in one run, written with machine and commit. The servers are processes of their own;
// their CPU, and that of every PostgreSQL process they use, is read from the kernel before and after each round.
//
//	go build -tags bench -o bin/load ./test/load && bin/load [-database postgres://…] [-only beats,segments] [-out bench/latest.json]
//
// The tag adds what only a measurement needs: a store that acknowledges at once, and segments without checks.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	serve    = flag.String("serve", "", "be a server of this kind (used by the command itself)")
	database = flag.String("database", "", "PostgreSQL address; empty = SQLite")
	learners = flag.Int("learners", 5_000, "learners with a lease")
	seconds  = flag.Float64("seconds", 2, "length of a round")
	rounds   = flag.Int("rounds", 5, "alternating rounds")
	conns    = flag.Int("connections", 256, "closed-loop connections")
	rate     = flag.Int("rate", 8000, "heartbeats a second in the open loop")
	idle     = flag.Int("idle", 10_000, "connections when memory is measured")
	only     = flag.String("only", "", "sections to run, separated by commas; empty = all")
	out      = flag.String("out", "", "where to write the report; empty = standard output only")
	strict   = flag.Bool("strict", false, "exit 1 when a goal is missed")
	demoDir  = flag.String("demo", "demo", "demo sources")
	product  = flag.String("product", "bin/xueshi", "the program as it ships")
	bare     = flag.String("bare", "bin/bare", "the bare Go server")
	folder   = flag.String("folder", "", "data folder of a peer (used by the command itself)")
	corpus   = flag.String("corpus", "bin/corpus", "the command of test/courseware/cmd/corpus")
	profiles = flag.String("profiles", pathBeat, "path under load while -profile is written")
	profile  = flag.String("profile", "", "write a CPU profile of the server under heartbeats")
)

// section is a part of the bench; those that do not touch the database run once, with SQLite.
type section struct {
	name string
	both bool
	run  func() []result
}

var sections = []section{
	{"beats", true, measureBeats},
	{"cluster", true, measureCluster},
	{"segments", false, measureSegments},
	{"memory", false, measureMemory},
	{"start", false, measureStart},
	{"courseware", false, measureCourseware},
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	if *serve == "peer" {
		peerMain()
		return
	}
	if *serve != "" {
		serveMain()
		return
	}
	raiseFiles()
	began := time.Now()
	missed := 0
	for _, s := range sections {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.name) || *only == "" && *database != "" && !s.both {
			continue
		}
		progress("%s, %s", s.name, engine())
		emptyDatabase(s.name)
		rs := s.run()
		for _, r := range rs {
			word := "ok"
			if !r.OK {
				word = "MISSED"
				missed++
			}
			fmt.Printf("%-62s %10.2f %-12s %-30s %s\n", r.Name, r.Value, r.Unit, r.Target, word)
		}
		write(rs)
	}
	if city != nil {
		city.stop()
	}
	progress("done in %.0f s, %d missed", time.Since(began).Seconds(), missed)
	if *strict && missed > 0 {
		os.Exit(1)
	}
}

// emptyDatabase gives a section a database of its own beside the one that was named: an installation's keys go with its database, and
// each section founds an installation.
func emptyDatabase(section string) {
	if *database == "" {
		return
	}
	address, err := url.Parse(*database)
	check(err)
	address.Path = "/" + fmt.Sprintf("load_%s_%d", section, os.Getpid())
	ctx := context.Background()
	c, err := pgx.Connect(ctx, *database)
	check(err)
	defer c.Close(ctx) //nolint:errcheck // the server is going away with the run
	_, err = c.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{address.Path[1:]}.Sanitize())
	check(err)
	*database = address.String()
}

func engine() string {
	if *database != "" {
		return "postgres"
	}
	return "sqlite"
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

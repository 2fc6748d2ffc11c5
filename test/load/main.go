// Command load measures durable heartbeats against a no-op handler of the same server, alternated in one run, and writes
// the ratios with machine and commit (goals G-P1, G-P2, G-P9, G-P26). The server is a process of its own; its CPU, and
// that of every PostgreSQL process it uses, is read from the kernel before and after each round.
//
//	go run ./test/load [-database postgres://…] [-learners 2000] [-seconds 3] [-rounds 5] [-out bench/latest.json]
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is one measured goal.
type result struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target string  `json:"target"`
	OK     bool    `json:"ok"`
	How    string  `json:"how"`
}

type report struct {
	At      string   `json:"at"`
	Commit  string   `json:"commit"`
	Machine string   `json:"machine"`
	Results []result `json:"results"`
}

var (
	serve    = flag.Bool("serve", false, "be the server (used by the command itself)")
	database = flag.String("database", "", "PostgreSQL address; empty = SQLite")
	learners = flag.Int("learners", 2000, "learners with a lease")
	seconds  = flag.Int("seconds", 3, "length of a round")
	rounds   = flag.Int("rounds", 5, "alternating rounds")
	conns    = flag.Int("connections", 128, "closed-loop connections")
	out      = flag.String("out", "", "where to write the report; empty = standard output only")
	demoDir  = flag.String("demo", "demo", "demo sources")
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if *serve {
		serveMain()
		return
	}
	srv, seats := startServer()
	defer func() { _ = srv.Process.Kill() }()
	engine := "sqlite"
	if *database != "" {
		engine = "postgres"
	}
	idle := rss(srv.Process.Pid)
	l := newLoad(seats)
	l.round("warm-up", 1, (*load).beat)
	var rate, cpu []float64
	var noop, beats []sample
	for range *rounds {
		n := l.measure(srv.Process.Pid, (*load).noop)
		b := l.measure(srv.Process.Pid, (*load).beat)
		noop, beats = append(noop, n), append(beats, b)
		rate = append(rate, b.rate/n.rate)
		cpu = append(cpu, b.cpu/n.cpu)
	}
	how := fmt.Sprintf("%s, %d learners, %d connections, median of %d alternating rounds of %d s; load generator on the same machine", engine, *learners, *conns, *rounds, *seconds)
	rs := []result{
		{"G-P1 durable heartbeat rate, " + engine, median(rate), "of no-op", ">= 0.12", median(rate) >= 0.12, how},
		{"G-P2 CPU per durable heartbeat, " + engine, median(cpu), "x no-op", "<= 8.0", median(cpu) <= 8, how + "; database CPU included"},
		{"durable heartbeats, " + engine, medianOf(beats, func(s sample) float64 { return s.rate }), "per second", "-", true, how},
		{"no-op requests, " + engine, medianOf(noop, func(s sample) float64 { return s.rate }), "per second", "-", true, how},
		{"CPU per heartbeat, " + engine, medianOf(beats, func(s sample) float64 { return s.cpu }), "us", "-", true, how},
		{"heartbeat p50 at saturation, " + engine, medianOf(beats, func(s sample) float64 { return s.p50 }), "ms", "-", true, how + "; closed loop: queueing, not service latency"},
		{"heartbeat p99 at saturation, " + engine, medianOf(beats, func(s sample) float64 { return s.p99 }), "ms", "-", true, how + "; closed loop: queueing, not service latency"},
		{"G-P26 idle memory, " + engine, idle, "MB", "<= 80", idle <= 80, "RSS after start with the learners in the store"},
		{"refused beats, " + engine, float64(l.refused.Load()), "beats", "0", l.refused.Load() == 0, how},
	}
	for _, r := range rs {
		fmt.Printf("%-44s %10.2f %-10s %-8s %v\n", r.Name, r.Value, r.Unit, r.Target, map[bool]string{true: "ok", false: "MISSED"}[r.OK])
	}
	write(rs)
}

// startServer runs this program as the server and reads the seats it prepared.
func startServer() (*exec.Cmd, []seat) {
	cmd := exec.Command(os.Args[0], "-serve", "-database", *database, "-learners", fmt.Sprint(*learners), "-demo", *demoDir)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	sc := bufio.NewScanner(pipe)
	sc.Buffer(nil, 1<<20)
	var seats []seat
	for sc.Scan() {
		var s seat
		check(json.Unmarshal(sc.Bytes(), &s))
		if s.Token == "" {
			base = s.Base
			return cmd, seats
		}
		seats = append(seats, s)
	}
	log.Fatal("the server did not start")
	return nil, nil
}

func write(rs []result) {
	if *out == "" {
		return
	}
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	rep := report{At: time.Now().UTC().Format(time.RFC3339), Commit: strings.TrimSpace(string(commit)),
		Machine: fmt.Sprintf("%d CPUs, %s", runtime.NumCPU(), runtime.Version())}
	if raw, err := os.ReadFile(*out); err == nil { // both engines write into one report of the same run
		var old report
		if json.Unmarshal(raw, &old) == nil && old.Commit == rep.Commit {
			for _, r := range old.Results {
				if !slices.ContainsFunc(rs, func(n result) bool { return n.Name == r.Name }) {
					rep.Results = append(rep.Results, r)
				}
			}
		}
	}
	rep.Results = append(rep.Results, rs...)
	raw, err := json.MarshalIndent(rep, "", " ")
	check(err)
	check(os.WriteFile(*out, append(raw, '\n'), 0o644))
}

func median(v []float64) float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}

func medianOf(v []sample, f func(sample) float64) float64 {
	var s []float64
	for _, x := range v {
		s = append(s, f(x))
	}
	return median(s)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

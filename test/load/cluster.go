//go:build bench

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"xueshi/internal/app"
	"xueshi/internal/kernel/clock"
	"xueshi/internal/platform/httpx"
)

// nodes is the most processes that are measured over one database.
const nodes = 4

// peerMain serves the program as it ships, over a database and a folder that another process has filled.
func peerMain() {
	raiseFiles()
	app.TradeMemory()
	a, err := app.New(context.Background(), app.Config{Data: *folder, Database: *database, Demo: *demoDir}, clock.System{}, nil)
	check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /noop", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.Handle("/", a.Handler)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	check(json.NewEncoder(os.Stdout).Encode(seat{Base: ln.Addr().String()}))
	check(httpx.Server(mux).Serve(ln))
}

// startPeer runs this program as one more process over what srv has filled.
func startPeer(srv *server) *server {
	p := &server{kind: "peer", cmd: exec.Command(os.Args[0], "-serve", "peer", "-folder", srv.addr.Dir, "-database", *database, "-demo", *demoDir)}
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := p.cmd.StdoutPipe()
	check(err)
	check(p.cmd.Start())
	sc := bufio.NewScanner(pipe)
	if !sc.Scan() {
		log.Fatal("a peer did not start")
	}
	check(json.Unmarshal(sc.Bytes(), &p.addr))
	return p
}

// spread is load over so many processes.
type spread struct {
	*load
	all   []*server
	lanes []*lane // those that send
	used  int
	hop   bool // each heartbeat of a learner goes to the next process, as behind a proxy that does not keep learners together
}

// over sends from here on to the first n processes over so many connections: each learner to one of them, or to each in turn.
func (s *spread) over(n, connections int, hop bool) {
	s.used, s.hop, s.lanes = n, hop, s.wet[:connections]
	for _, la := range s.wet {
		la.w.close()
	}
	for i, la := range s.lanes {
		la.slot, la.w.addr = i, s.all[i%n].addr.Base
	}
	each(s.lanes, func(la *lane) { // whoever has come from another process is read here
		for range la.players {
			s.one(la, pathBeat)
		}
	})
}

// round is a closed loop; its CPU is that of all processes and of PostgreSQL.
func (s *spread) round() sample {
	cpu, db, began, done := 0.0, postgresCPU(), time.Now(), make([]int, len(s.lanes))
	for _, p := range s.all[:s.used] {
		cpu -= familyCPU(p.pid())
	}
	end := began.Add(time.Duration(*seconds * float64(time.Second)))
	each(s.lanes, func(la *lane) {
		for time.Now().Before(end) {
			if s.hop && la.next%len(la.players) == 0 { // a round of its learners later, each of them meets another process
				la.w.close()
				la.w.addr = s.all[(la.slot+la.next/len(la.players))%s.used].addr.Base
			}
			s.one(la, pathBeat)
			done[la.slot]++
		}
	})
	took, n := time.Since(began).Seconds(), 0.0
	for _, d := range done {
		n += float64(d)
	}
	for _, p := range s.all[:s.used] {
		cpu += familyCPU(p.pid())
	}
	db = postgresCPU() - db
	return sample{rate: n / took, cpu: (cpu + db) * 1e6 / n, db: db * 1e6 / n, n: int(n)}
}

// measureCluster is G-P32: what a heartbeat costs when a city has outgrown one process and each of several carries as much over one
// database; and, beside it, what one process's load costs when it is divided.
func measureCluster() []result {
	if *database == "" {
		return nil // one SQLite file is one process's
	}
	srv := startServer("cluster", *learners, "")
	defer srv.stop()
	s := &spread{load: newLoad(srv, *conns*nodes), all: []*server{srv}}
	for len(s.all) < nodes {
		p := startPeer(srv)
		defer p.stop()
		s.all = append(s.all, p)
	}
	kinds := []struct {
		n, connections int
		hop            bool
	}{{1, *conns, false}, {2, 2 * *conns, false}, {nodes, nodes * *conns, false}, {nodes, *conns, false}, {2, *conns, true}}
	got := make([][]sample, len(kinds))
	for i := range *rounds {
		for k, kind := range kinds {
			s.over(kind.n, kind.connections, kind.hop)
			got[k] = append(got[k], s.round())
		}
		progress("round %d: 1 process %.1f us (database %.1f), 2 %.1f (%.1f), %d %.1f (%.1f), divided %.1f (%.1f), in turn %.1f (%.1f)", i+1,
			got[0][i].cpu, got[0][i].db, got[1][i].cpu, got[1][i].db, nodes, got[2][i].cpu, got[2][i].db, got[3][i].cpu, got[3][i].db, got[4][i].cpu, got[4][i].db)
	}
	cpu := func(x sample) float64 { return x.cpu }
	how := fmt.Sprintf("postgres, %d learners, %d connections a process, median of %d alternating rounds of %g s; CPU of all processes and of the database; each learner stays with a process; all on this machine", *learners, *conns, *rounds, *seconds)
	return []result{
		atMost("G-P32 CPU per heartbeat, 2 processes, postgres", ratios(got[1], got[0], cpu), "x one process", 1.15, 1.05, how),
		atMost(fmt.Sprintf("G-P32 CPU per heartbeat, %d processes, postgres", nodes), ratios(got[2], got[0], cpu), "x one process", 1.3, 1.15, how),
		fact(fmt.Sprintf("CPU per heartbeat, one process's load divided among %d, postgres", nodes), ratios(got[3], got[0], cpu), "x one process", how+" but here, where all share one process's connections: each commits smaller batches"),
		fact("CPU per heartbeat, 2 processes in turn, postgres", ratios(got[4], got[0], cpu), "x one process", how+" but here, where each heartbeat of a learner meets the other process, which has to read the row anew"),
		fact("CPU per heartbeat, 1 of 4 processes, postgres", medianOf(got[0], cpu), "us", how),
		exactly("refused heartbeats, several processes, postgres", float64(s.refused.Load()), "beats", 0, how),
	}
}

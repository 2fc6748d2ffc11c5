//go:build bench

package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
)

// The paths of a round: the heartbeat, the same bytes to a handler that writes two bytes, and the heartbeat to a store
// that acknowledges at once.
const (
	pathBeat = "/api/learner/playback/beat"
	pathNoop = "/noop"
	pathDry  = "/dry" + pathBeat
)

type sample struct {
	rate, cpu, db, p50, p99 float64 // per second; µs a request; of it PostgreSQL; ms
	n                       int
}

// lane is a connection with the players that use it, one after the other.
type lane struct {
	w       wire
	players []*player
	next    int
	slot    int // its number
	req     []byte
}

func (l *lane) send(path string) (status int, err error) {
	p := l.players[l.next%len(l.players)]
	l.next++
	l.req = p.request(l.req, l.w.addr, path)
	status, _, err = l.w.do(l.req)
	return status, err
}

type load struct {
	srv     *server
	wet     []*lane
	dry     []*lane
	refused atomic.Int64
}

func newLoad(srv *server, n int) *load {
	l := &load{srv: srv}
	begin := time.Now()
	for _, dry := range []bool{false, true} {
		lanes := make([]*lane, n)
		for i := range lanes {
			lanes[i] = &lane{w: wire{addr: srv.addr.Base}}
		}
		k := 0
		for i := range srv.seats {
			if s := &srv.seats[i]; s.Dry == dry {
				lanes[k%n].players = append(lanes[k%n].players, &player{seat: s, begin: begin})
				k++
			}
		}
		if k > 0 && k < n && srv.kind == "beats" { // fewer players than connections
			lanes = lanes[:k]
		}
		if dry {
			l.dry = lanes
		} else {
			l.wet = lanes
		}
	}
	return l
}

// each runs f on every lane at once.
func each(lanes []*lane, f func(l *lane)) {
	var wg sync.WaitGroup
	for _, l := range lanes {
		wg.Go(func() { f(l) })
	}
	wg.Wait()
}

func (l *load) one(la *lane, path string) {
	if status, err := la.send(path); err != nil || status != http.StatusOK {
		if l.refused.Add(1) == 1 {
			progress("first refusal: %s %d %v", path, status, err)
		}
	}
}

// warm sends one heartbeat of every learner, so that no round holds the first reading of a row.
func (l *load) warm() {
	each(l.wet, func(la *lane) {
		for range la.players {
			l.one(la, pathBeat)
		}
	})
	each(l.dry, func(la *lane) {
		for range la.players {
			l.one(la, pathDry)
		}
	})
}

// closed runs a closed loop from every lane.
func (l *load) closed(path string) sample {
	lanes := l.wet
	if path == pathDry {
		lanes = l.dry
	}
	var mu sync.Mutex
	var all []time.Duration
	pid := l.srv.pid()
	cpu, db, t := serverCPU(pid), postgresCPU(), time.Now()
	end := t.Add(time.Duration(*seconds * float64(time.Second)))
	each(lanes, func(la *lane) {
		var mine []time.Duration
		for at := time.Now(); at.Before(end); {
			l.one(la, path)
			now := time.Now()
			mine = append(mine, now.Sub(at))
			at = now
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, mine...)
	})
	return summary(all, time.Since(t), serverCPU(pid)-cpu, postgresCPU()-db)
}

// open sends at a fixed rate, whatever the answers do, and counts latency from the scheduled time.
func (l *load) open(path string) sample {
	var mu sync.Mutex
	var all []time.Duration
	pid := l.srv.pid()
	step := time.Duration(float64(time.Second) * float64(len(l.wet)) / float64(*rate))
	cpu, db, t := serverCPU(pid), postgresCPU(), time.Now()
	end := t.Add(time.Duration(*seconds * float64(time.Second)))
	var k atomic.Int64
	each(l.wet, func(la *lane) {
		var mine []time.Duration
		phase := time.Duration(k.Add(1)) * step / time.Duration(len(l.wet))
		for at := t.Add(phase); at.Before(end); at = at.Add(step) {
			time.Sleep(time.Until(at))
			l.one(la, path)
			mine = append(mine, time.Since(at))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, mine...)
	})
	return summary(all, time.Since(t), serverCPU(pid)-cpu, postgresCPU()-db)
}

func summary(lat []time.Duration, took time.Duration, cpu, db float64) sample {
	slices.Sort(lat)
	n := float64(len(lat))
	ms := func(q float64) float64 { return float64(lat[int(q*(n-1))].Microseconds()) / 1000 }
	return sample{rate: n / took.Seconds(), cpu: cpu * 1e6 / n, db: db * 1e6 / n, p50: ms(.5), p99: ms(.99), n: len(lat)}
}

func measureBeats() []result {
	srv := startServer("beats", *learners, "")
	defer srv.stop()
	progress("%d learners are seated", len(srv.seats))
	l := newLoad(srv, *conns)
	l.warm()
	if *profile != "" {
		return l.profiled()
	}
	for _, path := range []string{pathDry, pathBeat, pathNoop} { // a round that does not count
		l.closed(path)
	}
	wal := newWAL()
	var noop, beat, dry []sample
	for i := range *rounds {
		n := l.closed(pathNoop)
		wal.start()
		b := l.closed(pathBeat)
		wal.stop(b.n)
		d := l.closed(pathDry)
		noop, beat, dry = append(noop, n), append(beat, b), append(dry, d)
		progress("round %d: no-op %.0f/s %.1f us, heartbeat %.0f/s %.1f us (database %.1f), store off %.1f us", i+1, n.rate, n.cpu, b.rate, b.cpu, b.db, d.cpu)
	}
	e := ", " + engine()
	how := fmt.Sprintf("%s, %d learners, %d connections, median of %d alternating rounds of %g s; caches warm; load generator on the same machine", engine(), *learners, *conns, *rounds, *seconds)
	cpu := func(s sample) float64 { return s.cpu }
	rate := func(s sample) float64 { return s.rate }
	rs := []result{
		atLeast("G-P1 durable heartbeat rate"+e, ratios(beat, noop, rate), "of no-op", 0.12, 0.40, how),
		atMost("G-P2 CPU per durable heartbeat"+e, ratios(beat, noop, cpu), "x no-op", 8, 2.5, how+"; database CPU included"),
		atMost("G-P3 cost of durability"+e, ratios(beat, dry, cpu), "x store off", 1.8, 1.4, how+"; CPU against the same path with a store that acknowledges at once"),
		fact("durable heartbeats"+e, medianOf(beat, rate), "per second", how),
		fact("no-op requests"+e, medianOf(noop, rate), "per second", how),
		fact("CPU per heartbeat"+e, medianOf(beat, cpu), "us", how),
		fact("of it the database"+e, medianOf(beat, func(s sample) float64 { return s.db }), "us", how),
		fact("CPU per no-op"+e, medianOf(noop, cpu), "us", how),
	}
	rs = append(rs, wal.results(how)...)
	rs = append(rs, l.latency()...)
	return append(rs, exactly("refused heartbeats"+e, float64(l.refused.Load()), "beats", 0, how))
}

// noisyP99 is the no-op's p99 above which a round says nothing about latency.
const noisyP99 = 3.0

// latency is G-P4 and G-P5: rounds on a noisy machine are repeated, at most twice as many as wanted.
func (l *load) latency() []result {
	const window = 1.0 // ms that the committer waits under load
	var noop, beat []sample
	var syncs, added, quietAdded []float64
	noisy := 0
	for try := 0; len(noop) < *rounds && try < 3**rounds; try++ {
		stop := probe(os.TempDir())
		n := l.open(pathNoop)
		b := l.open(pathBeat)
		fsync := float64(stop()) / 1e6
		progress("open loop: no-op p50 %.2f p99 %.2f ms, heartbeat p50 %.2f p99 %.2f ms, fdatasync %.2f ms", n.p50, n.p99, b.p50, b.p99, fsync)
		if n.p99 > noisyP99 && try < 2**rounds {
			noisy++
			continue
		}
		noop, beat, syncs = append(noop, n), append(beat, b), append(syncs, fsync)
		added = append(added, (b.p50-n.p50)/(window+fsync))
		quietAdded = append(quietAdded, n.p99)
	}
	e := ", " + engine()
	how := fmt.Sprintf("%s, open loop of %d/s over %d connections, latency from the scheduled time, median of %d alternating rounds of %g s; %d rounds repeated because the no-op's p99 was above %g ms",
		engine(), *rate, len(l.wet), len(noop), *seconds, noisy, noisyP99)
	if median(quietAdded) > noisyP99 {
		how += "; the machine stayed too noisy for a latency goal"
	}
	p99 := medianOf(beat, func(s sample) float64 { return s.p99 })
	p99n := medianOf(noop, func(s sample) float64 { return s.p99 })
	p50 := func(s sample) float64 { return s.p50 }
	return []result{
		atMost("G-P4 heartbeat p50 above no-op's"+e, median(added), "x (window + fdatasync)", 2.5, 1.5, how),
		atMost("G-P5 heartbeat p99"+e, p99, "ms", 15, 5, how),
		atMost("G-P5 heartbeat p99 against no-op"+e, p99/p99n, "x no-op", 10, 3.5, how),
		fact("heartbeat p50"+e, medianOf(beat, p50), "ms", how),
		fact("no-op p50"+e, medianOf(noop, p50), "ms", how),
		fact("no-op p99"+e, p99n, "ms", how),
		fact("fdatasync p50 during the open loop"+e, median(syncs), "ms", "4 KB appended every 10 ms on the disk of the database"),
	}
}

// profiled writes a CPU profile of the server under heartbeats, for whoever works on it.
func (l *load) profiled() []result {
	l.closed(*profiles)
	done := make(chan bool)
	go func() {
		defer close(done)
		res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", l.srv.addr.Base, int(*seconds)))
		check(err)
		f, err := os.Create(*profile)
		check(err)
		_, err = io.Copy(f, res.Body)
		check(err)
		check(f.Close())
	}()
	b := l.closed(*profiles)
	<-done
	return []result{fact("CPU per heartbeat", b.cpu, "us", "profiled"), fact("of it the database", b.db, "us", "profiled")}
}

// wal counts what PostgreSQL writes to its log during rounds.
type wal struct {
	db          *sql.DB
	from, bytes float64
	beats       int
}

func newWAL() *wal {
	if *database == "" {
		return nil
	}
	db, err := sql.Open("pgx", *database)
	check(err)
	return &wal{db: db}
}

func (w *wal) at() (lsn float64) {
	check(w.db.QueryRowContext(context.Background(), `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn`).Scan(&lsn))
	return lsn
}

func (w *wal) start() {
	if w != nil {
		w.from = w.at()
	}
}

func (w *wal) stop(beats int) {
	if w != nil {
		w.bytes += w.at() - w.from
		w.beats += beats
	}
}

func (w *wal) results(how string) []result {
	if w == nil {
		return nil
	}
	defer func() { _ = w.db.Close() }()
	var hot float64
	check(w.db.QueryRowContext(context.Background(), `SELECT 100.0 * n_tup_hot_upd / greatest(n_tup_upd, 1) FROM pg_stat_user_tables WHERE relname = 'study'`).Scan(&hot))
	return []result{
		atMost("G-P31 WAL per heartbeat, postgres", w.bytes/float64(w.beats), "bytes", 200, 80, how+"; log position before and after each round of heartbeats"),
		fact("updates of study that touch no index, postgres", hot, "%", "n_tup_hot_upd of n_tup_upd"),
	}
}

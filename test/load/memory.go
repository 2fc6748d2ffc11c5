//go:build bench

package main

import (
	"fmt"
	"net/http"
	"sync"
)

// city is a server with learners whose data the start section uses too.
var city *server

// measureMemory is G-P9 and G-P10.
func measureMemory() []result {
	n := *idle
	empty := startServer("memory", 1, "")
	noop := perConnection(empty, n, pathNoop)
	empty.stop()
	srv := startServer("memory", n, "")
	city = srv // for the next section
	beat := perConnection(srv, n, pathBeat)
	record := perRecord()
	how := fmt.Sprintf("%d kept connections after one POST each, growth of RSS after a forced collection, a server process each", n)
	return []result{
		atMost("G-P9 memory per active learner, connection included", beat/noop, "x no-op's idle connection", 1.5, 1.1, how),
		fact("memory per active learner", beat, "bytes", how),
		fact("memory per idle connection of the no-op server", noop, "bytes", how),
		atMost("G-P10 session record", record, "bytes", 600, 300, fmt.Sprintf("growth of RSS when the heartbeat cache is filled with %d learners, the most a process keeps; the login behind it is in G-P9", records)),
	}
}

// records is the size of the heartbeat cache.
const records = 200_000

// perRecord is how much a server of its own grows by a learner in its heartbeat cache.
func perRecord() float64 {
	srv := startServer("memory", 1, "")
	defer srv.stop()
	l := newLoad(srv, 1)
	l.one(l.wet[0], pathBeat)
	srv.get("/debug/free")
	before := rss(srv.pid())
	srv.get(fmt.Sprintf("/debug/records?n=%d", records))
	srv.get("/debug/free")
	return (rss(srv.pid()) - before) / records
}

// perConnection is how much the server grows by a connection that has sent one request.
func perConnection(srv *server, n int, path string) float64 {
	srv.get("/debug/free")
	before := rss(srv.pid())
	l := newLoad(srv, n)
	for _, la := range l.wet { // a server with one learner: every connection is that learner's
		if len(la.players) == 0 {
			la.players = l.wet[0].players
		}
	}
	progress("%d connections, %s", n, path)
	gate := make(chan bool, 64)
	var wg sync.WaitGroup
	for _, la := range l.wet {
		gate <- true
		wg.Go(func() {
			defer func() { <-gate }()
			if path == pathNoop {
				status, _, err := la.w.do([]byte("POST /noop HTTP/1.1\r\nHost: load\r\nContent-Length: 2\r\n\r\n{}"))
				if err != nil || status != http.StatusOK {
					check(fmt.Errorf("no-op: %d %w", status, err))
				}
				return
			}
			l.one(la, path)
		})
	}
	wg.Wait()
	if r := l.refused.Load(); r > 0 {
		check(fmt.Errorf("%d of %d heartbeats were refused", r, n))
	}
	for range 4 { // each collection halves a stack that is too large
		srv.get("/debug/free")
	}
	grown := rss(srv.pid()) - before
	for _, la := range l.wet {
		_ = la.w.c.Close()
	}
	return grown / float64(n)
}

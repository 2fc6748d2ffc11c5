//go:build bench

package main

import (
	"fmt"
	"net/http"
	"sync"
)

// measureMemory is G-P9 and G-P10.
func measureMemory() []result {
	n := *idle
	empty := startServer("memory", 1, "")
	noop := perConnection(empty, n, pathNoop)
	empty.stop()
	srv := startServer("memory", n, "")
	defer srv.stop()
	beat := perConnection(srv, n, pathBeat)
	records := max(n, 200_000) // as many as a process keeps
	before := rss(srv.pid())
	srv.get(fmt.Sprintf("/debug/records?n=%d", records))
	record := (rss(srv.pid()) - before) / float64(records-n)
	how := fmt.Sprintf("%d kept connections after one POST each, growth of RSS after a forced collection, a server process each", n)
	return []result{
		atMost("G-P9 memory per active learner, connection included", beat/noop, "x no-op's idle connection", 1.5, 1.1, how),
		fact("memory per active learner", beat, "bytes", how),
		fact("memory per idle connection of the no-op server", noop, "bytes", how),
		atMost("G-P10 session record", record, "bytes", 600, 300, fmt.Sprintf("growth of RSS from %d to %d learners in the heartbeat cache, the most a process keeps", n, records)),
	}
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
	srv.get("/debug/free")
	grown := rss(srv.pid()) - before
	for _, la := range l.wet {
		_ = la.w.c.Close()
	}
	return grown / float64(n)
}

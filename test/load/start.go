//go:build bench

package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// measureStart is G-P24 to G-P26: the program as it ships, beside the smallest Go server, over the data of a city with
// learners who hold leases.
func measureStart() []result {
	srv := city
	if srv == nil {
		srv = startServer("memory", *learners, "")
	}
	defer srv.stop()
	_ = srv.cmd.Process.Kill() // its data stays; the program is started on it
	_ = srv.cmd.Wait()
	var ours, theirs, idleMB []float64
	for range 2 * *rounds {
		t, _ := untilServing(exec.Command(*bare))
		theirs = append(theirs, t)
		t, mem := untilServing(exec.Command(*product, "serve", "--addr", "127.0.0.1:0", "--data", srv.addr.Dir, "--media", *demoDir))
		ours, idleMB = append(ours, t), append(idleMB, mem)
	}
	how := fmt.Sprintf("from exec to the first 200, SQLite migrated, %d learners with live leases, median of %d starts, alternated with the bare server", len(srv.seats), 2**rounds)
	size := sizeMB(*product)
	return []result{
		atMost("G-P24 start", median(ours), "ms", 200, 60, how),
		atMost("G-P24 start against a bare Go server", median(ours)/median(theirs), "x", 40, 12, how),
		fact("start of the bare Go server", median(theirs), "ms", how),
		atMost("G-P25 stripped binary with the pages", size, "MB", 60, 45, *product),
		atMost("G-P25 binary against a bare Go server", size/sizeMB(*bare), "x", 8, 8, *product+" against the same link flags"),
		atMost("G-P26 idle memory", median(idleMB), "MB", 80, 40, fmt.Sprintf("RSS a second after start, %d learners in the store", len(srv.seats))),
	}
}

// untilServing starts a server that prints its address first, and stops it again.
func untilServing(cmd *exec.Cmd) (ms, idleMB float64) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := cmd.StdoutPipe()
	check(err)
	t := time.Now()
	check(cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(pipe).ReadString('\n')
	check(err)
	res, err := http.Get(strings.TrimSpace(line) + "/healthz")
	check(err)
	took := time.Since(t)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		check(fmt.Errorf("%s: %s", cmd.Path, res.Status))
	}
	time.Sleep(time.Second)
	return float64(took.Microseconds()) / 1000, rss(cmd.Process.Pid) / 1e6
}

func sizeMB(path string) float64 {
	info, err := os.Stat(path)
	check(err)
	return float64(info.Size()) / 1e6
}

//go:build bench

package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// seat is one learner with a lease, as the server prepared it; the last line of a server has its addresses only.
type seat struct {
	Token   string `json:",omitempty"` // of the login
	Session string `json:",omitempty"`
	Epoch   int64  `json:",omitempty"`
	Key     []byte `json:",omitempty"`
	Media   string `json:",omitempty"` // token of the media URLs
	Dry     bool   `json:",omitempty"` // its heartbeats go to the store that acknowledges at once
	Base    string `json:",omitempty"` // host:port
	TLS     string `json:",omitempty"` // host:port
	Dir     string `json:",omitempty"` // data folder
	MediaID string `json:",omitempty"` // key prefix of the lesson's files
}

// server is a running server process.
type server struct {
	kind  string
	cmd   *exec.Cmd
	addr  seat
	seats []seat
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server and what it stored.
func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if s.addr.Dir != "" {
		_ = os.RemoveAll(s.addr.Dir)
	}
}

// get asks the server for one of its debug figures.
func (s *server) get(path string) []byte {
	res, err := http.Get("http://" + s.addr.Base + path)
	check(err)
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	_, err = b.ReadFrom(res.Body)
	check(err)
	if res.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s %s", path, res.Status, b.Bytes())
	}
	return b.Bytes()
}

// startServer runs this program as a server of a kind with so many learners; cpu pins it ("" = anywhere).
func startServer(kind string, n int, cpu string) *server {
	args := []string{os.Args[0], "-serve", kind, "-database", *database, "-learners", fmt.Sprint(n), "-demo", *demoDir}
	if cpu != "" {
		args = append([]string{"taskset", "-c", cpu}, args...)
	}
	s := &server{kind: kind, cmd: exec.Command(args[0], args[1:]...)}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := s.cmd.StdoutPipe()
	check(err)
	check(s.cmd.Start())
	sc := bufio.NewScanner(pipe)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var v seat
		check(json.Unmarshal(sc.Bytes(), &v))
		if v.Token == "" {
			s.addr = v
			return s
		}
		s.seats = append(s.seats, v)
	}
	log.Fatal("the server did not start")
	return nil
}

// serverCPU is user and system seconds of a process with its children, and of the PostgreSQL cluster when it is in use.
func serverCPU(pid int) float64 { return familyCPU(pid) + postgresCPU() }

// postgresCPU is the cluster's share.
func postgresCPU() float64 {
	if *database == "" {
		return 0
	}
	return familyCPU(postmaster())
}

// postmaster finds the process above our backend: other clusters of the machine are not ours to count.
var postmaster = sync.OnceValue(func() int {
	db, err := sql.Open("pgx", *database)
	check(err)
	defer func() { _ = db.Close() }()
	var backend int
	check(db.QueryRowContext(context.Background(), `SELECT pg_backend_pid()`).Scan(&backend))
	f := statOf(strconv.Itoa(backend))
	if f == nil {
		log.Fatal("PostgreSQL runs on another machine: its CPU cannot be counted here")
	}
	parent, err := strconv.Atoi(f[1])
	check(err)
	return parent
})

// familyCPU is user and system seconds of a process and its children, those that have ended included.
func familyCPU(pid int) (secs float64) {
	me := strconv.Itoa(pid)
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		other := strings.Split(path, "/")[2]
		f := statOf(other)
		if f == nil || other != me && f[1] != me {
			continue
		}
		for _, field := range f[11:15] { // utime stime cutime cstime
			ticks, _ := strconv.ParseFloat(field, 64)
			secs += ticks / 100
		}
	}
	return secs
}

// statOf is /proc/PID/stat behind the name: state, parent, …; nil when there is no such process.
func statOf(pid string) []string {
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
}

// ownCPU is user and system seconds of this process: the clients'.
func ownCPU() float64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// rss is the resident memory of a process in bytes.
func rss(pid int) float64 {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "VmRSS:") {
			kb, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return kb * 1024
		}
	}
	return 0
}

// raiseFiles takes as many file descriptors as the system gives.
func raiseFiles() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
	*idle = min(*idle, int(l.Max)-500)
}

// probe is the median of fdatasync after a small append, on the disk of dir, while it is not stopped.
func probe(dir string) (stop func() time.Duration) {
	f, err := os.CreateTemp(dir, "probe-")
	check(err)
	end, done := make(chan bool), make(chan []float64)
	go func() {
		var all []float64
		for {
			select {
			case <-end:
				done <- all
				return
			case <-time.After(10 * time.Millisecond):
			}
			_, _ = f.Write(make([]byte, 4096))
			t := time.Now()
			check(syscall.Fdatasync(int(f.Fd())))
			all = append(all, float64(time.Since(t)))
		}
	}()
	return func() time.Duration {
		close(end)
		all := <-done
		_ = f.Close()
		_ = os.Remove(f.Name())
		return time.Duration(median(all))
	}
}

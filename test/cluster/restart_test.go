package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xueshi/test/city"
)

// asked is what people who only read ask meanwhile: how often, and how often in vain.
type asked struct {
	all, failed atomic.Int64
	first       atomic.Value // what failed first
}

// ask asks some 200 times a second, over connections that are kept, until the function it gives is called.
func ask(url string) (stop func() *asked) {
	a, group := new(asked), new(sync.WaitGroup)
	ctx, end := context.WithCancel(context.Background())
	for range 20 {
		group.Go(func() {
			c := http.Client{Transport: &http.Transport{}, Timeout: back}
			defer c.CloseIdleConnections()
			for tick := time.Tick(100 * time.Millisecond); ctx.Err() == nil; <-tick {
				a.all.Add(1)
				if err := read(&c, url+"/api/public/courses"); err != nil {
					a.failed.Add(1)
					a.first.CompareAndSwap(nil, err.Error())
				}
			}
		})
	}
	return func() *asked { end(); group.Wait(); return a }
}

func read(c *http.Client, url string) error {
	res, err := c.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%d %v", res.StatusCode, err)
	}
	return nil
}

// restarted does something under load, and nobody's request is lost.
func (p *platform) restarted(happens func()) {
	p.Helper()
	stop := ask(p.url)
	var a *asked
	learners := p.under(func() { happens(); a = stop() })
	p.Logf("%d requests of readers", a.all.Load())
	if n := a.failed.Load(); n > 0 {
		p.Errorf("%d of %d requests were lost, the first: %v", n, a.all.Load(), a.first.Load())
	}
	for i, l := range learners {
		if l.failed > 0 {
			p.Errorf("learner %d had to send %d requests again", i, l.failed)
		}
	}
}

// Behind nginx each process is replaced in turn: told to end, it answers on while its connections close.
func TestProcessesAreReplacedInTurn(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := newPlatform(t, "", dsn(db), dsn(db))
	for _, s := range p.all {
		s.args = append(s.args, "--leave", "1s")
		s.stop()
		s.start()
	}
	p.restarted(func() {
		for range 2 {
			for _, s := range p.all {
				s.stop()
				s.start()
				<-time.After(3 * time.Second) // deploy's fail_timeout: so long nginx leaves a process alone that it could not reach
			}
		}
	})
}

// With a socket that systemd holds, a single process is replaced and nobody is refused.
func TestASocketOutlivesItsProcess(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := &platform{T: t, data: t.TempDir(), database: dsn(db)}
	p.seed()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close() // the file keeps it, as systemd does
	s := &process{platform: p, port: ln.Addr().(*net.TCPAddr).Port,
		args: []string{"serve", "--data", p.data, "--database", p.database, "--media", city.Root() + "/demo", "--leave", "1s"}}
	start := func() {
		cmd := exec.Command("bash", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "bash", city.Program(t)}, s.args...)...)
		cmd.ExtraFiles, cmd.Env = []*os.File{socket}, []string{"LISTEN_FDS=1"}
		s.run(cmd)
	}
	start()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	p.url = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	p.restarted(func() {
		for range 4 {
			s.stop()
			start()
		}
	})
}

package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xueshi/test/city"
)

// objects starts an S3 server that checks signatures, over a folder, and gives the way to it.
func objects(t *testing.T) *wire {
	t.Helper()
	bin, err := exec.Command(filepath.Join(city.Root(), "scripts", "versitygw.sh")).Output()
	if err != nil {
		t.Fatalf("scripts/versitygw.sh: %v", err)
	}
	dir, addr := t.TempDir(), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	if err := os.Mkdir(filepath.Join(dir, "files"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strings.TrimSpace(string(bin)), "--port", addr, "--access", s3Key, "--secret", s3Secret, "--quiet", "posix", dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, "the S3 server listens", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return newWire(t, addr)
}

// disk mounts a small disk of its own; fill leaves no room on it, and free gives the room back.
func disk(t *testing.T, megabytes int) (dir string, fill, free func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir, err := os.MkdirTemp("", "xueshi-disk-") // whose parents PostgreSQL's user can reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", megabytes)); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	fill = func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		for block := make([]byte, 64<<10); len(block) > 0; block = block[:len(block)/2] { // to the last byte
			for err = nil; err == nil; {
				_, err = f.Write(block)
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
		}
	}
	return dir, fill, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

// steered is a server whose clock a test sets: libfaketime, read anew each second.
func steered(t *testing.T) (p *postgres, set func(offset time.Duration)) {
	t.Helper()
	libs, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(libs) == 0 {
		t.Fatal("libfaketime is missing: run scripts/install-test-tools.sh")
	}
	dir := home(t)
	file := filepath.Join(dir, "clock")
	write := func(offset time.Duration) {
		if err := os.WriteFile(file+".new", fmt.Appendf(nil, "%+d\n", int(offset.Seconds())), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(0)
	p = server(t, dir, "LD_PRELOAD="+libs[0], "FAKETIME_TIMESTAMP_FILE="+file, "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1")
	return p, func(offset time.Duration) {
		write(offset)
		eventually(t, "the database's clock is set", func() bool {
			return p.ask(fmt.Sprintf("SELECT abs(extract(epoch FROM clock_timestamp()) - %d) < 5", time.Now().Add(offset).Unix())) == "true"
		})
	}
}

// status is what an address answers.
func status(url string) int {
	c := http.Client{Timeout: back}
	res, err := c.Get(url)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

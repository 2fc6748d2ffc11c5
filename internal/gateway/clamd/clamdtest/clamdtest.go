// Package clamdtest runs the real clamd for tests, with one signature that harms nobody and Debian's limit of a stream.
package clamdtest

import (
	"bytes"
	"encoding/hex"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Harmful is what the daemon finds, by the name Name.
const (
	Harmful = "X-this-is-what-the-test-calls-harmful-X"
	Name    = "Xueshi.Test.UNOFFICIAL"
)

// Daemon is a running clamd.
type Daemon struct {
	Address string // as clamd.New takes it
	cmd     *exec.Cmd
}

// Start runs it in a folder and returns when it answers; it ends with the test, or by Stop.
func Start(t *testing.T, dir string) *Daemon {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		program = "/usr/sbin/clamd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("clamd is missing: run scripts/install-test-tools.sh")
	}
	socket := filepath.Join(dir, "s")
	for name, text := range map[string]string{
		"t.ndb": "Xueshi.Test:0:*:" + hex.EncodeToString([]byte(Harmful)) + "\n",
		"conf":  "DatabaseDirectory " + dir + "\nLocalSocket " + socket + "\nForeground yes\nStreamMaxLength 25M\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	d := &Daemon{Address: "unix:" + socket, cmd: exec.Command(program, "--config-file", filepath.Join(dir, "conf"))}
	d.cmd.Stdout, d.cmd.Stderr = &said, &said
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			return d
		}
		<-tick.C
	}
	d.Stop()
	t.Fatalf("clamd does not answer: %s", said.String())
	return nil
}

// Stop kills it.
func (d *Daemon) Stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

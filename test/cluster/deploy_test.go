package cluster

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"xueshi/test/city"
)

// commands are what deploy/ starts the program with: each unit of systemd and each service of compose.yaml.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	units, _ := filepath.Glob(filepath.Join(city.Root(), "deploy", "systemd", "*.service"))
	for _, unit := range units {
		raw, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		line := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/xueshi (.*)$`).FindSubmatch(raw)
		if line == nil {
			t.Fatalf("%s starts nothing", unit)
		}
		if args := strings.Fields(string(line[1])); args[0] == "serve" {
			out[filepath.Base(unit)] = args
		}
	}
	raw, err := os.ReadFile(filepath.Join(city.Root(), "deploy", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range regexp.MustCompile(`(?m)^ +command: (\["serve".*\])$`).FindAllSubmatch(raw, -1) {
		var words []string
		if err := json.Unmarshal(line[1], &words); err != nil {
			t.Fatalf("compose.yaml: %s: %v", line[1], err)
		}
		out[fmt.Sprintf("compose.yaml/%d", i)] = words
	}
	if len(out) < 5 {
		t.Fatalf("only %d commands: %v", len(out), out)
	}
	return out
}

// instance is a port that is free, and so is the one with a 1 before it.
func instance(t *testing.T) string {
	t.Helper()
	for port := 2000; port < 5500; port += 7 {
		if free(port) && free(10_000+port) {
			return fmt.Sprint(port)
		}
	}
	t.Fatal("no free port")
	return ""
}

func free(port int) bool {
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		_ = ln.Close()
	}
	return err == nil
}

// Every command of deploy/ starts the program, which becomes ready and tells systemd so, and ends when it is told to.
func TestEachCommandOfDeployStarts(t *testing.T) {
	t.Parallel()
	for name, args := range commands(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, no := t.TempDir(), instance(t)
			args = slices.Clone(args)
			ops := ""
			for i, a := range args {
				args[i] = strings.NewReplacer("/var/lib/xueshi", dir, "%i", no).Replace(a)
				switch {
				case i > 0 && args[i-1] == "--ops" && !strings.Contains(a, "%i"):
					args[i] = fmt.Sprintf("127.0.0.1:%d", freePort(t))
				case i > 0 && args[i-1] == "--addr" && !strings.Contains(a, "%i"):
					args[i] = fmt.Sprintf("127.0.0.1:%d", freePort(t))
				case i > 0 && args[i-1] == "--leave":
					args[i] = "0s"
				}
				if i > 0 && args[i-1] == "--ops" {
					ops = args[i]
				}
			}
			if !slices.Contains(args, "--addr") {
				args = append(args, "--addr", "127.0.0.1:0") // systemd's socket stands in for it
			}
			notices, path := notified(t, dir)
			cmd := exec.Command(city.Program(t), args...)
			cmd.Stderr, cmd.Env = newest(t, "log"), append(os.Environ(), "NOTIFY_SOCKET="+path)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			if got := <-notices; got != "READY=1" {
				t.Errorf("systemd hears %q first", got)
			}
			if got := status("http://" + ops + "/readyz"); got != http.StatusOK {
				t.Errorf("readyz of %s: %d", ops, got)
			}
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Errorf("told to end: %v", err)
			}
			if got := <-notices; got != "STOPPING=1" {
				t.Errorf("systemd hears %q last", got)
			}
		})
	}
}

// notified is what a program tells systemd.
func notified(t *testing.T, dir string) (notices chan string, path string) {
	t.Helper()
	path = filepath.Join(dir, "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	notices = make(chan string, 8)
	go func() {
		defer close(notices)
		for b := make([]byte, 4096); ; {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			notices <- string(b[:n])
		}
	}()
	return notices, path
}

// PgBouncer stands before PostgreSQL, by the configuration of deploy/, and is restarted while people study.
func TestPgBouncerIsRestarted(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	raw, err := os.ReadFile(filepath.Join(city.Root(), "deploy", "pgbouncer", "pgbouncer.ini"))
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	ini := strings.NewReplacer("xueshi = host=127.0.0.1 port=5432 dbname=xueshi", fmt.Sprintf("postgres = host=127.0.0.1 port=%d dbname=postgres user=xueshi", db.port),
		"listen_port = 6432", fmt.Sprintf("listen_port = %d", port), "auth_type = scram-sha-256", "auth_type = any", "auth_file = /etc/pgbouncer/userlist.txt", "unix_socket_dir =").Replace(string(raw))
	path := filepath.Join(db.home, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(ini), 0o644); err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	start := func() {
		cmd = owned(t, exec.Command("/usr/sbin/pgbouncer", path))
		cmd.Stderr = newest(t, "pgbouncer.log")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "PgBouncer listens", func() bool { return !free(port) })
	}
	start()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	through := dsnOf(fmt.Sprintf("127.0.0.1:%d", port))
	p := newPlatform(t, "", through, through)
	p.under(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		<-time.After(2 * time.Second)
		start()
	})
}

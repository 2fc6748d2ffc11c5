package cluster

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"xueshi/test/city"
)

// postgres is one PostgreSQL server, by the recipe of deploy/postgresql.
type postgres struct {
	*testing.T
	home string // its data and its log lie here
	port int
	cmd  *exec.Cmd
	env  []string // of the server, e.g. a clock of its own
}

// bin is the folder of the newest server installed.
func bin(t *testing.T) string {
	t.Helper()
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(all) == 0 {
		t.Fatal("PostgreSQL server is missing: run scripts/install-test-tools.sh")
	}
	return all[len(all)-1]
}

// owned lets a command run as the user that PostgreSQL runs as, when this is root.
func owned(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd
}

// do runs a command of PostgreSQL to its end.
func (p *postgres) do(name string, args ...string) {
	p.Helper()
	cmd := owned(p.T, exec.Command(name, args...))
	cmd.Env = append(os.Environ(), "PATH="+bin(p.T)+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		p.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// home is a folder that PostgreSQL's user owns, and that it can reach.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "xueshi-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return given(t, dir)
}

// given gives a folder to PostgreSQL's user.
func given(t *testing.T, dir string) string {
	t.Helper()
	if os.Getuid() == 0 {
		owner := owned(t, exec.Command("true")).SysProcAttr.Credential
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// server makes and starts a server in a folder.
func server(t *testing.T, dir string, env ...string) *postgres {
	t.Helper()
	p := &postgres{T: t, home: dir, port: freePort(t), env: env}
	p.init()
	p.start()
	return p
}

// init makes the server's folder, with the demo city in its database.
func (p *postgres) init() {
	p.Helper()
	city.CopyFolder(p.T, seededPostgres(p.T).pg, p.home)
	_ = os.Remove(filepath.Join(p.home, "log"))
}

// primary is a server that waits for its standby at each commit.
func primary(t *testing.T) *postgres {
	t.Helper()
	p := &postgres{T: t, home: home(t), port: freePort(t)}
	p.init()
	p.configured(fmt.Sprintf("include = '%s'\n", p.recipe("primary.conf")))
	p.start()
	return p
}

// configured adds to the server's settings.
func (p *postgres) configured(lines string) {
	p.Helper()
	conf, err := os.OpenFile(filepath.Join(p.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = conf.WriteString(lines)
	}
	if err != nil {
		p.Fatal(err)
	}
	_ = conf.Close()
}

func (p *postgres) data() string { return filepath.Join(p.home, "data") }

// start starts the server and waits until it takes connections.
func (p *postgres) start() {
	p.Helper()
	args := []string{"-D", p.data(), "-p", strconv.Itoa(p.port), "-k", p.home, "-c", "listen_addresses=127.0.0.1"}
	log, err := os.OpenFile(filepath.Join(p.home, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	p.cmd = owned(p.T, exec.Command(filepath.Join(bin(p.T), "postgres"), args...))
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = log, log, append(os.Environ(), p.env...)
	if err := p.cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		p.kill()
		if raw, err := os.ReadFile(log.Name()); err == nil && p.Failed() {
			p.Logf("PostgreSQL at %d:\n%s", p.port, raw[max(0, len(raw)-3000):])
		}
	})
	eventually(p.T, "PostgreSQL answers", func() bool { return p.ask("SELECT 1") == "1" })
}

// standby makes and starts the synchronous standby, by the recipe's script, and waits until commits wait for it.
func (p *postgres) standby() *postgres {
	p.Helper()
	s := &postgres{T: p.T, home: home(p.T), port: freePort(p.T)}
	s.do(s.recipe("standby.sh"), "127.0.0.1", strconv.Itoa(p.port), "xueshi", "second", s.data())
	s.start()
	eventually(p.T, "the standby is synchronous", func() bool {
		return p.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") == "1"
	})
	return s
}

// recipe is a file of deploy/postgresql, copied to where PostgreSQL's user may read it.
func (p *postgres) recipe(name string) string {
	p.Helper()
	raw, err := os.ReadFile(filepath.Join(city.Root(), "deploy", "postgresql", name))
	if err == nil {
		err = os.WriteFile(filepath.Join(p.home, name), raw, 0o755)
	}
	if err != nil {
		p.Fatal(err)
	}
	return filepath.Join(p.home, name)
}

// kill ends the server and all its children at once, as a machine that loses power.
func (p *postgres) kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	p.signal(syscall.SIGSTOP) // it must not start others meanwhile
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// freeze stops the server and all its children, as a machine that is stuck: its connections stay, and nothing is answered.
func (p *postgres) freeze() { p.signal(syscall.SIGSTOP) }
func (p *postgres) thaw()   { p.signal(syscall.SIGCONT) }

// signal goes to the server first, then to its children.
func (p *postgres) signal(what syscall.Signal) {
	parent := strconv.Itoa(p.cmd.Process.Pid)
	if what != syscall.SIGKILL { // the children of one that has ended are nobody's
		_ = p.cmd.Process.Signal(what)
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, _ := os.ReadFile(path)
		_, rest, _ := strings.Cut(string(raw), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == parent {
			pid, _ := strconv.Atoi(strings.Split(path, "/")[2])
			_ = syscall.Kill(pid, what)
		}
	}
	_ = p.cmd.Process.Signal(what)
}

// revive starts the server again if it has ended, as its service does.
func (p *postgres) revive() {
	p.Helper()
	if p.ask("SELECT 1") == "1" {
		return
	}
	p.kill()
	p.start()
}

// promote makes the standby the primary.
func (p *postgres) promote() {
	p.Helper()
	p.do(filepath.Join(bin(p.T), "pg_ctl"), "promote", "-w", "-D", p.data())
}

// dsn names servers in the order they are tried; the one that can be written to is taken.
func dsn(servers ...*postgres) string {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", s.port))
	}
	return dsnOf(hosts...)
}

func dsnOf(hosts ...string) string {
	return "postgres://xueshi@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable&target_session_attrs=read-write"
}

// ask is one value from the server itself; empty when it does not answer.
func (p *postgres) ask(query string) string {
	db, err := sql.Open("pgx", fmt.Sprintf("postgres://xueshi@127.0.0.1:%d/postgres?sslmode=disable&connect_timeout=2", p.port))
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var v string
	if err := db.QueryRowContext(context.Background(), query).Scan(&v); err != nil {
		return ""
	}
	return v
}

// dsnHost is where the server listens.
func dsnHost(p *postgres) string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

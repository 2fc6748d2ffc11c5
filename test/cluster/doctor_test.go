package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"xueshi/test/city"
)

// doctor runs the command; it gives what it says about a check, and whether it found a fault.
func (p *platform) doctor(env ...string) (said func(check string) string, failed bool) {
	p.Helper()
	args := []string{"doctor", "--data", p.data}
	if p.database != "" {
		args = append(args, "--database", p.database)
	}
	cmd := exec.Command(city.Program(p.T), args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	p.Logf("%s", out)
	return func(check string) string {
		line := regexp.MustCompile(`(?m)^(\w+) +` + check + ` .*$`).FindString(string(out))
		return strings.Join(strings.Fields(line), " ")
	}, err != nil
}

// The doctor finds what a test has broken, one thing at a time, and says the next step.
func TestDoctorFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	p := &platform{T: t, data: t.TempDir()}
	p.seed()
	said, failed := p.doctor()
	if failed || said("permissions") == "" || said("evidence log") == "" || !strings.HasPrefix(said("tools"), "ok tools ffmpeg ") || !strings.HasPrefix(said("store writes"), "ok") {
		t.Fatal("a sound city is not sound")
	}
	if said("text messages") != "warn text messages no credential: nobody can register or log in by code. Set it at /operator/gateways" {
		t.Error("no credential for text messages, and nobody is told")
	}
	if said("store's mark") != "ok store's mark the store is this installation's" || !strings.HasPrefix(said("backup"), "warn backup there is none") {
		t.Errorf("%q, %q", said("store's mark"), said("backup"))
	}
	keys := filepath.Join(p.data, "keys")
	for _, fault := range []struct {
		what, check, says string
		do, undo          func() error
		env               []string
	}{
		{"keys that all may read", "permissions", "chmod -R go=", func() error { return os.Chmod(keys+"/sealing.json", 0o644) }, func() error { return os.Chmod(keys+"/sealing.json", 0o600) }, nil},
		{"no ffmpeg", "tools", "apt-get install ffmpeg", none, none, []string{"PATH=/nowhere"}},
	} {
		if err := fault.do(); err != nil {
			t.Fatal(err)
		}
		said, _ := p.doctor(fault.env...)
		if line := said(fault.check); strings.HasPrefix(line, "ok") || !strings.Contains(line, fault.says) {
			t.Errorf("%s: %q", fault.what, line)
		}
		if err := fault.undo(); err != nil {
			t.Fatal(err)
		}
	}
	blobs := filepath.Join(p.data, "blobs")
	if err := os.Rename(blobs, blobs+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blobs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, failed := p.doctor(); !failed || !strings.HasPrefix(said("store writes"), "fail") {
		t.Errorf("no store: %q", said("store writes"))
	}
	if err := os.Rename(keys, keys+".away"); err != nil {
		t.Fatal(err)
	}
	if _, failed := p.doctor(); !failed {
		t.Error("lost keys are not noticed")
	}
	if _, err := os.Stat(keys + "/sealing.json"); err == nil {
		t.Error("the doctor made new keys")
	}
}

func none() error { return nil }

// On PostgreSQL it reads the settings that durability rests on.
func TestDoctorReadsPostgres(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := &platform{T: t, data: t.TempDir(), database: dsn(db)}
	p.seed()
	if said, failed := p.doctor(); failed || !strings.Contains(said("engine"), "no synchronous standby") {
		t.Errorf("a server without a standby: %q", said("engine"))
	}
	db.ask("ALTER SYSTEM SET synchronous_commit = off")
	db.ask("SELECT pg_reload_conf()")
	eventually(t, "the setting holds", func() bool { return db.ask("SHOW synchronous_commit") == "off" })
	if said, failed := p.doctor(); !failed || !strings.HasPrefix(said("engine"), "fail engine synchronous_commit is off") {
		t.Errorf("commits that do not wait: %q", said("engine"))
	}
}

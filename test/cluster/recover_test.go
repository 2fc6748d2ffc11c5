package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"xueshi/test/city"
)

// archived is a server that keeps its log by the recipe of deploy/, in the folder that it gives.
func archived(t *testing.T) (p *postgres, wal string) {
	t.Helper()
	p = &postgres{T: t, home: home(t), port: freePort(t)}
	p.init()
	wal = filepath.Join(p.home, "wal")
	if err := os.Mkdir(wal, 0o755); err != nil {
		t.Fatal(err)
	}
	given(t, wal)
	raw, err := os.ReadFile(filepath.Join(city.Root(), "deploy", "postgresql", "archive.conf"))
	if err != nil {
		t.Fatal(err)
	}
	conf := strings.NewReplacer("/etc/xueshi/archive.sh", p.recipe("archive.sh"), "/var/backups/xueshi/wal", wal).Replace(string(raw))
	p.configured(conf)
	p.start()
	return p, wal
}

// An operator's mistake, or a bad version, is undone: the database goes back to an instant, with all that was acknowledged by then and
// nothing of what came after.
func TestTheDatabaseGoesBackToAnInstant(t *testing.T) {
	slowSet(t)
	db, wal := archived(t)
	p := newPlatform(t, "", dsn(db))
	db.do(db.recipe("base.sh"), "127.0.0.1", strconv.Itoa(db.port), "xueshi", db.home)
	bases, _ := filepath.Glob(filepath.Join(db.home, "2*Z"))
	if len(bases) != 1 {
		t.Fatal("base backups:", bases)
	}

	ctx, end := context.WithCancel(context.Background())
	var group sync.WaitGroup
	var all []*learner
	for i, d := range p.learners(3) {
		l := &learner{Device: d}
		if err := l.begin(); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
		group.Go(func() { l.study(ctx, i) })
	}
	<-time.After(4 * time.Second)
	var then []int64
	for _, l := range all {
		then = append(then, l.told.Load())
	}
	instant := db.ask("SELECT clock_timestamp()::text")
	<-time.After(4 * time.Second)
	end()
	group.Wait()
	last := db.ask("SELECT pg_walfile_name(pg_switch_wal())") // the file that is complete now
	eventually(t, "the log is archived", func() bool {
		return db.ask(fmt.Sprintf("SELECT last_archived_wal >= '%s' FROM pg_stat_archiver", last)) == "true"
	})
	for _, s := range p.all {
		s.kill()
	}
	db.kill()

	r := &postgres{T: t, home: home(t), port: freePort(t)}
	r.do(r.recipe("recover.sh"), bases[0], wal, r.data(), instant)
	r.start()
	eventually(t, "it is a primary", func() bool { return r.ask("SELECT pg_is_in_recovery()") == "false" })
	p.database = dsn(r)
	again := p.process("--database", dsn(r))
	for i, l := range all {
		if l.err != nil {
			t.Fatal(l.err)
		}
		l.Base = fmt.Sprintf("http://127.0.0.1:%d", again.port)
		now, err := l.Open(lesson)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("learner %d: %d ms acknowledged at the instant, %d in the end; %d are there", i, then[i], l.acked, now.Progress.CreditedMS)
		if c := now.Progress.CreditedMS; then[i] == 0 || c < then[i] || c > then[i]+1500 || c >= l.acked {
			t.Errorf("learner %d: %d ms were acknowledged at the instant, %d in the end; %d are there", i, then[i], l.acked, c)
		}
	}
	p.verified()
}

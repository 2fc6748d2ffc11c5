package cluster

import (
	"testing"
	"time"
)

// A process dies; the others and nginx carry its learners on.
func TestAProcessDies(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := newPlatform(t, "", dsn(db), dsn(db))
	p.under(func() {
		p.all[0].kill()
		<-time.After(3 * time.Second)
		p.all[0].start()
		p.all[1].kill()
		<-time.After(3 * time.Second)
		p.all[1].start()
	})
}

// The primary's machine dies. Its synchronous standby has every acknowledged commit and takes over.
func TestThePrimaryDies(t *testing.T) {
	slowSet(t)
	first := primary(t)
	second := first.standby()
	p := newPlatform(t, "", dsn(first, second), dsn(first, second))
	p.under(func() {
		first.kill()
		second.promote()
	})
	if second.ask("SELECT pg_is_in_recovery()") != "false" {
		t.Error("the standby is no primary")
	}
}

// The network between one process and the database is cut without a word, and comes back.
func TestTheNetworkIsCut(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	way := newWire(t, dsnHost(db))
	p := newPlatform(t, "", dsnOf(way.addr), dsn(db))
	p.under(func() {
		way.cut()
		<-time.After(12 * time.Second)
		way.mend()
		eventually(t, "the process that was cut off takes part again", p.all[0].answers)
	})
}

// The only way to the database is cut: nobody is acknowledged anything meanwhile.
func TestTheDatabaseIsOutOfReach(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	way := newWire(t, dsnHost(db))
	p := newPlatform(t, "", dsnOf(way.addr), dsnOf(way.addr))
	p.under(func() {
		way.refuse()
		<-time.After(6 * time.Second)
		way.mend()
	})
}

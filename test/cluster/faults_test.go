package cluster

import (
	"net/http"
	"testing"
	"time"
)

// A process dies; the others and nginx carry its learners on.
func TestAProcessDies(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := newPlatform(t, "", dsn(db), dsn(db))
	learners := p.under(func() {
		p.all[0].kill()
		<-time.After(3 * time.Second)
		p.all[0].start()
		<-time.After(3 * time.Second) // nginx's fail_timeout
		p.all[1].kill()
		<-time.After(3 * time.Second)
		p.all[1].start()
	})
	for i, l := range learners {
		if l.silence > 5*time.Second { // P33
			t.Errorf("learner %d waited %v for another process", i, l.silence)
		}
	}
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

// The database is stuck: it holds its connections and answers nothing, as with a disk that hangs. Who watches is told so in time, and it
// goes on by itself.
func TestTheDatabaseIsStuck(t *testing.T) {
	slowSet(t)
	db := server(t, home(t))
	p := newPlatform(t, "", dsn(db), dsn(db))
	told := 0
	for i, l := range p.under(func() {
		db.freeze()
		defer db.thaw()
		<-time.After(15 * time.Second)
	}) {
		told += l.failed
		if l.silence < 10*time.Second {
			t.Errorf("learner %d met no fault: nothing was tested", i)
		}
	}
	if told == 0 { // who writes a note may be kept waiting longer than this
		t.Error("nobody who watches was told")
	}
}

// The object store is slow, then away. Nobody's study waits for it; a file that is being uploaded arrives whole, once.
func TestTheStoreIsAway(t *testing.T) {
	slowSet(t)
	db, way := server(t, home(t)), objects(t)
	p := newPlatform(t, "s3://files/city?path_style=1&endpoint=http://"+way.addr, dsn(db), dsn(db))
	d, file, segment := p.provider(), film(t, 8), p.segment()
	sent := make(chan error, 1)
	interrupted := 0
	learners := p.under(func() {
		go func() {
			var err error
			interrupted, err = upload(d, file, len(file)/20, 250*time.Millisecond)
			sent <- err
		}()
		<-time.After(time.Second)
		way.delay(200 * time.Millisecond)
		<-time.After(3 * time.Second)
		way.refuse()
		eventually(t, "the store is away", func() bool { return status(segment) == http.StatusServiceUnavailable })
		<-time.After(4 * time.Second)
		way.mend()
		eventually(t, "segments come again", func() bool { return status(segment) == http.StatusOK })
		if err := <-sent; err != nil {
			t.Errorf("the upload: %v", err)
		}
	})
	p.arrived(file)
	t.Logf("%d of the upload's requests were sent again", interrupted)
	if interrupted == 0 {
		t.Error("the upload met no fault: nothing was tested")
	}
	for i, l := range learners {
		if l.failed > 0 {
			t.Errorf("learner %d had to send %d requests again: studying must not wait for the store", i, l.failed)
		}
	}
}

// The disk of the database is full. Nothing is acknowledged that is not stored, and it goes on when there is room.
func TestTheDiskIsFull(t *testing.T) {
	slowSet(t)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir, fill, free := disk(t, 160)
		p := newPlatformIn(t, dir, "", "")
		full(t, p, fill, free)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dir, fill, free := disk(t, 256)
		db := server(t, given(t, dir))
		p := newPlatform(t, "", dsn(db), dsn(db))
		full(t, p, func() {
			fill()
			eventually(t, "the server needs room for its log", func() bool { return db.ask("SELECT pg_switch_wal()") == "" })
		}, func() { free(); db.revive() })
	})
}

func full(t *testing.T, p *platform, fill, free func()) {
	t.Helper()
	for i, l := range p.under(func() { fill(); <-time.After(5 * time.Second); free() }) {
		if l.failed == 0 {
			t.Errorf("learner %d met no fault: nothing was tested", i)
		}
	}
}

// The database's clock is set, as by a fail-over between machines whose clocks differ. Set back, it must not stand still for learners;
// set on, it must not pay them (a step on after one back would hide what the first has cost).
func TestTheClockIsSet(t *testing.T) {
	slowSet(t)
	for name, offsets := range map[string][]time.Duration{"back": {-5 * time.Minute, -10 * time.Minute}, "on": {5 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, set := steered(t)
			p := newPlatform(t, "", dsn(db), dsn(db))
			p.under(func() {
				for _, offset := range offsets {
					set(offset)
					<-time.After(5 * time.Second)
				}
			})
		})
	}
}

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var base string

// seat is one learner with a lease, as the server prepared it.
type seat struct {
	Base, Token, Session string
	Epoch                int64
	Key                  []byte
}

type load struct {
	seats   []seat
	state   []place
	begin   time.Time
	client  *http.Client
	refused atomic.Int64
}

// place is where a seat's player stands; one connection uses it at a time.
type place struct {
	mu       sync.Mutex
	seq, pos int64
}

type sample struct{ rate, cpu, p50, p99 float64 }

func newLoad(seats []seat) *load {
	return &load{seats: seats, state: make([]place, len(seats)), begin: time.Now(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: *conns, MaxConnsPerHost: *conns}}}
}

// body is the next heartbeat of a seat: it claims what real time has passed, as a player at 1.0× does.
func (l *load) body(i int) []byte {
	p := &l.state[i]
	p.seq++
	to := min(time.Since(l.begin).Milliseconds(), 85_000)
	b := fmt.Appendf(nil, `{"session_id":%q,"epoch":%d,"seq":%d,"run":1,"from_ms":%d,"to_ms":%d,"state":"playing","visible":true,"buffered_ms":30000,"stalled_ms":0,"mono_ms":%d}`,
		l.seats[i].Session, l.seats[i].Epoch, p.seq, p.pos, to, to)
	p.pos = to
	return b
}

// beat sends one real heartbeat; noop sends the same bytes to the handler that writes two.
func (l *load) beat(i int) { l.post("/api/learner/playback/beat", i) }
func (l *load) noop(i int) { l.post("/noop", i) }

func (l *load) post(path string, i int) {
	p := &l.state[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	body := l.body(i)
	mac := hmac.New(sha256.New, l.seats[i].Key)
	mac.Write(body)
	req, _ := http.NewRequest(http.MethodPost, base+path, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Requested-With", "xueshi")
	req.Header.Set("X-Lease-Proof", base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Cookie", "sid="+l.seats[i].Token)
	res, err := l.client.Do(req)
	if err != nil {
		l.refused.Add(1)
		return
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		l.refused.Add(1)
	}
}

// round runs f from every connection for so many seconds; it returns the latencies.
func (l *load) round(_ string, secs int, f func(*load, int)) []time.Duration {
	var mu sync.Mutex
	var all []time.Duration
	var next atomic.Int64
	end := time.Now().Add(time.Duration(secs) * time.Second)
	var wg sync.WaitGroup
	for range *conns {
		wg.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) {
				i := int(next.Add(1)) % len(l.seats)
				t := time.Now()
				f(l, i)
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	return all
}

func (l *load) measure(pid int, f func(*load, int)) sample {
	before, t := serverCPU(pid), time.Now()
	lat := l.round("", *seconds, f)
	took := time.Since(t).Seconds()
	cpu := serverCPU(pid) - before
	slices.Sort(lat)
	ms := func(q float64) float64 { return float64(lat[int(q*float64(len(lat)-1))].Microseconds()) / 1000 }
	return sample{rate: float64(len(lat)) / took, cpu: cpu * 1e6 / float64(len(lat)), p50: ms(.5), p99: ms(.99)}
}

// serverCPU is user and system seconds of the server and of all PostgreSQL processes of the machine.
func serverCPU(pid int) (secs float64) {
	secs = cpuOf(strconv.Itoa(pid))
	if *database == "" {
		return secs
	}
	all, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, c := range all {
		if name, err := os.ReadFile(c); err == nil && strings.HasPrefix(string(name), "postgres") {
			secs += cpuOf(strings.Split(c, "/")[2])
		}
	}
	return secs
}

func cpuOf(pid string) float64 {
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, _ := strconv.ParseFloat(f[11], 64)
	sys, _ := strconv.ParseFloat(f[12], 64)
	return (user + sys) / 100
}

// rss is the resident memory of a process in MB.
func rss(pid int) float64 {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "VmRSS:") {
			kb, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return kb / 1024
		}
	}
	return 0
}

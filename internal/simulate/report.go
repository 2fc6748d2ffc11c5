package simulate

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"xueshi/internal/client"
)

// Classes of requests, each reported by itself.
const (
	Page    = "page"    // home, catalogue, course and lesson
	Enrol   = "enrol"   // enrolment
	Acquire = "acquire" // the right to play
	First   = "first"   // from the wish to play to the first segment
	Segment = "segment"
	Beat    = "beat"
	Check   = "check" // a presence check, all its requests
)

var classes = []string{Page, Enrol, Acquire, First, Segment, Beat, Check}

// Line is how one class did; milliseconds.
type Line struct {
	Class    string  `json:"class"`
	Requests int     `json:"requests"`
	Errors   int     `json:"errors"` // among them: refused, or not answered; each was sent again
	MeanMS   float64 `json:"mean_ms"`
	P50MS    float64 `json:"p50_ms"`
	P95MS    float64 `json:"p95_ms"`
	P99MS    float64 `json:"p99_ms"`
	MaxMS    float64 `json:"max_ms"`
}

// Report is how a run went.
type Report struct {
	At         time.Time      `json:"at"`
	Base       string         `json:"base"`
	Shape      string         `json:"shape"`
	Learners   int            `json:"learners"`
	Most       int            `json:"most"` // at once, by plan
	Seconds    float64        `json:"seconds"`
	Bytes      int64          `json:"bytes"` // of segments
	Lines      []Line         `json:"lines"`
	WatchedMS  int64          `json:"watched_ms"`
	CreditedMS int64          `json:"credited_ms"`
	LostMS     int64          `json:"lost_ms"`  // watched and not credited, by learner; what one gained does not make up for another
	WorstMS    int64          `json:"worst_ms"` // of one learner
	Stopped    map[string]int `json:"stopped"`  // learners who could not go on, by what they were told
	Finished   int            `json:"finished"` // learners who ran out of lessons
}

// tally is a report that is being made.
type tally struct {
	mu     sync.Mutex
	report Report
	took   map[string][]time.Duration
	errors map[string]int
}

func newTally(p Plan) *tally {
	return &tally{report: Report{At: time.Now().UTC(), Base: p.Base, Shape: p.Shape, Learners: len(p.People), Stopped: map[string]int{}},
		took: map[string][]time.Duration{}, errors: map[string]int{}}
}

// timed does a request and notes it under its class.
func (t *tally) timed(class string, do func() error) error {
	began := time.Now()
	err := do()
	t.note(class, time.Since(began), err)
	return err
}

func (t *tally) note(class string, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took[class] = append(t.took[class], took)
	if err != nil {
		t.errors[class]++
	}
}

// watched books what a learner watched of a lesson, and what the platform says of it.
func (t *tally) watched(watched, credited int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.WatchedMS += watched
	t.report.CreditedMS += credited
	if lost := watched - credited; lost > 0 {
		t.report.LostMS += lost
		t.report.WorstMS = max(t.report.WorstMS, lost)
	}
}

// stopped books a learner who could not go on.
func (t *tally) stopped(err error) {
	why := err.Error()
	var p *client.Problem
	if errors.As(err, &p) {
		why = strings.TrimSpace(fmt.Sprintf("%d %s", p.Status, p.Code))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Stopped[why]++
}

// finished books a learner who ran out of lessons.
func (t *tally) finished() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Finished++
}

// bytes books what a segment held.
func (t *tally) bytes(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Bytes += n
}

// progress is how many requests have been answered and how many failed so far.
func (t *tally) progress() (requests, failed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for class, all := range t.took {
		requests += len(all)
		failed += t.errors[class]
	}
	return requests, failed
}

// end sums what was noted.
func (t *tally) end() *Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Seconds = time.Since(t.report.At).Seconds()
	for _, class := range classes {
		all := t.took[class]
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		at := func(q float64) float64 { return ms(all[int(q*float64(len(all)-1)+.5)]) }
		sum := time.Duration(0)
		for _, d := range all {
			sum += d
		}
		t.report.Lines = append(t.report.Lines, Line{class, len(all), t.errors[class], ms(sum) / float64(len(all)), at(.5), at(.95), at(.99), at(1)})
	}
	return &t.report
}

// LostPerHour is the seconds of credit lost in an hour watched.
func (r *Report) LostPerHour() float64 {
	if r.WatchedMS == 0 {
		return 0
	}
	return float64(r.LostMS) * 3600 / float64(r.WatchedMS)
}

// Failed says what a run may not show: learners who could not go on, or more than a second of credit lost in an hour; "" = nothing.
func (r *Report) Failed() string {
	stopped := 0
	for _, n := range r.Stopped {
		stopped += n
	}
	switch {
	case stopped > 0:
		return fmt.Sprintf("%d learners could not go on", stopped)
	case r.LostPerHour() > 1:
		return fmt.Sprintf("%.2f s of credit lost in an hour watched; at most 1", r.LostPerHour())
	case r.WatchedMS == 0:
		return "nobody watched anything"
	}
	return ""
}

// Write prints the report as a table.
func (r *Report) Write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %d learners, %d at once, %.0f s, %.1f MB/s of segments\n\n", r.Base, r.Shape, r.Learners, r.Most, r.Seconds, float64(r.Bytes)/1e6/r.Seconds)
	fmt.Fprintf(w, "%-10s %9s %7s %9s %9s %9s %9s %9s\n", "", "requests", "errors", "mean ms", "p50", "p95", "p99", "most")
	for _, l := range r.Lines {
		fmt.Fprintf(w, "%-10s %9d %7d %9.1f %9.1f %9.1f %9.1f %9.1f\n", l.Class, l.Requests, l.Errors, l.MeanMS, l.P50MS, l.P95MS, l.P99MS, l.MaxMS)
	}
	fmt.Fprintf(w, "\nwatched %.2f h, credited %.2f h, lost %.1f s (%.3f s an hour; worst learner %.1f s); %d ran out of lessons\n", float64(r.WatchedMS)/3.6e6,
		float64(r.CreditedMS)/3.6e6, float64(r.LostMS)/1000, r.LostPerHour(), float64(r.WorstMS)/1000, r.Finished)
	for why, n := range r.Stopped {
		fmt.Fprintf(w, "%d could not go on: %s\n", n, why)
	}
}

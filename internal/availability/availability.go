// Package availability says how much of the time the platform answered, how fast, and what went wrong: R1.4a (7×24), R1.4b (a mean of at
// most 5 s at peak load) and R1.4c (at most 2 s in daily use), as the bureau reads it and the operator explains it.
//
// Each process that answers people writes down every minute what it saw. A *minute* counts as down when no process reported it (silent),
// when none found itself ready (unready), or when one in twenty requests, and at least five, failed (failing). Minutes of downtime that lie
// close together are one *incident*. The availability of a month is the share of its minutes that were not down. What no process can see,
// a cut of the lines outside, an operator reports. Media are left out: their time is that of the learner's line.
package availability

import (
	"strconv"
	"strings"
	"time"

	"xueshi/internal/kernel/civil"
)

// Goal is the share of a month's minutes that shall not be down, in hundredths of a percent (goals: O1).
const Goal = 9995

// The limits of the notice on the mean response time (R1.4b, R1.4c); milliseconds.
const (
	DailyLimitMS = 2000
	PeakLimitMS  = 5000
)

// How a minute is judged.
const (
	failingShare = 20               // one in so many requests failed
	failingLeast = 5                // and at least so many
	gap          = 5                // minutes of service within one incident
	peakMinutes  = 5                // of a day's busiest time
	judgeAfter   = 3                // minutes that a process has to tell of a minute
	keepMinutes  = 400 * 24 * 60    // minutes stay for a year and a month; days stay for good
	heldMost     = 2 * 24 * 60      // minutes that a process holds while it cannot write them
	probeEvery   = 20 * time.Second // how often a process looks at itself
)

// Bounds are the upper ends of a spread's classes, in milliseconds; the last class is open.
var Bounds = [...]int64{1, 2, 5, 10, 25, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000}

// Spread counts requests by how long they took.
type Spread [len(Bounds) + 1]int64

// note counts a request.
func (s *Spread) note(took time.Duration) {
	ms := took.Milliseconds()
	for i, b := range Bounds {
		if ms < b {
			s[i]++
			return
		}
	}
	s[len(Bounds)]++
}

// add joins another's counts.
func (s *Spread) add(o Spread) {
	for i, n := range o {
		s[i] += n
	}
}

// MS is the time within which the share q of the requests were answered, in milliseconds: between the ends of a class by proportion, the
// open class's beginning at most; 0 without requests.
func (s Spread) MS(q float64) int64 {
	total := int64(0)
	for _, n := range s {
		total += n
	}
	if total == 0 {
		return 0
	}
	left := q * float64(total)
	from := int64(0)
	for i, b := range Bounds {
		if n := float64(s[i]); n > 0 && left <= n {
			return from + int64(left/n*float64(b-from))
		}
		left -= float64(s[i])
		from = b
	}
	return from
}

// String is how a spread is stored: counts by class, the empty ones at the end left out.
func (s Spread) String() string {
	end := len(s)
	for end > 0 && s[end-1] == 0 {
		end--
	}
	words := make([]string, end)
	for i := range words {
		words[i] = strconv.FormatInt(s[i], 10)
	}
	return strings.Join(words, ",")
}

// readSpread is String's inverse; what cannot be read counts nothing.
func readSpread(text string) (s Spread) {
	for i, word := range strings.Split(text, ",") {
		if i < len(s) {
			s[i], _ = strconv.ParseInt(word, 10, 64)
		}
	}
	return s
}

// Figures are requests that were answered within a time.
type Figures struct {
	Requests int64
	Failed   int64 // answered with a status of 500 or more
	TookUS   int64 // together
	Spread   Spread
}

func (f *Figures) add(o Figures) {
	f.Requests += o.Requests
	f.Failed += o.Failed
	f.TookUS += o.TookUS
	f.Spread.add(o.Spread)
}

// minute is a minute of a process, or of all together.
type minute struct {
	Figures
	at     int64 // minutes since 1970
	probes int64
	ready  int64
}

// kindOf judges a minute: "" = the platform answered. told is false when no process reported it.
func kindOf(m minute, told bool) string {
	switch {
	case !told:
		return "silent"
	case m.ready == 0 && m.probes > 0, m.probes == 0 && m.Requests == 0:
		return "unready"
	case m.Failed >= failingLeast && m.Failed*failingShare >= m.Requests:
		return "failing"
	}
	return ""
}

func minuteOf(t time.Time) int64    { return t.Unix() / 60 }
func timeOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// dayOf is the day of the city in which a minute lies.
func dayOf(minute int64) civil.Date { return civil.DateOf(timeOf(minute), civil.Shanghai) }

// monthOf is "2026-11".
func monthOf(minute int64) string { return dayOf(minute).String()[:7] }

// monthEnds are the first minutes of a month and of the next. Errors: those of time.Parse.
func monthEnds(month string) (from, to int64, err error) {
	t, err := time.ParseInLocation("2006-01", month, civil.Shanghai)
	return minuteOf(t), minuteOf(t.AddDate(0, 1, 0)), err
}

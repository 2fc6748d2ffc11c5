// Package capacity says what a city needs: processes, PostgreSQL, bandwidth, storage and money, computed from measured figures only
// (R1.2a, R1.4d). docs/capacity.md is its paper; a test holds that the paper is what the figures say.
//
//	make capacity   measures what an hour of study leaves in PostgreSQL and writes the paper anew
package capacity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// Growth is what hours of study leave in PostgreSQL.
type Growth struct {
	Hours   float64 `json:"hours"` // watched
	Lessons int     `json:"lessons"`
	Tables  []Table `json:"tables"`
}

// Table is one table's part; bytes hold its indexes.
type Table struct {
	Name  string  `json:"name"`
	Rows  float64 `json:"rows_per_hour"`
	Bytes float64 `json:"bytes_per_hour"`
}

func (g Growth) sum(of func(Table) float64) (n float64) {
	for _, t := range g.Tables {
		n += of(t)
	}
	return n
}

// Assumptions are the figures that are not measured; a reader who has others changes assumptions.json.
type Assumptions struct {
	Hours        float64 `json:"hours_watched_per_learner_year"`     // 90 credit hours of 45 minutes
	BeatSeconds  float64 `json:"seconds_between_heartbeats"`         // settled: capacity is computed at 10
	LastDay      float64 `json:"share_online_in_the_last_days_hour"` // of the registered
	Mbit         float64 `json:"mbit_per_second_of_video"`           // mean of the ladder
	Busy         float64 `json:"share_of_a_cpu_that_may_be_used"`    // the rest is for what is not foreseen
	BeatsPerPage float64 `json:"heartbeats_for_each_other_request"`  // pages, notes, checks
	PageCost     float64 `json:"cpu_of_a_page_in_heartbeats"`        // a page reads more rows
	Years        float64 `json:"years_kept"`                         // R1.4d
	YuanCPU      float64 `json:"yuan_per_cpu_month"`
	YuanGBMonth  float64 `json:"yuan_per_gb_month_of_database_disk"`
	YuanCDN      float64 `json:"yuan_per_gb_of_cdn_traffic"`
	ProcessLimit float64 `json:"cpus_of_one_process_machine"`
	PrimaryLimit float64 `json:"cpus_of_the_largest_database_machine"`
	DiskLimitGB  float64 `json:"gb_of_the_largest_database_disk"`
	UplinkGbit   float64 `json:"gbit_of_one_machines_uplink"`
}

// bench is the part of bench/latest.json that the paper uses.
type bench struct {
	Machine string `json:"machine"`
	Commit  string `json:"commit"`
	At      string `json:"at"`
	Results []struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
	} `json:"results"`
}

func (b bench) value(name string) float64 {
	for _, r := range b.Results {
		if r.Name == name {
			return r.Value
		}
	}
	panic("bench/latest.json has no figure " + name)
}

func read(path string, v any) error {
	raw, err := os.ReadFile(path) //nolint:gosec // a file of the repository
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	return err
}

// Paper computes docs/capacity.md from the repository's figures.
func Paper(root string) (string, error) {
	var a Assumptions
	var g Growth
	var b bench
	for path, v := range map[string]any{"test/capacity/assumptions.json": &a, "test/capacity/growth.json": &g, "bench/latest.json": &b} {
		if err := read(root+"/"+path, v); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	p := &paper{a: a, g: g, b: b}
	p.write()
	return p.String(), nil
}

// cell is a city of so many registered learners, at a moment at which so many are online.
type cell struct {
	name             string
	learners, online float64
}

// needs is what a moment asks for.
type needs struct {
	beats          float64 // a second
	webCPU, dbCPU  float64
	wal            float64 // MB/s
	memory         float64 // GB of all processes together
	gbit           float64
	yearGB, keptGB float64
	yearRows       float64
	processes      float64
	yuanYear       float64
}

func (p *paper) needs(c cell) (n needs) {
	a, us := p.a, 1e-6
	n.beats = c.online / a.BeatSeconds
	all, db := p.b.value("CPU per heartbeat, postgres"), p.b.value("of it the database, postgres")
	other := 1 + a.PageCost/a.BeatsPerPage // pages beside the heartbeats, in heartbeats
	n.webCPU = n.beats * (all - db) * us * other / a.Busy
	n.dbCPU = n.beats * db * us * other / a.Busy
	n.wal = n.beats * p.b.value("G-P31 WAL per heartbeat, postgres") / 1e6
	n.memory = c.online * p.b.value("memory per active learner") / 1e9
	n.gbit = c.online * a.Mbit / 1000
	hour := func(of func(Table) float64) float64 { return c.learners * a.Hours * p.g.sum(of) }
	n.yearRows = hour(func(t Table) float64 { return t.Rows })
	n.yearGB = hour(func(t Table) float64 { return t.Bytes }) / 1e9
	n.keptGB = n.yearGB * a.Years
	n.processes = max(1, math.Ceil(n.webCPU/a.ProcessLimit))
	traffic := c.learners * a.Hours * 3600 * a.Mbit / 8 / 1000 // GB a year
	// Two database machines (primary and standby), each with the disk; processes for the busiest hour all year.
	n.yuanYear = 12*a.YuanCPU*(max(2, math.Ceil(n.webCPU))+2*max(2, math.Ceil(n.dbCPU))) + 12*a.YuanGBMonth*2*n.keptGB + traffic*a.YuanCDN
	return n
}

// limit is something that one machine has too little of.
type limit struct {
	name string
	used float64 // of what there is
	cure string
}

// limits are sorted: what breaks first comes first.
func (p *paper) limits(n needs) []limit {
	a := p.a
	all := []limit{
		{"bandwidth of one machine", n.gbit / a.UplinkGbit, "a CDN carries the segments (`--cdn`); what is left here is a key of 16 bytes for every 12 s and learner"},
		{"CPU of one process", n.webCPU / a.ProcessLimit, "more processes behind nginx; each learner stays with one"},
		{"CPU of the primary", n.dbCPU / a.PrimaryLimit, "a larger machine; then cells, or a distributed PostgreSQL whose key is the learner"},
		{"disk of the primary", n.keptGB / a.DiskLimitGB, "years that have ended go to a tablespace of their own or to an archive"},
	}
	slices.SortFunc(all, func(x, y limit) int { return cmp.Compare(y.used, x.used) })
	return all
}

type paper struct {
	strings.Builder
	a Assumptions
	g Growth
	b bench
}

func (p *paper) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// round writes a figure with two digits that mean something.
func round(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.3g billion", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.3g million", v/1e6)
	case v >= 1000:
		digits := math.Pow(10, math.Floor(math.Log10(v))-1)
		return grouped(int64(math.Round(v/digits) * digits))
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (p *paper) write() {
	p.line("# What a city needs")
	p.line("")
	p.line("Computed by `test/capacity` from bench/latest.json (commit %s, %s), from what hours of study left in PostgreSQL (test/capacity/growth.json), and from the assumptions below. Do not edit it: `make capacity` writes it.", p.b.Commit, p.b.Machine)
	p.line("")
	p.measured()
	p.cities()
	p.growth()
	p.assumed()
}

func (p *paper) measured() {
	p.line("## Measured")
	p.line("")
	p.line("- A heartbeat with all rules, durable in PostgreSQL: %.0f µs of CPU, %.0f µs of it the database; %.0f bytes of its log.", p.b.value("CPU per heartbeat, postgres"), p.b.value("of it the database, postgres"), p.b.value("G-P31 WAL per heartbeat, postgres"))
	p.line("- One process and its database on this machine take %s heartbeats a second, so %s learners at once (of 10 s each).", round(p.b.value("durable heartbeats, postgres")), round(p.b.value("durable heartbeats, postgres")*p.a.BeatSeconds))
	p.line("- Four processes over one database: %.2f times the CPU of a heartbeat; two: %.2f.", p.b.value("G-P32 CPU per heartbeat, 4 processes, postgres"), p.b.value("G-P32 CPU per heartbeat, 2 processes, postgres"))
	p.line("- A learner who studies, with the connection: %.0f KB.", p.b.value("memory per active learner")/1000)
	p.line("- Segments over TLS without a CDN: %.2f GB/s on this machine, so %s learners at %.1f Mbit/s before its CPU ends; its uplink ends sooner.", p.b.value("segments, ours TLS, 150-250 KB"), round(p.b.value("segments, ours TLS, 150-250 KB")*8000/p.a.Mbit), p.a.Mbit)
	p.line("")
}

var cities = []struct {
	name     string
	learners float64
}{{"10 thousand", 10_000}, {"70 thousand (Xinzhou)", 70_000}, {"150 thousand", 150_000}, {"10 million (a province, or the country's largest platform)", 10_000_000}}

func (p *paper) cities() {
	p.line("## Cities")
	p.line("")
	p.line("Twice each: the busiest hour of the year's last day (%.0f%% of the registered are online), and the notice's words taken literally (R1.2a: all at once).", p.a.LastDay*100)
	p.line("")
	p.line("| Learners | Online | Heartbeats/s | Process CPUs | Processes of %.0f CPUs | Database CPUs | Log MB/s | Memory GB | Video Gbit/s | Million yuan a year |", p.a.ProcessLimit)
	p.line("|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range cities {
		for _, share := range []float64{p.a.LastDay, 1} {
			n := p.needs(cell{c.name, c.learners, c.learners * share})
			p.line("| %s | %s | %s | %.1f | %.0f | %.1f | %.2f | %.1f | %s | %.2g |", c.name, round(c.learners*share), round(n.beats), n.webCPU, n.processes, n.dbCPU, n.wal, n.memory, round(n.gbit), n.yuanYear/1e6)
		}
	}
	p.line("")
	p.line("Two processes and two database machines are the least for 7×24, however small the city.")
	p.line("")
	p.line("## What breaks first, and what to do")
	p.line("")
	for _, c := range cities {
		n := p.needs(cell{c.name, c.learners, c.learners})
		p.line("**%s, all at once**, in parts of what one machine has:", c.name)
		p.line("")
		for i, l := range p.limits(n) {
			word := ""
			if l.used >= 1 {
				word = ": " + l.cure
			}
			p.line("%d. %s: %s%s", i+1, l.name, share(l.used), word)
		}
		p.line("")
	}
	p.line("Beyond one primary, a city is a cell of its own: its own processes, database and store. A directory of people (number index → cell) answers where somebody learns; at 80 million people and 60 bytes a row it is 5 GB, read once a login: at 15%% of them logging in")
	p.line("within an hour 3,300 reads a second, one machine's work. Nothing else crosses cells; a change of city moves a learner's rows as an export and an import.")
	p.line("")
}

func share(used float64) string {
	if used >= 1 {
		return fmt.Sprintf("%.1f times", used)
	}
	return fmt.Sprintf("%.1f%%", used*100)
}

func (p *paper) growth() {
	p.line("## Rows and bytes")
	p.line("")
	p.line("Measured over %.0f hours of study in %d lessons, checks and all; a learner's year is %.1f hours watched.", p.g.Hours, p.g.Lessons, p.a.Hours)
	p.line("")
	p.line("| Table | Rows a learner-year | KB a learner-year |")
	p.line("|---|---|---|")
	for _, t := range p.g.Tables {
		p.line("| %s | %s | %.1f |", t.Name, round(t.Rows*p.a.Hours), t.Bytes*p.a.Hours/1000)
	}
	rows, bytes := p.g.sum(func(t Table) float64 { return t.Rows }), p.g.sum(func(t Table) float64 { return t.Bytes })
	p.line("| **all** | %s | %.0f |", round(rows*p.a.Hours), bytes*p.a.Hours/1000)
	p.line("")
	p.line("| Learners | Rows a year | GB a year | GB in %.0f years |", p.a.Years)
	p.line("|---|---|---|---|")
	for _, c := range cities {
		n := p.needs(cell{c.name, c.learners, c.learners})
		p.line("| %s | %s | %s | %s |", c.name, round(n.yearRows), round(n.yearGB), round(n.keptGB))
	}
	p.line("")
}

func (p *paper) assumed() {
	p.line("## Assumed (test/capacity/assumptions.json)")
	p.line("")
	a := p.a
	for _, l := range []struct {
		what  string
		value float64
	}{
		{"hours watched in a learner's year (90 credit hours of 45 minutes)", a.Hours}, {"seconds between heartbeats", a.BeatSeconds}, {"share of the registered online in the last day's busiest hour", a.LastDay},
		{"Mbit/s of video", a.Mbit}, {"share of a CPU that may be used", a.Busy}, {"heartbeats for each other request", a.BeatsPerPage}, {"CPU of another request, in heartbeats", a.PageCost},
		{"years kept (R1.4d)", a.Years}, {"yuan a CPU and month", a.YuanCPU}, {"yuan a GB and month of database disk", a.YuanGBMonth}, {"yuan a GB of CDN traffic", a.YuanCDN},
		{"CPUs of a process's machine", a.ProcessLimit}, {"CPUs of the largest database machine", a.PrimaryLimit}, {"GB of its disk", a.DiskLimitGB}, {"Gbit/s of a machine's uplink", a.UplinkGbit},
	} {
		p.line("- %s: %g", l.what, l.value)
	}
}

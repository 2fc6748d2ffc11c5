package courseware

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"xueshi/internal/media"
)

// Judge holds what was measured against a policy; media.Judge is one.
type Judge func(*media.Measured, media.Profile, *media.InspectionPolicy) []media.Finding

// Checked is what an inspector made of one clip.
type Checked struct {
	Clip     string          `json:"clip"`
	Clean    bool            `json:"clean"` // nothing was put in
	Took     time.Duration   `json:"took_ns"`
	MediaMS  int64           `json:"media_ms"`
	Sync     *float64        `json:"sync_ms,omitempty"`     // offset put in, + = sound early
	SyncGot  *float64        `json:"sync_got_ms,omitempty"` // nil when the inspector saw no marks
	Found    []string        `json:"found,omitempty"`
	Missed   []string        `json:"missed,omitempty"`
	False    []string        `json:"false,omitempty"` // one for each finding that nobody put in
	Error    string          `json:"error,omitempty"` // of the inspector
	Measured *media.Measured `json:"-"`
	Findings []media.Finding `json:"-"`
}

// Off is how far the measured offset is from the one put in, ms; 0 without sync marks, +Inf when they were not seen.
func (c *Checked) Off() float64 {
	switch {
	case c.Sync == nil:
		return 0
	case c.SyncGot == nil:
		return math.Inf(1)
	}
	return math.Abs(*c.SyncGot - *c.Sync)
}

// Select gives the clips of the names, or all without names.
// Errors: a name that no clip has.
func Select(names ...string) ([]Clip, error) {
	all := Clips()
	if len(names) == 0 {
		return all, nil
	}
	var out []Clip
	for _, n := range names {
		i := slices.IndexFunc(all, func(c Clip) bool { return c.Name == n })
		if i < 0 {
			return nil, fmt.Errorf("no clip %q", n)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// QuickNames are the clips that every test run checks.
func QuickNames() (out []string) {
	for _, c := range Clips() {
		if c.Quick {
			out = append(out, c.Name)
		}
	}
	return out
}

// Run makes the clips named (all without names) in dir (OpenWorkshop) and has each inspected and judged, one after the other.
// A clip that cannot be inspected has missed all that was put in. Errors: a clip that cannot be made, an unknown name.
func Run(ctx context.Context, inspector media.Inspector, judge Judge, dir string, names ...string) (*Result, error) {
	clips, err := Select(names...)
	if err != nil {
		return nil, err
	}
	w, err := OpenWorkshop(dir)
	if err != nil {
		return nil, err
	}
	paths, err := makeAll(ctx, w, clips)
	if err != nil {
		return nil, err
	}
	r := &Result{FFmpeg: w.versions["ffmpeg"]}
	for i := range clips {
		r.Clips = append(r.Clips, inspect(ctx, inspector, judge, &clips[i], paths[i]))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return r, nil
}

// makeAll makes two clips at a time.
func makeAll(ctx context.Context, w *Workshop, clips []Clip) (paths []string, err error) {
	paths = make([]string, len(clips))
	errs := make([]error, len(clips))
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				paths[i], errs[i] = clips[i].Make(ctx, w)
			}
		})
	}
	for i := range clips {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, e := range errs {
		if e != nil {
			return nil, e
		}
	}
	return paths, nil
}

func inspect(ctx context.Context, inspector media.Inspector, judge Judge, c *Clip, path string) Checked {
	got := Checked{Clip: c.Name, Clean: len(c.Must) == 0, Sync: c.Sync}
	began := time.Now()
	m, err := inspector.Measure(ctx, path, func(int64, int64) {})
	got.Took = time.Since(began)
	if err != nil {
		got.Error = err.Error()
		for _, d := range c.Must {
			got.Missed = append(got.Missed, d.Kind)
		}
		return got
	}
	got.Measured, got.MediaMS = m, m.DurationMS
	if m.Sync.Marks >= 2 {
		got.SyncGot = &m.Sync.OffsetMS
	}
	got.Findings = judge(m, c.profile(), c.policy())
	compare(&got, c, got.Findings)
	return got
}

// compare books what was found, missed and alleged.
func compare(got *Checked, c *Clip, findings []media.Finding) {
	used := make([]bool, len(findings))
	for _, d := range c.Must {
		if d.met(findings, used) {
			got.Found = append(got.Found, d.Kind)
		} else {
			got.Missed = append(got.Missed, d.Kind)
		}
	}
	for i, f := range findings {
		if !used[i] && !slices.Contains(c.May, f.Kind) {
			got.False = append(got.False, f.Kind)
		}
	}
}

// met marks the findings that are this defect, and tells whether they cover it, no more and no less.
func (d *Defect) met(findings []media.Finding, used []bool) bool {
	from, to, severe := int64(math.MaxInt64), int64(-1), d.Severity == ""
	for i, f := range findings {
		local := d.ToMS > 0 && f.ToMS > 0
		if f.Kind != d.Kind || local && (f.ToMS < d.FromMS-d.ToleranceMS || f.FromMS > d.ToMS+d.ToleranceMS) {
			continue
		}
		used[i] = true
		from, to = min(from, f.FromMS), max(to, f.ToMS)
		severe = severe || f.Severity == d.Severity
	}
	if to < 0 || !severe {
		return false
	}
	return d.ToMS == 0 || near(from, d.FromMS, d.ToleranceMS) && near(to, d.ToMS, d.ToleranceMS)
}

func near(a, b, tolerance int64) bool { return a >= b-tolerance && a <= b+tolerance }

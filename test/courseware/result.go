package courseware

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"xueshi/internal/media"
)

// The aims of the inspection (Q1 of the goals).
const (
	LeastRecall    = 98.0 // % of the defects put in
	LeastPrecision = 95.0 // % of the findings
	MostOffMS      = 40.0
	LeastDefective = 60 // clips with a defect
	LeastClean     = 16
)

// Result is a run over clips.
type Result struct {
	FFmpeg string // the first line of its version
	Clips  []Checked
}

// Figures are a result in numbers.
type Figures struct {
	Defective int     `json:"defective"` // clips with a defect
	Clean     int     `json:"clean"`     // clips without one
	Found     int     `json:"found"`     // defects
	Missed    int     `json:"missed"`    // defects, and clips that could not be inspected
	False     int     `json:"false"`     // findings that nobody put in
	Recall    float64 `json:"recall"`    // %
	Precision float64 `json:"precision"` // %
	Marked    int     `json:"marked"`    // clips with sync marks
	OffMS     float64 `json:"off_ms"`    // the worst error of an offset; -1: marks were not seen
	TailsLost int     `json:"tails_lost"`
}

// Figures counts.
func (r *Result) Figures() (f Figures) {
	for i := range r.Clips {
		c := &r.Clips[i]
		if c.Clean {
			f.Clean++
		} else {
			f.Defective++
		}
		f.Found, f.Missed, f.False = f.Found+len(c.Found), f.Missed+len(c.Missed), f.False+len(c.False)
		if c.Error != "" && len(c.Missed) == 0 {
			f.Missed++
		}
		for _, k := range c.Missed {
			if k == "black_tail" {
				f.TailsLost++
			}
		}
		if c.Sync != nil {
			f.Marked++
			f.OffMS = max(f.OffMS, c.Off())
		}
	}
	if math.IsInf(f.OffMS, 1) {
		f.OffMS = -1
	}
	f.Recall, f.Precision = share(f.Found, f.Missed), share(f.Found, f.False)
	return f
}

// share is good of good and bad, % with two digits.
func share(good, bad int) float64 {
	if good+bad == 0 {
		return 100
	}
	return math.Round(1e4*float64(good)/float64(good+bad)) / 100
}

// Problems are the aims that were not reached.
func (f *Figures) Problems() (out []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	say(f.Recall < LeastRecall, "recall %g %%, at least %g %%", f.Recall, LeastRecall)
	say(f.Precision < LeastPrecision, "precision %g %%, at least %g %%", f.Precision, LeastPrecision)
	say(f.OffMS < 0, "sync marks were not seen")
	say(f.OffMS > MostOffMS, "an offset is %g ms off, at most %g ms", f.OffMS, MostOffMS)
	say(f.TailsLost > 0, "%d black tails were not found", f.TailsLost)
	return out
}

// Table is the result in Markdown, one row a clip.
func (r *Result) Table() string {
	var b strings.Builder
	b.WriteString("| clip | put in | found | missed | not put in | offset, ms |\n|---|---|---|---|---|---|\n")
	for i := range r.Clips {
		c := &r.Clips[i]
		put := strings.Join(append(append([]string{}, c.Found...), c.Missed...), ", ")
		if c.Error != "" {
			put += " (" + c.Error + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", strings.ReplaceAll(c.Clip, "|", "/"), put, strings.Join(c.Found, ", "), bold(c.Missed), bold(c.False), c.offset())
	}
	return b.String()
}

func bold(kinds []string) string {
	if len(kinds) == 0 {
		return ""
	}
	return "**" + strings.Join(kinds, ", ") + "**"
}

// offset is what was put in and how far the measured one is off.
func (c *Checked) offset() string {
	switch {
	case c.Sync == nil:
		return ""
	case c.SyncGot == nil:
		return "**marks not seen**"
	}
	return fmt.Sprintf("%+g, off by %s", *c.Sync, strconv.FormatFloat(*c.SyncGot-*c.Sync, 'f', 1, 64))
}

// Story is a clip's row for a log: what went wrong, with the numbers.
func (c *Checked) Story() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: missed %v, not put in %v, off by %g ms %s", c.Clip, c.Missed, c.False, c.Off(), c.Error)
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "\n\t%s", sentence(&f))
	}
	return b.String()
}

func sentence(f *media.Finding) string {
	return fmt.Sprintf("%s %s %d–%d ms: %g %s, limit %g %s", f.Severity, f.Kind, f.FromMS, f.ToMS, f.Value, f.Unit, f.Limit, f.Detail)
}

// Good tells whether nothing went wrong with the clip.
func (c *Checked) Good() bool {
	return len(c.Missed) == 0 && len(c.False) == 0 && c.Error == "" && c.Off() <= MostOffMS
}

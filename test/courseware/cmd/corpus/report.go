package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"xueshi/test/courseware"
)

// report is what is written.
type report struct {
	At       string               `json:"at"`
	Commit   string               `json:"commit"`
	Machine  string               `json:"machine"`
	FFmpeg   string               `json:"ffmpeg"`
	Figures  courseware.Figures   `json:"figures"`
	Problems []string             `json:"problems"`
	Long     []*courseware.Cost   `json:"long"`
	Clips    []courseware.Checked `json:"clips"`
	table    string
}

func newReport(r *courseware.Result) *report {
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	rep := &report{At: time.Now().UTC().Format(time.RFC3339), Commit: strings.TrimSpace(string(commit)), FFmpeg: r.FFmpeg,
		Machine: fmt.Sprintf("%d CPUs, %s", runtime.NumCPU(), runtime.Version()), Figures: r.Figures(), Clips: r.Clips, table: r.Table()}
	rep.Problems = rep.Figures.Problems()
	return rep
}

// measureLong measures the long lessons that were asked for.
func (r *report) measureLong(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	for _, l := range []struct {
		asked   bool
		minutes int
	}{{*speed, 10}, {*hours, 180}} {
		if !l.asked {
			continue
		}
		c, err := courseware.Long(ctx, program, *dir, l.minutes, l.minutes < 60)
		if err != nil {
			return err
		}
		if c.Speed < courseware.LeastSpeed {
			r.Problems = append(r.Problems, fmt.Sprintf("%.1f s of media a second, at least %g", c.Speed, courseware.LeastSpeed))
		}
		r.Long = append(r.Long, c)
	}
	return nil
}

// head is the figures in Markdown.
func (r *report) head() string {
	var b strings.Builder
	f := &r.Figures
	line := func(format string, args ...any) { fmt.Fprintf(&b, "- "+format+"\n", args...) }
	line("%d clips: %d with defects, %d clean", f.Defective+f.Clean, f.Defective, f.Clean)
	line("recall %g %% (%d of %d defects; at least %g %%)", f.Recall, f.Found, f.Found+f.Missed, courseware.LeastRecall)
	line("precision %g %% (%d findings that nobody put in; at least %g %%)", f.Precision, f.False, courseware.LeastPrecision)
	line("offset: off by %g ms at worst in %d clips with sync marks (at most %g ms)", f.OffMS, f.Marked, courseware.MostOffMS)
	line("black tails that were not found: %d", f.TailsLost)
	for _, c := range r.Long {
		line("a lesson of %.0f min at 720 lines: %.0f s, %.1f s of media a second (at least %g); a tool had %.0f MB at most, the inspecting process %.0f MB; load before it %s",
			c.MediaS/60, c.TookS, c.Speed, courseware.LeastSpeed, c.ToolMB, c.SelfMB, c.Load)
	}
	line("%s, %s, %s, commit %s", r.At, r.Machine, r.FFmpeg, r.Commit)
	return b.String()
}

// write writes the table and the numbers.
func (r *report) write(base string) error {
	md := "# The defect corpus of courseware\n\nWritten by `make corpus`; README.md says what the figures mean.\n\n" + r.head() + "\n" + r.table
	if err := os.WriteFile(base+".md", []byte(md), 0o644); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(base+".json", append(raw, '\n'), 0o644)
}

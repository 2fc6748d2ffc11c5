//go:build bench

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// measureCourseware has the inspector of lessons look at the defect corpus and at a lesson of ten minutes; the command corpus does
// it in a process of its own and writes its table beside the report.
func measureCourseware() []result {
	base := "courseware"
	if *out != "" {
		base = filepath.Join(filepath.Dir(*out), base)
	}
	_ = os.Remove(base + ".json")
	cmd := exec.Command(*corpus, "-out", base, "-speed")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	failed := cmd.Run() // what it says is in the figures, unless it wrote none
	raw, err := os.ReadFile(base + ".json")
	if err != nil {
		check(fmt.Errorf("%s: %w", *corpus, failed))
	}
	var found struct {
		Figures struct {
			Defective, Clean, Marked int
			Recall, Precision        float64
			Off                      float64 `json:"off_ms"`
			Tails                    float64 `json:"tails_lost"`
		}
		Long []struct {
			Speed float64
			Tool  float64 `json:"tool_mb"`
			Load  string  `json:"load_avg"`
		}
	}
	check(json.Unmarshal(raw, &found))
	f := found.Figures
	how := fmt.Sprintf("%d clips with defects put in, %d without; the table is in courseware.md", f.Defective, f.Clean)
	off := atMost("Q1 worst error of a sound offset", f.Off, "ms", 40, 40, fmt.Sprintf("%d clips with sync marks", f.Marked))
	off.OK = off.OK && f.Off >= 0 // -1: marks were not seen
	rs := []result{
		atLeast("Q1 recall of defects in lesson files", f.Recall, "%", 98, 100, how),
		atLeast("Q1 precision of findings", f.Precision, "%", 95, 100, how),
		off,
		exactly("Q1 black tails of half a second or more not found", f.Tails, "clips", 0, how),
	}
	for _, l := range found.Long {
		how := "a filmed lesson of 10 minutes, 720 lines, 25 frames a second; load of the machine before it " + l.Load
		rs = append(rs, atLeast("inspection of a lesson", l.Speed, "s of media a second", 4, 10, how),
			atMost("memory of an inspection's tools", l.Tool, "MB", 3072, 256, how+"; the most that one program had resident"))
	}
	return rs
}

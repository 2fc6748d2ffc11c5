//go:build bench

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is one measured line. OK tells whether the line that a release may not cross is held.
type result struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target string  `json:"target"`
	OK     bool    `json:"ok"`
	How    string  `json:"how"`
}

type report struct {
	At      string   `json:"at"`
	Commit  string   `json:"commit"`
	Machine string   `json:"machine"`
	Results []result `json:"results"`
}

// atMost and atLeast are goals; fact is a figure beside them.
func atMost(name string, v float64, unit string, must, aim float64, how string) result {
	return result{name, v, unit, fmt.Sprintf("<= %g, aim <= %g", must, aim), v <= must, how}
}

func atLeast(name string, v float64, unit string, must, aim float64, how string) result {
	return result{name, v, unit, fmt.Sprintf(">= %g, aim >= %g", must, aim), v >= must, how}
}

func exactly(name string, v float64, unit string, want float64, how string) result {
	return result{name, v, unit, fmt.Sprintf("= %g", want), v == want, how}
}

func fact(name string, v float64, unit, how string) result {
	return result{name, v, unit, "-", true, how}
}

func write(rs []result) {
	if *out == "" {
		return
	}
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	rep := report{At: time.Now().UTC().Format(time.RFC3339), Commit: strings.TrimSpace(string(commit)), Machine: machine()}
	if raw, err := os.ReadFile(*out); err == nil { // all sections and both engines write into one report of the same run
		var old report
		if json.Unmarshal(raw, &old) == nil && old.Commit == rep.Commit {
			for _, r := range old.Results {
				if !slices.ContainsFunc(rs, func(n result) bool { return n.Name == r.Name }) {
					rep.Results = append(rep.Results, r)
				}
			}
		}
	}
	rep.Results = append(rep.Results, rs...)
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	check(enc.Encode(rep))
	check(os.WriteFile(*out, []byte(b.String()), 0o644))
}

func machine() string {
	model := ""
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = ", " + strings.TrimSpace(v)
				break
			}
		}
	}
	return fmt.Sprintf("%d CPUs%s, %s", runtime.NumCPU(), model, runtime.Version())
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}

// ratios is the median of a/b over the rounds.
func ratios(a, b []sample, f func(sample) float64) float64 {
	var v []float64
	for i := range a {
		v = append(v, f(a[i])/f(b[i]))
	}
	return median(v)
}

func medianOf(v []sample, f func(sample) float64) float64 {
	var s []float64
	for _, x := range v {
		s = append(s, f(x))
	}
	return median(s)
}

package courseware

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"xueshi/internal/media"
)

// LeastSpeed is how much faster than playing an inspection has to be, at 720 lines on two cores.
const LeastSpeed = 4.0

// ToolsMB is the address space a tool may have (gateway/ffmpeg); what it has in memory is held against it.
const ToolsMB = 3072.0

// Cost is what measuring one file took.
type Cost struct {
	MediaS float64 `json:"media_s"`
	TookS  float64 `json:"took_s"`
	Speed  float64 `json:"speed"`    // seconds of media a second
	ToolMB float64 `json:"tool_mb"`  // the most memory one tool had
	SelfMB float64 `json:"self_mb"`  // the most memory of the process that measured
	Load   string  `json:"load_avg"` // of the machine before it began
}

// Measure measures a file in this process, which must have started no other program before.
func Measure(ctx context.Context, inspector media.Inspector, path string) (*Cost, error) {
	c := &Cost{}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(raw), &c.Load)
	}
	began := time.Now()
	m, err := inspector.Measure(ctx, path, func(int64, int64) {})
	if err != nil {
		return nil, err
	}
	c.TookS, c.MediaS = time.Since(began).Seconds(), float64(m.DurationMS)/1000
	c.Speed = c.MediaS / c.TookS
	var self, tools syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return nil, err
	}
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &tools); err != nil {
		return nil, err
	}
	c.SelfMB, c.ToolMB = float64(self.Maxrss)/1024, float64(tools.Maxrss)/1024
	return c, nil
}

// Long is what measuring a filmed lesson of 720 lines and so many minutes takes. program is the command corpus; it measures in a
// process of its own, so that nothing else is in the figures. A file that is not kept is removed again.
func Long(ctx context.Context, program, dir string, minutes int, keep bool) (*Cost, error) {
	w, err := OpenWorkshop(dir)
	if err != nil {
		return nil, err
	}
	const pieceS = 12
	clip := Clip{Name: "long", Seconds: pieceS, Mux: Mux{Loop: minutes*60/pieceS - 1}}
	path, err := clip.Make(ctx, w)
	if err != nil {
		return nil, err
	}
	if !keep {
		defer func() { _ = os.Remove(path) }()
	}
	cmd := exec.CommandContext(ctx, program, "-measure", path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s -measure: %w", program, err)
	}
	var c Cost
	return &c, json.Unmarshal(out, &c)
}

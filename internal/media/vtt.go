package media

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
)

// Cue is one caption.
type Cue struct {
	FromMS int64  `json:"from_ms"`
	ToMS   int64  `json:"to_ms"`
	Text   string `json:"text"`
}

const (
	maxVTT  = 2 << 20
	maxCues = 20_000
)

// ParseVTT reads WebVTT captions (W3C WebVTT 1: cues with times and text; notes, styles and settings are passed over) and holds
// them against the length of what they caption. Errors: Invalid "media.captions" {line, what: size, utf8, header, time, order, beyond, empty}.
func ParseVTT(text string, durationMS int64) ([]Cue, error) {
	if len(text) > maxVTT {
		return nil, badVTT(0, "size")
	}
	if !utf8.ValidString(text) {
		return nil, badVTT(0, "utf8")
	}
	text = strings.TrimPrefix(text, "\ufeff")
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	if lines[0] != "WEBVTT" && !strings.HasPrefix(lines[0], "WEBVTT ") && !strings.HasPrefix(lines[0], "WEBVTT\t") {
		return nil, badVTT(1, "header")
	}
	var cues []Cue
	for i := 1; i < len(lines); i++ {
		if !strings.Contains(lines[i], "-->") {
			continue
		}
		c, err := cueAt(lines, &i, durationMS)
		if err != nil {
			return nil, err
		}
		if n := len(cues); n > 0 && c.FromMS < cues[n-1].FromMS {
			return nil, badVTT(i+1, "order")
		}
		if cues = append(cues, c); len(cues) > maxCues {
			return nil, badVTT(i+1, "size")
		}
	}
	if len(cues) == 0 {
		return nil, badVTT(len(lines), "empty")
	}
	return cues, nil
}

// cueAt reads the cue whose times stand in line i, and moves i to its last line.
func cueAt(lines []string, i *int, durationMS int64) (c Cue, err error) {
	at := *i + 1
	from, rest, _ := strings.Cut(lines[*i], "-->")
	to, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if c.FromMS, err = vttTime(strings.TrimSpace(from)); err == nil {
		c.ToMS, err = vttTime(strings.TrimSpace(to))
	}
	switch {
	case err != nil || c.ToMS <= c.FromMS:
		return c, badVTT(at, "time")
	case c.FromMS >= durationMS:
		return c, badVTT(at, "beyond")
	}
	var text []string
	for *i+1 < len(lines) && strings.TrimSpace(lines[*i+1]) != "" {
		*i++
		text = append(text, lines[*i])
	}
	if c.Text = strings.Join(text, "\n"); strings.TrimSpace(c.Text) == "" {
		return c, badVTT(at, "empty")
	}
	return c, nil
}

// vttTime reads hh:mm:ss.mmm or mm:ss.mmm as milliseconds.
func vttTime(s string) (int64, error) {
	clock, fraction, ok := strings.Cut(s, ".")
	parts := strings.Split(clock, ":")
	if !ok || len(fraction) != 3 || len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("time %q", s)
	}
	var total int64
	for i, p := range append(parts, fraction) {
		n, err := strconv.ParseUint(p, 10, 31)
		minutes := i > 0 && i < len(parts)
		if err != nil || len(p) < 2 || minutes && n > 59 {
			return 0, fmt.Errorf("time %q", s)
		}
		if i < len(parts) {
			total = total*60 + int64(n)
		} else {
			total = total*1000 + int64(n)
		}
	}
	return total, nil
}

func badVTT(line int, what string) error {
	return errs.New(errs.Invalid, "media.captions", "line", line, "what", what)
}

package main

import (
	"fmt"
	"strings"
)

type cue struct {
	from, to int64
	text     string
}

// parseVTT reads the WebVTT the maker writes: a header, then blocks of a time line and a text line.
func parseVTT(s string) (cues []cue, err error) {
	blocks := strings.Split(strings.TrimSpace(s), "\n\n")
	if blocks[0] != "WEBVTT" {
		return nil, fmt.Errorf("begins with %q", blocks[0])
	}
	for _, b := range blocks[1:] {
		times, text, _ := strings.Cut(b, "\n")
		from, to, ok := strings.Cut(times, " --> ")
		a, err1 := clock(from)
		z, err2 := clock(to)
		if !ok || err1 != nil || err2 != nil || text == "" {
			return nil, fmt.Errorf("block %q", b)
		}
		cues = append(cues, cue{a, z, text})
	}
	return cues, nil
}

func clock(s string) (int64, error) {
	var h, m, sec, ms int64
	if n, err := fmt.Sscanf(s, "%d:%d:%d.%d", &h, &m, &sec, &ms); n != 4 || err != nil || len(s) != len("00:00:00.000") {
		return 0, fmt.Errorf("time %q", s)
	}
	return ((h*60+m)*60+sec)*1000 + ms, nil
}

// checkCaptions holds the captions against the slides and their speech.
func checkCaptions(r *report, l *lesson) {
	text := make([]string, len(l.Slides))
	at, end := 0, int64(0)
	for n, c := range l.cues {
		for at < len(l.manifest.Slides)-1 && c.from >= l.manifest.Slides[at].EndMS {
			at++
		}
		if at >= len(l.manifest.Slides) || at >= len(l.Slides) {
			r.fail("cue %d has no slide", n)
			return
		}
		s := l.manifest.Slides[at]
		r.expect(c.from >= s.StartMS && c.to <= s.EndMS, "cue %d stands from %d to %d, its slide from %d to %d", n, c.from, c.to, s.StartMS, s.EndMS)
		r.expect(c.to > c.from && c.to-c.from <= maxCueMS, "cue %d lasts %d ms: %s", n, c.to-c.from, c.text)
		r.expect(c.from >= end, "cue %d overlaps the one before", n)
		r.expect(c.from-end <= maxPauseMS, "cue %d comes %d ms after the one before", n, c.from-end)
		end = c.to
		text[at] += c.text
	}
	r.expect(l.manifest.DurationMS-end <= maxPauseMS, "the last cue ends %d ms before the lesson", l.manifest.DurationMS-end)
	for i, s := range l.Slides {
		r.expect(text[i] == s.Speech, "the captions of slide %d are not its speech: %q", i, text[i])
	}
}

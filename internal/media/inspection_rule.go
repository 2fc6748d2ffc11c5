package media

import (
	"cmp"
	"math"
	"slices"
)

// mostOfKind bounds the findings of one kind in a report; beyond it the longest are kept.
const mostOfKind = 50

// Judge holds what was measured against the limits of the profile. It is pure: the same numbers give the same findings, in the
// order of their begin and then their kind. A value that is not a number was not measured and is not judged.
func Judge(m *Measured, profile Profile, p *InspectionPolicy) []Finding {
	j := newJudge(m, p.Of(profile))
	j.file()
	j.picture()
	j.timeLine()
	j.look()
	if m.Sound == nil {
		j.add("no_audio", Span{}, 0, 0)
	} else {
		j.sound()
		j.level()
		j.together()
	}
	return settled(j.found)
}

// judge is one run of Judge.
type judge struct {
	m      *Measured
	l      *Limits
	frame  int64 // how long a frame is shown, ms, rounded up
	blacks []Span
	found  []Finding
}

// shortBlack is the shortest black that is measured, ms. What is shown for less than that, or for two frames, between two black
// pieces does not part them.
const shortBlack = 100

func newJudge(m *Measured, l *Limits) *judge {
	j := &judge{m: m, l: l, frame: frameMS(&m.Picture), found: []Finding{}}
	j.blacks = j.tidy(m.Picture.Blacks, max(shortBlack, 2*j.frame+1))
	return j
}

// frameMS is how long a frame of the picture is shown, in whole ms.
func frameMS(p *Picture) int64 {
	if !(p.FPS >= 1 && p.FPS <= 1000) {
		return 40
	}
	return int64(math.Ceil(1000 / p.FPS))
}

// add notes a finding and returns it for what a kind says beyond its numbers; the empty span is the whole file.
func (j *judge) add(kind string, at Span, value, limit float64) *Finding {
	k := kindOf[kind]
	j.found = append(j.found, Finding{Kind: k.Name, Clause: k.Clause, Severity: k.Severity, FromMS: at.FromMS, ToMS: at.ToMS,
		Value: rounded(value, limit), Limit: limit, Unit: k.Unit, Repair: k.Repair})
	return &j.found[len(j.found)-1]
}

// above and below note a value of the whole file that passes its limit.
func (j *judge) above(kind string, value, limit float64) {
	if value > limit {
		j.add(kind, Span{}, value, limit)
	}
}

func (j *judge) below(kind string, value, limit float64) {
	if value < limit {
		j.add(kind, Span{}, value, limit)
	}
}

// longer notes every span that is longer than the limit; unit is the length of the kind's unit in ms.
func (j *judge) longer(kind string, spans []Span, limit, unit float64) {
	for _, s := range spans {
		if length := float64(s.Length()) / unit; length > limit {
			j.add(kind, s, length, limit)
		}
	}
}

// tidy brings spans within the file and in order, and joins those that overlap, or lie less than gap apart.
func (j *judge) tidy(spans []Span, gap int64) []Span {
	var in []Span
	for _, s := range spans {
		s = Span{max(s.FromMS, 0), min(s.ToMS, j.m.DurationMS)}
		if s.Length() > 0 {
			in = append(in, s)
		}
	}
	slices.SortFunc(in, func(a, b Span) int { return cmp.Or(cmp.Compare(a.FromMS, b.FromMS), cmp.Compare(a.ToMS, b.ToMS)) })
	var out []Span
	for _, s := range in {
		if n := len(out); n > 0 && s.FromMS < out[n-1].ToMS+gap {
			out[n-1].ToMS = max(out[n-1].ToMS, s.ToMS)
			continue
		}
		out = append(out, s)
	}
	return out
}

// rounded is a value as people read it: a decimal, two below one, none from a hundred on. It is rounded away from the limit it
// missed, so that no sentence says "5 %, at most 5 %".
func rounded(v, limit float64) float64 {
	v = min(max(v, -1e9), 1e9)
	scale := 10.0
	switch a := math.Abs(v); {
	case a >= 100:
		scale = 1
	case a < 1:
		scale = 100
	}
	n := v * scale
	switch near := math.Round(n); {
	case math.Abs(n-near) < 1e-6 || v == limit:
		n = near
	case v > limit:
		n = math.Ceil(n)
	default:
		n = math.Floor(n)
	}
	return n / scale
}

// settled puts findings in order and leaves the longest of each kind.
func settled(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(b.ToMS-b.FromMS, a.ToMS-a.FromMS) })
	count := map[string]int{}
	found = slices.DeleteFunc(found, func(f Finding) bool {
		count[f.Kind]++
		return count[f.Kind] > mostOfKind
	})
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.FromMS, b.FromMS), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ToMS, b.ToMS))
	})
	return found
}

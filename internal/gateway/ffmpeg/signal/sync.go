package signal

import (
	"math"
	"slices"

	"xueshi/internal/media"
)

const (
	flashRise  = 40.0 // levels of luma from one frame to the next
	flashFall  = 25.0
	longestMS  = 400.0
	pairedMS   = 1000.0 // how far a beep may be from its flash
	scatterMS  = 30.0   // pairs that differ more are no marks
	leastMarks = 2
)

// Flashes are the times of the first frames of short flashes, ms.
func (p *Picture) Flashes(at []float64) (out []float64) {
	n := min(len(at), len(p.frames))
	for i := 1; i < n; i++ {
		before, lit := p.frames[i-1].luma, p.frames[i].luma
		if lit-before < flashRise {
			continue
		}
		for j := i + 1; j < n && at[j]-at[i] <= longestMS; j++ {
			if lit-p.frames[j].luma >= flashFall && p.frames[j].luma-before < lit-p.frames[j].luma {
				out = append(out, at[i])
				i = j
				break
			}
		}
	}
	return out
}

// Match pairs flashes with beeps. Offset + = sound early. Pairs that do not lie on a line are flashes and tones of the lesson's
// own, and say nothing.
func Match(flashes, beeps []float64) media.Sync {
	var at, offsets []float64
	last := -1
	for _, f := range flashes {
		best := -1
		for i := last + 1; i < len(beeps); i++ {
			if d := math.Abs(beeps[i] - f); d <= pairedMS && (best < 0 || d < math.Abs(beeps[best]-f)) {
				best = i
			}
		}
		if best >= 0 {
			at, offsets, last = append(at, f), append(offsets, f-beeps[best]), best
		}
	}
	if len(at) < leastMarks {
		return media.Sync{}
	}
	slope := slopeOf(at, offsets)
	middle := median(offsets)
	rest := make([]float64, len(at))
	for i := range at {
		rest[i] = offsets[i] - slope*(at[i]-at[0])
	}
	level := median(rest)
	for i := range rest {
		rest[i] = math.Abs(rest[i] - level)
	}
	if slices.Max(rest) > 4*scatterMS || median(rest) > scatterMS {
		return media.Sync{}
	}
	return media.Sync{Marks: int64(len(at)), OffsetMS: math.Round(middle*10) / 10, DriftMS: math.Round(slope*(at[len(at)-1]-at[0])*10) / 10}
}

// slopeOf is the median of the slopes between all pairs (Theil–Sen): one wrong pair does not turn it.
func slopeOf(x, y []float64) float64 {
	var slopes []float64
	for i := range x {
		for j := i + 1; j < len(x) && j < i+200; j++ {
			if x[j] > x[i] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

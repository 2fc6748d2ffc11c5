package media

import "math"

// PlanRepair says what a machine can mend of the findings, and nothing more; the zero plan when it can mend nothing.
func PlanRepair(findings []Finding, m *Measured, p *InspectionPolicy) RepairPlan {
	var plan RepairPlan
	half := frameMS(&m.Picture) / 2
	for _, f := range findings {
		switch {
		case f.Repair == mendTrim && f.Kind == "black_head":
			// Cuts fall half a frame before the first frame of the other kind, so that no rounding leaves a black frame or takes one with a picture.
			plan.TrimHeadMS = max(plan.TrimHeadMS, f.ToMS-half)
		case f.Repair == mendTrim:
			plan.TrimTailMS = max(plan.TrimTailMS, m.DurationMS-f.FromMS+half)
		case f.Repair == mendLoudness:
			// Peaks alone are mended by levelling too: the whole is moved first, and what still passes the limit is held down.
			plan.Loudness, plan.TruePeak = p.aim(), min(p.Video.TruePeak, p.Slides.TruePeak)
		case f.Repair == mendRate:
			plan.FrameRate = p.rate(m.Picture.FPS)
		}
	}
	return plan
}

// aimMargin is how far a repair stays away from the bounds of loudness, LU: it reaches its aim within 0.3.
const aimMargin = 0.5

// aim is the loudness a repair reaches: the target, kept clear of the bounds of both profiles.
func (p *InspectionPolicy) aim() float64 {
	lo, hi := max(p.Video.LoudnessMin, p.Slides.LoudnessMin)+aimMargin, min(p.Video.LoudnessMax, p.Slides.LoudnessMax)-aimMargin
	if lo > hi {
		return (lo + hi) / 2
	}
	return min(max(p.LoudnessTarget, lo), hi)
}

// rates are the constant rates people and players know, frames a second.
var rates = []int64{10, 12, 15, 20, 24, 25, 30, 50, 60}

// rate is the known rate nearest to the measured one that keeps the bounds which the measured one keeps, since the profile is not
// known here; the first whole rate within them when no known one is, and 0 when there is none.
func (p *InspectionPolicy) rate(fps float64) int64 {
	lo, hi := 1.0, min(p.Video.FPSMax, p.Slides.FPSMax)
	for _, l := range []*Limits{&p.Video, &p.Slides} {
		if fps >= l.FPSMin*ntsc && l.FPSMin <= hi {
			lo = max(lo, l.FPSMin)
		}
	}
	best, away := int64(0), math.Inf(1)
	for _, r := range rates {
		if d := math.Abs(float64(r) - fps); float64(r) >= lo && float64(r) <= hi && d < away {
			best, away = r, d
		}
	}
	if first := math.Ceil(lo); best == 0 && first <= hi {
		return int64(first)
	}
	return best
}

package media

import "math"

// leadInS is how long a title may last (MOE 2011). A coloured card looks like a lesson in coloured light, but not for longer.
const leadInS = 10

// look judges what the picture looks like, second by second.
func (j *judge) look() {
	p, l := &j.m.Picture, j.l
	dark := j.blackSeconds()
	shown := func(i int) bool { return !dark[i] }
	always := func(int) bool { return true }
	j.curve("brightness_low", p.Luma, -1, l.LumaMin, l.StretchS, shown)
	j.curve("brightness_high", p.Luma, 1, l.LumaMax, l.StretchS, shown)
	j.curve("contrast_low", p.Contrast, -1, l.ContrastMin, l.StretchS, shown)
	j.curve("saturation_high", p.Saturation, 1, l.Saturation, l.StretchS, always)
	j.curve("off_gamut", p.OffGamut, 1, l.OffGamut, l.StretchS, always)
	if l.Cast > 0 {
		j.curve("colour_cast", p.Cast, 1, l.Cast, max(l.StretchS, min(leadInS+1, float64(len(p.Cast)))), always)
	}
	if l.Shake > 0 {
		j.curve("shake", p.Shake, 1, l.Shake, l.StretchS, always)
	}
}

// blackSeconds are the seconds with black in them: how dark and how flat they are is said by the black itself.
func (j *judge) blackSeconds() map[int]bool {
	out := map[int]bool{}
	for _, b := range j.blacks {
		for i := b.FromMS / 1000; i*1000 < b.ToMS; i++ {
			out[int(i)] = true
		}
	}
	return out
}

// curve notes each stretch of at least so many seconds in which a curve passes its limit, with its worst value. side is 1 for
// a limit from above, -1 for one from below. One good second between bad ones does not end a stretch, but is not counted either.
func (j *judge) curve(kind string, curve []float64, side, limit, seconds float64, judged func(i int) bool) {
	bad := func(i int) bool { return side*curve[i] > side*limit && judged(i) }
	for i := 0; i < len(curve); i++ {
		if !bad(i) {
			continue
		}
		first, last, count, worst := i, i, 0, curve[i]
		for ; i < len(curve) && i <= last+2; i++ {
			if bad(i) {
				last, count = i, count+1
				worst = side * max(side*worst, side*curve[i])
			}
		}
		i = last
		at := Span{int64(first) * 1000, min(int64(last+1)*1000, j.m.DurationMS)}
		if float64(count) >= math.Ceil(seconds) && at.Length() > 0 {
			j.add(kind, at, worst, limit)
		}
	}
}

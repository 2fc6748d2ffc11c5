package playback

import "slices"

// Range is a half-open piece [From, To) of a lesson's media, in milliseconds.
type Range struct {
	From, To int64
}

// Len is the length in milliseconds.
func (r Range) Len() int64 { return r.To - r.From }

// Set is a sorted list of disjoint, non-touching, non-empty ranges. The zero value is empty.
type Set []Range

// Total is the sum of all lengths in milliseconds.
func (s Set) Total() (n int64) {
	for _, r := range s {
		n += r.Len()
	}
	return n
}

// End is the furthest position in the set; 0 when it is empty.
func (s Set) End() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].To
}

// Add returns s with r in it. It may change s in place.
func (s Set) Add(r Range) Set {
	if r.To <= r.From {
		return s
	}
	// The hot case: the last range grows at its end.
	if n := len(s); n > 0 && s[n-1].To == r.From {
		s[n-1].To = r.To
		return s
	}
	i, _ := slices.BinarySearchFunc(s, r.From, func(e Range, from int64) int { return cmpInt(e.To, from) })
	j := i
	for j < len(s) && s[j].From <= r.To {
		r.From, r.To = min(r.From, s[j].From), max(r.To, s[j].To)
		j++
	}
	return slices.Replace(s, i, j, r)
}

// Minus is the part of r that is not in s.
func (s Set) Minus(r Range) (out Set) {
	i, _ := slices.BinarySearchFunc(s, r.From, func(e Range, from int64) int { return cmpInt(e.To, from+1) })
	for ; i < len(s) && s[i].From < r.To; i++ {
		if s[i].From > r.From {
			out = append(out, Range{r.From, s[i].From})
		}
		r.From = max(r.From, s[i].To)
	}
	if r.From < r.To {
		out = append(out, r)
	}
	return out
}

// Contains reports whether the position ms lies in the set.
func (s Set) Contains(ms int64) bool {
	i, _ := slices.BinarySearchFunc(s, ms, func(e Range, at int64) int { return cmpInt(e.To, at+1) })
	return i < len(s) && s[i].From <= ms
}

// FirstGap is the first position of [0, duration) that is not in the set; duration when there is none.
func (s Set) FirstGap(duration int64) int64 {
	if len(s) == 0 || s[0].From > 0 {
		return 0
	}
	return min(s[0].To, duration)
}

// Complete reports whether all of [0, duration) is in the set but gaps of at most gapMS each and totalMS together
// (settled.md: 2 s per gap, 5 s in all).
func (s Set) Complete(duration, gapMS, totalMS int64) bool {
	var missing, at int64
	for _, r := range s {
		if gap := r.From - at; gap > gapMS {
			return false
		} else if gap > 0 {
			missing += gap
		}
		at = r.To
	}
	if gap := duration - at; gap > gapMS {
		return false
	} else if gap > 0 {
		missing += gap
	}
	return missing <= totalMS
}

func cmpInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

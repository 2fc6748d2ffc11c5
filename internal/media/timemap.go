package media

import (
	"encoding/json"
	"slices"

	"xueshi/internal/kernel/errs"
)

// Piece says that length_ms of the base revision, from from_ms on, stand at to_ms in this one.
type Piece struct {
	FromMS   int64 `json:"from_ms"`
	ToMS     int64 `json:"to_ms"`
	LengthMS int64 `json:"length_ms"`
}

// TimeMap maps the base revision onto a revision: no millisecond of either stands in it twice. nil means the same content
// from the beginning, as far as both go; an empty list means other content: nothing carries over.
type TimeMap []Piece

// String is how the map is stored: empty, [] or the pieces.
func (t TimeMap) String() string {
	if t == nil {
		return ""
	}
	raw, _ := json.Marshal([]Piece(t)) // numbers always marshal
	return string(raw)
}

// ParseTimeMap reads what String wrote.
func ParseTimeMap(s string) (t TimeMap, err error) {
	if s == "" {
		return nil, nil
	}
	return t, json.Unmarshal([]byte(s), &t)
}

// Trimmed is the map of a repair that cut off the head of the base revision; lengthMS of it are left.
func Trimmed(headMS, lengthMS int64) TimeMap {
	switch {
	case lengthMS <= 0:
		return TimeMap{}
	case headMS == 0:
		return nil
	}
	return TimeMap{{FromMS: headMS, ToMS: 0, LengthMS: lengthMS}}
}

// Over is the map in pieces, between a base of before ms and a revision of now ms.
func (t TimeMap) Over(before, now int64) TimeMap {
	if t == nil {
		return TimeMap{{LengthMS: min(before, now)}}
	}
	return t.tidy()
}

// Then is the map of doing t, and next upon what it gives: from t's base onto next's revision.
func (t TimeMap) Then(next TimeMap) TimeMap {
	switch {
	case t == nil:
		return next
	case next == nil:
		return t
	}
	out := TimeMap{}
	for _, a := range t {
		for _, b := range next {
			from, to := max(a.ToMS, b.FromMS), min(a.ToMS+a.LengthMS, b.FromMS+b.LengthMS)
			if from < to {
				out = append(out, Piece{FromMS: a.FromMS + from - a.ToMS, ToMS: b.ToMS + from - b.FromMS, LengthMS: to - from})
			}
		}
	}
	return out.tidy()
}

// Inverse is the way back: from the revision onto the base.
func (t TimeMap) Inverse() TimeMap {
	if t == nil {
		return nil
	}
	out := make(TimeMap, len(t))
	for i, p := range t {
		out[i] = Piece{FromMS: p.ToMS, ToMS: p.FromMS, LengthMS: p.LengthMS}
	}
	return out.tidy()
}

// tidy is the one way to write a map down: in the order of the base, no piece that goes on where another ends.
func (t TimeMap) tidy() TimeMap {
	all := slices.Clone(t)
	slices.SortFunc(all, func(a, b Piece) int { return int(a.FromMS - b.FromMS) })
	out := TimeMap{}
	for _, p := range all {
		if n := len(out) - 1; n >= 0 && out[n].FromMS+out[n].LengthMS == p.FromMS && out[n].ToMS+out[n].LengthMS == p.ToMS {
			out[n].LengthMS += p.LengthMS
		} else {
			out = append(out, p)
		}
	}
	return out
}

// Total is how much of the base stands in the revision, ms. The map is in pieces.
func (t TimeMap) Total() (ms int64) {
	for _, p := range t {
		ms += p.LengthMS
	}
	return ms
}

// Nearest is where a position of the base stands, or what is nearest to it: a note is moved, never lost. The map is in pieces.
func (t TimeMap) Nearest(ms int64) int64 {
	at, least := ms, int64(-1)
	for _, p := range t {
		in := min(max(ms, p.FromMS), p.FromMS+p.LengthMS-1)
		if d := max(ms-in, in-ms); least < 0 || d < least {
			at, least = p.ToMS+in-p.FromMS, d
		}
	}
	return at
}

// check refuses a map that would count a millisecond twice or point beyond either revision.
func (t TimeMap) check(before, now int64) error {
	for i, p := range t {
		overlaps := func(o Piece) bool {
			return o.FromMS < p.FromMS+p.LengthMS && p.FromMS < o.FromMS+o.LengthMS || o.ToMS < p.ToMS+p.LengthMS && p.ToMS < o.ToMS+o.LengthMS
		}
		if p.LengthMS <= 0 || p.FromMS < 0 || p.ToMS < 0 || p.FromMS+p.LengthMS > before || p.ToMS+p.LengthMS > now || slices.ContainsFunc(t[:i], overlaps) {
			return errs.New(errs.Invalid, "media.time_map", "piece", i)
		}
	}
	return nil
}

package media

import (
	"encoding/json"
	"slices"

	"xueshi/internal/kernel/errs"
)

// Piece says that length_ms of the revision before, from from_ms on, stand at to_ms in this one.
type Piece struct {
	FromMS   int64 `json:"from_ms"`
	ToMS     int64 `json:"to_ms"`
	LengthMS int64 `json:"length_ms"`
}

// TimeMap maps the revision before onto a revision. nil means the same content from the beginning, as far as both go; an
// empty list means other content: nothing carries over.
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

// Trimmed is the map of a repair that cut off the head of the revision before.
func Trimmed(headMS, lengthMS int64) TimeMap {
	if headMS == 0 {
		return nil
	}
	return TimeMap{{FromMS: headMS, ToMS: 0, LengthMS: lengthMS}}
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

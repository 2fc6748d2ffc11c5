package playback

import (
	"testing"

	"pgregory.net/rapid"

	"xueshi/internal/media"
)

const length = 400 // ms, of the revisions in these tests

// drawSet draws what somebody has watched.
func drawSet(t *rapid.T) (s Set) {
	for range rapid.IntRange(0, 8).Draw(t, "stretches") {
		from := rapid.Int64Range(0, length-1).Draw(t, "from")
		s = s.Add(Range{from, rapid.Int64Range(from, length).Draw(t, "to")})
	}
	return s
}

// drawMap draws pieces of one revision, laid into another in another order, with gaps.
func drawMap(t *rapid.T, name string) media.TimeMap {
	out := media.TimeMap{}
	var from int64
	for range rapid.IntRange(0, 6).Draw(t, name+" pieces") {
		from += rapid.Int64Range(0, 40).Draw(t, name+" cut")
		n := rapid.Int64Range(1, 60).Draw(t, name+" length")
		if from+n > length {
			break
		}
		out = append(out, media.Piece{FromMS: from, LengthMS: n})
		from += n
	}
	to := int64(0)
	for _, i := range rapid.Permutation(indexes(len(out))).Draw(t, name+" order") {
		out[i].ToMS = to
		to += out[i].LengthMS
	}
	return out.Over(length, length)
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestWhatIsCarriedOver holds the promises by looking at each millisecond.
func TestWhatIsCarriedOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		had, a, b := drawSet(t), drawMap(t, "a"), drawMap(t, "b")
		got := had.Moved(a)
		if got.Total() > had.Total() || got.Total() > a.Total() || got.End() > length {
			t.Fatalf("%d ms of %d through %v", got.Total(), had.Total(), a)
		}
		for i, r := range got {
			if r.From >= r.To || i > 0 && r.From <= got[i-1].To {
				t.Fatalf("not a set: %v", got)
			}
		}
		back := a.Inverse()
		for ms := range int64(length) {
			was := Set{{ms, ms + 1}}.Moved(back)
			if want := len(was) == 1 && had.Contains(was[0].From); got.Contains(ms) != want {
				t.Fatalf("%d ms is carried %v, it was %v (%v through %v)", ms, got.Contains(ms), was, had, a)
			}
		}
		if x, y := had.Moved(a).Moved(b), had.Moved(a.Then(b)); !equalSets(x, y) {
			t.Fatalf("in two steps %v, in one %v", x, y)
		}
		if x := got.Moved(back); x.Total() != got.Total() || len(had.minus(x)) > 0 {
			t.Fatalf("there %v, and back %v of %v", got, x, had)
		}
		if x := had.Moved(media.TimeMap(nil).Over(length, length)); !equalSets(x, had) {
			t.Fatalf("the same content: %v of %v", x, had)
		}
	})
}

// minus is the part of o that is not in s.
func (s Set) minus(o Set) (out Set) {
	for _, r := range o {
		out = append(out, s.Minus(r)...)
	}
	return out
}

func equalSets(a, b Set) bool {
	return len(a.minus(b)) == 0 && len(b.minus(a)) == 0
}

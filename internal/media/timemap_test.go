package media

import (
	"testing"

	"pgregory.net/rapid"
)

// drawMap draws a map that check accepts: pieces of [0, before), in any order, with gaps, laid into [0, now).
func drawMap(t *rapid.T, before, now int64, name string) TimeMap {
	if rapid.IntRange(0, 5).Draw(t, name+" same") == 0 {
		return nil
	}
	out := TimeMap{}
	var from, to int64
	for range rapid.IntRange(0, 6).Draw(t, name+" pieces") {
		from += rapid.Int64Range(0, 20).Draw(t, name+" gap")
		to += rapid.Int64Range(0, 20).Draw(t, name+" hole")
		p := Piece{FromMS: from, ToMS: to, LengthMS: rapid.Int64Range(1, 40).Draw(t, name+" length")}
		if p.FromMS+p.LengthMS > before || p.ToMS+p.LengthMS > now {
			break
		}
		out = append(out, p)
		from, to = from+p.LengthMS, to+p.LengthMS
	}
	if len(out) > 1 && rapid.Bool().Draw(t, name+" turned") { // the first piece goes where the last one stands, if it fits
		a, b := &out[0], &out[len(out)-1]
		if a.LengthMS == b.LengthMS {
			a.ToMS, b.ToMS = b.ToMS, a.ToMS
		}
	}
	return out
}

// at is where a millisecond of the base stands; -1 = nowhere. The tests' own reading of a map, one millisecond at a time.
func (t TimeMap) at(ms int64) int64 {
	for _, p := range t {
		if p.FromMS <= ms && ms < p.FromMS+p.LengthMS {
			return p.ToMS + ms - p.FromMS
		}
	}
	return -1
}

const span = 160 // ms, of the revisions in these tests

func TestAMapDoneAfterAnotherIsTheMapOfBoth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawMap(t, span, span, "a").Over(span, span), drawMap(t, span, span, "b").Over(span, span), drawMap(t, span, span, "c").Over(span, span)
		ab := a.Then(b)
		seen := map[int64]bool{}
		for ms := range int64(span) {
			want := a.at(ms)
			if want >= 0 {
				want = b.at(want)
			}
			if got := ab.at(ms); got != want {
				t.Fatalf("%d ms: %d, want %d (%v then %v = %v)", ms, got, want, a, b, ab)
			}
			if want >= 0 && seen[want] {
				t.Fatalf("%v holds %d ms twice", ab, want)
			}
			seen[want] = true
		}
		if err := ab.check(span, span); err != nil {
			t.Fatalf("%v: %v", ab, err)
		}
		if x, y := ab.Then(c).String(), a.Then(b.Then(c)).String(); x != y {
			t.Fatalf("(a b) c = %s, a (b c) = %s", x, y)
		}
		if ab.Total() > min(a.Total(), b.Total()) {
			t.Fatalf("%d ms of %d and %d", ab.Total(), a.Total(), b.Total())
		}
	})
}

func TestTheWayBackLeadsWhereOneCameFrom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := drawMap(t, span, span/2, "m").Over(span, span/2)
		back := m.Inverse()
		if err := back.check(span/2, span); err != nil {
			t.Fatal(err)
		}
		for ms := range int64(span) {
			if to := m.at(ms); to >= 0 && back.at(to) != ms {
				t.Fatalf("%d → %d → %d", ms, to, back.at(to))
			}
			near := m.Nearest(ms)
			if to := m.at(ms); to >= 0 && near != to || len(m) > 0 && back.at(near) < 0 {
				t.Fatalf("nearest to %d: %d of %v", ms, near, m)
			}
		}
		if m.Then(back).Total() != m.Total() || back.Total() != m.Total() {
			t.Fatalf("%v, back %v", m, back)
		}
		if nil2, empty := TimeMap(nil).Then(TimeMap{}), (TimeMap{}).Then(nil); nil2 == nil || empty == nil {
			t.Fatal("other content has become the same content")
		}
	})
}

// TestRevisionsThatGrewFromOneAnother walks a random tree: by whatever way one goes, what arrives is what the straight way brings.
func TestRevisionsThatGrewFromOneAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := map[int64]revision{1: {durationMS: span}}
		n := rapid.Int64Range(2, 6).Draw(t, "revisions")
		for rev := int64(2); rev <= n; rev++ {
			base := rapid.Int64Range(0, rev-1).Draw(t, "base")
			length := rapid.Int64Range(span/2, span).Draw(t, "duration")
			all[rev] = revision{length, base, drawMap(t, min(span/2, all[base].durationMS), span/2, "edge")}
		}
		draw := func(name string) int64 { return rapid.Int64Range(1, n).Draw(t, name) }
		a, b, c := draw("a"), draw("b"), draw("c")
		straight := moved(all, a, c)
		if err := straight.check(all[a].durationMS, all[c].durationMS); err != nil {
			t.Fatal(err)
		}
		round := moved(all, a, b).Then(moved(all, b, c))
		for ms := range all[a].durationMS {
			if to := round.at(ms); to >= 0 && to != straight.at(ms) {
				t.Fatalf("%d ms of %d by way of %d: %d, straight to %d: %d", ms, a, b, to, c, straight.at(ms))
			}
		}
		if x, y := straight.Inverse().String(), moved(all, c, a).String(); x != y {
			t.Fatalf("%d to %d: %s; the way back of the way there: %s", c, a, y, x)
		}
	})
}

func TestWhatARevisionGrewFrom(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stem        Stem
		before, now int64
		want        string
	}{
		"the same again":                                 {Stem{Uploaded: true, Same: true}, 60_000, 60_000, ""},
		"the same, a segment longer":                     {Stem{Uploaded: true, Same: true}, 60_000, 66_000, ""},
		"the same, they say, but longer":                 {Stem{Uploaded: true, Same: true}, 60_000, 66_001, "[]"},
		"the same, they say, but shorter":                {Stem{Uploaded: true, Same: true}, 60_000, 53_999, "[]"},
		"recorded anew":                                  {Stem{Uploaded: true}, 60_000, 60_000, "[]"},
		"a repair that trims the head":                   {Stem{HeadMS: 2_000}, 60_000, 58_000, `[{"from_ms":2000,"to_ms":0,"length_ms":58000}]`},
		"a repair that trims both ends":                  {Stem{HeadMS: 2_000, TailMS: 5_000}, 60_000, 53_000, `[{"from_ms":2000,"to_ms":0,"length_ms":53000}]`},
		"a repair of the sound":                          {Stem{}, 60_000, 60_000, ""},
		"an upload that was mended before it was played": {Stem{HeadMS: 10_000, Uploaded: true, Same: true}, 60_000, 50_000, `[{"from_ms":10000,"to_ms":0,"length_ms":50000}]`},
		"other content, mended":                          {Stem{HeadMS: 10_000, Uploaded: true}, 60_000, 50_000, "[]"},
		"nothing of the base is left":                    {Stem{HeadMS: 70_000}, 60_000, 50_000, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := c.stem.timeMap(c.before, c.now, 6_000)
			if m.String() != c.want {
				t.Errorf("%s, want %s", m, c.want)
			}
			if err := m.check(c.before, c.now); err != nil {
				t.Error(err)
			}
		})
	}
}

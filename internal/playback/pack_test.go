package playback

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// anything gives every field below v a value of its own.
func anything(t *testing.T, rnd *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Int64:
		v.SetInt(rnd.Int64() >> rnd.IntN(60) * (1 - 2*rnd.Int64N(2)))
	case reflect.String:
		b := make([]byte, 1+rnd.IntN(300))
		for i := range b {
			b[i] = byte(rnd.IntN(256))
		}
		v.SetString(string(b))
	case reflect.Bool:
		v.SetBool(rnd.IntN(2) == 0)
	case reflect.Slice:
		b := make([]byte, rnd.IntN(40))
		v.SetBytes(b)
	case reflect.Struct:
		for i := range v.NumField() {
			anything(t, rnd, v.Field(i))
		}
	default:
		t.Fatalf("a field of kind %s: teach the test and entry.fields", v.Kind())
	}
}

func TestPackedEntriesComeBackWhole(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	c := newEntries()
	for range 500 {
		e := &entry{policy: &DefaultPolicy, cached: true, confirmed: rnd.Int64(), finished: rnd.IntN(2) == 0, sentAt: rnd.Int64()}
		anything(t, rnd, reflect.ValueOf(&e.study).Elem())
		anything(t, rnd, reflect.ValueOf(&e.lesson).Elem())
		for n := range rnd.IntN(5) {
			e.credited = append(e.credited, Range{int64(n) * 1000, int64(n)*1000 + 500})
		}
		for range rnd.IntN(50) {
			e.delivered = e.delivered.add(rnd.Int64N(300))
		}
		c.put(e.study.LearnerID, e)
		got := c.get(e.study.LearnerID)
		if !reflect.DeepEqual(got.study, e.study) || got.lesson != e.lesson || *got.policy != *e.policy || got.confirmed != e.confirmed || got.finished != e.finished || got.sentAt != e.sentAt || !got.cached {
			t.Fatalf("got %+v\nwant %+v", got, e)
		}
		if len(got.credited) != len(e.credited) || len(got.delivered) != len(e.delivered) {
			t.Fatalf("sets: got %v %v, want %v %v", got.credited, got.delivered, e.credited, e.delivered)
		}
		for i := range e.credited {
			if got.credited[i] != e.credited[i] {
				t.Fatalf("credited %v, want %v", got.credited, e.credited)
			}
		}
		for n := range int64(320) {
			if got.delivered.has(n) != e.delivered.has(n) {
				t.Fatalf("segment %d: %v, want %v", n, got.delivered.has(n), e.delivered.has(n))
			}
		}
	}
}

func TestCopiesOfTheCacheAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	c := newEntries()
	e := &entry{policy: &DefaultPolicy, credited: Set{{0, 10}}, delivered: segments{}.add(3)}
	c.put("a", e)
	one := c.get("a")
	one.credited, one.delivered, one.study.Version = one.credited.Add(Range{10, 20}), one.delivered.add(4), 9
	if two := c.get("a"); two.credited.End() != 10 || two.delivered.has(4) || two.study.Version != 0 {
		t.Errorf("a change of a copy shows in the cache: %+v", two)
	}
	c.offer("a", one)
	if c.get("a").study.Version != 0 {
		t.Error("what a reader loaded took the place of what the committer kept")
	}
	if c.drop("a"); c.get("a") != nil {
		t.Error("dropped, and still there")
	}
}

func TestSegmentsBounds(t *testing.T) {
	t.Parallel()
	s := segments(nil).add(-1).add(1 << 40)
	if len(s) != 0 || s.has(-1) || s.has(1<<40) {
		t.Errorf("%v", s)
	}
}

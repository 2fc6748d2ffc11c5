package playback

import (
	"math/rand/v2"
	"reflect"
	"slices"
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

// A fold tells of every segment that it went out, no earlier than it did and at most a minute later, and on the right side of every
// instant at which a span was booked. A list that was cut is an error.
func TestListOfDeliveries(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 7))
	const begin = 1_700_000_000_000_000
	for range 500 {
		var all []sent
		for _, n := range rnd.Perm(rnd.IntN(300)) {
			all = append(all, sent{int64(n) * (1 + rnd.Int64N(2)), begin + rnd.Int64N(1_800_000_000)})
		}
		var booked []int64
		for range rnd.IntN(5) {
			booked = append(booked, begin+rnd.Int64N(1_800_000_000))
		}
		if len(all) > 0 {
			booked = append(booked, all[0].at) // in the same transaction
		}
		was := map[int64][]int64{}
		for _, s := range all {
			was[s.segment] = append(was[s.segment], s.at)
		}
		list := listOf(stretchesOf(all, booked))
		got, err := ofList(list)
		if err != nil || len(got) != len(all) {
			t.Fatalf("%v: %d deliveries became %d", err, len(all), len(got))
		}
		told := map[int64][]int64{}
		for _, s := range got {
			told[s.segment] = append(told[s.segment], s.at)
		}
		for no, at := range was {
			slices.Sort(at)
			slices.Sort(told[no])
			for i := range at {
				if late := told[no][i] - at[i]; late < 0 || late > foldSpan {
					t.Fatalf("segment %d went out at %d, told %d", no, at[i], told[no][i])
				}
				for _, b := range booked {
					if (at[i] <= b) != (told[no][i] <= b) {
						t.Fatalf("segment %d of %d is told at %d, across the booking at %d", no, at[i], told[no][i], b)
					}
				}
			}
		}
		if len(list) > 0 {
			if cut, err := ofList(list[:len(list)-1]); err == nil {
				t.Fatalf("a list cut short is read as %v", cut)
			}
		}
	}
	steady := make([]sent, 600)
	for i := range steady {
		steady[i] = sent{int64(i), begin + int64(i)*6_000_000}
	}
	if n := len(listOf(stretchesOf(steady, nil))); n > 6*60 {
		t.Errorf("an hour of study takes %d bytes", n)
	}
}

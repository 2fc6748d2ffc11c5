package signal

import (
	"math"
	"slices"
	"testing"

	"xueshi/internal/media"
)

func TestFlashes(t *testing.T) {
	levels := slices.Repeat([]byte{100}, 100)
	copy(levels[10:], []byte{230, 230})               // a mark
	copy(levels[40:], slices.Repeat([]byte{200}, 30)) // a bright slide of 1.2 s
	copy(levels[80:], []byte{120, 120})               // hardly brighter
	levels[98], levels[99] = 230, 230                 // the end cuts it off
	p, at := NewPicture(), []float64{}
	for i, y := range levels {
		p.Write(plain(y, 128, 128))
		at = append(at, 40*float64(i))
	}
	if got := p.Flashes(at); !slices.Equal(got, []float64{400}) {
		t.Errorf("%v", got)
	}
}

func TestMatch(t *testing.T) {
	marks := []float64{1000, 4000, 9000, 15000}
	shifted := func(by func(m float64) float64) (out []float64) {
		for _, m := range marks {
			out = append(out, m+by(m))
		}
		return out
	}
	late := func(ms float64) []float64 { return shifted(func(float64) float64 { return ms }) }
	drift := shifted(func(m float64) float64 { return (m - 1000) / 100 })
	for name, c := range map[string]struct {
		flashes, beeps []float64
		want           media.Sync
	}{
		"together":                    {marks, marks, media.Sync{Marks: 4}},
		"sound late":                  {marks, late(120), media.Sync{Marks: 4, OffsetMS: -120}},
		"sound early":                 {marks, late(-80), media.Sync{Marks: 4, OffsetMS: 80}},
		"drift":                       {marks, drift, media.Sync{Marks: 4, OffsetMS: -30, DriftMS: -140}},
		"a tone more":                 {marks, slices.Concat(marks[:1], []float64{2500}, marks[1:]), media.Sync{Marks: 4}},
		"a flash more":                {slices.Concat(marks[:2], []float64{6500}, marks[2:]), marks, media.Sync{Marks: 4}},
		"one mark says nothing":       {marks[:1], marks[:1], media.Sync{}},
		"too far apart":               {marks, late(1500), media.Sync{}},
		"flashes of the lesson's own": {marks, []float64{1300, 3200, 9900, 14500}, media.Sync{}},
		"nothing":                     {nil, nil, media.Sync{}},
	} {
		got := Match(c.flashes, c.beeps)
		if got.Marks != c.want.Marks || math.Abs(got.OffsetMS-c.want.OffsetMS) > 1 || math.Abs(got.DriftMS-c.want.DriftMS) > 1 {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

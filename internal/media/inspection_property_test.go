package media

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// odd are numbers that a broken measurement gives.
var odd = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1}

func drawNumber(t *rapid.T, name string, lo, hi float64) float64 {
	if rapid.IntRange(0, 9).Draw(t, name+" odd") == 0 {
		return rapid.SampledFrom(odd).Draw(t, name)
	}
	return rapid.Float64Range(lo, hi).Draw(t, name)
}

func drawCurve(t *rapid.T, name string, seconds int, lo, hi float64) []float64 {
	var out []float64
	for n := rapid.IntRange(0, seconds+3).Draw(t, name+" seconds"); len(out) < n; {
		v := drawNumber(t, name, lo, hi)
		for range rapid.IntRange(1, 9).Draw(t, name+" for") {
			out = append(out, v)
		}
	}
	return out
}

// drawSpans gives spans of any kind: turned around, empty, overlapping, beyond the file.
func drawSpans(t *rapid.T, name string, duration int64) []Span {
	var out []Span
	for range rapid.IntRange(0, 6).Draw(t, name) {
		from := rapid.Int64Range(-500, duration+500).Draw(t, name+" from")
		out = append(out, Span{from, from + rapid.Int64Range(-100, duration).Draw(t, name+" length")})
	}
	return out
}

func drawMeasured(t *rapid.T) *Measured {
	seconds := rapid.IntRange(0, 90).Draw(t, "seconds")
	d := int64(seconds)*1000 + rapid.Int64Range(0, 999).Draw(t, "ms")
	m := &Measured{Container: rapid.SampledFrom([]string{"mp4", "ogg", ""}).Draw(t, "container"), DurationMS: d}
	m.Picture = Picture{Codec: rapid.SampledFrom([]string{"h264", "vp9"}).Draw(t, "codec"), Height: rapid.Int64Range(0, 4320).Draw(t, "height"),
		Kbps: drawNumber(t, "kbps", 0, 30_000), StartMS: rapid.Int64Range(0, d).Draw(t, "start"), EndMS: rapid.Int64Range(0, d).Draw(t, "end"),
		Frames: rapid.Int64Range(0, 3000).Draw(t, "frames"), FPS: drawNumber(t, "fps", 0, 130), Uneven: drawNumber(t, "uneven", 0, 9),
		Lost: rapid.Int64Range(0, 30).Draw(t, "lost"), OutOfOrder: rapid.Int64Range(0, 2).Draw(t, "disordered"), Duplicated: drawNumber(t, "duplicated", 0, 9),
		Gaps: drawSpans(t, "gaps", d), Repeats: drawSpans(t, "repeats", d), Blacks: drawSpans(t, "blacks", d), Freezes: drawSpans(t, "freezes", d),
		Luma: drawCurve(t, "luma", seconds, 16, 235), Contrast: drawCurve(t, "contrast", seconds, 0, 200), Saturation: drawCurve(t, "saturation", seconds, 0, 180),
		OffGamut: drawCurve(t, "gamut", seconds, 0, 9), Cast: drawCurve(t, "cast", seconds, 0, 40), Shake: drawCurve(t, "shake", seconds, 0, 1)}
	if rapid.Bool().Draw(t, "sound") {
		m.Sound = &Sound{Codec: "aac", Hz: rapid.Int64Range(0, 96_000).Draw(t, "hz"), Channels: rapid.Int64Range(0, 6).Draw(t, "channels"), Kbps: drawNumber(t, "rate", 0, 200),
			StartMS: rapid.Int64Range(0, d).Draw(t, "sound start"), EndMS: rapid.Int64Range(0, d).Draw(t, "sound end"), Gaps: drawSpans(t, "holes", d),
			Loudness: drawNumber(t, "loudness", -75, 0), TruePeak: drawNumber(t, "peak", -20, 3), Range: drawNumber(t, "range", 0, 30),
			Clipped: drawCurve(t, "clipped", seconds, 0, 3), Silences: drawSpans(t, "silences", d), Speech: drawNumber(t, "speech", -90, 0),
			Noise: drawNumber(t, "noise", -120, 0), Hum: drawNumber(t, "hum", -120, 0), Balance: drawNumber(t, "balance", -30, 30)}
		m.Sync = Sync{rapid.Int64Range(0, 4).Draw(t, "marks"), drawNumber(t, "offset", -300, 300), drawNumber(t, "drift", -300, 300)}
	}
	return m
}

func TestAnyMeasurementGivesSaneFindings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, m := DefaultInspectionPolicy, drawMeasured(t)
		profile := rapid.SampledFrom([]Profile{Video, Slides, ""}).Draw(t, "profile")
		found := Judge(m, profile, &p)
		if !slices.Equal(found, Judge(m, profile, &p)) {
			t.Fatal("another answer for the same numbers")
		}
		if text, err := json.Marshal(found); err != nil || string(text) == "null" {
			t.Fatalf("cannot be stored: %v", err)
		}
		last := map[string]Finding{}
		for i, f := range found {
			if f.FromMS < 0 || f.ToMS < f.FromMS || f.ToMS > m.DurationMS {
				t.Fatalf("outside the file: %+v", f)
			}
			if i > 0 && (found[i-1].FromMS > f.FromMS || found[i-1].FromMS == f.FromMS && found[i-1].Kind > f.Kind) {
				t.Fatalf("out of order: %+v, %+v", found[i-1], f)
			}
			if twin, ok := last[f.Kind]; ok && twin.ToMS > f.FromMS {
				t.Fatalf("twins: %+v, %+v", twin, f)
			}
			last[f.Kind] = f
			if k := kindOf[f.Kind]; f.Severity != k.Severity && !k.Graded {
				t.Fatalf("severity: %+v", f)
			}
		}
		if plan := PlanRepair(found, m, &p); plan.TrimHeadMS < 0 || plan.TrimTailMS < 0 || plan != (RepairPlan{}) && plan.TrimHeadMS+plan.TrimTailMS >= max(m.DurationMS, 1) {
			t.Fatalf("nothing would be left: %+v of %d ms", plan, m.DurationMS)
		}
	})
}

// drawMendable is a flawless lesson with faults of the repairable kinds, as a real file has them: its blacks are apart, and
// end on frames.
func drawMendable(t *rapid.T) *Measured {
	m := flawless()
	m.Picture.FPS = rapid.Float64Range(8, 130).Draw(t, "fps")
	m.Picture.Uneven = rapid.Float64Range(0, 40).Draw(t, "uneven")
	m.Sound.Loudness = rapid.Float64Range(-60, -5).Draw(t, "loudness")
	m.Sound.TruePeak = min(m.Sound.Loudness+rapid.Float64Range(1, 30).Draw(t, "crest"), 3)
	frame, at := frameMS(&m.Picture), int64(0)
	for _, length := range rapid.SliceOfN(rapid.Int64Range(3, 300), 0, 8).Draw(t, "pieces") {
		piece := Span{at * frame, min((at+length)*frame, m.DurationMS)}
		if piece.Length() >= 100 && len(m.Picture.Blacks) < 8 {
			m.Picture.Blacks = append(m.Picture.Blacks, piece)
		}
		at += length + rapid.Int64Range(1, 300).Draw(t, "between")
	}
	if rapid.Bool().Draw(t, "tail") {
		m.Picture.Blacks = append(m.Picture.Blacks, Span{m.DurationMS - frame*rapid.Int64Range(5, 100).Draw(t, "tail frames"), m.DurationMS})
	}
	return m
}

// mended applies a plan to the numbers as Repair does to the file: a frame stays if it begins in the kept piece.
func mended(m *Measured, plan RepairPlan, miss float64) *Measured {
	out, sound := *m, *m.Sound
	out.Sound = &sound
	half := frameMS(&m.Picture) / 2
	end := m.DurationMS - plan.TrimTailMS
	out.DurationMS = end - plan.TrimHeadMS
	out.Picture.EndMS, sound.EndMS, out.Picture.Blacks = out.DurationMS, out.DurationMS, nil
	if plan.TrimHeadMS > 0 {
		out.Picture.StartMS = half
	}
	for _, b := range m.Picture.Blacks {
		if b = (Span{max(b.FromMS, plan.TrimHeadMS), min(b.ToMS, end)}); b.Length() > half {
			out.Picture.Blacks = append(out.Picture.Blacks, Span{b.FromMS - plan.TrimHeadMS, b.ToMS - plan.TrimHeadMS})
		}
	}
	if plan.FrameRate > 0 {
		out.Picture.FPS, out.Picture.Uneven = float64(plan.FrameRate), 0
	}
	if plan.Loudness != 0 {
		gain := plan.Loudness - sound.Loudness
		sound.Loudness, sound.TruePeak = plan.Loudness+miss, min(sound.TruePeak+gain, plan.TruePeak)
	}
	return &out
}

func TestARepairLeavesNothingToRepair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, m := DefaultInspectionPolicy, drawMendable(t)
		p.LoudnessTarget = rapid.Float64Range(-24, -16).Draw(t, "target")
		profile := rapid.SampledFrom([]Profile{Video, Slides}).Draw(t, "profile")
		found := Judge(m, profile, &p)
		plan := PlanRepair(found, m, &p)
		mendable := slices.ContainsFunc(found, func(f Finding) bool { return f.Repair != "" })
		if mendable == (plan == RepairPlan{}) {
			t.Fatalf("plan %+v for %+v", plan, found)
		}
		for _, f := range Judge(mended(m, plan, rapid.Float64Range(-0.3, 0.3).Draw(t, "miss")), profile, &p) {
			if f.Repair != "" {
				t.Fatalf("still there after %+v: %+v", plan, f)
			}
		}
	})
}

func TestAPlanMendsWhatWasFoundAndNothingElse(t *testing.T) {
	p := DefaultInspectionPolicy
	for name, c := range map[string]struct {
		set  func(m *Measured)
		want RepairPlan
	}{
		"nothing":          {func(*Measured) {}, RepairPlan{}},
		"nothing mendable": {func(m *Measured) { m.Picture.Height, m.Picture.Blacks = 480, []Span{{9000, 12_000}} }, RepairPlan{}},
		"head":             {func(m *Measured) { m.Picture.Blacks = []Span{{0, 3000}} }, RepairPlan{TrimHeadMS: 2980}},
		"tail":             {func(m *Measured) { m.Picture.Blacks = []Span{{597_000, 600_000}} }, RepairPlan{TrimTailMS: 3020}},
		"too quiet":        {func(m *Measured) { m.Sound.Loudness = -33 }, RepairPlan{Loudness: -20, TruePeak: -1}},
		"peaks":            {func(m *Measured) { m.Sound.TruePeak = 0.4 }, RepairPlan{Loudness: -20, TruePeak: -1}},
		"silent":           {func(m *Measured) { m.Sound.Loudness = -70 }, RepairPlan{}},
		"uneven 29.4":      {func(m *Measured) { m.Picture.FPS, m.Picture.Uneven = 29.4, 9 }, RepairPlan{FrameRate: 30}},
		"uneven 48":        {func(m *Measured) { m.Picture.FPS, m.Picture.Uneven = 48, 9 }, RepairPlan{FrameRate: 50}},
		"uneven 15":        {func(m *Measured) { m.Picture.FPS, m.Picture.Uneven = 15.2, 9 }, RepairPlan{FrameRate: 15}},
		"too fast":         {func(m *Measured) { m.Picture.FPS = 120 }, RepairPlan{FrameRate: 60}},
		"all black":        {func(m *Measured) { m.Picture.Blacks = []Span{{0, 600_000}} }, RepairPlan{}},
	} {
		m := flawless()
		c.set(m)
		if got := PlanRepair(Judge(m, Video, &p), m, &p); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	m := flawless()
	m.Picture.FPS, m.Picture.Uneven = 26, 9
	p.Video.FPSMin, p.Slides.TruePeak = 26, -2
	m.Sound.TruePeak = 0
	if got := PlanRepair(Judge(m, Video, &p), m, &p); got != (RepairPlan{Loudness: -20, TruePeak: -2, FrameRate: 30}) {
		t.Errorf("the bounds that were kept stay kept, and the stricter peak holds: %+v", got)
	}
}

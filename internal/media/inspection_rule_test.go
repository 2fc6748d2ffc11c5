package media

import (
	"math"
	"slices"
	"testing"
)

// flawless is a lesson of ten minutes that passes in both profiles.
func flawless() *Measured {
	curve := func(v float64) []float64 { return slices.Repeat([]float64{v}, 600) }
	return &Measured{
		Container: "mp4", SizeBytes: 150 << 20, DurationMS: 600_000,
		Picture: Picture{Codec: "h264", Width: 1920, Height: 1080, Kbps: 2000, EndMS: 600_000, Frames: 15_000, FPS: 25,
			Luma: curve(120), Contrast: curve(150), Saturation: curve(30), OffGamut: curve(0), Cast: curve(3), Shake: curve(0.05)},
		Sound: &Sound{Codec: "aac", Hz: 48_000, Channels: 2, Kbps: 128, EndMS: 600_000, Loudness: -20, TruePeak: -3, Range: 8,
			ShortTerm: curve(-20), Clipped: curve(0), Speech: -18, Noise: -75, Hum: -120, Pitch: 180},
	}
}

// hold fills seconds [from, to) of a curve.
func hold(curve []float64, from, to int, v float64) {
	for i := from; i < to; i++ {
		curve[i] = v
	}
}

// edgeCase sets one number of a flawless file onto its limit, and beyond it when miss is 1; want is what is then found.
type edgeCase struct {
	kind     string
	profile  Profile
	severity Severity
	set      func(m *Measured, miss float64)
	from, to int64
	value    float64
	detail   string
}

var edgeCases = []edgeCase{
	{"container", Video, Fail, func(m *Measured, d float64) { m.Container = []string{"mpegts", "ogg"}[int(d)] }, 0, 0, 0, "ogg"},
	{"video_codec", Video, Warn, func(m *Measured, d float64) { m.Picture.Codec = []string{"h264", "hevc"}[int(d)] }, 0, 0, 0, "hevc"},
	{"audio_codec", Video, Warn, func(m *Measured, d float64) { m.Sound.Codec = []string{"aac", "mp3"}[int(d)] }, 0, 0, 0, "mp3"},
	{"no_audio", Video, Fail, func(m *Measured, d float64) {
		if d > 0 {
			m.Sound = nil
		}
	}, 0, 0, 0, ""},
	{"duration_short", Video, Warn, func(m *Measured, d float64) {
		m.DurationMS = 180_000 - int64(d)
		m.Picture.EndMS, m.Sound.EndMS = m.DurationMS, m.DurationMS
	}, 0, 0, 179, ""},
	{"duration_long", Video, Warn, func(m *Measured, d float64) {
		m.DurationMS = 3_600_000 + int64(d)
		m.Picture.EndMS, m.Sound.EndMS = m.DurationMS, m.DurationMS
	}, 0, 0, 3601, ""},
	{"resolution", Video, Fail, func(m *Measured, d float64) { m.Picture.Height = 720 - int64(d) }, 0, 0, 719, ""},
	{"interlaced", Video, Warn, func(m *Measured, d float64) { m.Picture.Interlaced = d > 0 }, 0, 0, 0, ""},
	{"frame_rate_variable", Video, Fail, func(m *Measured, d float64) { m.Picture.Uneven = 2 + d/10 }, 0, 0, 2.1, ""},
	{"frame_rate_low", Video, Fail, func(m *Measured, d float64) { m.Picture.FPS = 25/1.001 - d/10 }, 0, 0, 24.8, ""},
	{"frame_rate_low", Slides, Fail, func(m *Measured, d float64) { m.Picture.FPS = 10 - d/10 }, 0, 0, 9.9, ""},
	{"frame_rate_high", Video, Warn, func(m *Measured, d float64) { m.Picture.FPS = 60*1.001 + d }, 0, 0, 61.1, ""},
	{"bitrate_low", Video, Warn, func(m *Measured, d float64) { m.Picture.Kbps = 1024 - d/10 }, 0, 0, 1023, ""},
	{"bitrate_high", Slides, Warn, func(m *Measured, d float64) { m.Picture.Kbps = 20_000 + d/10 }, 0, 0, 20_001, ""},
	{"audio_bitrate_low", Video, Warn, func(m *Measured, d float64) { m.Sound.Kbps = 64 - d }, 0, 0, 63, ""},
	{"sample_rate", Video, Warn, func(m *Measured, d float64) { m.Sound.Hz = 48_000 - int64(d) }, 0, 0, 47_999, ""},
	{"channels", Video, Warn, func(m *Measured, d float64) { m.Sound.Channels = 2 - int64(d) }, 0, 0, 1, ""},

	{"av_offset", Video, Warn, func(m *Measured, d float64) { m.Sync = Sync{Marks: 2, OffsetMS: 45 + d} }, 0, 0, 46, "early"},
	{"av_offset", Video, Warn, func(m *Measured, d float64) { m.Sync = Sync{Marks: 2, OffsetMS: -125 - d} }, 0, 0, -126, "late"},
	{"av_drift", Video, Fail, func(m *Measured, d float64) { m.Sync = Sync{Marks: 2, DriftMS: -100 - d} }, 0, 0, 101, ""},
	{"av_edge", Video, Warn, func(m *Measured, d float64) { m.Sound.StartMS = 100 + int64(d) }, 0, 101, 101, "start"},
	{"av_edge", Video, Warn, func(m *Measured, d float64) { m.Sound.EndMS = 599_900 - int64(d) }, 599_899, 600_000, 101, "end"},

	{"black_head", Video, Fail, func(m *Measured, d float64) { m.Picture.Blacks = []Span{{0, 1000 + int64(d)}} }, 0, 1001, 1001, ""},
	{"black_head", Video, Fail, func(m *Measured, d float64) { m.Picture.Blacks = []Span{{40, 1040 + int64(d)}} }, 40, 1041, 1001, ""},
	{"black_inside", Video, Fail, func(m *Measured, d float64) { m.Picture.Blacks = []Span{{9000, 10_000 + int64(d)}} }, 9000, 10_001, 1001, ""},
	{"black_tail", Video, Fail, func(m *Measured, d float64) { m.Picture.Blacks = []Span{{599_461 - int64(d), 599_960}} }, 599_460, 599_960, 500, ""},
	{"freeze", Video, Fail, func(m *Measured, d float64) { m.Picture.Freezes = []Span{{9000, 14_000 + int64(d)}} }, 9000, 14_001, 5.1, ""},
	{"gap", Video, Fail, func(m *Measured, d float64) { m.Picture.Gaps = []Span{{9000, 9200 + int64(d)}} }, 9000, 9201, 201, ""},
	{"dropped_frames", Video, Fail, func(m *Measured, d float64) { m.Picture.Frames, m.Picture.Lost = 995, 5+int64(d) }, 0, 0, 0.6, ""},
	{"duplicated_frames", Video, Fail, func(m *Measured, d float64) {
		m.Picture.Duplicated, m.Picture.Repeats = 5+d, []Span{{8000, 9000}, {20_000, 30_000}}
	}, 8000, 30_000, 6, ""},
	{"out_of_order", Video, Fail, func(m *Measured, d float64) { m.Picture.OutOfOrder = int64(d) }, 0, 0, 1, ""},
	{"brightness_low", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Luma, 10, 13, 40-d/10) }, 10_000, 13_000, 39.9, ""},
	{"brightness_high", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Luma, 10, 13, 205+d) }, 10_000, 13_000, 206, ""},
	{"contrast_low", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Contrast, 10, 13, 60-d) }, 10_000, 13_000, 59, ""},
	{"saturation_high", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Saturation, 10, 13, 75+d) }, 10_000, 13_000, 76, ""},
	{"off_gamut", Slides, Fail, func(m *Measured, d float64) { hold(m.Picture.OffGamut, 10, 13, 5+d/100) }, 10_000, 13_000, 5.1, ""},
	{"colour_cast", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Cast, 10, 21, 16+d) }, 10_000, 21_000, 17, ""},
	{"shake", Video, Fail, func(m *Measured, d float64) { hold(m.Picture.Shake, 10, 13, 0.25+d/100) }, 10_000, 13_000, 0.26, ""},

	{"loudness_low", Video, Fail, func(m *Measured, d float64) { m.Sound.Loudness = -24 - d/10 }, 0, 0, -24.1, ""},
	{"loudness_high", Video, Fail, func(m *Measured, d float64) { m.Sound.Loudness = -16 + d/10 }, 0, 0, -15.9, ""},
	{"true_peak", Video, Fail, func(m *Measured, d float64) { m.Sound.TruePeak = -1 + d/10 }, 0, 0, -0.9, ""},
	{"loudness_range", Video, Fail, func(m *Measured, d float64) { m.Sound.Range = 15 + d }, 0, 0, 16, ""},
	{"clipping", Video, Fail, func(m *Measured, d float64) { hold(m.Sound.Clipped, 10, 11, 1+d) }, 10_000, 11_000, 2, ""},
	{"silence", Video, Fail, func(m *Measured, d float64) { m.Sound.Silences = []Span{{9000, 19_000 + int64(d)}} }, 9000, 19_001, 10.1, ""},
	{"sound_gap", Video, Fail, func(m *Measured, d float64) { m.Sound.Gaps = []Span{{9000, 9100 + int64(d)}} }, 9000, 9101, 101, ""},
	{"noise_floor", Video, Warn, func(m *Measured, d float64) { m.Sound.Noise = -66 + d }, 0, 0, 47, ""},
	{"noise_floor", Video, Fail, func(m *Measured, d float64) { m.Sound.Noise = -66 + 14*d }, 0, 0, 34, ""},
	{"hum", Video, Fail, func(m *Measured, d float64) { m.Sound.Hum = -55 + d }, 0, 0, -54, ""},
	{"balance", Video, Fail, func(m *Measured, d float64) { m.Sound.Balance = -12 - d }, 0, 0, 13, "right"},
}

func TestEveryKindIsFoundBeyondItsLimitAndNotAtIt(t *testing.T) {
	p := DefaultInspectionPolicy
	seen := map[string]bool{"loudness_spread": true, "pitch_spread": true} // of courses: TestLessonsApartAreNamed
	for _, c := range edgeCases {
		seen[c.kind] = true
		m := flawless()
		c.set(m, 0)
		if found := Judge(m, c.profile, &p); len(found) > 0 {
			t.Errorf("%s at its limit: %+v", c.kind, found)
		}
		m = flawless()
		c.set(m, 1)
		found := Judge(m, c.profile, &p)
		if len(found) != 1 {
			t.Errorf("%s beyond its limit: %+v", c.kind, found)
			continue
		}
		f, k := found[0], kindOf[c.kind]
		want := Finding{Kind: c.kind, Clause: k.Clause, Severity: c.severity, FromMS: c.from, ToMS: c.to, Value: c.value, Limit: f.Limit, Unit: k.Unit, Detail: c.detail, Repair: k.Repair}
		if f != want {
			t.Errorf("%s: found %+v, want %+v", c.kind, f, want)
		}
		if k.Unit != "" && f.Value == f.Limit && c.kind != "black_tail" {
			t.Errorf("%s: the value reads like its limit, %v", c.kind, f.Value)
		}
	}
	for _, k := range Kinds {
		if !seen[k.Name] {
			t.Errorf("no case for %s", k.Name)
		}
	}
}

func TestSlidesMayStandStillAndBeSmallInBytes(t *testing.T) {
	p, m := DefaultInspectionPolicy, flawless()
	m.Picture.Kbps, m.Sound.Kbps, m.Sound.Channels, m.Picture.FPS, m.Picture.Duplicated = 90, 48, 1, 10, 80
	m.Picture.Freezes = []Span{{0, 599_000}}
	hold(m.Picture.Cast, 0, 600, 60)
	hold(m.Picture.Shake, 0, 600, 3)
	if found := Judge(m, Slides, &p); len(found) > 0 {
		t.Errorf("slides: %+v", found)
	}
	if found := Judge(m, Video, &p); len(found) != 8 {
		t.Errorf("the same as a video: %+v", found)
	}
}

// said lists what a judge found, kind by kind, for comparison.
func said(found []Finding) []string {
	out := []string{}
	for _, f := range found {
		out = append(out, f.Kind+" "+string(f.Severity))
	}
	return out
}

func TestSoundAndPictureApart(t *testing.T) {
	p := DefaultInspectionPolicy
	for name, c := range map[string]struct {
		set  func(m *Measured)
		want []string
	}{
		"sound early beyond what fails":            {func(m *Measured) { m.Sync = Sync{Marks: 4, OffsetMS: 200} }, []string{"av_offset fail"}},
		"sound late beyond what fails":             {func(m *Measured) { m.Sync = Sync{Marks: 4, OffsetMS: -300} }, []string{"av_offset fail"}},
		"one mark says nothing":                    {func(m *Measured) { m.Sync = Sync{Marks: 1, OffsetMS: 300, DriftMS: 300} }, []string{}},
		"a late start stands for the offset":       {func(m *Measured) { m.Sound.StartMS = 300 }, []string{"av_edge fail"}},
		"an early start is worse":                  {func(m *Measured) { m.Picture.StartMS = 120 }, []string{"av_edge fail"}},
		"with marks that fit, a late start warns":  {func(m *Measured) { m.Sound.StartMS, m.Sync.Marks = 300, 3 }, []string{"av_edge warn"}},
		"an AAC frame at the end is nothing":       {func(m *Measured) { m.Sound.EndMS -= 21 }, []string{}},
		"three seconds without sound at the end":   {func(m *Measured) { m.Sound.EndMS -= 3000 }, []string{"av_edge warn"}},
		"three seconds without picture at the end": {func(m *Measured) { m.Picture.EndMS -= 3000 }, []string{"av_edge fail"}},
		"frames of 200 ms end when they can":       {func(m *Measured) { m.Picture.FPS, m.Picture.EndMS = 5, m.Picture.EndMS-200 }, []string{"frame_rate_low fail"}},
	} {
		m := flawless()
		c.set(m)
		if got := said(Judge(m, Video, &p)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestBlackIsSaidOnce(t *testing.T) {
	p := DefaultInspectionPolicy
	for name, c := range map[string]struct {
		set  func(m *Measured)
		want []string
	}{
		"all black": {func(m *Measured) {
			m.Picture.Blacks, m.Picture.Freezes = []Span{{0, 599_990}}, []Span{{0, 600_000}}
			hold(m.Picture.Luma, 0, 600, 16)
			hold(m.Picture.Contrast, 0, 600, 0)
		}, []string{"black_inside fail"}},
		"a tail that stands still and is dark": {func(m *Measured) {
			m.Picture.Blacks, m.Picture.Freezes = []Span{{590_500, 600_000}}, []Span{{590_460, 600_000}}
			hold(m.Picture.Luma, 590, 600, 16)
		}, []string{"black_tail fail"}},
		"a still title behind a black head": {func(m *Measured) {
			m.Picture.Blacks, m.Picture.Freezes = []Span{{0, 3000}}, []Span{{0, 8001}}
		}, []string{"black_head fail", "freeze fail"}},
		"a flicker of one frame does not part a black piece": {func(m *Measured) {
			m.Picture.Blacks = []Span{{9000, 9600}, {9640, 10_300}}
		}, []string{"black_inside fail"}},
	} {
		m := flawless()
		c.set(m)
		if got := said(Judge(m, Video, &p)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestStretchesOfACurve(t *testing.T) {
	p := DefaultInspectionPolicy
	find := func(set func(luma []float64, m *Measured)) []Finding {
		m := flawless()
		set(m.Picture.Luma, m)
		return Judge(m, Video, &p)
	}
	dark := func(at ...int) func(luma []float64, m *Measured) {
		return func(luma []float64, _ *Measured) {
			for _, i := range at {
				luma[i] = 30 - float64(i)/100
			}
		}
	}
	if f := find(dark(10, 11)); len(f) != 0 {
		t.Errorf("two seconds are no stretch: %+v", f)
	}
	if f := find(dark(10, 12)); len(f) != 0 {
		t.Errorf("a good second is not counted: %+v", f)
	}
	if f := find(dark(10, 11, 13, 14)); len(f) != 1 || f[0].FromMS != 10_000 || f[0].ToMS != 15_000 || f[0].Value != 29.8 {
		t.Errorf("one good second does not part a stretch: %+v", f)
	}
	if f := find(dark(10, 11, 12, 15, 16, 17)); len(f) != 2 {
		t.Errorf("two good seconds do: %+v", f)
	}
	if f := find(func(luma []float64, _ *Measured) { hold(luma, 10, 20, math.NaN()) }); len(f) != 0 {
		t.Errorf("what was not measured is not judged: %+v", f)
	}
	if f := find(func(luma []float64, m *Measured) {
		hold(luma, 10, 13, 17)
		m.Picture.Blacks = []Span{{10_000, 10_900}, {11_000, 11_900}, {12_500, 13_000}}
	}); len(f) != 0 {
		t.Errorf("black seconds are not called dark: %+v", f)
	}
	if f := find(func(luma []float64, _ *Measured) { hold(luma, 597, 600, 20) }); len(f) != 1 || f[0].ToMS != 600_000 {
		t.Errorf("the end of the file: %+v", f)
	}
}

func TestATitleIsNoCast(t *testing.T) {
	p, m := DefaultInspectionPolicy, flawless()
	hold(m.Picture.Cast, 0, leadInS, 60)
	if got := said(Judge(m, Video, &p)); len(got) != 0 {
		t.Errorf("ten seconds of a coloured title: %v", got)
	}
	m = flawless()
	m.DurationMS, m.Picture.EndMS, m.Sound.EndMS, m.Picture.Cast = 8000, 8000, 8000, slices.Repeat([]float64{60}, 8)
	if got := said(Judge(m, Video, &p)); !slices.Contains(got, "colour_cast fail") {
		t.Errorf("a short file in coloured light: %v", got)
	}
}

func TestSoundThatSaysNothingIsNotJudged(t *testing.T) {
	p := DefaultInspectionPolicy
	m := flawless()
	m.Sound.Loudness, m.Sound.Speech, m.Sound.Noise = math.Inf(-1), -90, -91
	found := Judge(m, Video, &p)
	if len(found) != 1 || found[0].Kind != "loudness_low" || found[0].Value != -70 || found[0].Repair != "" {
		t.Errorf("a silent file: %+v", found)
	}
	m = flawless()
	m.DurationMS, m.Sound.Range, m.Picture.EndMS, m.Sound.EndMS = 59_999, 40, 59_999, 59_999
	if got := said(Judge(m, Video, &p)); !slices.Equal(got, []string{"duration_short warn"}) {
		t.Errorf("a short file has no range: %v", got)
	}
	m = flawless()
	m.Sound.Channels, m.Sound.Balance = 1, 30
	if got := said(Judge(m, Slides, &p)); len(got) != 0 {
		t.Errorf("one channel has no balance: %v", got)
	}
}

func TestAReportIsBounded(t *testing.T) {
	p, m := DefaultInspectionPolicy, flawless()
	for i := range int64(200) {
		m.Picture.Gaps = append(m.Picture.Gaps, Span{i * 3000, i*3000 + 300 + i})
	}
	found := Judge(m, Video, &p)
	if len(found) != mostOfKind || found[0].Value != 450 || !slices.IsSortedFunc(found, func(a, b Finding) int { return int(a.FromMS - b.FromMS) }) {
		t.Errorf("%d findings, the first %+v", len(found), found[0])
	}
}

func TestRoundingKeepsAValueOffItsLimit(t *testing.T) {
	for _, c := range []struct{ v, limit, want float64 }{
		{5.04, 5, 5.1}, {24.96, 25, 24.9}, {0.2501, 0.25, 0.26}, {1023.9, 1024, 1023}, {-24.01, -24, -24.1}, {-15.99, -16, -15.9},
		{0.3, 0.2, 0.3}, {0.29, 0.2, 0.29}, {39.9, 40, 39.9}, {500, 500, 500}, {math.Inf(1), 5, 1e9},
	} {
		if got := rounded(c.v, c.limit); got != c.want {
			t.Errorf("%v against %v reads %v, want %v", c.v, c.limit, got, c.want)
		}
	}
}

package signal

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"xueshi/internal/media"
)

// plain is a picture of one colour.
func plain(y, u, v byte) []byte {
	return slices.Concat(slices.Repeat([]byte{y}, Width*Height), slices.Repeat([]byte{u}, chromaSites), slices.Repeat([]byte{v}, chromaSites))
}

// wall is a picture with texture everywhere, seen from x, y pixels further right and down.
func wall(x, y float64) []byte {
	out := plain(0, 128, 128)
	for row := range Height {
		for col := range Width {
			a, b := float64(col)+x, float64(row)+y
			out[row*Width+col] = byte(math.Round(120 + 40*math.Sin(a/3) + 40*math.Sin(b/2.6+a/9)))
		}
	}
	return out
}

// box paints a rectangle of luma.
func box(yuv []byte, x, y, w, h int, level byte) []byte {
	out := slices.Clone(yuv)
	for row := y; row < y+h; row++ {
		for col := x; col < x+w; col++ {
			out[row*Width+col] = level
		}
	}
	return out
}

// grain adds noise to luma.
func grain(yuv []byte, r *rand.Rand, levels int) []byte {
	out := slices.Clone(yuv)
	for i := range Width * Height {
		out[i] = byte(int(out[i]) + r.IntN(2*levels+1) - levels)
	}
	return out
}

// seen is what is measured of n frames at 25 a second.
func seen(n int, frame func(i int) []byte) (out media.Picture) {
	p, at := NewPicture(), make([]float64, n)
	for i := range n {
		p.Write(frame(i))
		at[i] = 40 * float64(i)
	}
	p.Finish(at, 40*float64(n), &out)
	return out
}

// walker is a frame in which a bright thing has moved by so many steps of 3 pixels.
func walker(steps int) []byte { return box(wall(0, 0), 20+3*(steps%60), 40, 40, 60, 230) }

func TestBlack(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		black bool
	}{
		"black":                     {plain(16, 128, 128), true},
		"blacker than video allows": {plain(0, 128, 128), true},
		"a lens cap's grain":        {grain(plain(20, 128, 128), rand.New(rand.NewPCG(1, 2)), 6), true},
		"a small logo":              {box(plain(16, 128, 128), 290, 10, 20, 20, 200), true},
		"a line of text":            {box(plain(16, 128, 128), 20, 80, 280, 12, 200), false},
		"a dark room":               {plain(40, 128, 128), false},
		"a dark blue slide":         {plain(30, 150, 118), false},
	} {
		got := seen(10, func(int) []byte { return c.frame }).Blacks
		if want := map[bool][]media.Span{true: {{FromMS: 0, ToMS: 400}}, false: {}}[c.black]; !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	dip := seen(20, func(i int) []byte {
		if i >= 5 && i < 7 {
			return plain(16, 128, 128)
		}
		return plain(120, 128, 128)
	})
	if len(dip.Blacks) != 0 {
		t.Errorf("80 ms are no black piece: %v", dip.Blacks)
	}
}

func TestFreeze(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	stopped := func(noise int) func(i int) []byte {
		return func(i int) []byte {
			if i >= 25 && i <= 100 {
				i = 25
			}
			if noise > 0 {
				return grain(walker(i), r, noise)
			}
			return walker(i)
		}
	}
	if got := seen(125, stopped(0)).Freezes; !slices.Equal(got, []media.Span{{FromMS: 1000, ToMS: 4040}}) {
		t.Errorf("stopped: %v", got)
	}
	// One level of noise in the small picture is four in the lesson's.
	if got := seen(125, stopped(1)).Freezes; len(got) != 0 {
		t.Errorf("a camera that rests: %v", got)
	}
	pulse := func(i int) []byte { // an encoder touches the picture up every second
		f := stopped(0)(i)
		if i%25 == 0 {
			return grain(f, r, 1)
		}
		return f
	}
	if got := seen(125, pulse).Freezes; len(got) != 1 {
		t.Errorf("key frames do not end a freeze: %v", got)
	}
	blink := func(i int) []byte {
		f := stopped(0)(i)
		if i%30 < 4 {
			return box(f, 200, 100, 16, 15, 10)
		}
		return f
	}
	if got := seen(125, blink).Freezes; len(got) != 0 {
		t.Errorf("a blinking eye moves: %v", got)
	}
}

func TestRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		step func(i int) int // frames the thing has gone
		want float64
		off  float64
	}{
		"smooth":                   {func(i int) int { return i }, 0, 0},
		"every second one repeats": {func(i int) int { return i / 2 * 2 }, 50, 2},
		"8 shown 24 times":         {func(i int) int { return i / 3 * 3 }, 66.7, 2},
		"every tenth one repeats":  {func(i int) int { return i - (i+9)/10 }, 10, 1},
		"half a second of rest":    {func(i int) int { return i/25*13 + min(i%25, 13) }, 0, 0},
		"nothing moves":            {func(int) int { return 0 }, 0, 0},
	} {
		if got := seen(250, func(i int) []byte { return walker(c.step(i)) }).Duplicated; math.Abs(got-c.want) > c.off {
			t.Errorf("%s: %g %%, want %g", name, got, c.want)
		}
	}
	// The turn of a movement: slower and slower, then a frame that stands.
	swing := func(i int) []byte {
		return box(wall(0, 0), 100+int(math.Round(60*math.Sin(float64(i)/8))), 40, 40, 60, 230)
	}
	if got := seen(250, swing).Duplicated; got > 4 {
		t.Errorf("a swing: %g %%", got)
	}
}

func TestTimeLine(t *testing.T) {
	measured := func(at ...float64) (out media.Picture) {
		p := NewPicture()
		for range at {
			p.Write(plain(120, 128, 128))
		}
		p.Finish(at, at[len(at)-1]+40, &out)
		return out
	}
	var even, holes, millis, jitter []float64
	for i := range 100 {
		even = append(even, 40*float64(i))
		if i < 50 || i >= 60 {
			holes = append(holes, 40*float64(i))
		}
		millis = append(millis, math.Round(float64(i)*1000/30))
		jitter = append(jitter, 40*float64(i)+15*float64(i%2))
	}
	if p := measured(even...); p.FPS != 25 || p.Uneven != 0 || p.Lost != 0 || p.EndMS != 4000 {
		t.Errorf("even: %+v", p)
	}
	if p := measured(holes...); p.Lost != 10 || !slices.Equal(p.Gaps, []media.Span{{FromMS: 1960, ToMS: 2400}}) || p.FPS != 25 {
		t.Errorf("a hole of ten frames: %+v", p)
	}
	if p := measured(millis...); math.Abs(p.FPS-30) > 0.05 || p.Uneven != 0 || p.Lost != 0 {
		t.Errorf("whole milliseconds: %+v", p)
	}
	if p := measured(jitter...); p.Uneven < 45 || math.Abs(p.FPS-25) > 0.1 {
		t.Errorf("jitter: %+v", p)
	}
	var none media.Picture
	NewPicture().Finish(nil, 0, &none)
	if p := measured(0); p.Frames != 1 || p.Gaps == nil || none.Frames != 0 || none.Blacks == nil {
		t.Errorf("one frame %+v, no frame %+v", p, none)
	}
}

func TestCurvesFollowThePicture(t *testing.T) {
	got := seen(60, func(i int) []byte {
		if i < 25 {
			return plain(60, 128, 128)
		}
		return plain(200, 128, 128)
	})
	if !reflect.DeepEqual(got.Luma, []float64{60, 200, 200}) || len(got.Cast) != 3 || got.Contrast[0] != 0 {
		t.Errorf("%v %v %v", got.Luma, got.Cast, got.Contrast)
	}
}

func TestColours(t *testing.T) {
	half := func(y byte, u, v byte, y2, u2, v2 byte) []byte { // the upper three quarters of one colour
		f, g := plain(y, u, v), plain(y2, u2, v2)
		copy(f[Width*Height*3/4:Width*Height], g[Width*Height*3/4:])
		copy(f[Width*Height+chromaSites*3/4:Width*Height+chromaSites], g[Width*Height+chromaSites*3/4:])
		copy(f[Width*Height+chromaSites+chromaSites*3/4:], g[Width*Height+chromaSites+chromaSites*3/4:])
		return f
	}
	for name, c := range map[string]struct {
		frame            []byte
		cast, saturation float64 // least
		off              bool
	}{
		"grey":                          {half(90, 128, 128, 220, 128, 128), 0, 0, false},
		"blue light":                    {half(110, 142, 120, 190, 146, 118), 16, 10, false},
		"a blue wall, a white board":    {half(90, 160, 110, 220, 128, 128), 0, 15, false},
		"a bright red thing":            {half(60, 128, 128, 120, 110, 190), 0, 5, false},
		"more colour than a screen has": {half(200, 230, 230, 220, 230, 230), 0, 75, true},
	} {
		f := colours(c.frame)
		if float64(f.cast) < c.cast || c.cast == 0 && !c.off && f.cast > 5 || float64(f.saturation) < c.saturation || (f.gamut > 5) != c.off {
			t.Errorf("%s: cast %.1f, saturation %.1f, off %.1f", name, f.cast, f.saturation, f.gamut)
		}
	}
}

func TestShake(t *testing.T) {
	camera := func(x, y func(i int) float64) float64 {
		return slices.Max(seen(50, func(i int) []byte { return wall(x(i), y(i)) }).Shake)
	}
	none := func(int) float64 { return 0 }
	// 2.26 pixels of amplitude are 0.5 % of the width as RMS.
	wobble := func(i int) float64 { return 2.26 * math.Sin(2*math.Pi*2*float64(i)/25) }
	if got := camera(wobble, none); math.Abs(got-0.5) > 0.15 {
		t.Errorf("a wobble of 0.5 %%: %.2f", got)
	}
	if got := camera(func(i int) float64 { return 0.7 * float64(i) }, none); got > 0.1 {
		t.Errorf("a pan: %.2f", got)
	}
	walking := slices.Max(seen(50, walker).Shake)
	if walking > 0.05 {
		t.Errorf("somebody walks through: %.2f", walking)
	}
}

func FuzzPicture(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 0}, uint8(40))
	f.Fuzz(func(t *testing.T, levels []byte, n uint8) {
		p, at, x := NewPicture(), []float64{}, 0.0
		for i := range int(n % 60) {
			b := byte(i)
			if len(levels) > 0 {
				b = levels[i%len(levels)]
			}
			p.Write(box(plain(b, b, 255-b), i, i, 60, 40, 255-b))
			x += float64(b)
			at = append(at, x)
		}
		var out media.Picture
		p.Finish(at, x+1, &out)
		for _, spans := range [][]media.Span{out.Blacks, out.Freezes, out.Gaps, out.Repeats} {
			for _, s := range spans {
				if s.FromMS < 0 || s.ToMS < s.FromMS || float64(s.ToMS) > x+2 {
					t.Errorf("%v of %v", s, at)
				}
			}
		}
		if out.Duplicated < 0 || out.Duplicated > 100 || out.Uneven < 0 || out.Uneven > 100 || math.IsNaN(out.FPS) {
			t.Errorf("%+v", out)
		}
	})
}

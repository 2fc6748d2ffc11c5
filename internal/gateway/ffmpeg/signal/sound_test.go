package signal

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"xueshi/internal/media"
)

const rate = 48000

// lesson is 30 s of speech at −20 dBFS with pauses of digital silence; nobody may change it.
var lesson = sync.OnceValue(func() track { return voice(rate, 30, 130, 0.15, 0.5, -20) })

// near fails unless a number lies within a tolerance of another.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s %.2f, want %.2f ± %.2f", what, got, want, within)
	}
}

func snr(s media.Sound) float64 { return s.Speech - s.Noise }

func TestCleanSpeech(t *testing.T) {
	got := heard(rate, lesson(), lesson())
	near(t, "speech", got.Speech, -20, 0.3)
	near(t, "noise", got.Noise, -120, 20)
	near(t, "hum", got.Hum, -120, 0)
	near(t, "balance", got.Balance, 0, 0)
	near(t, "pitch", got.Pitch, 130, 4)
	if len(got.Clipped) != 30 || slices.Max(got.Clipped) > 0 || len(got.Silences) > 0 {
		t.Errorf("clipped %v, silences %v", got.Clipped, got.Silences)
	}
}

func TestClipped(t *testing.T) {
	whole := newTrack(rate, 10).tone(rate, 50, -3.5, 0, 10)
	for name, c := range map[string]struct {
		sound  track
		clips  bool
		second int
	}{
		"driven 20 dB too far": {lesson().times(10), true, 0},
		"normalised":           {normalised(lesson()), false, 0},
		"a loud tone":          {whole, false, 0},
		"one peak":             {newTrack(rate, 10).pulse(rate*3/2, 2), false, 1},
		"one flat top":         {newTrack(rate, 10).pulse(rate*3/2, 60), true, 1},
	} {
		got := heard(rate, c.sound).Clipped
		if (slices.Max(got) > 1) != c.clips || c.clips && got[c.second] <= 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
	// 60 of the 96000 samples of second 1, in one channel.
	got := heard(rate, newTrack(rate, 2.5), newTrack(rate, 2.5).pulse(rate*3/2, 60)).Clipped
	if want := []float64{0, 0.625, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("clipped %v, want %v", got, want)
	}
}

// normalised brings the highest peak to −0.1 dBFS.
func normalised(t track) track { return t.times(0.989 / max(slices.Max(t), -slices.Min(t))) }

// pulse is full scale for n samples.
func (t track) pulse(at, n int) track {
	for i := range n {
		t[at+i] = 1
	}
	return t
}

func TestSilences(t *testing.T) {
	sound := newTrack(rate, 12).tone(rate, 300, -20, 1.5, 4).tone(rate, 300, -45, 4, 5).tone(rate, 300, -20, 5.9, 8).tone(rate, 300, -55, 8, 10)
	want := []media.Span{{FromMS: 0, ToMS: 1500}, {FromMS: 8000, ToMS: 12000}}
	if got := heard(rate, sound).Silences; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := heard(rate, sound, newTrack(rate, 12).tone(rate, 300, -20, 0, 12)).Silences; len(got) > 0 {
		t.Errorf("silent although the right channel is not: %v", got)
	}
	offset := newTrack(rate, 3)
	for i := range offset {
		offset[i] = 0.1
	}
	if got := heard(rate, offset).Silences; !reflect.DeepEqual(got, []media.Span{{FromMS: 0, ToMS: 3000}}) {
		t.Errorf("an offset is a sound: %v", got)
	}
}

func TestNoise(t *testing.T) {
	for _, level := range []float64{-40, -45, -60, -75} {
		near(t, "noise", heard(rate, lesson().with(hiss(rate, 30, level))).Noise, level, 1)
	}
	near(t, "noise of one channel", heard(rate, lesson(), lesson().with(hiss(rate, 30, -45))).Noise, -45, 1)
	fluent := voice(rate, 30, 130, 0.15, 0, -20)
	near(t, "noise under fluent speech", heard(rate, fluent.with(hiss(rate, 30, -45))).Noise, -45, 1)
	near(t, "noise under music", heard(rate, music(rate, 30, -20).with(hiss(rate, 30, -45))).Noise, -45, 1)
	near(t, "only noise", heard(rate, hiss(rate, 30, -30)).Noise, -30, 1)
}

func TestNoiseThatIsNone(t *testing.T) {
	for name, sound := range map[string]track{
		"digital silence between speech": lesson(), "fluent speech": voice(rate, 30, 130, 0.15, 0, -20),
		"a woman's fluent speech": voice(rate, 30, 240, 0.1, 0, -20), "music": music(rate, 30, -20),
		"a tone": newTrack(rate, 30).tone(rate, 440, -20, 0, 30),
		"hum":    lesson().with(newTrack(rate, 30).tone(rate, 50, -40, 0, 30).tone(rate, 100, -45, 0, 30)),
		"rumble": lesson().with(newTrack(rate, 30).tone(rate, 20, -30, 0, 30)),
	} {
		if got := heard(rate, sound); snr(got) < 48 {
			t.Errorf("%s: noise of %.1f dBFS under %.1f", name, got.Noise, got.Speech)
		}
	}
}

// What is there for most of the time counts, whatever the rest is like.
func TestNoiseThatIsNotAlwaysThere(t *testing.T) {
	noise := hiss(rate, 90, -45)
	speech := voice(rate, 90, 130, 0.15, 0.5, -20)
	part := func(from, to int) track {
		out := slices.Clone(noise)
		clear(out[from*rate : to*rate])
		return speech.with(out)
	}
	near(t, "clean for a third", heard(rate, part(40, 70)).Noise, -45, 1)
	if got := heard(rate, part(20, 80)); snr(got) < 48 {
		t.Errorf("noisy for a third: %.1f dBFS", got.Noise)
	}
	muted := part(0, 0)
	clear(muted[40*rate:])
	near(t, "silent for half", heard(rate, muted).Noise, -45, 1)
	holes := part(0, 0)
	for s := 0; s < 90; s += 5 {
		clear(holes[s*rate : s*rate+rate/20])
	}
	near(t, "with holes", heard(rate, holes).Noise, -45, 1)
}

func TestHum(t *testing.T) {
	hum := func(level float64, hz ...float64) track {
		out := newTrack(rate, 30)
		for _, f := range hz {
			out.tone(rate, f, level, 0, 30)
		}
		return out
	}
	deep := voice(rate, 30, 100, 0.1, 0, -20)
	for name, c := range map[string]struct {
		sound track
		want  float64
	}{
		"50 Hz": {lesson().with(hum(-40, 50)), -40}, "100 Hz": {lesson().with(hum(-40, 100)), -40},
		"150 Hz": {lesson().with(hum(-40, 150)), -40}, "mains a little fast": {lesson().with(hum(-40, 50.1)), -40},
		"together":           {lesson().with(hum(-44.8, 50, 100, 150)), -40},
		"under a deep voice": {deep.with(hum(-40, 100)), -40}, "weak": {lesson().with(hum(-70, 50)), -70},
		"under noise": {lesson().with(hiss(rate, 30, -45)).with(hum(-50, 50)), -50},
	} {
		near(t, name, heard(rate, c.sound).Hum, c.want, 2)
		near(t, name+" in the right channel", heard(rate, newTrack(rate, 30), c.sound).Hum, c.want, 2)
	}
}

func TestHumThatIsNone(t *testing.T) {
	for name, sound := range map[string]track{
		"a deep voice": voice(rate, 30, 100, 0.1, 0, -20), "a deep voice with pauses": voice(rate, 30, 100, 0.1, 0.7, -20),
		"a voice at 150 Hz": voice(rate, 30, 150, 0.1, 0.3, -20), "music": music(rate, 30, -20),
		"some seconds of G2":     lesson().with(newTrack(rate, 30).tone(rate, 98, -20, 3, 8)),
		"some seconds of 100 Hz": lesson().with(newTrack(rate, 30).tone(rate, 100, -20, 3, 10)),
		"G2 all the time":        lesson().with(newTrack(rate, 30).tone(rate, 98, -30, 0, 30)),
		"noise":                  hiss(rate, 30, -20), "60 Hz": newTrack(rate, 30).tone(rate, 60, -40, 0, 30),
	} {
		near(t, name, heard(rate, sound).Hum, soundFloor, 0)
	}
}

func TestBalance(t *testing.T) {
	left, none := lesson(), newTrack(rate, 30)
	near(t, "right 6 dB lower", heard(rate, left, left.times(dB(-6))).Balance, 6, 0.1)
	near(t, "left 15 dB lower", heard(rate, left.times(dB(-15)), left).Balance, -15, 0.1)
	near(t, "left only", heard(rate, left, none).Balance, 90, 0)
	near(t, "right only", heard(rate, none, left).Balance, -90, 0)
	near(t, "no sound", heard(rate, none, none).Balance, 0, 0)
	near(t, "one channel", heard(rate, left).Balance, 0, 0)
	// A pause's noise in one channel says nothing about the speech.
	near(t, "noise in pauses", heard(rate, left, left.with(hiss(rate, 30, -55))).Balance, 0, 0.1)
}

func TestPitch(t *testing.T) {
	for _, hz := range []int{16000, 22050, 44100, 48000} {
		for _, f := range []float64{75, 100, 150, 220, 300, 400} {
			near(t, "pitch", heard(hz, voice(hz, 15, f, 0.05, 0.3, -20)).Pitch, f, f*0.025)
		}
	}
	low, high := heard(rate, lesson()), heard(rate*13/10, lesson())
	near(t, "played 1.3 times as fast", high.Pitch/low.Pitch, 1.3, 0.02)
	near(t, "with hum", heard(rate, lesson().with(newTrack(rate, 30).tone(rate, 100, -40, 0, 30))).Pitch, 130, 4)
	near(t, "out of phase", heard(rate, lesson(), lesson().times(-1)).Pitch, 130, 4)
	near(t, "4 s of voice", heard(rate, voice(rate, 4, 130, 0.1, 0, -20)).Pitch, 0, 0)
	near(t, "noise", heard(rate, hiss(rate, 30, -20)).Pitch, 0, 0)
}

func TestSoundLeavesTheRestAlone(t *testing.T) {
	before := media.Sound{Codec: "aac", Hz: 1, Channels: 2, Kbps: 3, StartMS: 4, EndMS: 5, Gaps: []media.Span{{FromMS: 6, ToMS: 7}}, Loudness: 8, TruePeak: 9, Range: 10, ShortTerm: []float64{11}}
	s, after := NewSound(rate, 1), before
	s.Write(pcm(voice(rate, 8, 130, 0.1, 0.2, -20)))
	s.Finish(&after)
	if after.Pitch == 0 || after.Speech == 0 {
		t.Fatalf("nothing measured: %+v", after)
	}
	after.Clipped, after.Silences, after.Speech, after.Noise, after.Hum, after.Balance, after.Pitch = nil, nil, 0, 0, 0, 0, 0
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%+v", after)
	}
}

func TestSoundOfHardlyAnything(t *testing.T) {
	square := make([]int16, 3*rate)
	for i := range square {
		square[i] = 32767
		if i/100%2 == 1 {
			square[i] = -32768
		}
	}
	silent := media.Sound{Clipped: []float64{}, Silences: []media.Span{}, Speech: -120, Noise: -120, Hum: -120}
	for name, c := range map[string]struct {
		samples []int16
		change  func(want *media.Sound)
	}{
		"nothing":     {nil, func(*media.Sound) {}},
		"half a pair": {[]int16{5}, func(*media.Sound) {}},
		"one sample":  {[]int16{5, -5}, func(w *media.Sound) { w.Clipped = []float64{0} }},
		"zeros": {make([]int16, 2*rate*5/2), func(w *media.Sound) {
			w.Clipped, w.Silences = []float64{0, 0, 0}, []media.Span{{FromMS: 0, ToMS: 2500}}
		}},
	} {
		s, got, want := NewSound(rate, 2), media.Sound{}, silent
		s.Write(c.samples)
		s.Finish(&got)
		if c.change(&want); !reflect.DeepEqual(got, want) || len(s.Beeps()) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	var got media.Sound
	s := NewSound(rate, 1)
	s.Write(square)
	s.Finish(&got)
	near(t, "clipped", got.Clipped[1], 1000, 0)
	near(t, "speech", got.Speech, 0, 0.1)
}

// How samples are cut into writes changes nothing.
func TestSoundInPieces(t *testing.T) {
	for _, hz := range []int{8000, 11025, 22050, 44100, 48000} {
		sound := voice(hz, 12.3, 130, 0.15, 0.5, -20).with(hiss(hz, 12.3, -60))
		sound.beep(hz, hz/3, 50, 1000, -10, 1)
		samples := pcm(sound, sound.times(3))
		want, wantBeeps := inPieces(hz, samples, func() int { return len(samples) })
		if len(wantBeeps) != 1 || want.Pitch == 0 || slices.Max(want.Clipped) == 0 {
			t.Fatalf("%d Hz: too little to compare: %+v, beeps %v", hz, want, wantBeeps)
		}
		r := rand.New(rand.NewPCG(uint64(hz), 6))
		for _, most := range []int{40, 999, 3 * hz} {
			got, beeps := inPieces(hz, samples, func() int { return 2 * r.IntN(most) })
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(beeps, wantBeeps) {
				t.Errorf("%d Hz, up to %d frames: %+v, beeps %v; want %+v, %v", hz, most, got, beeps, want, wantBeeps)
			}
		}
	}
}

// inPieces is what is measured of stereo samples written so many at a time.
func inPieces(hz int, samples []int16, next func() int) (out media.Sound, beeps []float64) {
	s := NewSound(hz, 2)
	for len(samples) > 0 {
		n := min(next(), len(samples))
		s.Write(samples[:n])
		samples = samples[n:]
	}
	s.Finish(&out)
	return out, s.Beeps()
}

// Whatever comes, the numbers are numbers within their ranges.
func FuzzSound(f *testing.F) {
	f.Add([]byte{}, uint16(0), true, uint16(1))
	f.Add([]byte{255, 127, 0, 128}, uint16(40000), true, uint16(7))
	f.Add([]byte{1, 0, 200, 3, 90}, uint16(3000), false, uint16(1000))
	f.Fuzz(func(t *testing.T, data []byte, rates uint16, stereo bool, piece uint16) {
		hz, channels := 8000+int(rates)%40001, 1
		if stereo {
			channels = 2
		}
		s := NewSound(hz, channels)
		samples := make([]int16, len(data)/2)
		for i := range samples {
			samples[i] = int16(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
		}
		for i := 0; i < 3 || len(samples) > 0 && i*len(samples) < 3*hz; i++ {
			for rest := samples; len(rest) > 0; {
				n := min(channels*(1+int(piece)), len(rest))
				s.Write(rest[:n])
				rest = rest[n:]
			}
		}
		var out media.Sound
		s.Finish(&out)
		inRange(t, out, s.Beeps())
	})
}

func inRange(t *testing.T, out media.Sound, beeps []float64) {
	t.Helper()
	bounds := func(what string, v, least, most float64) {
		if !(v >= least && v <= most) {
			t.Errorf("%s %v", what, v)
		}
	}
	for _, c := range out.Clipped {
		bounds("clipped", c, 0, 1000)
	}
	bounds("speech", out.Speech, -120, 0.01)
	bounds("noise", out.Noise, -120, 6)
	bounds("hum", out.Hum, -120, 6)
	bounds("balance", out.Balance, -90, 90)
	if out.Pitch != 0 {
		bounds("pitch", out.Pitch, 55, 550)
	}
	if !slices.IsSorted(beeps) {
		t.Errorf("beeps %v", beeps)
	}
}

func TestTheEndsOfAFileSayNothingOfItsNoise(t *testing.T) {
	noisy := hiss(rate, 12, -50)
	speech := voice(rate, 12, 130, 0.15, 0.5, -20).with(noisy)
	late := append(newTrack(rate, 0.4), speech...)
	near(t, "noise behind silence", heard(rate, late, late).Noise, heard(rate, speech, speech).Noise, 1.5)
	// Three seconds without a pause after ten with pauses.
	clean := voice(rate, 10, 130, 0.15, 0.5, -20)
	full := append(slices.Clone(clean), voice(rate, 3, 130, 0.15, 0, -20)...)
	near(t, "noise before a sentence", heard(rate, full, full).Noise, heard(rate, clean, clean).Noise, 1)
}

func BenchmarkSound(b *testing.B) {
	const seconds = 60
	sound := voice(rate, seconds, 130, 0.15, 0.3, -20).with(hiss(rate, seconds, -60))
	samples := pcm(sound, sound)
	b.ResetTimer()
	for b.Loop() {
		s := NewSound(rate, 2)
		s.Write(samples)
		var out media.Sound
		s.Finish(&out)
	}
	b.ReportMetric(seconds*float64(b.N)/b.Elapsed().Seconds(), "x_realtime")
}

package signal

import (
	"math"
	"math/rand/v2"

	"xueshi/internal/media"
)

// track is one channel, −1..1.
type track []float64

func newTrack(hz int, seconds float64) track { return make(track, int(float64(hz)*seconds)) }

func dB(level float64) float64 { return math.Pow(10, level/20) }

func (t track) power() (p float64) {
	for _, x := range t {
		p += x * x / float64(len(t))
	}
	return p
}

// with adds another track of the same length.
func (t track) with(o track) track {
	out := make(track, len(t))
	for i := range t {
		out[i] = t[i] + o[i]
	}
	return out
}

func (t track) times(gain float64) track {
	out := make(track, len(t))
	for i, x := range t {
		out[i] = x * gain
	}
	return out
}

// pcm interleaves tracks and clips them at full scale.
func pcm(tracks ...track) []int16 {
	out := make([]int16, 0, len(tracks)*len(tracks[0]))
	for i := range tracks[0] {
		for _, t := range tracks {
			out = append(out, int16(max(-32768, min(32767, math.Round(t[i]*32768)))))
		}
	}
	return out
}

// tone adds a sine of an RMS level between two times.
func (t track) tone(hz int, f, level, from, to float64) track {
	for i := int(from * float64(hz)); i < min(len(t), int(to*float64(hz))); i++ {
		t[i] += math.Sqrt2 * dB(level) * math.Sin(2*math.Pi*f*float64(i)/float64(hz))
	}
	return t
}

// hiss is white noise.
func hiss(hz int, seconds, level float64) track {
	t, r := newTrack(hz, seconds), rand.New(rand.NewPCG(1, 2))
	for i := range t {
		t[i] = r.NormFloat64() * dB(level)
	}
	return t
}

// voice is like speech: pulses that waver around a pitch through resonances, in syllables of 200 ms that begin with closed lips
// and a consonant; after every tenth a pause of pause seconds of digital silence. Its loudest twentieth has about the level.
func voice(hz int, seconds, pitch, waver, pause, level float64) track {
	t, r := newTrack(hz, seconds), rand.New(rand.NewPCG(3, 4))
	formants := []*biquad{resonance(hz, 550, 90), resonance(hz, 1500, 120), resonance(hz, 2600, 180)}
	phase, cycle := 0.0, 2+pause
	for i := range t {
		at := float64(i) / float64(hz)
		inside := math.Mod(at, cycle)
		if inside >= 2 {
			continue
		}
		syllable := math.Mod(inside, 0.2) / 0.2
		phase += pitch * (1 + waver*math.Sin(2*math.Pi*at*0.9)) / float64(hz)
		x := 0.0
		if phase >= 1 {
			phase--
			x = 1
		}
		y := 0.0
		for k, f := range formants {
			y += f.next(x) / float64(1+2*k)
		}
		if syllable > 0.25 {
			t[i] = y * math.Pow(math.Sin(math.Pi*(syllable-0.25)/0.75), 2)
		}
		if syllable > 0.2 && syllable < 0.35 {
			t[i] += 0.003 * r.NormFloat64()
		}
	}
	return t.times(dB(level) / math.Sqrt(loudest(t, hz)))
}

// loudest is the power that one window of twenty exceeds, by sorting all of them.
func loudest(t track, hz int) float64 {
	n := hz / windowsPerSecond
	var all []float32
	for i := 0; i+n <= len(t); i += n {
		all = append(all, float32(t[i:i+n].power()))
	}
	return quantileOf(all, 0.95)
}

func resonance(hz int, f, width float64) *biquad {
	r := math.Exp(-math.Pi * width / float64(hz))
	return &biquad{b0: 1, a1: -2 * r * math.Cos(2*math.Pi*f/float64(hz)), a2: r * r}
}

// music is chords of four notes with eight harmonics each that change every 1.5 s and never pause; the bass is G2.
func music(hz int, seconds, level float64) track {
	t := newTrack(hz, seconds)
	chords := [][]float64{{98, 196, 246.94, 293.66}, {110, 220, 261.63, 329.63}, {87.31, 174.61, 220, 261.63}, {98, 246.94, 293.66, 349.23}}
	for i := range t {
		if i >= 6*hz { // After all four it begins again.
			t[i] = t[i-6*hz]
			continue
		}
		at := float64(i) / float64(hz)
		n := int(at / 1.5)
		fade := math.Exp(-(at - 1.5*float64(n)))
		for _, f := range chords[n%len(chords)] {
			for h := 1.0; h <= 8; h++ {
				t[i] += fade / h * math.Sin(2*math.Pi*f*h*at)
			}
		}
	}
	return t.times(dB(level) / math.Sqrt(t.power()))
}

// heard is what is measured of tracks.
func heard(hz int, tracks ...track) media.Sound {
	s := NewSound(hz, len(tracks))
	s.Write(pcm(tracks...))
	var out media.Sound
	s.Finish(&out)
	return out
}

package signal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// beep adds a tone of some ms at a sample; its edges rise and fall in ramp ms.
func (t track) beep(hz, at int, ms, f, level, ramp float64) {
	n := int(ms * float64(hz) / 1000)
	edge := max(1, ramp*float64(hz)/1000)
	for i := range n {
		gain := min(1, float64(i+1)/edge, float64(n-i)/edge)
		t[at+i] += gain * math.Sqrt2 * dB(level) * math.Sin(2*math.Pi*f*float64(i)/float64(hz)+0.4)
	}
}

func beepsOf(hz int, tracks ...track) []float64 {
	s := NewSound(hz, len(tracks))
	s.Write(pcm(tracks...))
	return s.Beeps()
}

// onsets fails unless beeps are found at samples, to 3 ms.
func onsets(t *testing.T, hz int, got []float64, want []int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d beeps, want %d: %v", len(got), len(want), got)
	}
	for i, at := range want {
		if ms := float64(at) * 1000 / float64(hz); math.Abs(got[i]-ms) > 3 {
			t.Errorf("beep %d at %.2f ms, want %.2f", i, got[i], ms)
		}
	}
}

func TestBeepsAreFoundWhereTheyBegin(t *testing.T) {
	surroundings := map[string]func(hz int) track{
		"silence": func(hz int) track { return newTrack(hz, 13) },
		"noise":   func(hz int) track { return hiss(hz, 13, -32) },
		"speech":  func(hz int) track { return voice(hz, 13, 130, 0.15, 0.3, -30) },
		"woman":   func(hz int) track { return voice(hz, 13, 245, 0.05, 0, -30) },
		"music":   func(hz int) track { return music(hz, 13, -32) },
	}
	for name, around := range surroundings {
		for _, hz := range []int{16000, 22050, 44100, 48000} {
			t.Run(fmt.Sprint(name, hz), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(hz), 5))
				sound := around(hz)
				var want []int
				for i := range 9 {
					at := (hz/2 + i*hz*13/10 + r.IntN(hz/2)) | 1
					sound.beep(hz, at, []float64{25, 40, 100, 250, 400}[i%5], 1000, -18, float64(i%3)*2)
					want = append(want, at)
				}
				onsets(t, hz, beepsOf(hz, sound, sound), want)
			})
		}
	}
}

func TestBeepsNextToLoudSpeech(t *testing.T) {
	const hz = 48000
	sound := voice(hz, 13, 130, 0.15, 0, -14)
	var want []int
	for i := range 9 {
		at := hz + i*hz*5/4 + 7*i
		clear(sound[at : at+hz/10])
		sound.beep(hz, at, 100, 1000, -20, 0)
		want = append(want, at)
	}
	onsets(t, hz, beepsOf(hz, sound), want)
}

func TestBeepsOfTheShortestLengthAndOffPitch(t *testing.T) {
	const hz = 44100
	sound := newTrack(hz, 6)
	var want []int
	for i, f := range []float64{1000, 985, 1015, 1000} {
		at := hz + i*hz + 13*i
		sound.beep(hz, at, []float64{20, 100, 100, 60}[i], f, -20, 0)
		want = append(want, at)
	}
	onsets(t, hz, beepsOf(hz, sound, newTrack(hz, 6)), want)
}

func TestWhatIsNoBeep(t *testing.T) {
	const hz = 48000
	tone := func(f, ms, level float64) track {
		out := newTrack(hz, 3)
		out.beep(hz, 48001, ms, f, level, 1)
		return out
	}
	long := newTrack(hz, 12).tone(hz, 1000, -20, 1, 11)
	chord := tone(1000, 200, -20).with(tone(1300, 200, -23))
	for name, sound := range map[string]track{
		"a click": tone(1000, 10, -20), "a long tone": tone(1000, 450, -20), "a very long tone": long,
		"another pitch": tone(1150, 100, -20), "another pitch below": tone(880, 100, -20), "a chord": chord,
		"what nobody hears": tone(1000, 100, -60), "a tone in noise": tone(1000, 200, -20).with(hiss(hz, 3, -23)),
		"speech": voice(hz, 30, 125, 0.1, 0.4, -20), "a voice with a tone at 1 kHz": voice(hz, 30, 250, 0.01, 0.4, -20),
		"music": music(hz, 30, -20), "noise": hiss(hz, 30, -20),
	} {
		if got := beepsOf(hz, sound); len(got) > 0 {
			t.Errorf("%s: beeps at %v", name, got)
		}
	}
}

// A beep that was lost for a moment is still one.
func TestBeepWithAHole(t *testing.T) {
	const hz = 48000
	sound := newTrack(hz, 2)
	sound.beep(hz, hz, 200, 1000, -20, 0)
	clear(sound[hz+hz/10 : hz+hz/10+13*hz/1000])
	onsets(t, hz, beepsOf(hz, sound), []int{hz})
}

// A tone that is cut by the file's end or begins with the file is judged like any other.
func TestBeepsAtTheEdges(t *testing.T) {
	const hz = 48000
	sound := newTrack(hz, 2)
	sound.beep(hz, 0, 100, 1000, -20, 0)
	sound.beep(hz, 2*hz-4801, 100, 1000, -20, 0)
	onsets(t, hz, beepsOf(hz, sound), []int{0, 2*hz - 4801})
}

// Package signal measures a lesson's picture and sound from its decoded frames and samples: what ffmpeg's own filters do not
// say. It knows nothing of files and judges nothing.
package signal

import (
	"math"

	"xueshi/internal/media"
)

// soundFloor is what stands for the level of nothing, dBFS. Levels are RMS: a sine wave of full scale has −3 dBFS.
const soundFloor = -120.0

// windowsPerSecond are the pieces a lesson's sound is looked at in: 50 ms each. A second begins with a window at every rate.
const windowsPerSecond = 20

// Sound looks at a lesson's samples as they come; it keeps a few seconds of samples and a few numbers per 50 ms.
// How the samples are cut into writes changes nothing.
type Sound struct {
	hz, channels int
	windows      int64   // looked at
	held         []int16 // what is short of a window
	ended        bool

	ears   []*soundEar
	mid    []float64
	clips  clipCurve
	levels levelCurve
	pitch  pitchTrack
	beeps  beepFinder
}

// soundEar is one channel: the present window and the filters that run through it.
type soundEar struct {
	samples []float64 // of the present window, −1..1
	slow    []float64 // the same up to 1 kHz, at a lower rate
	power   float64   // of the present window without its mean: an offset is no sound
	down    decimator
	noise   noiseFloor
	hum     humBand
}

// NewSound begins with a file of hz samples a second (at least 1000; made for 8000 to 48000) and 1 or 2 channels.
func NewSound(hz, channels int) *Sound {
	s := &Sound{hz: hz, channels: channels}
	factor := max(1, hz/8000)
	for range channels {
		e := &soundEar{down: newDecimator(1000, float64(hz), factor)}
		e.noise, e.hum = newNoiseFloor(float64(hz)), newHumBand(float64(hz)/float64(factor))
		s.ears = append(s.ears, e)
	}
	s.clips = clipCurve{runs: make([]int, channels)}
	s.pitch = pitchTrack{hz: float64(hz) / float64(factor)}
	s.beeps = newBeepFinder(hz)
	return s
}

// Write takes interleaved samples, any number of whole frames.
func (s *Sound) Write(samples []int16) {
	for len(samples) > 0 {
		whole := int(s.start(s.windows+1)-s.start(s.windows)) * s.channels
		n := min(whole-len(s.held), len(samples))
		s.held, samples = append(s.held, samples[:n]...), samples[n:]
		if len(s.held) == whole {
			s.window(s.held)
			s.held = s.held[:0]
		}
	}
}

// start is the frame a window begins with.
func (s *Sound) start(window int64) int64 { return window * int64(s.hz) / windowsPerSecond }

// window looks at 50 ms, or at what is left of a file.
func (s *Sound) window(frames []int16) {
	s.clips.take(int(s.windows/windowsPerSecond), frames)
	for c, e := range s.ears {
		e.take(frames[c:], s.channels)
	}
	loud := s.louder()
	for _, e := range s.ears {
		e.noise.take(e.samples, loud.power)
	}
	s.levels.take(s.ears, loud.power)
	s.pitch.take(loud.slow, loud.power)
	s.beeps.take(s.middle())
	s.windows++
}

// louder is the louder channel of the present window.
func (s *Sound) louder() *soundEar {
	best := s.ears[0]
	for _, e := range s.ears[1:] {
		if e.power > best.power {
			best = e
		}
	}
	return best
}

// middle is the mean of the channels.
func (s *Sound) middle() []float64 {
	if len(s.ears) == 1 {
		return s.ears[0].samples
	}
	left, right := s.ears[0].samples, s.ears[1].samples
	s.mid = s.mid[:0]
	for i, v := range left {
		s.mid = append(s.mid, (v+right[i])/2)
	}
	return s.mid
}

// take runs one channel of interleaved frames through its filters.
func (e *soundEar) take(frames []int16, channels int) {
	e.samples = e.samples[:0]
	var sum, squares int64
	for i := 0; i < len(frames); i += channels {
		v := int64(frames[i])
		sum += v
		squares += v * v
		e.samples = append(e.samples, float64(v)/32768)
	}
	n := float64(len(e.samples))
	mean := float64(sum) / n
	e.power = max(0, float64(squares)/n-mean*mean) / (32768 * 32768)
	e.slow = e.down.take(e.slow[:0], e.samples)
	e.hum.take(e.slow)
}

// Finish fills Clipped, Silences, Speech, Noise, Hum, Balance and Pitch, and nothing else. Nothing may be written after it.
func (s *Sound) Finish(out *media.Sound) {
	s.end()
	out.Clipped = s.clips.permille()
	out.Silences = s.levels.silences(func(w int) int64 { return s.ms(s.start(int64(w))) }, s.ms(s.frames()))
	out.Speech = s.levels.speech()
	out.Noise, out.Hum = soundFloor, soundFloor
	for _, e := range s.ears {
		out.Noise = max(out.Noise, e.noise.level())
		out.Hum = max(out.Hum, e.hum.level())
	}
	out.Balance = s.levels.balance(s.channels)
	out.Pitch = s.pitch.median(out.Speech)
}

// Beeps are the moments, ms, at which a beep of 1 kHz of 20 to 400 ms begins. Nothing may be written after it.
func (s *Sound) Beeps() []float64 {
	s.end()
	return s.beeps.onsets
}

// end looks at the rest, once.
func (s *Sound) end() {
	if s.ended {
		return
	}
	s.ended = true
	if rest := len(s.held) / s.channels * s.channels; rest > 0 {
		s.held = s.held[:rest]
		s.window(s.held)
		s.windows-- // It stays in held.
	}
	for _, e := range s.ears {
		e.noise.end()
	}
	s.beeps.end()
}

// frames are how many were written.
func (s *Sound) frames() int64 { return s.start(s.windows) + int64(len(s.held)/s.channels) }

// ms is the time of a frame.
func (s *Sound) ms(frame int64) int64 { return frame * 1000 / int64(s.hz) }

// decibels is a power as a level.
func decibels(power float64) float64 {
	if power <= 1e-12 {
		return soundFloor
	}
	return 10 * math.Log10(power)
}

package signal

import (
	"math"
	"slices"

	"xueshi/internal/media"
)

const (
	// clipLevel is full scale for clipping; resamplers and coders leave a clipped wave a little below the last value.
	clipLevel = 32700
	// clipRun is how many samples in a row make a flat top: a single one may be a peak that just reaches full scale.
	clipRun = 3
	// silentPower is −50 dBFS.
	silentPower = 1e-5
	// silentWindows is how many windows make a silence: 1 s.
	silentWindows = windowsPerSecond
	// balanceMost is the balance of a file with an empty channel, dB.
	balanceMost = 90.0
)

// clipCurve counts the samples of each second that stand in a row at full scale.
type clipCurve struct {
	runs    []int // samples at full scale up to now, by channel
	seconds []clipSecond
}

type clipSecond struct{ clipped, samples int }

// take counts frames of a second.
func (c *clipCurve) take(second int, frames []int16) {
	if second == len(c.seconds) {
		c.seconds = append(c.seconds, clipSecond{})
	}
	at := &c.seconds[second]
	at.samples += len(frames)
	for ch, run := range c.runs {
		for i := ch; i < len(frames); i += len(c.runs) {
			if v := frames[i]; v < clipLevel && v > -clipLevel {
				run = 0
				continue
			}
			run++
			switch {
			case run == clipRun:
				at.clipped += clipRun
			case run > clipRun:
				at.clipped++
			}
		}
		c.runs[ch] = run
	}
}

// permille is the curve. A row that begins with the last samples of a second counts in the second it grows in.
func (c *clipCurve) permille() []float64 {
	out := make([]float64, len(c.seconds))
	for i, s := range c.seconds {
		out[i] = min(1000, 1000*float64(s.clipped)/float64(s.samples))
	}
	return out
}

// levelCurve is how loud each window is.
type levelCurve struct {
	power  []float32  // the louder channel
	energy [2]float64 // by channel, while there is sound
}

func (l *levelCurve) take(ears []*soundEar, loudest float64) {
	l.power = append(l.power, float32(loudest))
	if loudest < silentPower {
		return
	}
	for c, e := range ears[:min(2, len(ears))] {
		l.energy[c] += e.power
	}
}

// silences are the spans without sound. at is the time a window begins, end that of the file's end.
func (l *levelCurve) silences(at func(window int) int64, end int64) []media.Span {
	out := []media.Span{}
	from := 0
	for w := 0; w <= len(l.power); w++ {
		if w < len(l.power) && l.power[w] < silentPower {
			continue
		}
		if w-from >= silentWindows {
			out = append(out, media.Span{FromMS: at(from), ToMS: min(at(w), end)})
		}
		from = w + 1
	}
	return out
}

// speech is the level that one window of twenty is louder than, dBFS.
func (l *levelCurve) speech() float64 { return decibels(quantileOf(l.power, 0.95)) }

// balance is the left less the right channel, dB.
func (l *levelCurve) balance(channels int) float64 {
	if channels < 2 || l.energy[0] == l.energy[1] {
		return 0
	}
	return max(-balanceMost, min(balanceMost, 10*math.Log10(l.energy[0]/l.energy[1])))
}

// quantileOf is the value that a share of all lie below; 0 of none.
func quantileOf(values []float32, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return float64(sorted[int(share*float64(len(sorted)-1)+0.5)])
}

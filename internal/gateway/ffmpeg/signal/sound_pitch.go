package signal

import "math"

const (
	pitchLowHz, pitchHighHz = 60.0, 500.0
	// pitchVoiced is how alike two periods of a voice are (1 = the same).
	pitchVoiced = 0.75
	// pitchFirst is how near to the best a shorter period must come to be the one: each multiple of a period fits as well.
	pitchFirst = 0.88
	// pitchBelow is how far below the level of speech a window still belongs to it, dB.
	pitchBelow = 10.0
	// pitchLeast is the number of voiced windows that show a voice: 5 s.
	pitchLeast = 5 * windowsPerSecond
)

// pitchTrack is the fundamental of each window.
type pitchTrack struct {
	hz     float64
	likes  []float64 // how alike the window is to itself so many samples later, from the shortest period less one on
	voiced []voicedWindow
}

type voicedWindow struct{ hz, power float32 }

// take looks at a window up to 1 kHz.
func (p *pitchTrack) take(samples []float64, power float64) {
	if power < silentPower {
		return
	}
	if f := p.fundamental(samples); f > 0 {
		p.voiced = append(p.voiced, voicedWindow{float32(f), float32(power)})
	}
}

// median is the middle of the windows about as loud as speech (dBFS), Hz: a hum in the pauses is no voice.
func (p *pitchTrack) median(speech float64) float64 {
	least := float32(math.Pow(10, (speech-pitchBelow)/10))
	var hz []float32
	for _, v := range p.voiced {
		if v.power >= least {
			hz = append(hz, v.hz)
		}
	}
	if len(hz) < pitchLeast {
		return 0
	}
	return quantileOf(hz, 0.5)
}

// fundamental is that of a window, Hz; 0 when it has none. It is the first high peak of the normalised autocorrelation
// (McLeod and Wyvill 2005).
func (p *pitchTrack) fundamental(samples []float64) float64 {
	shortest, longest := int(p.hz/pitchHighHz), int(math.Ceil(p.hz/pitchLowHz))
	if shortest < 2 || len(samples) < 2*longest {
		return 0
	}
	p.compare(samples, shortest-1, longest+1)
	best := 0.0
	for i := 1; i+1 < len(p.likes); i++ {
		if p.peak(i) {
			best = max(best, p.likes[i])
		}
	}
	if best < pitchVoiced {
		return 0
	}
	for i := 1; i+1 < len(p.likes); i++ {
		if p.peak(i) && p.likes[i] >= pitchFirst*best {
			return p.hz / (float64(shortest-1+i) + p.between(i))
		}
	}
	return 0
}

// compare fills likes for the periods from, from+1, ... to.
func (p *pitchTrack) compare(samples []float64, from, to int) {
	mean, power := 0.0, 0.0
	for _, x := range samples {
		mean += x / float64(len(samples))
	}
	for i := range samples {
		samples[i] -= mean
		power += 2 * samples[i] * samples[i]
	}
	p.likes = p.likes[:0]
	for lag := 1; lag <= to; lag++ {
		first, last := samples[lag-1], samples[len(samples)-lag]
		power -= first*first + last*last
		if lag < from {
			continue
		}
		sum := 0.0
		late := samples[lag:]
		for i, x := range samples[:len(late)] {
			sum += x * late[i]
		}
		p.likes = append(p.likes, 2*sum/max(power, 1e-12))
	}
}

func (p *pitchTrack) peak(i int) bool {
	return p.likes[i] > 0 && p.likes[i] >= p.likes[i-1] && p.likes[i] > p.likes[i+1]
}

// between is where the top of a peak lies, −0.5 to 0.5 of a sample.
func (p *pitchTrack) between(i int) float64 {
	l, m, r := p.likes[i-1], p.likes[i], p.likes[i+1]
	return (l - r) / 2 / (l - 2*m + r)
}

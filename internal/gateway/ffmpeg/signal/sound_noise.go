package signal

import (
	"math"
	"slices"
)

const (
	// noiseFromHz is where noise begins; what is below is hum and rumble.
	noiseFromHz = 150.0
	// stretchWindows is the piece a pause is looked for in: 10 s. Nobody speaks longer without a dip.
	stretchWindows = 10 * windowsPerSecond
	// dipsOfWindow is how many dips a window could hold: even fluent speech has some of 25 ms, where the lips are closed.
	dipsOfWindow = 2
	// dipsKept is how many of a stretch are looked at: 150 ms.
	dipsKept = 6
	// pauseWindows is how much must hang together to tell tones from noise: 300 ms.
	pauseWindows = 6
	// noiseBandHz is the width of the bands in which the spectrum's middle is taken.
	noiseBandHz = 400.0
)

// noiseFloor finds the noise under a channel of a lesson. Of each stretch of 10 s it looks at the deepest dips, and between
// the peaks of the spectrum of the quietest 300 ms. Noise is in both. Fluent speech has dips but no pause; music has no dips,
// but gaps between its tones. The middle of all stretches that have sound is the floor: a silence put in somewhere does not
// make a noisy lesson clean.
type noiseFloor struct {
	hz     float64
	pass   [2]biquad
	seen   int // windows of the present stretch
	sound  bool
	begun  bool                     // digital silence before the first sound is no pause of it
	dips   []float64                // powers of the deepest dips of the stretch, the deepest first
	pause  quietPiece               // its quietest 300 ms
	recent [pauseWindows]quietPiece // the last windows, in a ring
	floors [2][]float32             // powers by stretch: of those without sound, of those with sound
}

// quietPiece is some samples with their power above 150 Hz.
type quietPiece struct {
	power   float64
	samples []float64
}

func newNoiseFloor(hz float64) noiseFloor {
	return noiseFloor{hz: hz, pass: highPass(noiseFromHz, hz)}
}

// take looks at a window; loudest is the power of the loudest channel.
func (n *noiseFloor) take(samples []float64, loudest float64) {
	if n.begun = n.begun || loudest > humEmpty; !n.begun {
		return
	}
	at := &n.recent[n.seen%pauseWindows]
	at.power, at.samples = 0, append(at.samples[:0], samples...)
	for i := range dipsOfWindow {
		part := samples[i*len(samples)/dipsOfWindow : (i+1)*len(samples)/dipsOfWindow]
		if len(part) == 0 {
			continue
		}
		power := passedPower(&n.pass, part)
		at.power += power / dipsOfWindow
		n.keepDip(power)
	}
	n.seen++
	n.sound = n.sound || loudest >= silentPower
	if n.seen >= pauseWindows {
		n.keepPause()
	}
	if n.seen == stretchWindows {
		n.end()
	}
}

// keepDip puts a power among the lowest.
func (n *noiseFloor) keepDip(power float64) {
	at, _ := slices.BinarySearch(n.dips, power)
	if at < dipsKept {
		n.dips = slices.Insert(n.dips, at, power)
		n.dips = n.dips[:min(len(n.dips), dipsKept)]
	}
}

// keepPause keeps the last windows if they are the quietest yet.
func (n *noiseFloor) keepPause() {
	power := 0.0
	for _, q := range n.recent {
		power += q.power
	}
	if n.seen > pauseWindows && power >= n.pause.power {
		return
	}
	n.pause.power, n.pause.samples = power, n.pause.samples[:0]
	for i := range pauseWindows {
		n.pause.samples = append(n.pause.samples, n.recent[(n.seen+i)%pauseWindows].samples...)
	}
}

// end closes a stretch. What is left at the end of a file may be all speech and counts only when there is nothing else.
func (n *noiseFloor) end() {
	known := len(n.floors[0])+len(n.floors[1]) > 0
	if n.seen == stretchWindows || n.seen >= pauseWindows && !known {
		kind := 0
		if n.sound {
			kind = 1
		}
		n.floors[kind] = append(n.floors[kind], float32(n.floor()))
	}
	n.seen, n.sound, n.dips = 0, false, n.dips[:0]
}

// floor is that of the present stretch, as a power. Of the dips it is the shallowest: a hole in the sound says nothing of its
// noise.
func (n *noiseFloor) floor() float64 {
	return min(n.dips[len(n.dips)-1], betweenPeaks(n.pause.samples, n.hz))
}

// level is the noise, dBFS.
func (n *noiseFloor) level() float64 {
	if len(n.floors[1]) > 0 {
		return decibels(quantileOf(n.floors[1], 0.5))
	}
	return decibels(quantileOf(n.floors[0], 0.5))
}

// betweenPeaks is the power above 150 Hz of what fills a spectrum evenly: of each band the median, which for noise is ln 2 of
// the mean and for tones the gap between them.
func betweenPeaks(samples []float64, hz float64) float64 {
	bins, unit := spectrum(samples)
	binHz := hz / float64(2*len(bins))
	width := max(4, int(noiseBandHz/binHz))
	total := 0.0
	for from := int(math.Ceil(noiseFromHz / binHz)); from < len(bins); from += width {
		band := bins[from:min(from+width, len(bins))]
		total += quantileOf(band, 0.5) / math.Ln2 * float64(len(band))
	}
	return total * unit
}

// spectrum is the power of samples by frequency up to half the rate; times unit its sum is their mean power.
func spectrum(samples []float64) (bins []float32, unit float64) {
	size := 16
	for size < len(samples) {
		size *= 2
	}
	mean := 0.0
	for _, x := range samples {
		mean += x / float64(len(samples))
	}
	values := make([]complex128, size)
	weight := 0.0
	for i, x := range samples {
		w := hann(i, len(samples))
		weight += w * w
		values[i] = complex((x-mean)*w, 0)
	}
	fourier(values)
	bins = make([]float32, size/2)
	for i := range bins {
		re, im := real(values[i]), imag(values[i])
		bins[i] = float32(re*re + im*im)
	}
	return bins, 2 / (float64(size) * max(weight, 1e-9))
}

// hann is the weight of sample i of n.
func hann(i, n int) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n)) }

// fourier transforms values in place; their number is a power of two.
func fourier(values []complex128) {
	for i, j := 1, 0; i < len(values); i++ {
		bit := len(values) >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			values[i], values[j] = values[j], values[i]
		}
	}
	for half := 1; half < len(values); half *= 2 {
		for k := range half {
			sin, cos := math.Sincos(-math.Pi * float64(k) / float64(half))
			turn := complex(cos, sin)
			for i := k; i < len(values); i += 2 * half {
				a, b := values[i], values[i+half]*turn
				values[i], values[i+half] = a+b, a-b
			}
		}
	}
}

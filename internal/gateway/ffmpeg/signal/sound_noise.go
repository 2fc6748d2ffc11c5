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
	// quietWindows is how much of a stretch is looked at: its lowest 300 ms.
	quietWindows = 6
	// noiseBandHz is the width of the bands in which the spectrum's middle is taken.
	noiseBandHz = 400.0
)

// noiseFloor finds the noise under a lesson. In each stretch of 10 s the quietest windows are kept, and of their spectrum only
// what lies between the peaks: so neither music without a pause nor a tone is noise. The middle of all stretches that have
// sound is the floor: a silence that was put in somewhere does not make a noisy lesson clean.
type noiseFloor struct {
	hz     float64
	seen   int // windows of the present stretch
	sound  bool
	quiet  []quietWindow // the quietest of the present stretch, the quietest first
	spare  []float64
	floors [2][]float32 // powers by stretch: of those without sound, of those with sound
}

type quietWindow struct {
	power   float64
	samples []float64
}

// take looks at a window. power is its own above 150 Hz, loudest that of the whole sound.
func (n *noiseFloor) take(samples []float64, power, loudest float64) {
	n.seen++
	n.sound = n.sound || loudest >= silentPower
	if len(n.quiet) < quietWindows || power < n.quiet[len(n.quiet)-1].power {
		n.keep(samples, power)
	}
	if n.seen == stretchWindows {
		n.end()
	}
}

// keep puts a window among the quietest.
func (n *noiseFloor) keep(samples []float64, power float64) {
	if len(n.quiet) == quietWindows {
		n.spare = n.quiet[quietWindows-1].samples
		n.quiet = n.quiet[:quietWindows-1]
	}
	at, _ := slices.BinarySearchFunc(n.quiet, power, func(q quietWindow, p float64) int {
		if q.power <= p {
			return -1
		}
		return 1
	})
	n.quiet = slices.Insert(n.quiet, at, quietWindow{power, append(n.spare[:0], samples...)})
	n.spare = nil
}

// end closes a stretch. The last one of a file counts from 2 s on, or when it is the only one.
func (n *noiseFloor) end() {
	known := len(n.floors[0])+len(n.floors[1]) > 0
	if n.seen > 0 && (n.seen >= 2*windowsPerSecond || !known) {
		var floors []float32
		for _, q := range n.quiet {
			floors = append(floors, float32(betweenPeaks(q.samples, n.hz)))
		}
		kind := 0
		if n.sound {
			kind = 1
		}
		n.floors[kind] = append(n.floors[kind], float32(quantileOf(floors, 0.4)))
	}
	n.seen, n.sound, n.quiet = 0, false, n.quiet[:0]
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

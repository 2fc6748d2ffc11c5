package signal

import (
	"math"
	"math/cmplx"
)

const (
	beepHz = 1000
	// beepLeast and beepMost are the lengths of a beep, ms, with the one by which an edge may be off.
	beepLeast, beepMost = 19, 401
	// beepBandHz is half the band around 1 kHz that a beep's energy lies in, and beepPure the share of it that must.
	beepBandHz, beepPure = 50.0, 0.8
	// beepWindow is how many ms are first held against a tone, and beepLike the share of their energy that it explains.
	beepWindow, beepLike = 8, 0.5
	// beepHole is how many ms a tone may seem lost in.
	beepHole = 6
	// beepLost ends the search for an edge: twice as many ms without the tone.
	beepLost = 10
	// beepLearn is how fast the tone's phase and strength are followed.
	beepLearn = 0.2
	// beepKept is how many ms are remembered; a power of two.
	beepKept = 1024
)

// beepFinder finds the beeps of sync marks. It turns each millisecond into its energy and its product with 1 kHz, so that
// whole tones can be judged without their samples.
type beepFinder struct {
	hz, frames int64
	turn       []complex128 // one period in which 1 kHz and the rate meet
	now        beepMS
	count      int // whole milliseconds
	kept       [beepKept]beepMS
	from, to   int // the ms at which a window first and last looked like a tone; from < 0: none
	last       int // end of the last beep
	onsets     []float64
}

// beepMS is one millisecond.
type beepMS struct {
	product complex128
	energy  float64
	samples float64
}

func newBeepFinder(hz int) beepFinder {
	period := hz / gcd(hz, beepHz)
	f := beepFinder{hz: int64(hz), from: -1, last: -1, turn: make([]complex128, period)}
	for i := range f.turn {
		f.turn[i] = cmplx.Rect(1, -2*math.Pi*beepHz*float64(i)/float64(hz))
	}
	return f
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// take adds samples.
func (f *beepFinder) take(samples []float64) {
	for len(samples) > 0 {
		end := (int64(f.count+1)*f.hz + beepHz - 1) / beepHz
		n := min(int(end-f.frames), len(samples))
		f.add(samples[:n])
		samples = samples[n:]
		if f.frames == end {
			f.next()
		}
	}
}

// add adds samples to the present millisecond.
func (f *beepFinder) add(samples []float64) {
	at := int(f.frames % int64(len(f.turn)))
	re, im, energy := real(f.now.product), imag(f.now.product), f.now.energy
	for _, x := range samples {
		t := f.turn[at]
		re += x * real(t)
		im += x * imag(t)
		energy += x * x
		if at++; at == len(f.turn) {
			at = 0
		}
	}
	f.now = beepMS{complex(re, im), energy, f.now.samples + float64(len(samples))}
	f.frames += int64(len(samples))
}

// next closes a millisecond, and a tone that has ended before it.
func (f *beepFinder) next() {
	*f.at(f.count) = f.now
	f.now = beepMS{}
	if f.like(f.count) > beepLike {
		if f.from < 0 {
			f.from = f.count
		}
		f.to = f.count
	}
	f.count++
	if f.count > f.to+beepHole {
		f.end()
	}
}

// end judges the tone there was.
func (f *beepFinder) end() {
	if f.from >= 0 && f.to-f.from < beepMost+2*beepWindow {
		f.judge()
	}
	f.from = -1
}

func (f *beepFinder) at(ms int) *beepMS { return &f.kept[ms&(beepKept-1)] }

// like is the share of the energy of the window that ends with a millisecond that a tone explains; 0 when there is hardly any.
func (f *beepFinder) like(ms int) float64 {
	var sum beepMS
	for i := max(0, ms-beepWindow+1); i <= ms; i++ {
		m := f.at(i)
		sum.product += m.product
		sum.energy += m.energy
		sum.samples += m.samples
	}
	if sum.energy <= silentPower*sum.samples {
		return 0
	}
	return 2 * norm(sum.product) / sum.samples / sum.energy
}

func norm(c complex128) float64 { return real(c)*real(c) + imag(c)*imag(c) }

// judge keeps the tone if it is a beep. It starts where the tone is purest.
func (f *beepFinder) judge() {
	pure, best := f.from, 0.0
	for ms := f.from; ms <= f.to; ms++ {
		if like := f.like(ms); like > best {
			pure, best = ms, like
		}
	}
	first := max(0, pure-beepWindow+1)
	wave := f.wave(first, pure)
	onset, end := f.edge(wave, pure, -1), f.edge(wave, first, 1)
	length := end - onset + 1
	if onset <= f.last || length < beepLeast || length > beepMost || f.share(onset, end) < beepPure {
		return
	}
	f.last = end
	f.onsets = append(f.onsets, float64(onset))
}

// wave is a tone at one millisecond: its half amplitude and phase, and its turn per ms against 1 kHz.
type wave struct {
	ms   int
	half complex128
	turn float64
}

// at is the tone's half amplitude and phase at another millisecond.
func (w wave) at(ms int) complex128 { return w.half * cmplx.Rect(1, w.turn*float64(ms-w.ms)) }

// wave is the tone in a few milliseconds.
func (f *beepFinder) wave(first, last int) wave {
	var step, sum complex128
	for ms := first; ms < last; ms++ {
		step += f.at(ms+1).product * cmplx.Conj(f.at(ms).product)
	}
	w := wave{ms: first, turn: cmplx.Phase(step)}
	for ms := first; ms <= last; ms++ {
		m := f.at(ms)
		sum += m.product * cmplx.Rect(1/m.samples, -w.turn*float64(ms-first))
	}
	w.half = sum / complex(float64(last-first+1), 0)
	return w
}

// edge follows a tone in steps of +1 or −1 ms to where it ends: to the last millisecond up to which the tone explains more
// than half of what is there, on balance. It learns the tone's slow changes on its way.
func (f *beepFinder) edge(w wave, from, step int) int {
	gain, best, edge := 0.0, 0.0, from
	for ms := from; ms >= 0 && ms > f.count-beepKept && ms < f.count && gain > best-beepLost; ms += step {
		tone, m := w.at(ms), f.at(ms)
		power := 2 * norm(tone)
		left := (m.energy-4*real(cmplx.Conj(tone)*m.product))/m.samples + power
		explained := 0.5 - max(0, min(1, left/power))
		if gain += explained; gain > best {
			best, edge = gain, ms
		}
		if explained > 0 {
			seen := m.product / complex(m.samples, 0)
			w = wave{ms, tone + (seen-tone)*beepLearn, w.turn}
		}
	}
	return edge
}

// share is how much of the energy from one millisecond to another lies within the band of a beep.
func (f *beepFinder) share(first, last int) float64 {
	energy, samples := 0.0, 0.0
	for ms := first; ms <= last; ms++ {
		energy += f.at(ms).energy
		samples += f.at(ms).samples
	}
	length := float64(last - first + 1)
	steps := math.Ceil(2 * beepBandHz * length / 250)
	within := 0.0
	for k := 0.5; k < steps; k++ {
		within += norm(f.product(first, last, beepBandHz*(2*k/steps-1)))
	}
	// Parseval: the integral over all of the band of 1 kHz that milliseconds can tell apart is the sum of their squares.
	within *= 2 * beepBandHz / steps / 1000
	return 2 * within / (samples / length) / energy
}

// product is that of some milliseconds with a tone so many Hz above 1 kHz.
func (f *beepFinder) product(first, last int, above float64) (sum complex128) {
	turn, phase := cmplx.Rect(1, -2*math.Pi*above/1000), complex(1, 0)
	for ms := first; ms <= last; ms++ {
		sum += f.at(ms).product * phase
		phase *= turn
	}
	return sum
}

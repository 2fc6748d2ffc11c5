package signal

import "math"

// biquad is a filter of second order, transposed direct form II.
type biquad struct {
	b0, b1, b2, a1, a2 float64
	z1, z2             float64
}

// butterworth4 are the qualities of the two halves of a Butterworth filter of fourth order.
var butterworth4 = [2]float64{0.5411961, 1.3065630}

// highPass is a Butterworth filter of fourth order that lets pass what is above a frequency.
func highPass(cut, hz float64) [2]biquad {
	return butterworth(cut, hz, func(cos float64) (b0, b1 float64) { return (1 + cos) / 2, -(1 + cos) })
}

// lowPass is a Butterworth filter of fourth order that lets pass what is below a frequency.
func lowPass(cut, hz float64) [2]biquad {
	return butterworth(cut, hz, func(cos float64) (b0, b1 float64) { return (1 - cos) / 2, 1 - cos })
}

func butterworth(cut, hz float64, zeros func(cos float64) (b0, b1 float64)) (out [2]biquad) {
	sin, cos := math.Sincos(2 * math.Pi * min(cut, 0.45*hz) / hz)
	b0, b1 := zeros(cos)
	for i, q := range butterworth4 {
		alpha := sin / (2 * q)
		a0 := 1 + alpha
		out[i] = biquad{b0: b0 / a0, b1: b1 / a0, b2: b0 / a0, a1: -2 * cos / a0, a2: (1 - alpha) / a0}
	}
	return out
}

// next is the filter's answer to a sample.
func (f *biquad) next(x float64) float64 {
	y := f.b0*x + f.z1
	f.z1 = f.b1*x - f.a1*y + f.z2
	f.z2 = f.b2*x - f.a2*y
	return y
}

// rest forgets what is too small to hear: in digital silence the state would shrink to numbers a processor is slow with.
func (f *biquad) rest() {
	if math.Abs(f.z1) < 1e-30 && math.Abs(f.z2) < 1e-30 {
		f.z1, f.z2 = 0, 0
	}
}

// passedPower is the mean power of what a filter lets pass.
func passedPower(filter *[2]biquad, samples []float64) float64 {
	f, g := filter[0], filter[1]
	sum := 0.0
	for _, x := range samples {
		y := g.next(f.next(x))
		sum += y * y
	}
	f.rest()
	g.rest()
	filter[0], filter[1] = f, g
	return sum / float64(len(samples))
}

// decimator keeps one of so many samples, and of the sound only what that many can hold.
type decimator struct {
	filter [2]biquad
	factor int
	skip   int // samples until the next one is kept
}

func newDecimator(cut, hz float64, factor int) decimator {
	return decimator{filter: lowPass(cut, hz), factor: factor}
}

// take appends what is kept of samples.
func (d *decimator) take(out, samples []float64) []float64 {
	f, g, skip := d.filter[0], d.filter[1], d.skip
	for _, x := range samples {
		y := g.next(f.next(x))
		if skip == 0 {
			out = append(out, y)
			skip = d.factor
		}
		skip--
	}
	f.rest()
	g.rest()
	d.filter[0], d.filter[1], d.skip = f, g, skip
	return out
}

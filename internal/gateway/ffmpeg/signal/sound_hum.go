package signal

import "math"

const (
	// humFactor brings the 8 kHz of the pitch down to 2 kHz.
	humFactor = 4
	// humCutHz keeps 150 Hz whole.
	humCutHz = 350.0
	// humSteady is the share of the windows that may lack the hum: speech and music come and go, hum does not.
	humSteady = 0.3
	// humStands is how much more power than its neighbours a hum has: 10 dB.
	humStands = 10.0
	// humWindows is the fewest seconds with sound that show what is steady.
	humWindows = 5
	// humEmpty is the power of a second that says nothing of hum: digital silence, −100 dBFS.
	humEmpty = 1e-10
)

// humHz are the mains and its harmonics; humBeside is where their neighbours are. A window of 1 s tells frequencies 2 Hz apart;
// the neighbours stand close, for a voice that wavers around 100 Hz fills them too.
var (
	humHz     = [3]float64{50, 100, 150}
	humBeside = [8]float64{-10, -8, -6, -4, 4, 6, 8, 10}
)

// humBand watches the mains in windows of 1 s.
type humBand struct {
	down   decimator
	hz     float64
	held   []float64
	hann   []float64
	at     [3][]float32 // power of each of humHz, by window
	beside [3][]float32 // mean power of its neighbours
}

func newHumBand(hz float64) humBand {
	b := humBand{hz: hz / humFactor, down: newDecimator(humCutHz, hz, humFactor)}
	b.hann = make([]float64, max(1, int(b.hz+0.5)))
	for i := range b.hann {
		b.hann[i] = hann(i, len(b.hann))
	}
	return b
}

// take adds samples at the rate the band was made for.
func (b *humBand) take(samples []float64) {
	b.held = b.down.take(b.held, samples)
	if n := len(b.hann); len(b.held) >= n {
		b.window(b.held[:n])
		b.held = append(b.held[:0], b.held[n:]...)
	}
}

func (b *humBand) window(samples []float64) {
	power := 0.0
	for i, x := range samples {
		power += x * x
		samples[i] *= b.hann[i]
	}
	if power/float64(len(samples)) < humEmpty {
		return
	}
	for i, f := range humHz {
		beside := 0.0
		for _, d := range humBeside {
			beside += b.tone(samples, f+d) / float64(len(humBeside))
		}
		b.at[i] = append(b.at[i], float32(b.tone(samples, f)))
		b.beside[i] = append(b.beside[i], float32(beside))
	}
}

// tone is the power of a frequency (Goertzel).
func (b *humBand) tone(samples []float64, f float64) float64 {
	k := 2 * math.Cos(2*math.Pi*f/b.hz)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = x+k*s1-s2, s1
	}
	half := float64(len(samples)) / 2 // the sum of the weights
	return max(0, 2*(s1*s1+s2*s2-k*s1*s2)/(half*half))
}

// level is the hum, dBFS.
func (b *humBand) level() float64 {
	if len(b.at[0]) < humWindows {
		return soundFloor
	}
	hum := 0.0
	for i := range humHz {
		at, beside := quantileOf(b.at[i], humSteady), quantileOf(b.beside[i], humSteady)
		if at > humStands*beside {
			hum += at - beside
		}
	}
	return decibels(hum)
}

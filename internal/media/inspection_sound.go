package media

import "math"

// Levels at which nothing is to be heard: of a whole file (BS.1770 has no gate below), and of the loudest moments of speech.
const (
	silentLUFS = -69
	silentDBFS = -50
)

// shortMS is how long a lesson has to be for its range of loudness to mean something (EBU Tech 3342).
const shortMS = 60_000

// level judges how loud and how clean the sound is.
func (j *judge) level() {
	s, l := j.m.Sound, j.l
	if s.Loudness < l.LoudnessMin {
		f := j.add("loudness_low", Span{}, max(s.Loudness, -70), l.LoudnessMin)
		if s.Loudness <= silentLUFS {
			f.Repair = "" // there is nothing to make louder
		}
	}
	j.above("loudness_high", s.Loudness, l.LoudnessMax)
	j.above("true_peak", s.TruePeak, l.TruePeak)
	if j.m.DurationMS >= shortMS {
		j.above("loudness_range", s.Range, l.Range)
	}
	j.curve("clipping", s.Clipped, 1, l.Clipped, 1, func(int) bool { return true })
	j.longer("silence", j.tidy(s.Silences, 0), l.SilenceS, 1000)
	j.longer("sound_gap", j.tidy(s.Gaps, 0), l.SoundGapMS, 1)
	j.noise()
	j.above("hum", s.Hum, l.Hum)
	if a := math.Abs(s.Balance); s.Channels > 1 && a > l.Balance {
		j.add("balance", Span{}, a, l.Balance).Detail = louder(s.Balance)
	}
}

func louder(balance float64) string {
	if balance > 0 {
		return "left"
	}
	return "right"
}

// noise judges how far speech stands above the noise of its pauses; without speech nothing is said.
func (j *judge) noise() {
	s := j.m.Sound
	if !(s.Speech > silentDBFS) {
		return
	}
	switch snr := s.Speech - s.Noise; {
	case snr < j.l.SNRFail:
		j.add("noise_floor", Span{}, snr, j.l.SNRFail)
	case snr < j.l.SNR:
		j.add("noise_floor", Span{}, snr, j.l.SNR).Severity = Warn
	}
}

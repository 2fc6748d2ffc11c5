package main

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
)

const (
	digitRate   = 8000
	windowMS    = 10
	quietDBFS   = -45.0
	maxPeakDB   = -1.0
	digitSpread = 2.5 // dB between the loudest and the softest digit
)

// checkDigits: ten recordings, about equally loud, none clipped.
func checkDigits(r *report, files fs.FS) {
	low, high := math.Inf(1), math.Inf(-1)
	for n := range 10 {
		raw, err := fs.ReadFile(files, fmt.Sprintf("audio/digit_%d.pcm", n))
		if err != nil || len(raw) < digitRate/5*2 || len(raw) > digitRate*2 {
			r.fail("digit %d: %d bytes (%v)", n, len(raw), err)
			continue
		}
		pcm := samples(raw)
		loud := loudest(pcm)
		low, high = min(low, loud), max(high, loud)
		r.expect(peak(pcm) <= maxPeakDB, "digit %d peaks at %.1f dBFS", n, peak(pcm))
	}
	r.expect(high-low <= digitSpread, "digits lie between %.1f and %.1f dBFS", low, high)
}

// loudest is the mean level of what is not quiet, dBFS.
func loudest(pcm []float64) float64 {
	var sum float64
	var n int
	for _, v := range envelope(pcm, digitRate) {
		if db(v) > -35 {
			sum += v * v
			n++
		}
	}
	return db(math.Sqrt(sum / float64(max(n, 1))))
}

func samples(raw []byte) []float64 {
	out := make([]float64, len(raw)/2)
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / 32768
	}
	return out
}

// envelope is the level of each window of 10 ms.
func envelope(pcm []float64, rate int) []float64 {
	size := rate * windowMS / 1000
	out := make([]float64, len(pcm)/size)
	for i := range out {
		var sum float64
		for _, v := range pcm[i*size : (i+1)*size] {
			sum += v * v
		}
		out[i] = math.Sqrt(sum / float64(size))
	}
	return out
}

func peak(pcm []float64) float64 {
	var top float64
	for _, v := range pcm {
		top = max(top, math.Abs(v))
	}
	return db(top)
}

func db(v float64) float64 { return 20 * math.Log10(max(v, 1e-9)) }

package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

const (
	listenRate = 16000
	pauseMS    = 300  // a shorter quiet belongs to speaking
	sameSpeech = 0.75 // correlation of two envelopes of the same words; other words of the same length reach 0.63
)

// checkSound measures loudness and pauses, and holds every caption against the sound at its time.
func checkSound(r *report, file string, l *lesson, readings map[string]string) string {
	env := envelope(samples(tool(r, "ffmpeg", "-loglevel", "error", "-i", file, "-vn", "-ac", "1", "-ar", "16000", "-f", "s16le", "-")), listenRate)
	lufs, top := loudness(r, file)
	r.expect(abs(lufs-wantLoudness) <= loudnessSpread && top <= maxPeakDB, "%.1f LUFS, true peak %.1f dBTP", lufs, top)
	share, longest := silences(env)
	r.expect(share <= maxSilence, "%.0f %% is silence", share*100)
	r.expect(longest <= maxPauseMS+windowMS, "%d ms of silence at once", longest)
	var worst int64
	least := 1.0
	for n, c := range l.cues {
		begin, end := sounds(env, l.cues, n, l.manifest.DurationMS)
		off := max(begin-c.from, c.from-begin, end-c.to, c.to-end)
		worst = max(worst, off)
		r.expect(off <= maxOnsetMS, "cue %d stands from %d to %d ms and sounds from %d to %d", n, c.from, c.to, begin, end)
		same := again(r, env, l, c, readings)
		least = min(least, same)
		r.expect(same >= sameSpeech, "cue %d is not what is said there (%.2f): %s", n, same, c.text)
	}
	return fmt.Sprintf("captions within %d ms, same speech ≥ %.2f, silence %.1f %%, longest %d ms, %.1f LUFS, %.1f dBTP", worst, least, share*100, longest, lufs, top)
}

func loudness(r *report, file string) (lufs, top float64) {
	cmdOut := tool(r, "sh", "-c", `ffmpeg -hide_banner -nostats -i "$0" -vn -af ebur128=peak=true:framelog=verbose -f null - 2>&1`, file)
	_, summary, _ := strings.Cut(string(cmdOut), "Summary:")
	after := func(mark string) float64 {
		_, rest, _ := strings.Cut(summary, mark)
		if f := strings.Fields(rest); len(f) > 0 {
			return seconds(f[0])
		}
		return math.NaN()
	}
	return after("I:"), after("Peak:")
}

// silences is the share of pauses in the whole, and the longest pause.
func silences(env []float64) (share float64, longest int64) {
	var run, total int64
	for i := 0; i <= len(env); i++ {
		if i < len(env) && db(env[i]) < quietDBFS {
			run += windowMS
			continue
		}
		if run >= pauseMS {
			total += run
		}
		longest = max(longest, run)
		run = 0
	}
	return float64(total) / float64(max(len(env)*windowMS, 1)), longest
}

// sounds is where, between the captions before and behind it, caption n is heard.
func sounds(env []float64, cues []cue, n int, end int64) (from, to int64) {
	a, z := int64(0), end
	if n > 0 {
		a = (cues[n-1].to + cues[n].from) / 2
	}
	if n < len(cues)-1 {
		z = (cues[n].to + cues[n+1].from) / 2
	}
	from, to = -1, -1
	for i := a / windowMS; i < min(z/windowMS, int64(len(env))); i++ {
		if db(env[i]) >= quietDBFS {
			if from < 0 {
				from = i * windowMS
			}
			to = (i + 1) * windowMS
		}
	}
	return from, to
}

// again has the caption said once more and compares: the best correlation of the two envelopes within ±40 ms.
func again(r *report, env []float64, l *lesson, c cue, readings map[string]string) float64 {
	speed := l.Speed
	if speed == 0 {
		speed = 150
	}
	wave := tool(r, "espeak-ng", "-v", "cmn-latn-pinyin", "-s", fmt.Sprint(speed), "--stdout", pronounce(c.text, readings))
	_, pcm, ok := bytes.Cut(wave, []byte("data"))
	if !ok {
		return 0
	}
	fresh := envelope(samples(pcm[4:]), 22050)
	for len(fresh) > 0 && db(fresh[0]) < quietDBFS {
		fresh = fresh[1:]
	}
	for len(fresh) > 0 && db(fresh[len(fresh)-1]) < quietDBFS {
		fresh = fresh[:len(fresh)-1]
	}
	if len(fresh) == 0 || abs(float64(int64(len(fresh))*windowMS-(c.to-c.from))) > maxOnsetMS {
		return 0
	}
	best := 0.0
	for lag := int64(-4); lag <= 4; lag++ {
		from := c.from/windowMS + lag
		if from >= 0 && from+int64(len(fresh)) <= int64(len(env)) {
			best = max(best, correlation(fresh, env[from:from+int64(len(fresh))]))
		}
	}
	return best
}

// pronounce puts the sources' readings in place of the words that need them, longest first.
func pronounce(text string, readings map[string]string) string {
	var b strings.Builder
	for text != "" {
		best := ""
		for word := range readings {
			if len(word) > len(best) && strings.HasPrefix(text, word) {
				best = word
			}
		}
		if best != "" {
			b.WriteString(" " + readings[best] + " ")
			text = text[len(best):]
			continue
		}
		_, w := utf8.DecodeRuneInString(text)
		b.WriteString(text[:w])
		text = text[w:]
	}
	return b.String()
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		x, y := math.Sqrt(a[i]), math.Sqrt(b[i]) // the limiter has flattened the loudest
		sa, sb = sa+x, sb+y
		saa, sbb, sab = saa+x*x, sbb+y*y, sab+x*y
	}
	d := math.Sqrt((saa - sa*sa/n) * (sbb - sb*sb/n))
	if d == 0 {
		return 0
	}
	return (sab - sa*sb/n) / d
}

package courseware

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Sound is how the sound of a clip is made: a voice, then filters, then a noise beside it, then more filters.
type Sound struct {
	None    bool
	Voice   string // of espeak-ng, with its pitch after a slash ("cmn+f2/60"); empty: cmn
	Filter  string
	Noise   string  // white, pink, brown, babble, or hum=FREQUENCY
	NoiseDB float64 // RMS of the noise, dBFS
	After   string
	Encode  string  // options of the encoder; empty: a good one's
	LateMS  float64 // + the sound comes late, − early; its stream begins and ends with the picture all the same
	DriftMS float64 // how much later it has become at the end of the clip
	Ends    float64 // seconds before the clip's end at which the stream ends
	Ext     string  // of the sound alone; empty: mp4
}

const (
	goodSound = "-c:a aac -b:a 160k -ar 48000 -ac 2"
	studioDB  = -20.0 // loudness of the speech, LUFS
)

var figure = func(name string) *regexp.Regexp { return regexp.MustCompile(name + `:\s+(-?[0-9.]+|-inf)`) }

// number is the last figure of a name that a filter printed.
func (j *job) number(said, name string) float64 {
	all := figure(name).FindAllStringSubmatch(said, -1)
	if len(all) == 0 {
		if j.err == nil {
			j.err = fmt.Errorf("no %s in %q", name, said)
		}
		return 0
	}
	v, err := strconv.ParseFloat(all[len(all)-1][1], 64)
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("%s: silence where a sound was made", name)
	}
	return v
}

func (j *job) loudness(file string) float64 {
	return j.number(j.heard(file, "ebur128=framelog=verbose"), "I")
}

func (j *job) rms(file string) float64 {
	return j.number(j.heard(file, "astats=measure_perchannel=none:measure_overall=RMS_level"), "RMS level dB")
}

func (j *job) wav(from, filter string) string {
	return j.ffmpeg("wav", "-i", from, "-af", filter, "-c:a", "pcm_f32le", "-ar", "48000", "-ac", "2")
}

// speech is a minute of a voice at -20 LUFS, its peaks held below -5 dBFS as a studio's limiter does.
func (j *job) speech(voice string) string {
	name, pitch, _ := strings.Cut(or(voice, "cmn"), "/")
	raw := j.make("wav", "espeak-ng", "-v", name, "-p", or(pitch, "50"), "-s", "150", "-w", output, "-f", j.text(words("lecture")+words("answer")))
	plain := j.wav(raw, "aresample=48000,pan=stereo|c0=c0|c1=c0")
	held := j.wav(plain, fmt.Sprintf("volume=%.2fdB,alimiter=limit=0.45:attack=5:release=60:level=disabled", studioDB-j.loudness(plain)))
	return j.wav(held, fmt.Sprintf("volume=%.2fdB", studioDB-j.loudness(held)))
}

// noise is a minute of a noise at an RMS of -20 dBFS.
func (j *job) noise(kind string) string {
	var raw string
	if f, ok := strings.CutPrefix(kind, "hum="); ok {
		raw = j.ffmpeg("wav", "-f", "lavfi", "-i", "sine=f="+f+":r=48000:d=70", "-c:a", "pcm_f32le", "-ac", "2")
	} else if kind == "babble" {
		raw = j.babble()
	} else {
		raw = j.ffmpeg("wav", "-f", "lavfi", "-i", "anoisesrc=c="+kind+":r=48000:d=70:a=0.2:s=5", "-c:a", "pcm_f32le", "-ac", "2")
	}
	return j.wav(raw, fmt.Sprintf("volume=%.2fdB", -20-j.rms(raw)))
}

// babble is a canteen behind the door: eight voices over each other.
func (j *job) babble() string {
	args, mix := []string{}, ""
	for i, v := range []string{"cmn/30", "cmn+f2/60", "cmn+m3/45", "cmn+f4/70"} {
		args = append(args, "-stream_loop", "3", "-i", j.speech(v))
		mix += fmt.Sprintf("[%d:a]asplit[a%d][x%d];[x%d]adelay=%d|%d[b%d];", i, i, i, i, 3300+1700*i, 3300+1700*i, i)
	}
	mix += "[a0][a1][a2][a3][b0][b1][b2][b3]amix=inputs=8:normalize=0,atrim=9:79,asetpts=PTS-STARTPTS[out]"
	return j.ffmpeg("wav", append(args, "-filter_complex", mix, "-map", "[out]", "-c:a", "pcm_f32le", "-ac", "2")...)
}

// marks are the seconds of sync marks; they fall on frames at 25 a second and stand at uneven distances.
var marks = []float64{1.48, 4.12, 7.28, 10.88}

// beeps lays the beeps of the sync marks over the speech, which pauses for them.
func beeps() string {
	var at []string
	var pause []string
	for _, m := range marks {
		at = append(at, fmt.Sprintf("gte(t,%g)*lt(t,%g)", m, m+0.08))
		pause = append(pause, fmt.Sprintf("between(t,%g,%g)", m-0.15, m+0.3))
	}
	return fmt.Sprintf("volume=0:enable='%s'[quiet];aevalsrc='0.25*sin(2*PI*1000*t)*(%s)':s=48000:d=80,pan=stereo|c0=c0|c1=c0[beep];[quiet][beep]amix=inputs=2:normalize=0:duration=first",
		strings.Join(pause, "+"), strings.Join(at, "+"))
}

// flashes are the white frames of the sync marks.
func flashes() string {
	var at []string
	for _, m := range marks {
		at = append(at, during(m, m+0.08))
	}
	return "drawbox=c=white:t=fill:enable='" + strings.Join(at, "+") + "'"
}

// graph is the filter graph from the voice [0:a] and the noise [1:a] to [out].
func (s Sound) graph(seconds float64) string {
	g := "[0:a]" + or(s.Filter, "anull")
	if s.Noise != "" {
		g += fmt.Sprintf("[voice];[1:a]volume=%gdB[noise];[voice][noise]amix=inputs=2:normalize=0:duration=first", s.NoiseDB+20)
	}
	if s.DriftMS != 0 {
		g += fmt.Sprintf(",asetrate=%d,aresample=48000", int(math.Round(48000*seconds/(seconds+s.DriftMS/1000))))
	}
	switch {
	case s.LateMS > 0:
		g += fmt.Sprintf(",adelay=%g|%g", s.LateMS, s.LateMS)
	case s.LateMS < 0:
		g += fmt.Sprintf(",atrim=start=%g,asetpts=PTS-STARTPTS", -s.LateMS/1000)
	}
	return g + fmt.Sprintf(",%s,atrim=end=%g[out]", or(s.After, "anull"), seconds-s.Ends)
}

// make gives the sound of a length, alone in its file.
func (s Sound) make(j *job, seconds float64) string {
	args := []string{"-stream_loop", fmt.Sprint(int(seconds) / 60), "-i", j.speech(s.Voice)}
	if s.Noise != "" {
		args = append(args, "-i", j.noise(s.Noise))
	}
	args = append(args, "-filter_complex", s.graph(seconds), "-map", "[out]")
	return j.ffmpeg(or(s.Ext, "mp4"), append(args, strings.Fields(or(s.Encode, goodSound))...)...)
}

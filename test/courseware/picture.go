package courseware

import (
	"fmt"
	"math"
	"strings"
)

// Picture is how the picture of a clip is made from a scene.
type Picture struct {
	Scene  string  // empty: studio
	Rate   float64 // frames a second the scene is played at; 0 = its own
	Frame  string  // filter of the camera: which part of the wide scene is seen
	Filter string  // filters before the grain of the camera
	Grain  string  // filter; empty: a good camera's; none: "null"
	After  string  // filters that come after the camera
	Encode string  // options of the encoder; empty: a good one's
	Ext    string  // of the picture alone; empty: mp4
}

const (
	goodGrain  = "noise=c0s=4:c0f=t"
	goodFrame  = "crop=1280:720:80:45"
	goodEncode = "-c:v libx264 -preset ultrafast -b:v 2500k -maxrate 4000k -bufsize 4000k -g 50 -threads 2"
	anyTime    = "-fps_mode passthrough -enc_time_base 1:90000 -video_track_timescale 90000" // keep every time stamp as it is
)

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// make gives the picture of a length, alone in its file.
func (p Picture) make(j *job, seconds float64) string {
	name := or(p.Scene, "studio")
	material := filmed(j, name)
	s, isScene := scenes[name]
	length, rate, chain := float64(deckS), 25.0, []string{}
	if isScene {
		length, rate = sceneS, float64(s.rate)
	}
	if p.Rate > 0 {
		chain = append(chain, fmt.Sprintf("setpts=N/(%g*TB),fps=%g", p.Rate, p.Rate))
		length *= rate / p.Rate
	}
	if isScene {
		chain = append(chain, or(p.Frame, goodFrame))
	}
	if p.Filter != "" {
		chain = append(chain, p.Filter)
	}
	if isScene {
		chain = append(chain, or(p.Grain, goodGrain))
	}
	if p.After != "" {
		chain = append(chain, p.After)
	}
	args := []string{"-stream_loop", fmt.Sprint(int(math.Ceil(seconds/length)) - 1), "-i", material, "-filter_complex", "[0:v]" + strings.Join(append(chain, "format=yuv420p"), ",") + "[v]",
		"-map", "[v]", "-t", fmt.Sprint(seconds), "-pix_fmt", "yuv420p"}
	return j.ffmpeg(or(p.Ext, "mp4"), append(args, strings.Fields(or(p.Encode, goodEncode))...)...)
}

// during is the expression that holds from one second to another, the last frame excluded.
func during(from, to float64) string { return fmt.Sprintf("gte(t,%g)*lt(t,%g)", from-0.001, to-0.001) }

// dark paints the picture black.
func dark(from, to float64) string {
	return "drawbox=c=black:t=fill:enable='" + during(from, to) + "'"
}

// levels maps luma by an expression of val and scales chroma around neutral.
func levels(luma string, chroma float64) string {
	c := fmt.Sprintf("'clip(128+(val-128)*%g,1,254)'", chroma)
	return fmt.Sprintf("lutyuv=y='clip(%s,1,254)':u=%s:v=%s", luma, c, c)
}

// exposed maps red, green and blue alike by an expression of val, as exposure does: what is dark has little colour too.
func exposed(by string) string {
	return fmt.Sprintf("format=gbrp,lutrgb=r='%s':g='%s':b='%s',format=yuv444p", by, by, by)
}

// light is a wrong white balance: the gains of red, green and blue.
func light(r, g, b float64) string {
	return fmt.Sprintf("format=gbrp,colorchannelmixer=rr=%g:gg=%g:bb=%g,format=yuv444p", r, g, b)
}

// handheld moves the camera by the RMS given, in per cent of the picture's width, during a piece of time.
func handheld(percent, from, to float64) string {
	// Three sines of equal weight have the RMS of one times the root of 3/2.
	a := percent / 100 * 1280 / math.Sqrt(1.5)
	wobble := func(f1, f2, f3, a float64) string {
		return fmt.Sprintf("%g*(sin(2*PI*%g*t)+sin(2*PI*%g*t+1)+sin(2*PI*%g*t+2))*%s", a, f1, f2, f3, during(from, to))
	}
	return fmt.Sprintf("crop=1280:720:x='80+%s':y='45+%s'", wobble(1.3, 2.1, 3.7, a), wobble(1.7, 2.6, 4.1, a/2))
}

// frozen repeats the frame at a time until another time.
func frozen(from, to, rate float64) string {
	n, count := int(math.Round(from*rate)), int(math.Round((to-from)*rate))
	return fmt.Sprintf("loop=loop=%d:size=1:start=%d,setpts=N/(%g*TB)", count-1, n, rate)
}

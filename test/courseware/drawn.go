package courseware

import (
	"fmt"
	"strings"
)

// drawn are pictures that no camera took, of 20 seconds.
var drawn = map[string]func(*job) string{"screen": screen, "whiteboard": whiteboard}

// drawnAs encodes a graph that ends in [v].
func (j *job) drawnAs(graph string) string {
	return j.ffmpeg("mp4", "-filter_complex", graph, "-map", "[v]", "-t", fmt.Sprint(deckS), "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-g", "50", "-threads", "2")
}

const cjk = "drawtext=font='Noto Sans CJK SC':"

// screen is a recorded desktop: a list of files, lines that appear in an editor one by one, a window that opens, a pointer.
func screen(j *job) string {
	const files = "drawbox=x=0:y=0:w=1280:h=36:c=0x3c3f41:t=fill,drawbox=x=0:y=36:w=240:h=684:c=0xe8eaed:t=fill,drawbox=x=0:y=690:w=1280:h=30:c=0x2b5d8a:t=fill"
	g := fmt.Sprintf("color=c=0xfafafa:s=1280x720:r=25:d=%d,", deckS) + files
	lines := strings.Split(strings.TrimSpace(words("slide1")+"\n"+words("slide2")+"\n"+words("board")), "\n")
	for i, l := range lines[:min(len(lines), 12)] {
		g += fmt.Sprintf(","+cjk+"textfile=%s:fontsize=26:fontcolor=0x202020:x=270:y=%d:enable='gte(t,%g)'", j.text(l), 60+48*i, 1.4*float64(i))
	}
	g += ",drawbox=x=520:y=220:w=460:h=260:c=0xdfe6ee:t=fill:enable='between(t,8,12.5)',drawbox=x=520:y=220:w=460:h=34:c=0x2f6fb0:t=fill:enable='between(t,8,12.5)'"
	pointer := "color=c=0x101010:s=18x24:r=25:d=0.04,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*lt(X*1.4,Y)',loop=-1:1:0[p]"
	return j.drawnAs(g + "[s];" + pointer + ";[s][p]overlay=x='640+380*sin(2*PI*floor(t/2)/5)+60*min(mod(t,2),1)':y='340+200*sin(2*PI*floor(t/2)/7)',format=yuv420p[v]")
}

// whiteboard is a text that a hand writes, line by line.
func whiteboard(j *job) string {
	const lineS, lines = 4.0, 5
	g := fmt.Sprintf("color=c=0xfdfdfb:s=1280x720:r=25:d=%d", deckS)
	all := strings.Split(strings.TrimSpace(words("board")+"\n"+words("slide3")), "\n")
	for i := range lines {
		g += fmt.Sprintf(","+cjk+"textfile=%s:fontsize=58:fontcolor=0x1d3f7a:x=90:y=%d:enable='gte(t,%g)'", j.text(all[i%len(all)]), 70+120*i, lineS*float64(i))
	}
	// A sheet of the board's colour slides off the line being written, and the hand with it.
	g += fmt.Sprintf("[s];color=c=0xfdfdfb:s=1200x110:r=25[sheet];[s][sheet]overlay=x='90+1100*mod(t,%g)/%g':y='60+120*floor(t/%g)':shortest=1[w];", lineS, lineS, lineS)
	g += scene{rate: 25}.ellipse("120x150", "0xd2a488", "hand")
	g += fmt.Sprintf(";[w][hand]overlay=x='80+1100*mod(t,%g)/%g':y='100+120*floor(t/%g)+8*sin(9*t)',format=yuv420p[v]", lineS, lineS, lineS)
	return j.drawnAs(g)
}

// title is a card of so many seconds before the lesson, with a bar that runs through it, and a fade to the lesson.
func title(seconds float64) string {
	return fmt.Sprintf("split[on][off];[off]drawbox=c=0x234a7d:t=fill,drawbox=x=180:y=250:w=920:h=160:c=0x3f6ba3:t=fill,drawbox=x=240:y=300:w=600:h=50:c=0xf0f0ea:t=fill,"+
		"fade=t=out:st=%g:d=0.6:alpha=0[card];color=c=0xf2c230:s=90x12:r=25[bar];[card][bar]overlay=x='180+170*t':y=430:shortest=1,format=yuva420p,fade=t=out:st=%g:d=0.6:alpha=1[over];[on][over]overlay=shortest=1",
		seconds+60, seconds-0.6)
}

// notes are chords of a plucked instrument, half a second each, at about -20 LUFS.
func notes() string {
	var tones []string
	for i, f := range []float64{261.6, 329.6, 392, 523.3, 440, 349.2, 392, 493.9} {
		tones = append(tones, fmt.Sprintf("eq(mod(floor(2*t),8),%d)*(sin(2*PI*%g*t)+0.4*sin(4*PI*%g*t)+0.5*sin(PI*%g*t))", i, f, f, f))
	}
	return "aevalsrc='0.2*exp(-2.5*mod(t,0.5))*(" + strings.Join(tones, "+") + ")':s=48000:d=80,pan=stereo|c0=c0|c1=c0"
}

// music plays before the speech, which begins after so many seconds.
func music(seconds float64) string {
	return fmt.Sprintf("volume=0:enable='lt(t,%g)'[say];%s,afade=t=out:st=%g:d=1.5[play];[say][play]amix=inputs=2:normalize=0:duration=first", seconds, notes(), seconds-1.5)
}

package courseware

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed material/*.txt
var material embed.FS

func words(name string) string {
	raw, err := material.ReadFile("material/" + name + ".txt")
	if err != nil {
		panic(err) // embedded above
	}
	return string(raw)
}

// A filmed scene is made once, larger than the picture so that the camera can move in it, and loops without a seam.
const (
	wideW, wideH = 1440, 810
	sceneS       = 15
)

// scene is a teacher before a room that stands still.
type scene struct {
	rate    int
	wall    string
	room    string // filters that furnish the room, out of focus
	desk    string // filters for what stands in front, in focus
	jacket  string
	writing bool // chalk on the board
}

const (
	shelf = "drawbox=x=60:y=120:w=300:h=600:c=0x6b5138:t=fill,drawbox=x=80:y=150:w=40:h=140:c=0x8a2f2f:t=fill,drawbox=x=125:y=160:w=35:h=130:c=0x2f5d8a:t=fill," +
		"drawbox=x=170:y=145:w=50:h=145:c=0xc8b98a:t=fill,drawbox=x=230:y=170:w=30:h=120:c=0x3a6b46:t=fill,drawbox=x=270:y=150:w=60:h=140:c=0x50505a:t=fill," +
		"drawbox=x=80:y=340:w=260:h=150:c=0x4a3828:t=fill,drawbox=x=100:y=360:w=50:h=130:c=0xb0a090:t=fill,drawbox=x=160:y=350:w=40:h=140:c=0x7a3a5a:t=fill," +
		"drawbox=x=210:y=370:w=90:h=120:c=0x909a70:t=fill"
	window  = "drawbox=x=1020:y=80:w=340:h=360:c=0xe9eaea:t=fill,drawbox=x=1050:y=110:w=280:h=300:c=0xf6f7f7:t=fill,drawbox=x=1180:y=80:w=14:h=360:c=0x707070:t=fill"
	woodTop = "drawbox=x=0:y=690:w=1440:h=120:c=0x7d6a55:t=fill,drawbox=x=160:y=640:w=220:h=50:c=0x2b2b2e:t=fill,drawbox=x=980:y=650:w=160:h=40:c=0xdedbd2:t=fill"
)

// scenes are the rooms; studio is the one most clips play in.
var scenes = map[string]scene{
	"studio":   {rate: 25, wall: "0x9a9894", room: shelf + "," + window, desk: woodTop, jacket: "0x2c3a55"},
	"studio50": {rate: 50, wall: "0x9a9894", room: shelf + "," + window, desk: woodTop, jacket: "0x2c3a55"},
	// A green board over two thirds of the picture, in neutral light.
	"board": {rate: 25, wall: "0xb4b4b2", room: "drawbox=x=90:y=60:w=1260:h=560:c=0x8a8a86:t=fill,drawbox=x=105:y=75:w=1230:h=530:c=0x2f5d46:t=fill", writing: true,
		desk: "drawbox=x=0:y=700:w=1440:h=110:c=0xb9b8b4:t=fill", jacket: "0xdcdcda"},
	// A blue curtain over most of the picture, in neutral light.
	"curtain": {rate: 25, wall: "0x3a5f9a", room: "geq=lum='lum(X,Y)*(1+0.22*sin(X/17))':cb='cb(X,Y)':cr='cr(X,Y)'", desk: "drawbox=x=0:y=640:w=1440:h=170:c=0xd0cfcb:t=fill", jacket: "0x8c8c8a"},
	// Panels of wood under white light: a warm room that is as warm as it looks.
	"wood": {rate: 25, wall: "0xd8d4cc", room: "drawbox=x=0:y=200:w=1440:h=610:c=0x8f6d4c:t=fill,drawgrid=x=0:y=200:w=120:h=620:c=0x6e5238:t=4,drawbox=x=0:y=0:w=1440:h=200:c=0xdad7d0:t=fill",
		desk: "drawbox=x=0:y=700:w=1440:h=110:c=0x5d4430:t=fill,drawbox=x=860:y=668:w=240:h=32:c=0xf0efea:t=fill", jacket: "0x3b3b40"},
	// A dark stage with a light on the teacher.
	"stage": {rate: 25, wall: "0x2a2b2e", room: "drawbox=x=200:y=90:w=420:h=360:c=0x44464c:t=fill,drawbox=x=980:y=60:w=300:h=420:c=0x3a3a3e:t=fill", desk: "drawbox=x=0:y=690:w=1440:h=120:c=0x53483d:t=fill", jacket: "0x7c8088"},
	// Outdoors by day: a pale sky, a meadow.
	"meadow": {rate: 25, wall: "0xd3e0ee", room: "drawbox=x=0:y=470:w=1440:h=340:c=0x8fa06a:t=fill,drawbox=x=0:y=380:w=1440:h=100:c=0x7f8f76:t=fill,drawbox=x=1050:y=200:w=190:h=230:c=0x5f7a4f:t=fill,drawbox=x=120:y=260:w=260:h=170:c=0xc9b8a6:t=fill",
		desk: "null", jacket: "0xb05c4c"},
	// A large bright hall, everything in shades of grey.
	"hall": {rate: 25, wall: "0xb8b9ba", room: "drawgrid=w=240:h=270:c=0x8f9092:t=6,drawbox=x=0:y=0:w=1440:h=90:c=0xe4e5e6:t=fill", desk: "drawbox=x=120:y=660:w=1200:h=150:c=0x3e3f42:t=fill", jacket: "0x26272b"},
	// Red cloth with a banner over the upper half.
	"redhall": {rate: 25, wall: "0x8f2b2b", room: "geq=lum='lum(X,Y)*(1+0.15*sin(X/23))':cb='cb(X,Y)':cr='cr(X,Y)',drawbox=x=160:y=60:w=1120:h=70:c=0xe8dfc8:t=fill", desk: "drawbox=x=0:y=640:w=1440:h=170:c=0xcfcac0:t=fill", jacket: "0x54565c"},
	// A green screen that nobody keyed out: cloth in bright light, and paint.
	"greenwall":   {rate: 25, wall: "0x10d020", room: "null", desk: "null", jacket: "0x30333c"},
	"greenscreen": {rate: 25, wall: "0x08ff10", room: "null", desk: "null", jacket: "0x30333c"},
}

// ellipse is a picture of an ellipse with soft edges, lit from the left.
func (s scene) ellipse(size, colour, label string) string {
	shade := func(c string) string { return fmt.Sprintf("%s='clip(%s(X,Y)*(1.12-0.3*X/W),0,255)'", c, c) }
	return fmt.Sprintf("color=c=%s:s=%s:r=%d:d=%g,format=rgba,geq=%s:%s:%s:a='clip(255*(1-hypot((X-W/2)/(W/2),(Y-H/2)/(H/2)))*25,0,255)',loop=-1:1:0[%s]",
		colour, size, s.rate, 1/float64(s.rate), shade("r"), shade("g"), shade("b"), label)
}

// arm is a sleeve that swings from the elbow. What turns moves by fractions of a pixel, as all does before a camera: pieces that
// only slide stand on whole pixels, and at the turn of their way two frames would be the same.
func (s scene) arm() string {
	return fmt.Sprintf("%s;[sleeve]setpts=N/(%d*TB),pad=400:400:(ow-iw)/2:0:color=black@0,rotate=a='0.5+0.35*sin(2*PI*t/3)+0.12*sin(2*PI*t/1.25)':c=none[arm]",
		s.ellipse("100x210", "0xbfc1c2", "sleeve"), s.rate)
}

// film makes the scene: the teacher sways, nods, blinks, speaks and shows with a hand; nothing else moves.
func (s scene) film(j *job) string {
	const sway, tilt, nod = "sin(2*PI*t/5)", "4*sin(2*PI*t/1.5)", "5*sin(2*PI*t/2.5)"
	room := fmt.Sprintf("color=c=%s:s=%dx%d:r=%d:d=%g,format=yuv444p,%s,noise=alls=9:all_seed=7,gblur=sigma=4,vignette=PI/6,%s", s.wall, wideW, wideH, s.rate, 1/float64(s.rate), s.room, s.desk)
	if s.writing {
		room += fmt.Sprintf(",drawtext=font='Noto Sans CJK SC':textfile=%s:fontsize=54:fontcolor=0xe4e8e2:line_spacing=30:x=150:y=130", j.text(words("board")))
	}
	parts := []string{
		room + fmt.Sprintf(",loop=-1:1:0,setpts=N/(%d*TB),trim=duration=%d[room]", s.rate, sceneS),
		s.ellipse("560x640", s.jacket, "body"), s.ellipse("120x200", "0xe8e8e6", "shirt"), s.ellipse("110x130", "0xcfa184", "neck"), s.ellipse("200x262", "0xd8aa8c", "head"),
		s.ellipse("214x150", "0x1f1a18", "hair"), s.ellipse("28x16", "0x181414", "left"), s.ellipse("28x16", "0x181414", "right"), s.ellipse("70x26", "0x8a3f3a", "mouth"), s.ellipse("84x96", "0xd2a488", "hand"), s.arm(),
	}
	under := "room"
	lay := func(label, x, y, when string) {
		over := "on" + label
		if when != "" {
			when = ":enable='" + when + "'"
		}
		parts = append(parts, fmt.Sprintf("[%s][%s]overlay=x='%s':y='%s'%s[%s]", under, label, x, y, when, over))
		under = over
	}
	lay("body", "440+8*"+sway, "390", "")
	lay("arm", "660+8*"+sway, "420", "")
	lay("shirt", "660+8*"+sway, "400", "")
	lay("neck", "665+9*"+sway, "330", "")
	lay("head", "620+12*"+sway+"+"+tilt, "140+"+nod, "")
	lay("hair", "613+12*"+sway+"+"+tilt, "112+"+nod, "")
	lay("left", "665+13*"+sway+"+"+tilt, "258+"+nod, "gt(mod(t,3),0.16)")
	lay("right", "745+13*"+sway+"+"+tilt, "258+"+nod, "gt(mod(t,3),0.16)")
	lay("mouth", "685+13*"+sway+"+"+tilt, "338+"+nod, "lt(mod(t*3.4,1),0.55)*lt(mod(t,3.5),3)")
	lay("hand", "900+70*sin(2*PI*t/3)+20*sin(2*PI*t/1.25)", "560+60*"+strings.TrimPrefix(nod, "5*"), "")
	parts = append(parts, fmt.Sprintf("[%s]format=yuv420p[v]", under))
	return j.ffmpeg("mp4", "-filter_complex", strings.Join(parts, ";"), "-map", "[v]", "-t", fmt.Sprint(sceneS),
		"-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-g", "50", "-threads", "2")
}

// deck is a series of slides of five seconds each, with a pointer that wanders over them.
type deck struct {
	paper, ink, bar, head string // colours
	everyS                float64
}

var decks = map[string]deck{
	"white":    {"0xffffff", "0x222222", "0x1f4e8c", "0xffffff", 5},
	"darkblue": {"0x0b1f4b", "0xffffff", "0x123a7a", "0xffd966", 5},
	"cream":    {"0xf4ecd8", "0x3a2c1a", "0x7a3b2e", "0xf8f4e8", 20},
}

const deckS = 20

func (d deck) film(j *job) string {
	g := fmt.Sprintf("color=c=%s:s=1280x720:r=25:d=%d,drawbox=x=0:y=0:w=1280:h=110:c=%s:t=fill", d.paper, deckS, d.bar)
	for i := range 4 {
		all := words(fmt.Sprintf("slide%d", i+1))
		title, body, _ := strings.Cut(all, "\n")
		when := fmt.Sprintf("gte(t,%g)*lt(t,%g)", float64(i)*d.everyS, float64(i+1)*d.everyS)
		g += fmt.Sprintf(",drawtext=font='Noto Sans CJK SC':textfile=%s:fontsize=54:fontcolor=%s:x=60:y=28:enable='%s'", j.text(title), d.head, when)
		g += fmt.Sprintf(",drawtext=font='Noto Sans CJK SC':textfile=%s:fontsize=38:line_spacing=34:fontcolor=%s:x=60:y=190:enable='%s'", j.text(body), d.ink, when)
	}
	pointer := "color=c=0xd03020:s=18x18:r=25:d=0.04,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*lt(X+Y,18)',loop=-1:1:0[p]"
	g += "[s];" + pointer + ";[s][p]overlay=x='300+200*sin(2*PI*t/20)+120*sin(2*PI*floor(t)/7)':y='360+120*sin(2*PI*t/10)',format=yuv420p[v]"
	return j.ffmpeg("mp4", "-filter_complex", g, "-map", "[v]", "-t", fmt.Sprint(deckS), "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-g", "50", "-threads", "2")
}

// filmed makes the material of a name.
func filmed(j *job, name string) string {
	if s, ok := scenes[name]; ok {
		return s.film(j)
	}
	if f := drawn[name]; f != nil {
		return f(j)
	}
	d, ok := decks[name]
	if !ok {
		j.err = fmt.Errorf("no scene %q", name)
		return ""
	}
	return d.film(j)
}

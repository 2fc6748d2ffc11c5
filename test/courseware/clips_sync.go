package courseware

import (
	"fmt"
	"math"

	"xueshi/internal/media"
)

// marked is a clip with sync marks whose sound is early (+) or late (−) by so many milliseconds.
func marked(early float64, severity media.Severity) Clip {
	c := Clip{Name: fmt.Sprintf("sync %+g ms", early), Picture: Picture{Filter: flashes()}, Sound: Sound{Filter: beeps(), LateMS: -early}, Sync: &early}
	if severity != "" {
		c.Must = []Defect{{Kind: "av_offset", Severity: severity}}
	}
	return c
}

func drifting(ms float64) Clip {
	c := Clip{Name: fmt.Sprintf("sync drifts %g ms", ms), Seconds: 14, Picture: Picture{Filter: flashes()}, Sound: Sound{Filter: beeps(), DriftMS: ms}}
	if first, last := marks[0], marks[len(marks)-1]; math.Abs(ms)*(last-first)/14 > 100 {
		c.Must, c.May = whole("av_drift"), []string{"av_offset"} // half of the drift is an offset
	}
	return c
}

func quick(c Clip) Clip {
	c.Quick = true
	return c
}

func syncClips() []Clip {
	// BT.1359-1: sound is seen to be early from 45 ms and late from 125 ms on, and not accepted from 90 and 185 ms on.
	clips := []Clip{
		marked(0, ""), marked(30, ""), marked(-80, ""),
		quick(marked(60, media.Warn)), marked(120, media.Fail), marked(200, media.Fail),
		marked(-150, media.Warn), quick(marked(-200, media.Fail)), marked(-300, media.Fail),
		drifting(40), drifting(170), drifting(250), drifting(-300),
	}
	slides := marked(-250, media.Fail)
	slides.Name, slides.Profile, slides.Picture.Scene = "sync of slides -250 ms", media.Slides, "darkblue"
	fine := marked(140, media.Fail) // between the frames of 50 a second
	fine.Name, fine.Picture.Scene = "sync at 50 frames a second +140 ms", "studio50"
	return append(clips, slides, fine,
		Clip{Name: "sound begins 300 ms late", Mux: Mux{SoundLaterMS: 300}, Must: whole("av_edge"), Quick: true},
		Clip{Name: "sound begins 150 ms late in matroska", Mux: Mux{SoundLaterMS: 150, Ext: "mkv"}, Must: whole("av_edge")},
		Clip{Name: "sound begins 60 ms late", Mux: Mux{SoundLaterMS: 60}},
		Clip{Name: "sound ends 1 s early", Sound: Sound{Ends: 1}, Must: whole("av_edge")},
		Clip{Name: "sound ends 150 ms early", Sound: Sound{Ends: 0.15}, Must: whole("av_edge")},
		Clip{Name: "sound runs on for 2 s after the picture", Sound: Sound{Ends: -2}, Must: whole("av_edge")},
	)
}

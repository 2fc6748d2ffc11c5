// Command maker makes the demo city's media from demo/courses.json: slides drawn by Chromium, speech by eSpeak NG,
// H.264/AAC fMP4 by ffmpeg, captions cut exactly as the phrases were spoken. Its output is in the repository,
// so that running the demo needs none of these programs; `scripts/check-media.sh` proves that it belongs together.
//
//	go run ./demo/maker [lesson …]    all lessons and the digits, or only what is named ("digits", l0101 …)
//	go run ./demo/maker times [lesson …]    only say how long they will be
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

const (
	segmentMS = 6000
	fps       = 10
	frameMS   = 1000 / fps
	width     = 1280
	height    = 720
)

// slide is one picture with what is said over it.
type slide struct {
	Title   string   `json:"t"`
	Cards   []string `json:"c"` // head|text
	Colours []string `json:"x"` // of the cards' bars, where the colour itself is taught; empty: the palette's
	Note    string   `json:"n"` // the sentence to remember, in a strip below the cards
	Speech  string   `json:"s"`
}

type lesson struct {
	ID      string  `json:"id"`
	Chapter string  `json:"chapter"`
	Title   string  `json:"title"`
	Speed   int     `json:"speed"`  // words per minute as eSpeak NG counts them; 0: the house's
	GapMS   int     `json:"gap_ms"` // silence between two sentences; 0: the house's
	Slides  []slide `json:"slides"`
}

type course struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Lessons []lesson `json:"lessons"`
}

// shown is when a slide stands in the picture.
type shown struct {
	Title   string `json:"title"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Thumb   string `json:"thumb"`
}

func main() {
	log.SetFlags(0)
	var all struct {
		Courses []course `json:"courses"`
	}
	read("demo/courses.json", &all)
	read("demo/pronunciation.json", &readings)
	wanted := func(name string) bool { return len(os.Args) == 1 || slices.Contains(os.Args[1:], name) }
	if wanted("digits") {
		digits()
	}
	for _, c := range all.Courses {
		numbers := map[string]int{} // within the chapter, as learners count
		for _, l := range c.Lessons {
			numbers[l.Chapter]++
			if len(os.Args) > 1 && os.Args[1] == "times" {
				if len(os.Args) > 2 && !wanted(l.ID) {
					continue
				}
				log.Printf("%s %s %.1f s", c.ID, l.ID, float64(ms(speakLesson(l).pcm))/1000)
			} else if wanted(l.ID) {
				makeLesson(c, l, numbers[l.Chapter])
			}
		}
	}
}

// makeLesson writes demo/media/<id>.
func makeLesson(c course, l lesson, number int) {
	tmp, err := os.MkdirTemp("", "lesson")
	must(err)
	defer func() { _ = os.RemoveAll(tmp) }()
	out := filepath.Join("demo", "media", l.ID)
	must(os.RemoveAll(out))
	must(os.MkdirAll(out, 0o755))
	said := speakLesson(l)
	pages := make([]string, len(l.Slides))
	for i, s := range l.Slides {
		pages[i] = page(c, l, s, number, i)
	}
	pictures := draw(tmp, pages)
	for i := range l.Slides {
		still(pictures[i], filepath.Join(out, said.slides[i].Thumb), "320:180", "5")
	}
	still(pictures[0], filepath.Join(out, "poster.jpg"), "640:360", "4")
	film(pictures, said.slides, filepath.Join(tmp, "picture.mp4"))
	sound(said.pcm, tmp)
	mux(tmp, out)
	must(os.WriteFile(filepath.Join(out, "captions.vtt"), vtt(said.cues), 0o644))
	manifest(out, said)
	log.Printf("%s %s %.1f s", l.ID, l.Title, float64(ms(said.pcm))/1000)
}

// manifest writes lesson.json, which the import reads (internal/media).
func manifest(out string, said spoken) {
	segments, length := 0, ms(said.pcm)
	for exists(filepath.Join(out, strconv.Itoa(segments)+".m4s")) {
		segments++
	}
	if want := int((length + segmentMS - 1) / segmentMS); want != segments {
		log.Fatalf("%s: %d segments for %d ms, want %d", out, segments, length, want)
	}
	raw, err := json.MarshalIndent(map[string]any{"duration_ms": length, "segment_ms": segmentMS, "segments": segments, "width": width, "height": height,
		"codecs": "avc1.4d401f,mp4a.40.2", "slides": said.slides}, "", " ")
	must(err)
	must(os.WriteFile(filepath.Join(out, "lesson.json"), append(raw, '\n'), 0o644))
}

func read(path string, v any) {
	raw, err := os.ReadFile(path)
	must(err)
	if err := json.Unmarshal(raw, v); err != nil {
		log.Fatalf("%s: %v", path, err)
	}
}

func run(name string, args ...string) string {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		log.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

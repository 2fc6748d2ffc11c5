// Command maker makes the demo city's media from demo/courses.json: slides drawn by Chromium, speech by espeak-ng,
// H.264/AAC fMP4 HLS by ffmpeg, captions cut exactly as the sentences were spoken. Its output is in the repository,
// so that running the demo needs none of these programs.
//
//	go run ./demo/maker [lesson …]
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	rate      = 22050 // of espeak-ng, Hz
	segmentMS = 6000
	fps       = 10
)

type slide struct {
	Title  string   `json:"t"`
	Cards  []string `json:"c"`
	Speech string   `json:"s"`
}

type lesson struct {
	ID      string  `json:"id"`
	Chapter string  `json:"chapter"`
	Title   string  `json:"title"`
	Long    bool    `json:"long"`
	Slides  []slide `json:"slides"`
}

type course struct {
	Title   string   `json:"title"`
	Lessons []lesson `json:"lessons"`
}

type cue struct {
	from, to int64
	text     string
}

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
	raw, err := os.ReadFile("demo/courses.json")
	must(err)
	must(json.Unmarshal(raw, &all))
	if len(os.Args) == 1 {
		digits()
	}
	for _, c := range all.Courses {
		for n, l := range c.Lessons {
			if len(os.Args) == 1 || slices.Contains(os.Args[1:], l.ID) {
				makeLesson(c, l, n+1)
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
	var pcm []byte
	var cues []cue
	var slides []shown
	list := "ffconcat version 1.0\n"
	for i, s := range l.Slides {
		start := ms(pcm)
		pcm = append(pcm, silence(800)...)
		for _, sentence := range sentences(s.Speech) {
			from := ms(pcm)
			pcm = append(pcm, speak(sentence, l.Long)...)
			cues = append(cues, cue{from, ms(pcm), sentence})
			pcm = append(pcm, silence(map[bool]int{false: 700, true: 1500}[l.Long])...)
		}
		pcm = append(pcm, silence(map[bool]int{false: 16000, true: 12000}[l.Long])...) // time to look at the slide and think
		if rest := int(ms(pcm) % 100); rest > 0 {
			pcm = append(pcm, silence(100-rest)...) // a whole number of frames
		}
		if i == len(l.Slides)-1 {
			pcm = append(pcm, silence(1000)...)
		}
		picture := filepath.Join(tmp, fmt.Sprintf("s%02d.png", i))
		draw(picture, page(c, l, s, number, i))
		slides = append(slides, shown{s.Title, start, ms(pcm), fmt.Sprintf("slide_%02d.jpg", i)})
		list += fmt.Sprintf("file %s\nduration %.3f\n", picture, float64(ms(pcm)-start)/1000)
		run("ffmpeg", "-y", "-loglevel", "error", "-i", picture, "-vf", "scale=320:180", "-q:v", "6", filepath.Join(out, slides[i].Thumb))
	}
	list += fmt.Sprintf("file %s\n", filepath.Join(tmp, fmt.Sprintf("s%02d.png", len(l.Slides)-1)))
	run("ffmpeg", "-y", "-loglevel", "error", "-i", filepath.Join(tmp, "s00.png"), "-vf", "scale=640:360", "-q:v", "5", filepath.Join(out, "poster.jpg"))
	must(os.WriteFile(filepath.Join(tmp, "list"), []byte(list), 0o600))
	must(os.WriteFile(filepath.Join(tmp, "speech.wav"), wav(pcm), 0o600))
	encode(tmp, out, ms(pcm))
	must(os.WriteFile(filepath.Join(out, "captions.vtt"), vtt(cues), 0o644))
	manifest(out, ms(pcm), slides)
	log.Printf("%s %s %d s", l.ID, l.Title, ms(pcm)/1000)
}

// encode makes one 720p rendition at a constant 10 fps with a key frame every six seconds, as inspection profile "slides" asks.
func encode(tmp, out string, length int64) {
	run("ffmpeg", "-y", "-loglevel", "error", "-safe", "0", "-f", "concat", "-i", filepath.Join(tmp, "list"), "-i", filepath.Join(tmp, "speech.wav"),
		"-t", fmt.Sprintf("%.3f", float64(length)/1000),
		"-vf", "fps=10,scale=1280:720,format=yuv420p", "-c:v", "libx264", "-profile:v", "main", "-preset", "slow", "-tune", "stillimage", "-crf", "36",
		"-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "2", "-x264-params", "open-gop=0",
		"-af", "loudnorm=I=-20:TP=-2:LRA=11,aresample=48000", "-c:a", "aac", "-b:a", "24k", "-ac", "1",
		"-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4",
		"-hls_segment_filename", filepath.Join(out, "%d.m4s"), filepath.Join(out, "index.m3u8"))
	must(os.Remove(filepath.Join(out, "index.m3u8")))
}

func manifest(out string, length int64, slides []shown) {
	segments := 0
	for exists(filepath.Join(out, strconv.Itoa(segments)+".m4s")) {
		segments++
	}
	if want := int((length + segmentMS - 1) / segmentMS); want != segments {
		log.Fatalf("%s: %d segments for %d ms, want %d", out, segments, length, want)
	}
	raw, err := json.MarshalIndent(map[string]any{"duration_ms": length, "segment_ms": segmentMS, "segments": segments, "width": 1280, "height": 720,
		"codecs": "avc1.4d401f,mp4a.40.2", "slides": slides}, "", " ")
	must(err)
	must(os.WriteFile(filepath.Join(out, "lesson.json"), append(raw, '\n'), 0o644))
}

func sentences(s string) (out []string) {
	for _, p := range strings.SplitAfter(s, "。") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

func speak(text string, slow bool) []byte {
	speed := "135"
	if slow {
		speed = "115"
	}
	var b bytes.Buffer
	cmd := exec.Command("espeak-ng", "-v", "cmn", "-s", speed, "--stdout", text)
	cmd.Stdout = &b
	must(cmd.Run())
	return trim(b.Bytes()[44:])
}

// trim drops silence at both ends.
func trim(pcm []byte) []byte {
	loud := func(i int) bool { v := int16(binary.LittleEndian.Uint16(pcm[i:])); return v > 300 || v < -300 }
	a, b := 0, len(pcm)&^1-2
	for a < b && !loud(a) {
		a += 2
	}
	for b > a && !loud(b) {
		b -= 2
	}
	return pcm[a:b]
}

func silence(ms int) []byte { return make([]byte, rate*ms/1000*2) }

func ms(pcm []byte) int64 { return int64(len(pcm)/2) * 1000 / rate }

func wav(pcm []byte) []byte {
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(pcm)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2)
	b = append(b, 2, 0, 16, 0, 'd', 'a', 't', 'a')
	b = binary.LittleEndian.AppendUint32(b, uint32(len(pcm)))
	return append(b, pcm...)
}

func vtt(cues []cue) []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	at := func(ms int64) string {
		return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
	}
	for _, c := range cues {
		fmt.Fprintf(&b, "\n%s --> %s\n%s\n", at(c.from), at(c.to), c.text)
	}
	return b.Bytes()
}

// digits speaks the ten digits as raw 16-bit mono PCM at 8 kHz: the audio form of a presence check.
func digits() {
	must(os.MkdirAll("demo/audio", 0o755))
	for n, word := range strings.Split("零 一 二 三 四 五 六 七 八 九", " ") {
		must(os.WriteFile("/tmp/digit.wav", wav(speak(word, true)), 0o600))
		run("ffmpeg", "-y", "-loglevel", "error", "-i", "/tmp/digit.wav", "-ar", "8000", "-ac", "1", "-f", "s16le", fmt.Sprintf("demo/audio/digit_%d.pcm", n))
	}
}

func draw(picture, body string) {
	src := picture + ".html"
	must(os.WriteFile(src, []byte(body), 0o600))
	profile, err := os.MkdirTemp("", "chromium")
	must(err)
	defer func() { _ = os.RemoveAll(profile) }()
	run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--font-render-hinting=none", "--user-data-dir="+profile, "--window-size=1280,720", "--screenshot="+picture, "file://"+src)
}

const style = `*{margin:0;box-sizing:border-box}body{width:1280px;height:720px;background:#f7f6f1;color:#15242b;font-family:"Noto Sans CJK SC",sans-serif;padding:54px 72px;position:relative}
.k{font-size:22px;color:#3a4a51;letter-spacing:.06em}h1{font-size:54px;line-height:1.3;margin:6px 0 34px}.g{display:grid;gap:24px}
.c{background:#fff;border:1px solid #dde2dc;border-top:10px solid var(--x);border-radius:8px;padding:26px 26px 30px;min-height:300px}
.n{font-size:24px;font-weight:700;color:var(--x)}h2{font-size:44px;margin:8px 0 22px}p{font-size:27px;line-height:1.55;color:#3a4a51}
.r{position:absolute;left:72px;right:72px;bottom:96px;height:22px;border-left:2px solid #15242b;border-bottom:2px solid #15242b;background:repeating-linear-gradient(90deg,transparent 0 21.7px,#15242b 21.7px 23.2px) bottom/100% 9px no-repeat}
.f{position:absolute;left:72px;right:72px;bottom:48px;display:flex;justify-content:space-between;font-size:20px;color:#56656b}`

// page is one slide in the course's one template (R1.8a).
func page(c course, l lesson, s slide, number, i int) string {
	colours := []string{"#175c7a", "#1b6e50", "#7a4f00", "#a92d1b", "#5b4b8a"}
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><style>%s</style><p class="k">%s</p><h1>%s</h1><div class="g" style="grid-template-columns:repeat(%d,1fr)">`,
		style, html.EscapeString(l.Chapter+" · 第 "+strconv.Itoa(number)+" 节"), html.EscapeString(s.Title), len(s.Cards))
	for n, card := range s.Cards {
		head, body, _ := strings.Cut(card, "|")
		fmt.Fprintf(&b, `<div class="c" style="--x:%s"><div class="n">%02d</div><h2>%s</h2><p>%s</p></div>`, colours[n%len(colours)], n+1, html.EscapeString(head), html.EscapeString(body))
	}
	fmt.Fprintf(&b, `</div><div class="r"></div><div class="f"><span>%s</span><span>%d / %d</span></div>`, html.EscapeString(c.Title), i+1, len(l.Slides))
	return b.String()
}

func run(name string, args ...string) {
	cmd := exec.Command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		log.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"os/exec"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	rate     = 22050 // of eSpeak NG, Hz
	speed    = 150   // a clear, unhurried lecture
	gapMS    = 400   // between two sentences
	breathMS = 150   // between two phrases of one sentence
	leadMS   = 400   // from the picture's change to the first word
	tailMS   = 700   // from the last word to the picture's change
	cueMS    = 7500  // longest caption
)

// readings are words whose sound eSpeak NG would choose wrongly, in pinyin with tone numbers.
var readings map[string]string

type cue struct {
	from, to int64
	text     string
}

// spoken is a lesson's sound with everything that is timed by it.
type spoken struct {
	pcm    []byte
	cues   []cue
	slides []shown
}

// speakLesson says slide after slide; each slide begins on a frame of the picture.
func speakLesson(l lesson) (out spoken) {
	gap, words := gapMS, speed
	if l.GapMS > 0 {
		gap = l.GapMS
	}
	if l.Speed > 0 {
		words = l.Speed
	}
	for i, s := range l.Slides {
		start := ms(out.pcm)
		out.pcm = append(out.pcm, silence(leadMS)...)
		for k, sentence := range sentences(s.Speech) {
			if k > 0 {
				out.pcm = append(out.pcm, silence(gap)...)
			}
			out.say(sentence, words)
		}
		out.pcm = append(out.pcm, silence(tailMS)...)
		out.fillFrame()
		out.slides = append(out.slides, shown{s.Title, start, ms(out.pcm), fmt.Sprintf("slide_%02d.jpg", i)})
	}
	return out
}

// say appends one sentence, in as many phrases as keep each caption short.
func (o *spoken) say(sentence string, words int) {
	for n := 1; ; n++ {
		phrases := split(sentence, n)
		if phrases == nil {
			log.Fatalf("cannot be said in captions of %d ms: %s", cueMS, sentence)
		}
		sounds, short := make([][]byte, len(phrases)), true
		for i, p := range phrases {
			sounds[i] = speak(p, words)
			short = short && ms(sounds[i]) <= cueMS
		}
		if !short {
			continue
		}
		for i, p := range phrases {
			if i > 0 {
				o.pcm = append(o.pcm, silence(breathMS)...)
			}
			from := ms(o.pcm)
			o.pcm = append(o.pcm, sounds[i]...)
			o.cues = append(o.cues, cue{from, ms(o.pcm), p})
		}
		return
	}
}

// fillFrame lengthens the sound to a whole number of frames, exactly.
func (o *spoken) fillFrame() {
	const frame = rate * frameMS / 1000 * 2
	if rest := len(o.pcm) % frame; rest > 0 {
		o.pcm = append(o.pcm, make([]byte, frame-rest)...)
	}
}

func sentences(s string) (out []string) {
	for s != "" {
		i := strings.IndexAny(s, "。？；")
		if i < 0 {
			log.Fatalf("a sentence without an end: %s", s)
		}
		_, w := utf8.DecodeRuneInString(s[i:])
		out, s = append(out, s[:i+w]), s[i+w:]
	}
	return out
}

// split cuts a sentence behind commas into n phrases of about the same length; nil when it has too few commas.
func split(sentence string, n int) []string {
	clauses := strings.SplitAfter(strings.ReplaceAll(sentence, "：", "：，"), "，")
	if len(clauses) < n {
		return nil
	}
	phrases, done, total := make([]string, n), 0, utf8.RuneCountInString(sentence)
	for i, c := range clauses {
		length := utf8.RuneCountInString(c)
		at := min((done+length/2)*n/total, n-1)
		for k := range at { // never an empty phrase before
			if phrases[k] == "" {
				at = k
				break
			}
		}
		if left := len(clauses) - i; n-at > left && phrases[at] != "" {
			at = n - left
		}
		phrases[at] += c
		done += length
	}
	for i := range phrases {
		if phrases[i] = strings.ReplaceAll(phrases[i], "：，", "："); phrases[i] == "" {
			return nil
		}
	}
	return phrases
}

// speak says text. The voice is the one that takes latin letters for pinyin: Debian's eSpeak NG 1.51 turns characters into
// pinyin first, and its plain "cmn" voice then reads those letters and tone numbers as English (espeak-ng issue 1044).
func speak(text string, words int) []byte {
	cmd := exec.Command("espeak-ng", "-v", "cmn-latn-pinyin", "-s", fmt.Sprint(words), "--stdout", pronounce(text))
	out, err := cmd.Output()
	must(err)
	_, pcm, found := bytes.Cut(out, []byte("data"))
	if !found {
		log.Fatalf("no sound for %s", text)
	}
	return trim(pcm[4:])
}

// pronounce puts readings in place of the words that need them, longest first.
func pronounce(text string) string {
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
		r, w := utf8.DecodeRuneInString(text)
		if unicode.IsDigit(r) || r < 128 {
			log.Fatalf("write it as it is said: %s", text)
		}
		b.WriteRune(r)
		text = text[w:]
	}
	return b.String()
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
	return pcm[a : b+2]
}

func silence(ms int) []byte { return make([]byte, rate*ms/1000*2) }

func ms(pcm []byte) int64 { return int64(len(pcm)/2) * 1000 / rate }

// vtt is a WebVTT file.
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

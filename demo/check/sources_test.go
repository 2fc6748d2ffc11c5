package main

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// overlay is the demo folder with some files changed.
type overlay struct {
	fs.FS
	changed map[string][]byte
}

func (o overlay) ReadFile(name string) ([]byte, error) {
	if b, ok := o.changed[name]; ok {
		return b, nil
	}
	return fs.ReadFile(o.FS, name)
}

func faults(files fs.FS) []string {
	r := &report{where: "sources"}
	checkSources(r, load(r, files))
	return r.lines
}

func TestShippedMedia(t *testing.T) {
	t.Parallel()
	for _, line := range faults(os.DirFS("..")) {
		t.Error(line)
	}
}

// TestFaultsAreFound breaks one thing at a time: a check that cannot fail proves nothing.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	const captions, manifest, courses = "media/l0301/captions.vtt", "media/l0301/lesson.json", "courses.json"
	cases := []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a word differs", captions, replace("群众来办事", "大家来办事"), "are not its speech"},
		{"a cue without time", captions, replace(" --> ", " -> "), "captions: block"},
		{"a cue is long", captions, replace("00:00:00.400 --> 00:00:0", "00:00:00.400 --> 00:00:1"), "overlaps the one before"},
		{"a cue is too long", captions, replace("00:00:00.400 --> 00:00:0", "00:00:00.400 --> 00:00:1"), "cue 0 lasts"},
		{"a slide is late", manifest, replace(`"start_ms": 0`, `"start_ms": 200`), "slide 0 stands from 200"},
		{"a slide is renamed", manifest, replace("一次告知", "两次告知"), "slide 0 is"},
		{"a segment is missing", manifest, replace(`"segments": `, `"segments": 1`), "is missing"},
		{"a small picture", manifest, replace("1280", "640"), "640×720"},
		{"more hours than minutes", courses, replace(`"hours_tenths": 4`, `"hours_tenths": 9`), "c04 lasts"},
		{"three options", courses, replace(`, "只打一次电话"]`, `]`), "question 0 has options"},
		{"two options alike", courses, replace("只打一次电话", "只接待申请人一次"), "question 0 has options"},
		{"an answer out of range", courses, replace(`"a": 1, "slide": 1}`, `"a": 7, "slide": 1}`), "has answer 7"},
		{"not taught yet", courses, replace(`"slide": 2}`, `"slide": 0}`), "was not said by the end of slide 0"},
		{"broken JSON", courses, replace("{", "["), "courses.json"},
	}
	base := os.DirFS("..")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw, err := fs.ReadFile(base, c.file)
			if err != nil {
				t.Fatal(err)
			}
			broken := c.change(bytes.Clone(raw))
			if bytes.Equal(raw, broken) {
				t.Fatal("the case changes nothing")
			}
			if found := faults(overlay{base, map[string][]byte{c.file: broken}}); !strings.Contains(strings.Join(found, "\n"), c.want) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

func TestSegmentsInWrongOrder(t *testing.T) {
	t.Parallel()
	base := os.DirFS("..")
	second, err := fs.ReadFile(base, "media/l0301/1.m4s")
	if err != nil {
		t.Fatal(err)
	}
	found := strings.Join(faults(overlay{base, map[string][]byte{"media/l0301/0.m4s": second}}), "\n")
	if !strings.Contains(found, "segment 0 (video true) begins at 6000.0 ms") {
		t.Errorf("found %q", found)
	}
}

func TestDigitsAndSize(t *testing.T) {
	t.Parallel()
	base := os.DirFS("..")
	soft, err := fs.ReadFile(base, "audio/digit_3.pcm")
	if err != nil {
		t.Fatal(err)
	}
	soft = bytes.Clone(soft)
	for i := 0; i+1 < len(soft); i += 2 { // half as loud
		v := int16(uint16(soft[i])|uint16(soft[i+1])<<8) / 2
		soft[i], soft[i+1] = byte(v), byte(uint16(v)>>8)
	}
	found := strings.Join(faults(overlay{base, map[string][]byte{"audio/digit_3.pcm": soft}}), "\n")
	if !strings.Contains(found, "digits lie between") {
		t.Errorf("found %q", found)
	}
	r := &report{where: "sources"}
	checkSize(r, fstest.MapFS{"media/l/0.m4s": {Data: make([]byte, maxBytes+1)}})
	if len(r.lines) != 1 {
		t.Errorf("found %q", r.lines)
	}
}

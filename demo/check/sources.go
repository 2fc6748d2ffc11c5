package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// The figures the shipped media keep.
const (
	maxBytes     = 25_000_000
	minCourses   = 6
	minLessons   = 12
	minLongMS    = 18 * 60_000
	maxCueMS     = 8_000
	maxPauseMS   = 1_500
	maxOnsetMS   = 100 // between a cue's time and the sound; the audit asked for 250
	segmentMS    = 6_000
	frameMS      = 100
	tenthMS      = 45 * 60_000 / 10 // a tenth of a credit hour
	minQuestions = 3
)

type slide struct {
	Title  string `json:"t"`
	Speech string `json:"s"`
}

type question struct {
	Text    string   `json:"q"`
	Options []string `json:"o"`
	Answer  int      `json:"a"`
	Slide   int      `json:"slide"`
}

type lesson struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Points    []string   `json:"points"`
	Speed     int        `json:"speed"`
	Slides    []slide    `json:"slides"`
	Questions []question `json:"questions"`
	Handout   struct {
		Points []string            `json:"points"`
		List   []string            `json:"list"`
		Test   []map[string]string `json:"test"`
	} `json:"handout"`

	manifest manifest
	cues     []cue
}

type course struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Tenths  int64     `json:"hours_tenths"`
	Lessons []*lesson `json:"lessons"`
}

type manifest struct {
	DurationMS int64  `json:"duration_ms"`
	SegmentMS  int64  `json:"segment_ms"`
	Segments   int64  `json:"segments"`
	Width      int64  `json:"width"`
	Height     int64  `json:"height"`
	Codecs     string `json:"codecs"`
	Slides     []struct {
		Title   string `json:"title"`
		StartMS int64  `json:"start_ms"`
		EndMS   int64  `json:"end_ms"`
		Thumb   string `json:"thumb"`
	} `json:"slides"`
}

type sources struct {
	Courses  []course `json:"courses"`
	readings map[string]string
	files    fs.FS
}

// load reads the sources and every lesson's manifest and captions.
func load(r *report, files fs.FS) sources {
	src := sources{files: files}
	readJSON(r, files, "courses.json", &src)
	readJSON(r, files, "pronunciation.json", &src.readings)
	for _, c := range src.Courses {
		for _, l := range c.Lessons {
			readJSON(r, files, path.Join("media", l.ID, "lesson.json"), &l.manifest)
			raw, err := fs.ReadFile(files, path.Join("media", l.ID, "captions.vtt"))
			if err == nil {
				l.cues, err = parseVTT(string(raw))
			}
			r.expect(err == nil, "%s captions: %v", l.ID, err)
		}
	}
	return src
}

func readJSON(r *report, files fs.FS, name string, v any) {
	raw, err := fs.ReadFile(files, name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	r.expect(err == nil, "%s: %v", name, err)
}

// checkSources checks everything that needs no tools.
func checkSources(r *report, src sources) {
	lessons, long, subjects, seen := 0, false, map[string]bool{}, map[string]bool{}
	for _, c := range src.Courses {
		var total int64
		subjects[c.Subject] = true
		answers := map[int]bool{}
		for _, l := range c.Lessons {
			r.expect(!seen[l.ID], "%s stands twice", l.ID)
			seen[l.ID] = true
			lessons++
			total += l.manifest.DurationMS
			long = long || l.manifest.DurationMS >= minLongMS
			for _, q := range l.Questions {
				answers[q.Answer] = true
			}
			one := &report{where: l.ID}
			checkManifest(one, src.files, l)
			checkCaptions(one, l)
			checkTexts(one, l)
			checkSegments(one, src.files, l)
			r.lines = append(r.lines, one.most()...)
		}
		r.expect(total*10 >= c.Tenths*tenthMS*9, "%s lasts %d s for %d tenths of an hour", c.ID, total/1000, c.Tenths)
		r.expect(len(answers) > 1, "%s has every right answer at the same place", c.ID)
	}
	r.expect(len(src.Courses) >= minCourses && lessons >= minLessons, "%d courses, %d lessons", len(src.Courses), lessons)
	r.expect(subjects["public"] && subjects["professional"], "courses in both subjects are wanted, have %v", subjects)
	r.expect(long, "no lesson of %d minutes", minLongMS/60_000)
	checkDigits(r, src.files)
	checkSize(r, src.files)
}

func checkSize(r *report, files fs.FS) {
	var total int64
	err := fs.WalkDir(files, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	r.expect(err == nil && total <= maxBytes, "%d bytes are shipped, at most %d (%v)", total, maxBytes, err)
}

// checkManifest holds lesson.json against the files and the source's slides.
func checkManifest(r *report, files fs.FS, l *lesson) {
	m, dir := l.manifest, path.Join("media", l.ID)
	r.expect(m.SegmentMS == segmentMS && m.Segments == (m.DurationMS+segmentMS-1)/segmentMS, "%d segments of %d ms for %d ms", m.Segments, m.SegmentMS, m.DurationMS)
	r.expect(m.Width >= 1280 && m.Height >= 720, "%d×%d", m.Width, m.Height)
	want := map[string]bool{"lesson.json": true, "captions.vtt": true, "poster.jpg": true, "init.mp4": true}
	for n := range m.Segments {
		want[fmt.Sprintf("%d.m4s", n)] = true
	}
	r.expect(len(m.Slides) == len(l.Slides), "%d slides shown, %d written", len(m.Slides), len(l.Slides))
	var at int64
	for i, s := range m.Slides {
		want[s.Thumb] = true
		r.expect(s.StartMS == at && s.EndMS > s.StartMS, "slide %d stands from %d to %d, the one before ends at %d", i, s.StartMS, s.EndMS, at)
		at = s.EndMS
		r.expect(i >= len(l.Slides) || s.Title == l.Slides[i].Title, "slide %d is %q", i, s.Title)
	}
	r.expect(at == m.DurationMS, "the slides end at %d of %d ms", at, m.DurationMS)
	entries, err := fs.ReadDir(files, dir)
	r.expect(err == nil, "%v", err)
	for _, e := range entries {
		info, err := e.Info()
		r.expect(want[e.Name()] && err == nil && info.Size() > 0, "%s does not belong here or is empty", e.Name())
		delete(want, e.Name())
	}
	for name := range want {
		r.fail("%s is missing", name)
	}
}

// checkTexts holds questions and handout against what is taught.
func checkTexts(r *report, l *lesson) {
	r.expect(len(l.Questions) >= minQuestions, "%d questions", len(l.Questions))
	for n, q := range l.Questions {
		distinct := map[string]bool{}
		for _, o := range q.Options {
			distinct[o] = true
		}
		r.expect(len(q.Options) == 4 && len(distinct) == 4, "question %d has options %v", n, q.Options)
		if q.Answer < 0 || q.Answer >= len(q.Options) || q.Slide < 0 || q.Slide >= len(l.Slides) {
			r.fail("question %d has answer %d on slide %d", n, q.Answer, q.Slide)
			continue
		}
		taught := ""
		for _, s := range l.Slides[:q.Slide+1] {
			taught += s.Title + s.Speech
		}
		r.expect(said(q.Options[q.Answer], taught) >= 0.8, "question %d: %q was not said by the end of slide %d", n, q.Options[q.Answer], q.Slide)
	}
	h := l.Handout
	r.expect(len(h.Points) >= 3 && len(h.List) >= 4 && len(h.Test) >= 2, "the handout has %d points, %d steps, %d questions", len(h.Points), len(h.List), len(h.Test))
	for _, p := range h.Points {
		for _, s := range l.Slides {
			r.expect(!strings.Contains(s.Speech, p), "the handout repeats the speech: %s", p)
		}
	}
}

// said is the share of an answer's characters that were spoken: a lint, not a reader.
func said(answer, taught string) float64 {
	found, all := 0, 0
	for _, c := range answer {
		if all++; strings.ContainsRune(taught, c) || c == '，' || c == '、' {
			found++
		}
	}
	return float64(found) / float64(max(all, 1))
}

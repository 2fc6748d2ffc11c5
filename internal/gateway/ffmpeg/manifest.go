package ffmpeg

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xueshi/internal/media"
)

// sheet is how thumbs.jpg is laid out: one small picture for every stretch of the lesson.
type sheet struct {
	everyMS, count int64
	width, height  int64 // of one picture
	columns, rows  int64
}

const maxThumbs = 180 // three hours, one a minute

func newSheet(lengthMS, width, height int64) sheet {
	s := sheet{columns: 10}
	for _, s.everyMS = range []int64{10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000} {
		if s.count = (lengthMS + s.everyMS - 1) / s.everyMS; s.count <= maxThumbs {
			break
		}
	}
	s.rows = (s.count + s.columns - 1) / s.columns
	s.columns = min(s.columns, s.count)
	s.width, s.height = 160, even(160*height/width)
	if height > width {
		s.width, s.height = even(160*width/height), 160
	}
	return s
}

// vtt says where in thumbs.jpg the picture of each stretch is.
func (s sheet) vtt(lengthMS int64) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i := range s.count {
		fmt.Fprintf(&b, "\n%s --> %s\nthumbs.jpg#xywh=%d,%d,%d,%d\n", stamp(i*s.everyMS), stamp(min(lengthMS, (i+1)*s.everyMS)),
			i%s.columns*s.width, i/s.columns*s.height, s.width, s.height)
	}
	return b.String()
}

func stamp(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// finish checks what was written and puts the manifest beside it: a folder with a manifest is whole.
func (j *job) finish(dir string) error {
	m := media.Manifest{DurationMS: j.lengthMS(), SegmentMS: segmentMS, Segments: j.segments(), Slides: []media.Slide{}}
	for i, name := range j.names() {
		r := media.Rendition{Name: name, AudioOnly: i == len(j.rungs)}
		if !r.AudioOnly {
			r.Width, r.Height = j.rungs[i].width, j.rungs[i].height
			m.Width, m.Height = r.Width, r.Height
		}
		if err := j.complete(filepath.Join(dir, name), &r); err != nil {
			return fmt.Errorf("rendition %s: %w", name, err)
		}
		if !r.AudioOnly {
			m.Codecs = r.Codecs
		}
		m.Renditions = append(m.Renditions, r)
	}
	if err := os.WriteFile(filepath.Join(dir, "thumbs.vtt"), []byte(j.pictures.vtt(m.DurationMS)), 0o600); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "lesson.json"), append(raw, '\n'), 0o600)
}

// complete fills in what only the files say: the codecs, and the bandwidth of the heaviest segment.
func (j *job) complete(dir string, r *media.Rendition) error {
	if err := os.Remove(filepath.Join(dir, "index.m3u8")); err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if int64(len(files)) != j.segments()+1 {
		return fmt.Errorf("%d files for %d segments", len(files), j.segments())
	}
	for n := range j.segments() {
		info, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%d.m4s", n)))
		if err != nil {
			return err
		}
		length := min(segmentMS, j.lengthMS()-n*segmentMS)
		// A last segment of a few frames would seem to need far more than it does.
		r.Bandwidth = max(r.Bandwidth, info.Size()*8*1000/max(length, segmentMS/3))
	}
	init, err := os.ReadFile(filepath.Join(dir, "init.mp4"))
	if err != nil {
		return err
	}
	r.Codecs, err = codecs(init, !r.AudioOnly, j.src.audio != nil)
	return err
}

// codecs names what an init segment declares, as RFC 6381 writes it.
func codecs(init []byte, picture, sound bool) (string, error) {
	var out []string
	if picture {
		i := bytes.Index(init, []byte("avcC"))
		if i < 0 || i+8 > len(init) {
			return "", errors.New("no avcC in the init segment")
		}
		out = append(out, fmt.Sprintf("avc1.%02x%02x%02x", init[i+5], init[i+6], init[i+7]))
	}
	if sound {
		out = append(out, "mp4a.40.2")
	}
	return strings.Join(out, ","), nil
}

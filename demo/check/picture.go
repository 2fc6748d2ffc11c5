package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"slices"
)

const (
	viewW, viewH = 160, 90
	changed      = 1.5 // mean difference of luma that is another slide; a key frame of the same one stays far below
	black        = 60.0
	alike        = 6.0 // a slide against its thumbnail
)

// checkPicture finds the slides' changes in the picture, and nothing else: no other change, no black.
// It hands over the largest distance between a slide's time and its change, ms.
func checkPicture(r *report, file, dir string, l *lesson) (worst int64) {
	var changes []int64
	views := map[int64][]byte{} // by slide: the frame in its middle
	var before []byte
	dark := 0
	each(r, file, func(n int64, view []byte) {
		if mean(view) < black {
			dark++
		}
		if before != nil && difference(before, view) > changed {
			changes = append(changes, n*frameMS)
		}
		before = view
		for i, s := range l.manifest.Slides {
			if (s.StartMS+s.EndMS)/2/frameMS == n {
				views[int64(i)] = view
			}
		}
	})
	r.expect(dark == 0, "%d black frames", dark)
	if len(changes) != max(len(l.manifest.Slides)-1, 0) {
		r.fail("the picture changes at %v ms, %d slides", changes, len(l.manifest.Slides))
		return -1
	}
	for i, at := range changes {
		off := at - l.manifest.Slides[i+1].StartMS
		worst = max(worst, off, -off)
		r.expect(max(off, -off) <= maxSlideMS, "slide %d is to come at %d ms and comes at %d", i+1, l.manifest.Slides[i+1].StartMS, at)
	}
	for i, s := range l.manifest.Slides {
		each(r, filepath.Join(dir, s.Thumb), func(_ int64, thumb []byte) {
			d := difference(thumb, views[int64(i)])
			r.expect(d <= alike, "slide %d is not its thumbnail (%.1f)", i, d)
			for k := range l.manifest.Slides {
				r.expect(k == i || difference(thumb, views[int64(k)]) > d, "the thumbnail of slide %d shows slide %d", i, k)
			}
		})
	}
	return worst
}

// each hands over every frame as a small grey view.
func each(r *report, file string, f func(n int64, view []byte)) {
	cmd := exec.Command("ffmpeg", "-loglevel", "error", "-i", file, "-an", "-fps_mode", "passthrough", "-vf", "scale=160:90:flags=area", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.fail("ffmpeg: %v", err)
		return
	}
	view := make([]byte, viewW*viewH)
	for n := int64(0); ; n++ {
		if _, err := io.ReadFull(out, view); err != nil {
			break
		}
		f(n, slices.Clone(view))
	}
	err = cmd.Wait()
	r.expect(err == nil, "%s: %v", file, err)
}

func mean(v []byte) float64 {
	sum := 0
	for _, b := range v {
		sum += int(b)
	}
	return float64(sum) / float64(len(v))
}

// difference is the mean distance of two views; views of different size are as far apart as can be.
func difference(a, b []byte) float64 {
	if len(a) != len(b) {
		return 255
	}
	sum := 0
	for i := range a {
		d := int(a[i]) - int(b[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	maxDurationMS  = 50 // between manifest and media
	maxSlideMS     = 60 // between a slide's time and the picture's change
	wantLoudness   = -18.0
	loudnessSpread = 2.0
	maxSilence     = 0.15
)

// checkMedia measures one lesson as a player would see it: all segments behind their init segment.
func checkMedia(r *report, root string, l *lesson, src sources) string {
	tmp, err := os.MkdirTemp("", "check")
	if err != nil {
		r.fail("%v", err)
		return ""
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	file := filepath.Join(tmp, "all.mp4")
	if err := join(filepath.Join(root, "media", l.ID), file, l.manifest.Segments); err != nil {
		r.fail("%v", err)
		return ""
	}
	checkStreams(r, file, l)
	checkPackets(r, file, l)
	worst := checkPicture(r, file, filepath.Join(root, "media", l.ID), l)
	return fmt.Sprintf("%4d s, slides within %d ms, %s", l.manifest.DurationMS/1000, worst, checkSound(r, file, l, src.readings))
}

func join(dir, file string, segments int64) error {
	var all bytes.Buffer
	names := []string{"init.mp4"}
	for n := range segments {
		names = append(names, fmt.Sprintf("%d.m4s", n))
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		all.Write(b)
	}
	return os.WriteFile(file, all.Bytes(), 0o600)
}

// tool runs a program and hands over what it prints; a failure is a fault.
func tool(r *report, name string, args ...string) []byte {
	cmd := exec.Command(name, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	r.expect(err == nil, "%s: %v %s", name, err, problems.String())
	return out
}

// checkStreams holds codecs, size and rate against inspection profile "slides".
func checkStreams(r *report, file string, l *lesson) {
	var probe struct {
		Streams []struct {
			Type     string `json:"codec_type"`
			Codec    string `json:"codec_name"`
			Profile  string `json:"profile"`
			Level    int    `json:"level"`
			Width    int64  `json:"width"`
			Height   int64  `json:"height"`
			B        int    `json:"has_b_frames"`
			Rate     string `json:"r_frame_rate"`
			Avg      string `json:"avg_frame_rate"`
			Hz       string `json:"sample_rate"`
			Channels int    `json:"channels"`
			Start    string `json:"start_time"`
		} `json:"streams"`
		Format struct {
			Duration string `json:"duration"`
		} `json:"format"`
	}
	if err := json.Unmarshal(tool(r, "ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", file), &probe); err != nil || len(probe.Streams) != 2 {
		r.fail("%d streams (%v)", len(probe.Streams), err)
		return
	}
	v, a := probe.Streams[0], probe.Streams[1]
	r.expect(v.Codec == "h264" && v.Profile == "Main" && v.B == 0 && v.Width == l.manifest.Width && v.Height == l.manifest.Height, "picture is %+v", v)
	r.expect(v.Rate == "10/1" && v.Avg == "10/1", "frame rate %s, on average %s", v.Rate, v.Avg)
	r.expect(a.Codec == "aac" && a.Profile == "LC" && a.Hz == "48000" && a.Channels == 1, "sound is %+v", a)
	r.expect(seconds(v.Start) == 0 && seconds(a.Start) == 0, "picture starts at %s, sound at %s", v.Start, a.Start)
	r.expect(l.manifest.Codecs == fmt.Sprintf("avc1.4d40%02x,mp4a.40.2", v.Level), "the manifest says %s, the level is %d", l.manifest.Codecs, v.Level)
	r.expect(abs(seconds(probe.Format.Duration)*1000-float64(l.manifest.DurationMS)) <= maxDurationMS, "media lasts %s s, the manifest %d ms", probe.Format.Duration, l.manifest.DurationMS)
}

func seconds(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// checkPackets: a frame every 100 ms from 0 on, a key frame at each segment, the sound from 0 to the end without a gap.
func checkPackets(r *report, file string, l *lesson) {
	frames, ends, next := int64(0), 0.0, 0.0
	for line := range strings.Lines(string(tool(r, "ffprobe", "-v", "error", "-show_entries", "packet=codec_type,pts_time,duration_time,flags", "-of", "csv=p=0", file))) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 4 {
			continue
		}
		at, lasts := seconds(f[1])*1000, seconds(f[2])*1000
		if f[0] == "video" {
			r.expect(abs(at-float64(frames*frameMS)) < 1, "frame %d stands at %.1f ms", frames, at)
			r.expect(frames*frameMS%segmentMS != 0 || strings.HasPrefix(f[3], "K"), "no key frame at %.0f ms", at)
			frames++
			continue
		}
		r.expect(abs(at-next) < 1, "sound at %.1f ms, the packet before ends at %.1f", at, next)
		next = at + lasts
		ends = next
	}
	r.expect(abs(float64(frames*frameMS-l.manifest.DurationMS)) <= maxDurationMS, "%d frames for %d ms", frames, l.manifest.DurationMS)
	r.expect(abs(ends-float64(l.manifest.DurationMS)) <= maxDurationMS, "sound ends at %.0f of %d ms", ends, l.manifest.DurationMS)
}

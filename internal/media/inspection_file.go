package media

import (
	"math"
	"slices"
)

// containers are those that an inspector reads and a packager takes.
var containers = []string{"mp4", "matroska", "mpegts", "avi", "flv"}

// file judges the file as a whole.
func (j *judge) file() {
	if !slices.Contains(containers, j.m.Container) {
		j.add("container", Span{}, 0, 0).Detail = j.m.Container
	}
	seconds := float64(j.m.DurationMS) / 1000
	j.below("duration_short", seconds, j.l.DurationMinS)
	j.above("duration_long", seconds, j.l.DurationMaxS)
}

// ntsc lets rates pass that are a thousandth below their name: 29.97 is what the standard calls 30.
const ntsc = 0.998

// picture judges how the picture is encoded. What is 0 was not found out.
func (j *judge) picture() {
	p := &j.m.Picture
	if p.Codec != "h264" {
		j.add("video_codec", Span{}, 0, 0).Detail = p.Codec
	}
	if p.Height > 0 {
		j.below("resolution", float64(p.Height), j.l.HeightMin)
	}
	if p.Interlaced {
		j.add("interlaced", Span{}, 0, 0)
	}
	if p.FPS > 0 && p.FPS < j.l.FPSMin*ntsc {
		j.add("frame_rate_low", Span{}, p.FPS, j.l.FPSMin)
	}
	if p.FPS > j.l.FPSMax/ntsc {
		j.add("frame_rate_high", Span{}, p.FPS, j.l.FPSMax)
	}
	j.above("frame_rate_variable", p.Uneven, j.l.Uneven)
	if p.Kbps > 0 {
		j.below("bitrate_low", p.Kbps, j.l.PictureMin)
	}
	j.above("bitrate_high", p.Kbps, j.l.PictureMax)
}

// sound judges how the sound is encoded.
func (j *judge) sound() {
	s := j.m.Sound
	if s.Codec != "aac" {
		j.add("audio_codec", Span{}, 0, 0).Detail = s.Codec
	}
	if s.Hz > 0 {
		j.below("sample_rate", float64(s.Hz), j.l.SampleRate)
	}
	if s.Channels > 0 {
		j.below("channels", float64(s.Channels), j.l.Channels)
	}
	if s.Kbps > 0 {
		j.below("audio_bitrate_low", s.Kbps, j.l.SoundMin)
	}
}

// together judges how sound and picture fit.
func (j *judge) together() {
	if j.m.Sync.Marks >= 2 {
		j.offset(j.m.Sync.OffsetMS)
		j.above("av_drift", math.Abs(j.m.Sync.DriftMS), j.l.DriftMS)
	}
	j.edges()
}

// offset judges the measured offset; value and limit keep its sign, + = sound early.
func (j *judge) offset(ms float64) {
	late := -ms
	switch {
	case ms > j.l.SyncEarlyMS:
		f := j.add("av_offset", Span{}, ms, j.l.SyncEarlyMS)
		f.Detail, f.Severity = "early", graded(ms > j.l.SyncEarlyFailMS)
	case late > j.l.SyncLateMS:
		f := j.add("av_offset", Span{}, ms, -j.l.SyncLateMS)
		f.Detail, f.Severity = "late", graded(late > j.l.SyncLateFailMS)
	}
}

func graded(fail bool) Severity {
	if fail {
		return Fail
	}
	return Warn
}

// edges judges whether sound and picture begin and end together; nothing is finer than a frame of either.
//
// At the start a difference may be all there is to see of a shifted sound: without sync marks it stands for the offset and fails
// beyond the offset's own bounds. With marks the offset is known, and it only warns. At the end a sound that stops first leaves
// a picture without words, which warns; a picture that stops first leaves what R1.6c forbids, and fails as a black tail does.
func (j *judge) edges() {
	s, p := j.m.Sound, &j.m.Picture
	limit := max(j.l.EdgeMS, float64(j.frame))
	if s.Hz > 0 {
		limit = max(limit, 1024*1000/float64(s.Hz))
	}
	begin, end := max(s.StartMS, p.StartMS), min(s.EndMS, p.EndMS)
	if d := float64(s.StartMS - p.StartMS); math.Abs(d) > limit {
		bound := j.l.SyncLateFailMS
		if d < 0 {
			bound = j.l.SyncEarlyFailMS
		}
		j.edge("start", Span{min(s.StartMS, p.StartMS), begin}, d, limit, j.m.Sync.Marks < 2 && math.Abs(d) > bound)
	}
	if d := float64(s.EndMS - p.EndMS); math.Abs(d) > limit {
		j.edge("end", Span{max(end, begin), max(s.EndMS, p.EndMS)}, d, limit, d > j.l.BlackTailMS)
	}
}

func (j *judge) edge(which string, at Span, d, limit float64, fail bool) {
	if at = (Span{max(at.FromMS, 0), min(at.ToMS, j.m.DurationMS)}); at.Length() <= 0 {
		at = Span{}
	}
	f := j.add("av_edge", at, math.Abs(d), limit)
	f.Detail, f.Severity = which, graded(fail)
}

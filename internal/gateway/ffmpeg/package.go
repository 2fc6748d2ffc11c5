package ffmpeg

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

const (
	segmentMS = 6000  // as the demo's lessons
	sampling  = 48000 // of the sound of every rendition
	priming   = 1024  // samples of nothing that an AAC encoder puts before the sound
)

// rung is a picture of the ladder.
type rung struct {
	name          string
	width, height int64
	kbits         int64 // the most it may take
}

// ladder is every usual size up to the source's, smallest first, counted on the short side: a portrait film is 720p when it is
// 720 wide. A source that misses a rung by a few lines (1080p recorded as 1072) keeps its own lines; one below the first
// rung is the only one.
func ladder(width, height int64) (out []rung) {
	short := min(width, height)
	for _, r := range []rung{{"360p", 0, 360, 800}, {"480p", 0, 480, 1400}, {"720p", 0, 720, 2800}, {"1080p", 0, 1080, 5000}} {
		if short*20 >= r.height*19 {
			out = append(out, fit(r, width, height, min(r.height, short)))
		}
	}
	if len(out) == 0 {
		out = append(out, fit(rung{name: fmt.Sprintf("%dp", even(short)), kbits: 800}, width, height, short))
	}
	return out
}

// fit gives a rung the shape of the source with the short side given; H.264 wants even sides.
func fit(r rung, width, height, short int64) rung {
	side := func(n int64) int64 {
		return max(2, 2*int64(math.Round(float64(n)*float64(short)/float64(min(width, height))/2)))
	}
	r.width, r.height = side(width), side(height)
	return r
}

func even(n int64) int64 { return max(2, n/2*2) }

// job is one packaging: what is encoded and cut how.
type job struct {
	src      *source
	rungs    []rung
	rate     int64 // frames a second
	count    int64 // frames in all
	pictures sheet
}

func newJob(src *source) *job {
	j := &job{src: src, rungs: ladder(src.width, src.height), rate: src.video.frames()}
	// Frames that begin before the end; a length that is a frame but for the rounding to milliseconds is not one more.
	j.count = max(1, ((src.lengthMS-1)*j.rate+999)/1000)
	j.pictures = newSheet(j.lengthMS(), src.width, src.height)
	return j
}

func (j *job) lengthMS() int64 { return (j.count*1000 + j.rate/2) / j.rate }

func (j *job) segments() int64 { return (j.lengthMS() + segmentMS - 1) / segmentMS }

// Package implements media.Transcoder: one run of ffmpeg that decodes once.
//
// Everything starts at 0 without an edit list, so that picture, sound and captions need no player's help to be together:
// there are no B-frames, and the AAC encoder's priming takes the place of the first 21 ms of sound (as the demo's lessons do).
// A gap at the beginning of a stream is filled with its first picture or silence, a shorter stream is held to the end.
func (t *Transcoder) Package(ctx context.Context, path, dir string, progress func(doneMS, totalMS int64)) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	src, err := t.look(ctx, path)
	if err != nil {
		return err
	}
	j := newJob(src)
	for _, name := range j.names() {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	args := append([]string{"-threads", "2"}, input(path)...)
	args = append(args, "-filter_complex", j.graph())
	args = append(append(args, j.streams()...), j.stills()...)
	if _, err := t.encode(ctx, dir, j.lengthMS(), progress, args...); err != nil {
		return err
	}
	return j.finish(dir)
}

const soundOnly = "audio"

// names are the renditions' folders, lowest picture first, the sound alone last.
func (j *job) names() (out []string) {
	for _, r := range j.rungs {
		out = append(out, r.name)
	}
	if j.src.audio != nil {
		out = append(out, soundOnly)
	}
	return out
}

// graph makes every picture and the sound out of one decode.
func (j *job) graph() string {
	v := &j.src.video
	var b strings.Builder
	fmt.Fprintf(&b, "[0:%d]", v.Index)
	if v.Fields == "tt" || v.Fields == "bb" || v.Fields == "tb" || v.Fields == "bt" {
		b.WriteString("yadif,")
	}
	fmt.Fprintf(&b, "fps=fps=%d:start_time=0,tpad=stop=-1:stop_mode=clone,trim=end_frame=%d,split=%d", j.rate, j.count, len(j.rungs)+2)
	for i := range j.rungs {
		fmt.Fprintf(&b, "[p%d]", i)
	}
	b.WriteString("[poster][thumbs]")
	for i, r := range j.rungs {
		fmt.Fprintf(&b, ";[p%d]%s,format=yuv420p[v%d]", i, v.scaled(r.width, r.height), i)
	}
	fmt.Fprintf(&b, ";[poster]select='eq(n,%d)',%s,format=yuvj420p[vp]", j.count/10, v.still(640*min(1, float64(j.src.width)/float64(j.src.height)*9/16), j.src))
	fmt.Fprintf(&b, ";[thumbs]select='not(mod(n,%d))',%s,format=yuvj420p,tile=%dx%d[vt]", j.pictures.everyMS*j.rate/1000,
		v.scaled(j.pictures.width, j.pictures.height), j.pictures.columns, j.pictures.rows)
	if j.src.audio != nil {
		fmt.Fprintf(&b, ";[0:%d]%s[a]", j.src.audio.Index, j.sound())
	}
	return b.String()
}

func (st *stream) scaled(w, h int64) string {
	return fmt.Sprintf("scale=%d:%d:flags=bicubic+accurate_rnd+full_chroma_int+bitexact:%s,setsar=1", w, h, st.toLuma())
}

// still is a picture of the given width in the shape of the source.
func (st *stream) still(width float64, s *source) string {
	return st.scaled(even(int64(width)), even(int64(width*float64(s.height)/float64(s.width))))
}

// sound is 48 kHz, mono or stereo, exactly as long as the picture. Its level is left alone.
func (j *job) sound() string {
	layout := "stereo"
	if j.src.audio.Channels == 1 {
		layout = "mono"
	}
	return fmt.Sprintf("aresample=%d:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=%s,apad,atrim=start_sample=%d:end_sample=%d",
		sampling, layout, priming, max(priming+1, j.count*sampling/j.rate))
}

// streams are the encoders and the one muxer that hands their packets to every rendition's HLS muxer. The number of
// threads is fixed, because x264's output depends on it.
func (j *job) streams() []string {
	var args, outs []string
	for i, r := range j.rungs {
		n, group := fmt.Sprint(i), fmt.Sprint(j.rate*segmentMS/1000)
		args = append(args, "-map", "[v"+n+"]", "-c:v:"+n, "libx264", "-preset:v:"+n, "veryfast", "-profile:v:"+n, "high", "-crf:v:"+n, "23",
			"-maxrate:v:"+n, fmt.Sprintf("%dk", r.kbits), "-bufsize:v:"+n, fmt.Sprintf("%dk", 2*r.kbits), "-bf:v:"+n, "0", "-threads:v:"+n, "2",
			"-g:v:"+n, group, "-keyint_min:v:"+n, group, "-sc_threshold:v:"+n, "0", "-flags:v:"+n, "+global_header+bitexact+cgop")
		outs = append(outs, slave(r.name, "v:"+n, j.src.audio != nil))
	}
	args = append(args, j.src.video.colours()...)
	if a := j.src.audio; a != nil {
		rate := "128k"
		if a.Channels == 1 {
			rate = "64k"
		}
		args = append(args, "-map", "[a]", "-c:a", "aac", "-b:a", rate, "-flags:a", "+global_header+bitexact")
		outs = append(outs, slave(soundOnly, "a", false))
	}
	return append(args, "-map_metadata", "-1", "-map_chapters", "-1", "-fps_mode", "passthrough", "-f", "tee", strings.Join(outs, "|"))
}

// slave is one rendition's muxer.
func slave(name, streams string, sound bool) string {
	if sound {
		streams += ",a"
	}
	return fmt.Sprintf(`[f=hls:select=\'%s\':hls_time=%d:hls_playlist_type=vod:hls_segment_type=fmp4:hls_fmp4_init_filename=init.mp4:hls_segment_filename=%s/%%d.m4s]%s/index.m3u8`,
		streams, segmentMS/1000, name, name)
}

// stills are the poster and the sheet of small pictures.
func (j *job) stills() (args []string) {
	for label, file := range [...]string{"poster.jpg", "thumbs.jpg"} {
		args = append(args, "-map", [...]string{"[vp]", "[vt]"}[label], "-c:v", "mjpeg", "-q:v", "5", "-flags:v", "+bitexact", "-threads", "1",
			"-frames:v", "1", "-fps_mode", "passthrough", "-map_metadata", "-1", "-f", "image2", "-update", "1", file)
	}
	return args
}

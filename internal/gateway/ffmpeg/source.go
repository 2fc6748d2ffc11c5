package ffmpeg

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
)

// source is what has to be known of a file before it is encoded again.
type source struct {
	startMS       float64 // where the earliest stream begins on the file's clock
	lengthMS      int64
	video         stream
	audio         *stream // nil = silent
	width, height int64   // as shown: turned, and with square pixels
}

type stream struct {
	Index       int64  `json:"index"`
	Type        string `json:"codec_type"`
	Codec       string `json:"codec_name"`
	Width       int64  `json:"width"`
	Height      int64  `json:"height"`
	Aspect      string `json:"sample_aspect_ratio"`
	Rate        string `json:"r_frame_rate"`
	Average     string `json:"avg_frame_rate"`
	Format      string `json:"pix_fmt"`
	Fields      string `json:"field_order"`
	Range       string `json:"color_range"`
	Matrix      string `json:"color_space"`
	Transfer    string `json:"color_transfer"`
	Primaries   string `json:"color_primaries"`
	Channels    int64  `json:"channels"`
	SampleRate  string `json:"sample_rate"`
	BitRate     string `json:"bit_rate"`
	Start       string `json:"start_time"`
	Disposition struct {
		Picture int `json:"attached_pic"`
	} `json:"disposition"`
	Sides []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// look reads a file's streams. Errors: Invalid "media.unreadable", "media.not_video" (no picture, or no length).
func (t *tools) look(ctx context.Context, path string) (*source, error) {
	out, _, err := t.run(ctx, program{name: t.ffprobe, cpu: time.Minute, args: append([]string{"-v", "error", "-show_streams", "-show_format", "-of", "json"}, input(path)...)})
	if err != nil {
		return nil, damaged(err)
	}
	var found struct {
		Streams []stream `json:"streams"`
		Format  struct {
			Duration string `json:"duration"`
			Start    string `json:"start_time"`
		} `json:"format"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, unreadable(err)
	}
	seconds, _ := strconv.ParseFloat(found.Format.Duration, 64)
	s := choose(found.Streams)
	if s == nil || !(seconds > 0) {
		return nil, errs.New(errs.Invalid, "media.not_video", "seems", seems(found.Streams))
	}
	s.startMS = milliseconds(found.Format.Start)
	s.lengthMS = int64(math.Ceil(min(seconds, math.MaxInt32) * 1000))
	return s, nil
}

func seems(streams []stream) string {
	if slices.ContainsFunc(streams, func(s stream) bool { return s.Type == "audio" }) {
		return "sound"
	}
	return "unknown"
}

// milliseconds reads a time that ffprobe prints in seconds; what it does not know is 0.
func milliseconds(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v * 1000
}

func unreadable(cause error) error {
	return errs.New(errs.Invalid, "media.unreadable").WithCause(cause)
}

// damaged turns the failure of a program that did run into the file's fault.
func damaged(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && errs.As(err).Kind != errs.Invalid {
		return unreadable(err)
	}
	return err
}

// choose takes the first picture that is no cover and the first sound; nil when there is no picture.
func choose(streams []stream) *source {
	var s source
	for i, st := range streams {
		switch {
		case st.Type == "video" && st.Disposition.Picture == 0 && s.width == 0:
			s.video = st
			s.width, s.height = st.shown()
		case st.Type == "audio" && s.audio == nil:
			s.audio = &streams[i]
		}
	}
	if s.width <= 0 || s.height <= 0 {
		return nil
	}
	return &s
}

// shown is the size on the screen: pixels made square by widening, then turned as the file says.
func (st *stream) shown() (w, h int64) {
	w, h = st.Width, st.Height
	if num, den, ok := ratio(st.Aspect, ":"); ok && num != den {
		w = int64(math.Round(float64(w) * num / den))
	}
	for _, side := range st.Sides {
		if int64(math.Abs(side.Rotation))%180 == 90 {
			return h, w
		}
	}
	return w, h
}

// frames is the constant rate of every rendition: whole frames a second, so that a segment is a whole number of frames.
// 29.97 becomes 30 (a frame in 33 seconds is shown twice); above 30 every other frame goes, below 10 frames are repeated.
func (st *stream) frames() int64 {
	num, den, ok := ratio(st.Average, "/")
	if !ok {
		num, den, ok = ratio(st.Rate, "/")
	}
	if !ok {
		return 25
	}
	rate := num / den
	for rate > 30.5 {
		rate /= 2
	}
	for rate < 9.5 && rate > 0.1 {
		rate *= 2
	}
	return max(10, int64(math.Round(rate)))
}

func ratio(s, sep string) (num, den float64, ok bool) {
	a, b, _ := strings.Cut(s, sep)
	num, err1 := strconv.ParseFloat(a, 64)
	den, err2 := strconv.ParseFloat(b, 64)
	return num, den, err1 == nil && err2 == nil && num > 0 && den > 0
}

// rgb tells whether the picture is not in luma and chroma yet.
func (st *stream) rgb() bool {
	return st.Matrix == "gbr" || strings.HasPrefix(st.Format, "rgb") || strings.HasPrefix(st.Format, "bgr") || strings.HasPrefix(st.Format, "gbr")
}

// colours are the tags of everything encoded from the stream: its own, or what players assume of a picture of its size,
// since a smaller rendition would make them assume something else.
func (st *stream) colours() []string {
	assumed := "bt709"
	if min(st.Width, st.Height) < 720 && !st.rgb() {
		assumed = "smpte170m"
	}
	tag := func(value string) string {
		if value == "" || value == "unknown" || value == "reserved" || value == "gbr" {
			return assumed
		}
		return value
	}
	return []string{"-color_primaries", tag(st.Primaries), "-color_trc", tag(st.Transfer), "-colorspace", tag(st.Matrix), "-color_range", "tv"}
}

// toLuma is the piece of a scale filter that keeps colours what they were: studio range, and the tagged matrix for RGB.
func (st *stream) toLuma() string {
	if st.rgb() {
		return "out_range=tv:out_color_matrix=bt709"
	}
	return "out_range=tv"
}

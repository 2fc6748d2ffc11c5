package media

import "context"

// Profile says what kind of picture a lesson has: a slide lesson stands still on purpose (settled.md).
type Profile string

// The inspection profiles.
const (
	Video  Profile = "video"
	Slides Profile = "slides"
)

// Severity says whether a finding keeps a lesson from being published.
type Severity string

// Fail keeps a lesson from being published unless it is waived; Warn is shown to the reviewer only.
const (
	Fail Severity = "fail"
	Warn Severity = "warn"
)

// Finding is one deviation from the inspection policy. The sentence for people is made by the web app from Kind and the numbers.
type Finding struct {
	Kind     string   `json:"kind" doc:"What deviates, e.g. black_tail; the catalogue has its sentence"`
	Clause   string   `json:"clause" doc:"The notice's clause (R1.6 … R1.8) or the standard the limit comes from"`
	Severity Severity `json:"severity" enum:"fail,warn"`
	FromMS   int64    `json:"from_ms" doc:"Where it begins in the file; 0 with to_ms 0 = the whole file"`
	ToMS     int64    `json:"to_ms"`
	Value    float64  `json:"value" doc:"What was measured, in unit"`
	Limit    float64  `json:"limit" doc:"The bound it missed, in unit"`
	Unit     string   `json:"unit" doc:"ms, s, px, fps, kbit/s, LUFS, dBTP, LU, dB, %, level, frames or empty"`
	Detail   string   `json:"detail,omitempty" doc:"A name where a number does not say it: the codec found, the container"`
	Evidence string   `json:"evidence,omitempty" doc:"File of the report's pictures: a frame or a piece of the waveform"`
	Repair   string   `json:"repair,omitempty" enum:"loudness,trim,frame_rate," doc:"The repair that removes it, if a machine can"`
}

// Inspector measures a file on the local disk; gateway/ffmpeg implements it. It never follows a reference out of the file,
// and its programs run with limits of time, memory and protocols.
type Inspector interface {
	// Measure decodes the file once and measures everything the policy may ask. progress gets media time done and in all.
	// Errors: Invalid "media.unreadable" (not a video file, or damaged at its root), "media.not_video" (no picture or no length),
	// "media.too_long", "media.too_large_picture", "media.forbidden_format" (a playlist, a concat script, an archive …),
	// "media.inspection_limit" (time or memory ran out); each with params for its sentence. Other errors are the machine's fault.
	Measure(ctx context.Context, path string, progress func(doneMS, totalMS int64)) (*Measured, error)
	// Evidence writes the picture (JPEG or PNG) that shows a finding: a frame with its time, or a piece of the waveform.
	Evidence(ctx context.Context, path string, f Finding, out string) error
}

// Transcoder makes other files out of one; gateway/ffmpeg implements it, under the same limits as Inspector.
type Transcoder interface {
	// Package writes the HLS renditions of a file into dir: for each rendition NAME/init.mp4 and NAME/0.m4s …, all cut at the same
	// instants; poster.jpg; thumbs.jpg with thumbs.vtt; lesson.json (the manifest) last. It says what it made.
	Package(ctx context.Context, path, dir string, progress func(doneMS, totalMS int64)) error
	// Repair writes a better copy of path to out.
	Repair(ctx context.Context, path, out string, plan RepairPlan, progress func(doneMS, totalMS int64)) error
}

// RepairPlan says what a machine shall mend; times are of the file before.
type RepairPlan struct {
	TrimHeadMS int64   `json:"trim_head_ms,omitempty"` // black or silent head to cut off
	TrimTailMS int64   `json:"trim_tail_ms,omitempty"` // black tail to cut off
	Loudness   float64 `json:"loudness,omitempty"`     // integrated loudness to reach, LUFS; 0 = leave
	TruePeak   float64 `json:"true_peak,omitempty"`    // dBTP not to exceed
	FrameRate  int64   `json:"frame_rate,omitempty"`   // constant frames a second; 0 = leave
}

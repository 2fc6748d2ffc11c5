package media

// Kind is one sort of finding: what it is measured in, where it comes from, and what it does to a lesson.
//
// What the notice demands fails, so that publishing it takes a person's reason; figures of recommended standards that the notice
// does not name only warn, unless learners would see or hear the difference in every rendition.
type Kind struct {
	Name     string
	Clause   string   // the notice's clause; the standard where the notice is silent
	Unit     string   // of value and limit; empty = the sentence has no numbers
	Severity Severity // beyond the limit
	Graded   bool     // Warn or Fail by how much it misses
	Repair   string   // what a machine can do about it: loudness, trim, frame_rate
}

// The repairs a machine can make.
const (
	mendLoudness = "loudness"
	mendTrim     = "trim"
	mendRate     = "frame_rate"
)

// Kinds are all sorts of findings; the web catalogues have a name and a sentence for each (a test holds them together).
//
// Another codec than H.264 only warns: every rendition is encoded anew, so no browser meets it, and what an old codec spoils is
// measured for itself. The same holds for interlaced pictures, which packaging makes progressive, and for rates and bitrates
// above the limit. A low frame rate and a small picture cannot be made up for, so they fail.
var Kinds = []Kind{
	{"container", srcMOE, "", Fail, false, ""},
	{"video_codec", srcMOE, "", Warn, false, ""},
	{"audio_codec", srcMOE, "", Warn, false, ""},
	{"no_audio", "R1.7g", "", Fail, false, ""},
	{"duration_short", srcMOE, "s", Warn, false, ""},
	{"duration_long", srcMOE, "s", Warn, false, ""},
	{"resolution", srcMOE, "px", Fail, false, ""},
	{"interlaced", srcMOE, "", Warn, false, ""},
	{"frame_rate_variable", "R1.7d", "%", Fail, false, mendRate},
	{"frame_rate_low", srcMOE, "fps", Fail, false, ""},
	{"frame_rate_high", srcMOE, "fps", Warn, false, mendRate},
	{"bitrate_low", srcMOE, "kbit/s", Warn, false, ""},
	{"bitrate_high", srcMOE, "kbit/s", Warn, false, ""},
	{"audio_bitrate_low", srcMOE, "kbit/s", Warn, false, ""},
	{"sample_rate", srcMOE, "Hz", Warn, false, ""},
	{"channels", srcMOE, "channels", Warn, false, ""},

	{"av_offset", "R1.6a", "ms", Fail, true, ""},
	{"av_drift", "R1.6a", "ms", Fail, false, ""},
	{"av_edge", "R1.6a", "ms", Fail, true, ""},

	{"black_head", "R1.6c", "ms", Fail, false, mendTrim},
	{"black_inside", "R1.6c", "ms", Fail, false, ""},
	{"black_tail", "R1.6c", "ms", Fail, false, mendTrim},
	{"freeze", "R1.7d", "s", Fail, false, ""},
	{"gap", "R1.7d", "ms", Fail, false, ""},
	{"dropped_frames", "R1.7d", "%", Fail, false, ""},
	{"duplicated_frames", "R1.7d", "%", Fail, false, ""},
	{"out_of_order", "R1.7d", "frames", Fail, false, ""},
	{"brightness_low", "R1.7b", "level", Fail, false, ""},
	{"brightness_high", "R1.7b", "level", Fail, false, ""},
	{"contrast_low", "R1.7b", "level", Fail, false, ""},
	{"saturation_high", "R1.7a", "level", Fail, false, ""},
	{"off_gamut", "R1.7a", "%", Fail, false, ""},
	{"colour_cast", "R1.7c", "level", Fail, false, ""},
	{"shake", "R1.7e", "%", Fail, false, ""},

	{"loudness_low", "R1.7f", "LUFS", Fail, false, mendLoudness},
	{"loudness_high", "R1.7f", "LUFS", Fail, false, mendLoudness},
	{"true_peak", "R1.7f", "dBTP", Fail, false, mendLoudness},
	{"loudness_range", "R1.7f", "LU", Fail, false, ""},
	{"clipping", "R1.7g", "‰", Fail, false, ""},
	{"silence", "R1.7f", "s", Fail, false, ""},
	{"sound_gap", "R1.7g", "ms", Fail, false, ""},
	{"noise_floor", "R1.7h", "dB", Fail, true, ""},
	{"hum", "R1.7h", "dBFS", Fail, false, ""},
	{"balance", "R1.7g", "dB", Fail, false, ""},

	// Of a course, by JudgeCourse: for the reviewer to listen to (R1.8c asks for a person's check).
	{"loudness_spread", "R1.8c", "LU", Warn, false, ""},
	{"pitch_spread", "R1.8c", "%", Warn, false, ""},
}

var kindOf = func() map[string]Kind {
	out := make(map[string]Kind, len(Kinds))
	for _, k := range Kinds {
		out[k.Name] = k
	}
	return out
}()

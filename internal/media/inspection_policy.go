package media

import "xueshi/internal/kernel/errs"

// Limits are the numbers a file is held against. A limit of 0 named in Bounds as optional is not asked for.
type Limits struct {
	// The file.
	DurationMinS float64 `json:"duration_min_s"`
	DurationMaxS float64 `json:"duration_max_s"`
	HeightMin    float64 `json:"height_min_px"`
	FPSMin       float64 `json:"fps_min"`
	FPSMax       float64 `json:"fps_max"`
	PictureMin   float64 `json:"picture_min_kbps"`
	PictureMax   float64 `json:"picture_max_kbps"`
	SoundMin     float64 `json:"sound_min_kbps"`
	SampleRate   float64 `json:"sample_rate_min_hz"`
	Channels     float64 `json:"channels_min"`

	// Picture and sound together.
	SyncEarlyMS     float64 `json:"sync_early_ms"`
	SyncLateMS      float64 `json:"sync_late_ms"`
	SyncEarlyFailMS float64 `json:"sync_early_fail_ms"`
	SyncLateFailMS  float64 `json:"sync_late_fail_ms"`
	DriftMS         float64 `json:"drift_ms"`
	EdgeMS          float64 `json:"edge_ms"`

	// The picture's time line.
	BlackHeadMS float64 `json:"black_head_ms"`
	BlackMS     float64 `json:"black_ms"`
	BlackTailMS float64 `json:"black_tail_ms"`
	FreezeS     float64 `json:"freeze_s"`
	GapMS       float64 `json:"gap_ms"`
	Lost        float64 `json:"lost_pct"`
	Duplicated  float64 `json:"duplicated_pct"`
	Uneven      float64 `json:"uneven_pct"`
	OutOfOrder  float64 `json:"out_of_order"`
	StretchS    float64 `json:"stretch_s"`
	LumaMin     float64 `json:"luma_min"`
	LumaMax     float64 `json:"luma_max"`
	ContrastMin float64 `json:"contrast_min"`
	Saturation  float64 `json:"saturation_max"`
	OffGamut    float64 `json:"off_gamut_max_pct"`
	Cast        float64 `json:"cast_max"`
	Shake       float64 `json:"shake_max_pct"`

	// The sound.
	LoudnessMin float64 `json:"loudness_min_lufs"`
	LoudnessMax float64 `json:"loudness_max_lufs"`
	TruePeak    float64 `json:"true_peak_max_dbtp"`
	Range       float64 `json:"range_max_lu"`
	SilenceS    float64 `json:"silence_s"`
	SoundGapMS  float64 `json:"sound_gap_ms"`
	Clipped     float64 `json:"clipped_max_permille"`
	SNR         float64 `json:"snr_min_db"`
	SNRFail     float64 `json:"snr_fail_db"`
	Hum         float64 `json:"hum_max_dbfs"`
	Balance     float64 `json:"balance_max_db"`
}

// InspectionPolicy is the numbers of one version: by profile, and for a course as a whole.
type InspectionPolicy struct {
	Video  Limits `json:"video"`
	Slides Limits `json:"slides"`
	// What the lessons of one teacher may differ from each other.
	LoudnessSpread float64 `json:"loudness_spread_lu"`
	PitchSpread    float64 `json:"pitch_spread_pct"`
	// What a repair aims at.
	LoudnessTarget float64 `json:"loudness_target_lufs"`
	// How much of its marked hours the lessons of a course have to fill, an hour taken as 45 minutes.
	HourFloor float64 `json:"hour_floor_pct"`
}

// Of is the limits of a profile; an unknown profile is held against those of a video.
func (p *InspectionPolicy) Of(profile Profile) *Limits {
	if profile == Slides {
		return &p.Slides
	}
	return &p.Video
}

// LimitBound says what an operator may set a number to, for a form.
type LimitBound struct {
	Name     string  `json:"name" doc:"JSON name of the number"`
	Unit     string  `json:"unit"`
	Clause   string  `json:"clause" doc:"The notice's clause or the standard it comes from"`
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Video    float64 `json:"video" doc:"Default for lessons filmed with a camera"`
	Slides   float64 `json:"slides" doc:"Default for slide lessons"`
	Optional bool    `json:"optional" doc:"0 means: not asked for"`
}

// limit is one number of Limits with its range, its defaults and where it stands.
type limit struct {
	LimitBound
	of func(l *Limits) *float64
}

// Sources of numbers that the notice does not name. MOE 2011 is the technical standard of the open video courses; GY/T 377 the
// loudness of online video; BT.1359 the relative timing of sound and picture; Order 25 the hours of continuing education.
const (
	srcMOE      = "MOE 2011"
	srcLoudness = "GY/T 377-2023"
	srcSync     = "ITU-R BT.1359-1"
	srcHours    = "MOHRSS Order 25"
)

// limits are all of them, in the order of forms. The ranges keep a policy meaningful; they do not keep it lenient: the notice
// demands quality without numbers, so every default is a published figure or, where there is none, ours (docs/design.md).
var limits = []limit{
	{LimitBound{"duration_min_s", "s", srcMOE, 0, 1800, 180, 60, true}, func(l *Limits) *float64 { return &l.DurationMinS }},
	{LimitBound{"duration_max_s", "s", srcMOE, 60, 14400, 3600, 3600, false}, func(l *Limits) *float64 { return &l.DurationMaxS }},
	{LimitBound{"height_min_px", "px", srcMOE, 240, 2160, 720, 720, false}, func(l *Limits) *float64 { return &l.HeightMin }},
	{LimitBound{"fps_min", "fps", srcMOE, 5, 60, 25, 10, false}, func(l *Limits) *float64 { return &l.FPSMin }},
	{LimitBound{"fps_max", "fps", srcMOE, 24, 120, 60, 60, false}, func(l *Limits) *float64 { return &l.FPSMax }},
	{LimitBound{"picture_min_kbps", "kbit/s", srcMOE, 0, 8000, 1024, 0, true}, func(l *Limits) *float64 { return &l.PictureMin }},
	{LimitBound{"picture_max_kbps", "kbit/s", srcMOE, 1000, 100000, 20000, 20000, false}, func(l *Limits) *float64 { return &l.PictureMax }},
	{LimitBound{"sound_min_kbps", "kbit/s", srcMOE, 0, 320, 64, 0, true}, func(l *Limits) *float64 { return &l.SoundMin }},
	{LimitBound{"sample_rate_min_hz", "Hz", srcMOE, 8000, 48000, 48000, 48000, false}, func(l *Limits) *float64 { return &l.SampleRate }},
	{LimitBound{"channels_min", "channels", srcMOE, 1, 2, 2, 1, false}, func(l *Limits) *float64 { return &l.Channels }},

	{LimitBound{"sync_early_ms", "ms", srcSync, 20, 200, 45, 45, false}, func(l *Limits) *float64 { return &l.SyncEarlyMS }},
	{LimitBound{"sync_late_ms", "ms", srcSync, 40, 300, 125, 125, false}, func(l *Limits) *float64 { return &l.SyncLateMS }},
	{LimitBound{"sync_early_fail_ms", "ms", srcSync, 20, 400, 90, 90, false}, func(l *Limits) *float64 { return &l.SyncEarlyFailMS }},
	{LimitBound{"sync_late_fail_ms", "ms", srcSync, 40, 400, 185, 185, false}, func(l *Limits) *float64 { return &l.SyncLateFailMS }},
	{LimitBound{"drift_ms", "ms", "R1.6a", 40, 500, 100, 100, false}, func(l *Limits) *float64 { return &l.DriftMS }},
	{LimitBound{"edge_ms", "ms", "R1.6a", 40, 5000, 100, 100, false}, func(l *Limits) *float64 { return &l.EdgeMS }},

	{LimitBound{"black_head_ms", "ms", "R1.6c", 100, 10000, 1000, 1000, false}, func(l *Limits) *float64 { return &l.BlackHeadMS }},
	{LimitBound{"black_ms", "ms", "R1.6c", 100, 10000, 1000, 1000, false}, func(l *Limits) *float64 { return &l.BlackMS }},
	{LimitBound{"black_tail_ms", "ms", "R1.6c", 100, 500, 500, 500, false}, func(l *Limits) *float64 { return &l.BlackTailMS }},
	{LimitBound{"freeze_s", "s", "R1.7d", 2, 3600, 5, 600, false}, func(l *Limits) *float64 { return &l.FreezeS }},
	{LimitBound{"gap_ms", "ms", "R1.7d", 60, 2000, 200, 300, false}, func(l *Limits) *float64 { return &l.GapMS }},
	{LimitBound{"lost_pct", "%", "R1.7d", 0, 5, 0.5, 0.5, false}, func(l *Limits) *float64 { return &l.Lost }},
	{LimitBound{"duplicated_pct", "%", "R1.7d", 0, 60, 5, 0, true}, func(l *Limits) *float64 { return &l.Duplicated }},
	{LimitBound{"uneven_pct", "%", "R1.7d", 0, 100, 2, 2, false}, func(l *Limits) *float64 { return &l.Uneven }},
	{LimitBound{"out_of_order", "frames", "R1.7d", 0, 100, 0, 0, false}, func(l *Limits) *float64 { return &l.OutOfOrder }},
	{LimitBound{"stretch_s", "s", "R1.7b", 1, 60, 3, 3, false}, func(l *Limits) *float64 { return &l.StretchS }},
	{LimitBound{"luma_min", "level", "R1.7b", 16, 100, 40, 32, false}, func(l *Limits) *float64 { return &l.LumaMin }},
	{LimitBound{"luma_max", "level", "R1.7b", 150, 235, 205, 235, false}, func(l *Limits) *float64 { return &l.LumaMax }},
	{LimitBound{"contrast_min", "level", "R1.7b", 0, 150, 60, 40, false}, func(l *Limits) *float64 { return &l.ContrastMin }},
	{LimitBound{"saturation_max", "level", "R1.7a", 30, 180, 75, 120, false}, func(l *Limits) *float64 { return &l.Saturation }},
	{LimitBound{"off_gamut_max_pct", "%", "R1.7a", 0.5, 100, 5, 5, false}, func(l *Limits) *float64 { return &l.OffGamut }},
	{LimitBound{"cast_max", "level", "R1.7c", 5, 100, 16, 0, true}, func(l *Limits) *float64 { return &l.Cast }},
	{LimitBound{"shake_max_pct", "%", "R1.7e", 0.02, 5, 0.25, 0, true}, func(l *Limits) *float64 { return &l.Shake }},

	{LimitBound{"loudness_min_lufs", "LUFS", srcLoudness, -36, -16, -24, -24, false}, func(l *Limits) *float64 { return &l.LoudnessMin }},
	{LimitBound{"loudness_max_lufs", "LUFS", srcLoudness, -24, -10, -16, -16, false}, func(l *Limits) *float64 { return &l.LoudnessMax }},
	{LimitBound{"true_peak_max_dbtp", "dBTP", srcLoudness, -9, 0, -1, -1, false}, func(l *Limits) *float64 { return &l.TruePeak }},
	{LimitBound{"range_max_lu", "LU", srcLoudness, 5, 30, 15, 15, false}, func(l *Limits) *float64 { return &l.Range }},
	{LimitBound{"silence_s", "s", "R1.7f", 2, 120, 10, 10, false}, func(l *Limits) *float64 { return &l.SilenceS }},
	{LimitBound{"sound_gap_ms", "ms", "R1.7g", 40, 2000, 100, 100, false}, func(l *Limits) *float64 { return &l.SoundGapMS }},
	{LimitBound{"clipped_max_permille", "‰", "R1.7g", 0.1, 50, 1, 1, false}, func(l *Limits) *float64 { return &l.Clipped }},
	{LimitBound{"snr_min_db", "dB", srcMOE, 10, 70, 48, 48, false}, func(l *Limits) *float64 { return &l.SNR }},
	{LimitBound{"snr_fail_db", "dB", "R1.7h", 10, 70, 35, 35, false}, func(l *Limits) *float64 { return &l.SNRFail }},
	{LimitBound{"hum_max_dbfs", "dBFS", "R1.7h", -90, -20, -55, -55, false}, func(l *Limits) *float64 { return &l.Hum }},
	{LimitBound{"balance_max_db", "dB", "R1.7g", 1, 40, 12, 12, false}, func(l *Limits) *float64 { return &l.Balance }},
}

// LimitBounds are the ranges and defaults of all numbers of a profile, in the order of forms.
func LimitBounds() []LimitBound {
	out := make([]LimitBound, len(limits))
	for i, n := range limits {
		out[i] = n.LimitBound
	}
	return out
}

// CourseBounds are those of the numbers that belong to a policy as a whole; Video and Slides hold the same default.
func CourseBounds() []LimitBound {
	return []LimitBound{
		{"loudness_spread_lu", "LU", "R1.8c", 0.5, 10, 3, 3, false},
		{"pitch_spread_pct", "%", "R1.8c", 2, 60, 20, 20, false},
		{"loudness_target_lufs", "LUFS", srcLoudness, -30, -12, -20, -20, false},
		{"hour_floor_pct", "%", srcHours, 50, 100, 90, 90, false},
	}
}

// DefaultInspectionPolicy is version 0: what holds where no operator has set anything.
var DefaultInspectionPolicy = defaultInspectionPolicy()

func defaultInspectionPolicy() InspectionPolicy {
	var p InspectionPolicy
	for _, n := range limits {
		*n.of(&p.Video), *n.of(&p.Slides) = n.Video, n.Slides
	}
	for i, b := range CourseBounds() {
		*p.course()[i] = b.Video
	}
	return p
}

// course are the numbers of CourseBounds, in its order.
func (p *InspectionPolicy) course() []*float64 {
	return []*float64{&p.LoudnessSpread, &p.PitchSpread, &p.LoudnessTarget, &p.HourFloor}
}

// Check refuses numbers outside their ranges and ranges that contradict each other.
// Errors: Invalid "media.policy_bounds" with a field a wrong number ("video.gap_ms": below, above, relation).
func (p *InspectionPolicy) Check() error {
	e := errs.New(errs.Invalid, "media.policy_bounds")
	for _, of := range []struct {
		profile string
		l       *Limits
	}{{"video.", &p.Video}, {"slides.", &p.Slides}} {
		for _, n := range limits {
			e = within(e, of.profile, *n.of(of.l), n.LimitBound)
		}
		for _, r := range of.l.relations() {
			if !r.ok {
				e = e.WithField(of.profile+r.name, "relation")
			}
		}
	}
	for i, b := range CourseBounds() {
		e = within(e, "", *p.course()[i], b)
	}
	if p.LoudnessTarget < max(p.Video.LoudnessMin, p.Slides.LoudnessMin) || p.LoudnessTarget > min(p.Video.LoudnessMax, p.Slides.LoudnessMax) {
		e = e.WithField("loudness_target_lufs", "relation")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// within notes a number that its bound does not allow; NaN is none that any bound allows.
func within(e *errs.Error, prefix string, v float64, b LimitBound) *errs.Error {
	switch {
	case b.Optional && v == 0, v >= b.Min && v <= b.Max:
		return e
	case v > b.Max:
		return e.WithField(prefix+b.Name, "above")
	}
	return e.WithField(prefix+b.Name, "below")
}

// relation says whether a number fits to another one.
type relation struct {
	ok   bool
	name string
}

func (l *Limits) relations() []relation {
	return []relation{
		{l.DurationMinS < l.DurationMaxS, "duration_min_s"},
		{l.FPSMin <= l.FPSMax, "fps_min"},
		{l.PictureMin <= l.PictureMax, "picture_min_kbps"},
		{l.SyncEarlyMS <= l.SyncEarlyFailMS, "sync_early_ms"},
		{l.SyncLateMS <= l.SyncLateFailMS, "sync_late_ms"},
		{l.LumaMin < l.LumaMax, "luma_min"},
		{l.LoudnessMin < l.LoudnessMax, "loudness_min_lufs"},
		{l.SNRFail <= l.SNR, "snr_fail_db"},
	}
}

package courseware

import (
	"fmt"

	"xueshi/internal/media"
)

func loudnessClips() []Clip {
	filtered := func(f string) Sound { return Sound{Filter: f} }
	return []Clip{
		{Name: "-40 LUFS", Sound: filtered("volume=-20dB"), Must: whole("loudness_low"), May: []string{"silence"}},
		{Name: "-30 LUFS", Sound: filtered("volume=-10dB"), Must: whole("loudness_low"), Quick: true},
		{Name: "-26.5 LUFS", Sound: filtered("volume=-6.5dB"), Must: whole("loudness_low")},
		{Name: "-12 LUFS", Sound: filtered("volume=9dB,alimiter=limit=0.7:attack=3:release=40:level=disabled"), Must: whole("loudness_high"), May: []string{"true_peak"}},
		{Name: "-5 LUFS", Sound: filtered("volume=20dB,alimiter=limit=0.8:attack=1:release=20:level=disabled"), Must: whole("loudness_high"), May: []string{"true_peak", "clipping"}, Quick: true},
		{Name: "-18 LUFS", Sound: filtered("volume=2dB")},
		{Name: "-22.5 LUFS", Sound: filtered("volume=-2.5dB")},
		{Name: "peak of +1 dBTP in one word", Sound: Sound{After: "volume=9dB:enable='between(t,5,6)'"}, Must: whole("true_peak"), May: []string{"loudness_high"}},
		{Name: "loud and soft in turn, 20 LU apart", Seconds: 16.5, Mux: Mux{Loop: 3}, Sound: filtered("volume='if(lt(mod(t,16.5),8.2),1,0.1)':eval=frame"), Must: whole("loudness_range")},
		{Name: "loud and soft in turn, 6 LU apart", Seconds: 16, Sound: filtered("volume='if(lt(mod(t,8),4),1,0.5)':eval=frame")},
		{Name: "clipped by 20 dB", Sound: filtered("volume=20dB,asoftclip=type=hard"), Must: whole("clipping", "loudness_high", "true_peak"), Quick: true},
		{Name: "clipped by 12 dB", Sound: filtered("volume=12dB,asoftclip=type=hard"), Must: whole("clipping", "loudness_high", "true_peak")},
		{Name: "clipped for 3 s", Sound: filtered("volume=20dB:enable='between(t,5,8)',asoftclip=type=hard"), Must: append(roughly("clipping", 5000, 8000), whole("true_peak")...), May: []string{"loudness_high", "loudness_range"}},
	}
}

func silenceClips() []Clip {
	hush := func(from, to float64) Sound {
		return Sound{Filter: fmt.Sprintf("volume=0:enable='between(t,%g,%g)'", from, to)}
	}
	// A packet holds 1024 samples, and the first one is the encoder's priming.
	dropped := func(from, to float64) Mux {
		return Mux{Options: fmt.Sprintf("-bsf:a noise=drop='between(n,%d,%d)'", int(from*48000/1024)+2, int(to*48000/1024))}
	}
	room := hush(5, 18)
	room.Noise, room.NoiseDB = "pink", -66
	matroska := dropped(5, 5.5)
	matroska.Ext = "mkv"
	return []Clip{
		{Name: "silent for 12 s", Seconds: 20, Sound: hush(5, 17), Must: at("silence", 5000, 17000), May: []string{"audio_bitrate_low"}, Quick: true},
		{Name: "only the room for 13 s", Seconds: 21, Sound: room, Must: []Defect{{Kind: "silence", FromMS: 5000, ToMS: 18000, ToleranceMS: 400}}},
		{Name: "silent under slides for 12 s, to the end", Profile: media.Slides, Seconds: 20, Picture: Picture{Scene: "white"}, Sound: hush(8, 20), Must: []Defect{{Kind: "silence", FromMS: 8000, ToMS: 20000, ToleranceMS: 500}}},
		{Name: "pause of 6 s", Seconds: 16, Sound: hush(5, 11)},
		{Name: "hole of 200 ms in the sound", Mux: dropped(5, 5.2), Must: at("sound_gap", 5000, 5200), Quick: true},
		{Name: "hole of 500 ms in the sound, in matroska", Mux: matroska, Must: at("sound_gap", 5000, 5500)},
		{Name: "hole of 150 ms in the sound", Mux: dropped(8, 8.15), Must: at("sound_gap", 8000, 8150)},
	}
}

// noisy is speech with a noise beside it; by the policy less than 35 dB below the speech fails and less than 48 dB warns. The
// speech's level (95th percentile of 50 ms) lies some 4 dB above its loudness.
func noisy(kind string, db float64, severity media.Severity) Clip {
	c := Clip{Name: fmt.Sprintf("%s noise at %g dBFS", kind, db), Sound: Sound{Noise: kind, NoiseDB: db}}
	if severity != "" {
		c.Must = []Defect{{Kind: "noise_floor", Severity: severity}}
	}
	return c
}

func humming(name, kind string, db float64, bad bool) Clip {
	c := Clip{Name: name, Sound: Sound{Noise: "hum=" + kind, NoiseDB: db}}
	if bad {
		c.Must = whole("hum")
	}
	return c
}

func noiseClips() []Clip {
	right := func(gain float64) Sound { return Sound{After: fmt.Sprintf("pan=stereo|c0=c0|c1=%g*c1", gain)} }
	empty := right(0)
	empty.Filter = "volume=2dB" // a channel alone is 3 LU softer
	softer := right(0.178)
	softer.Filter = "volume=2dB"
	return []Clip{
		noisy("white", -35, media.Fail), quick(noisy("white", -45, media.Fail)), noisy("white", -58, media.Warn), noisy("white", -75, ""),
		noisy("pink", -35, media.Fail), noisy("pink", -45, media.Fail), noisy("pink", -75, ""),
		noisy("babble", -35, media.Fail), noisy("babble", -45, media.Fail),
		quick(humming("hum of 50 Hz at -40 dBFS", "50", -40, true)), humming("hum of 50 Hz at -48 dBFS", "50", -48, true),
		humming("hum of 100 Hz at -40 dBFS", "100", -40, true), humming("hum of 100 Hz at -48 dBFS", "100", -48, true), humming("hum of 50 Hz at -68 dBFS", "50", -68, false),
		{Name: "right channel empty", Sound: empty, Must: whole("balance"), Quick: true},
		{Name: "right channel 15 dB softer", Sound: softer, Must: whole("balance")},
		{Name: "right channel 6 dB softer", Sound: right(0.5)},
	}
}

package courseware

import "xueshi/internal/media"

// mixedClips put known defects where other clips do not have them: other rooms, voices, rates, codecs and containers. They were
// labelled before an inspector saw them. At 15 and 30 frames a second a mark's flash is shown up to a frame after its time, so that
// the offset is that much larger than asked for.
func mixedClips() []Clip {
	bframes := "-c:v libx264 -preset veryfast -bf 3 -b:v 2500k -maxrate 4000k -bufsize 4000k -threads 2"
	offset := func(name string, early float64, severity media.Severity, change func(c *Clip)) Clip {
		c := marked(early, severity)
		c.Name = name
		change(&c)
		return c
	}
	return []Clip{
		offset("sync +55 ms at 30 frames a second in matroska", 55, media.Warn, func(c *Clip) { c.Picture.Rate, c.Mux.Ext = 30, "mkv" }),
		offset("sync -163 ms with a noisy room in a transport stream", -163, media.Warn, func(c *Clip) {
			c.Sound.Noise, c.Sound.NoiseDB, c.Mux.Ext, c.Picture.Encode = "pink", -45, "ts", bframes
			c.Must = append(c.Must, Defect{Kind: "noise_floor"})
		}),
		offset("sync -231 ms of 44.1 kHz and 64 kbit/s, on a dark stage", -231, media.Fail, func(c *Clip) {
			c.Picture.Scene, c.Sound.Encode = "stage", "-c:a aac -b:a 64k -ar 44100 -ac 2"
			c.Must, c.May = append(c.Must, Defect{Kind: "sample_rate"}), []string{"audio_bitrate_low"}
		}),
		offset("sync +107 ms at 15 frames a second", 107, media.Fail, func(c *Clip) {
			c.Picture.After = "fps=15"
			c.Must = append(c.Must, Defect{Kind: "frame_rate_low"})
		}),
		{Name: "black tail of 0.56 s, lens cap on, B-frames, transport stream", Picture: Picture{Filter: dark(11.44, 13), Grain: "noise=c0s=8:c0f=t", Encode: bframes}, Mux: Mux{Ext: "ts"}, Must: at("black_tail", 11440, 12000)},
		{Name: "black tail of 0.6 s in VP9", Seconds: 6, Picture: Picture{Filter: dark(5.4, 7), Encode: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2500k -row-mt 1"}, Sound: Sound{Encode: "-c:a libopus -b:a 128k -ar 48000 -ac 2"}, Mux: Mux{Ext: "webm"},
			Must: append(at("black_tail", 5400, 6000), whole("video_codec", "audio_codec")...)},
		{Name: "black tail of 0.5 s at 24 frames a second, grey black", Picture: Picture{Rate: 24, Filter: "drawbox=c=0x0c0c0c:t=fill:enable='" + during(11.5, 13) + "'"}, Must: append(at("black_tail", 11500, 12000), whole("frame_rate_low")...)},
		{Name: "black head of 2 s under music", Seconds: 14, Picture: Picture{Filter: dark(0, 2)}, Sound: Sound{Filter: music(4)}, Must: at("black_head", 0, 2000)},
		{Name: "black for 1.4 s on a dark stage", Picture: Picture{Scene: "stage", Filter: dark(6, 7.4)}, Must: at("black_inside", 6000, 7400)},
		{Name: "picture stands for 7 s, green board, B-frames", Picture: Picture{Scene: "board", After: frozen(3, 10, 25), Encode: bframes}, Must: at("freeze", 3000, 10000)},
		{Name: "picture stands for 7 s, MPEG-4 part 2", Picture: Picture{After: frozen(3, 10, 25), Encode: "-c:v mpeg4 -b:v 3000k"}, Must: append(at("freeze", 3000, 10000), whole("video_codec")...)},
		{Name: "hole of 400 ms at 50 frames a second in matroska", Picture: withScene(without(during(4, 4.4)), "studio50"), Mux: Mux{Ext: "mkv"}, Must: at("gap", 3980, 4400), May: []string{"dropped_frames"}},
		{Name: "every 30th frame lost, two teachers", Picture: Picture{Filter: "split[a][b];[a]crop=640:720:320:0[l];[b]crop=640:720:320:0,hflip[r];[l][r]hstack", After: "select='mod(n+1,30)'", Encode: goodEncode + " " + anyTime}, Must: whole("dropped_frames"), May: []string{"frame_rate_variable"}},
		{Name: "15 frames a second shown 30 times, board", Picture: Picture{Scene: "board", After: "fps=15,fps=30"}, Must: whole("duplicated_frames")},
		{Name: "16 frames a second shown 25 times, B-frames", Picture: Picture{Scene: "hall", After: "fps=16,fps=25", Encode: bframes}, Must: whole("duplicated_frames")},
		{Name: "handheld hall, 0.8 %", Picture: Picture{Scene: "hall", Frame: handheld(0.8, 0, 99)}, Must: whole("shake")},
		{Name: "handheld dark stage, 1 %", Picture: Picture{Scene: "stage", Frame: handheld(1, 0, 99)}, Must: whole("shake")},
		{Name: "handheld at 50 frames a second, 1 %", Seconds: 8, Picture: Picture{Scene: "studio50", Frame: handheld(1, 0, 99)}, Must: whole("shake")},
		{Name: "panels of wood in orange light", Picture: Picture{Scene: "wood", Filter: light(1.15, 0.95, 0.68)}, Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "grey hall in blue light", Picture: Picture{Scene: "hall", Filter: light(0.78, 0.97, 1.2)}, Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "green board in magenta light", Picture: Picture{Scene: "board", Filter: light(1.12, 0.8, 1.12)}, Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "dark hall", Picture: Picture{Scene: "hall", Filter: exposed("255*pow(val/255,4.5)")}, Must: whole("brightness_low")},
		{Name: "wood behind fog", Picture: Picture{Scene: "wood", Filter: levels("120+(val-16)*0.15", 0.3)}, Must: whole("contrast_low")},
		{Name: "woman with a fan beside her", Sound: Sound{Voice: "cmn+f2/60", Noise: "brown", NoiseDB: -30}, Must: []Defect{{Kind: "noise_floor", Severity: media.Fail}}},
		{Name: "Cantonese with white noise at -50 dBFS", Sound: Sound{Voice: "yue/45", Noise: "white", NoiseDB: -50}, Must: []Defect{{Kind: "noise_floor", Severity: media.Fail}}},
		{Name: "deep voice with a hum of 50 Hz", Sound: Sound{Voice: "cmn+m3/20", Noise: "hum=50", NoiseDB: -45}, Must: whole("hum")},
		{Name: "left channel 20 dB softer, woman", Sound: Sound{Voice: "cmn+f4/65", Filter: "volume=2dB", After: "pan=stereo|c0=0.1*c0|c1=c1"}, Must: whole("balance")},
		{Name: "woman clipped by 15 dB", Sound: Sound{Voice: "cmn+f2/60", Filter: "volume=15dB,asoftclip=type=hard"}, Must: whole("clipping", "loudness_high", "true_peak")},
		{Name: "silent for 11 s in matroska, mono slides", Profile: media.Slides, Seconds: 20, Picture: Picture{Scene: "darkblue"}, Sound: Sound{Filter: "volume=0:enable='between(t,4,15)'", Encode: "-c:a aac -b:a 96k -ar 48000 -ac 1"}, Mux: Mux{Ext: "mkv"}, Must: at("silence", 4000, 15000)},
		{Name: "hole of 300 ms in the sound of a transport stream", Mux: Mux{Ext: "ts", Options: "-bsf:a noise=drop='between(n,330,343)'"}, Must: at("sound_gap", 7000, 7300)},
		{Name: "telephone upright", Picture: Picture{Filter: "crop=406:720,scale=720:1280", Rate: 30}},
		{Name: "voice with the breath of a close microphone", Sound: Sound{Voice: "cmn+f2/60", Filter: "acompressor=threshold=-30dB:ratio=3:makeup=1,volume=9dB"}},
		{Name: "camera moves to the board and rests", Picture: Picture{Scene: "board", Frame: "crop=1280:720:x='min(160,max(0,(t-3)*60))':y=45"}},
		{Name: "light goes a little down", Picture: Picture{Filter: "eq=brightness='-0.08*gt(t,6)':eval=frame"}},
		{Name: "drawing with a coloured frame, slides", Profile: media.Slides, Picture: Picture{Scene: "white", Filter: "drawbox=x=700:y=300:w=400:h=300:c=0x20a060:t=fill,drawbox=x=740:y=340:w=320:h=220:c=0xe05030:t=fill"}},
	}
}

func withScene(p Picture, scene string) Picture {
	p.Scene = scene
	return p
}

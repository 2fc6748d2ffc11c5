package courseware

import (
	"fmt"

	"xueshi/internal/media"
)

func blackClips() []Clip {
	tail := func(name string, seconds, rate float64) Clip {
		return Clip{Name: name, Picture: Picture{Rate: rate, Filter: dark(12-seconds, 13)}, Must: at("black_tail", int64(12000-1000*seconds), 12000)}
	}
	clips := []Clip{
		quick(Clip{Name: "black head 1.5 s", Picture: Picture{Filter: dark(0, 1.5)}, Must: at("black_head", 0, 1500)}),
		{Name: "black head 3 s, lens cap on", Picture: Picture{Filter: dark(0, 3), Grain: "noise=c0s=7:c0f=t"}, Must: at("black_head", 0, 3000)},
		{Name: "black for 1.2 s", Picture: Picture{After: dark(5, 6.2)}, Must: at("black_inside", 5000, 6200)},
		{Name: "black for 4 s with a small logo", Picture: Picture{Filter: dark(4, 8) + ",drawbox=x=1180:y=20:w=70:h=40:c=0xd0d0d0:t=fill"}, Must: at("black_inside", 4000, 8000)},
		{Name: "black twice", Picture: Picture{Filter: dark(2, 3.5) + "," + dark(7, 9)}, Must: append(at("black_inside", 2000, 3500), at("black_inside", 7000, 9000)...)},
		{Name: "black for 2 s between slides", Profile: media.Slides, Seconds: 20, Picture: Picture{Scene: "white", Filter: dark(9, 11)}, Must: at("black_inside", 9000, 11000)},
		{Name: "dip to black 0.3 s", Picture: Picture{Filter: dark(5, 5.32)}},
		{Name: "fade out and in, black for 0.4 s", Picture: Picture{After: "fade=t=out:st=5:d=0.6:enable='lt(t,6)',fade=t=in:st=6:d=0.6:enable='gte(t,6)'"}},
		// The notice's own number: black at the end may not last half a second.
		quick(tail("black tail 0.5 s at 30 frames a second", 0.5, 30)), tail("black tail 0.5 s at 50 frames a second", 0.5, 50), tail("black tail 0.52 s", 0.52, 0),
		tail("black tail 0.7 s", 0.7, 50), quick(tail("black tail 1 s", 1, 0)), tail("black tail 5 s", 5, 0),
		{Name: "fade to a black tail of 0.8 s", Picture: Picture{Filter: "fade=t=out:st=10.4:d=0.8"}, Must: []Defect{{Kind: "black_tail", FromMS: 11160, ToMS: 12000, ToleranceMS: 250}}},
		{Name: "black tail 0.6 s of slides", Profile: media.Slides, Picture: Picture{Scene: "darkblue", Filter: dark(11.4, 13)}, Must: at("black_tail", 11400, 12000)},
	}
	for i := range clips {
		if clips[i].Name == "black tail 5 s" {
			clips[i].May = []string{"freeze"} // black stands still too
		}
	}
	return clips
}

func freezeClips() []Clip {
	return []Clip{
		{Name: "picture stands for 6 s", Picture: Picture{After: frozen(3, 9, 25)}, Must: at("freeze", 3000, 9000), Quick: true},
		{Name: "picture stands for 10 s", Seconds: 14, Picture: Picture{After: frozen(2, 12, 25)}, Must: at("freeze", 2000, 12000)},
		{Name: "picture stands to the end", Picture: Picture{After: frozen(5, 12, 25)}, Must: at("freeze", 5000, 12000)},
		{Name: "picture stands for 4 s", Picture: Picture{After: frozen(4, 8, 25)}},
		{Name: "slide stands for 15 s", Profile: media.Slides, Seconds: 20, Picture: Picture{Scene: "cream", After: frozen(2, 17, 25)}},
		{Name: "camera rests on a still object for 7 s", Picture: Picture{Frame: goodFrame + "," + frozen(4, 11, 25)}},
	}
}

// without leaves frames out and keeps the times of the others.
func without(when string) Picture {
	return Picture{After: "select='not(" + when + ")'", Encode: goodEncode + " " + anyTime}
}

// uneven moves the frames' times by an expression of the frame's number N, in seconds.
func uneven(by string) Picture {
	return Picture{After: "settb=1/90000,setpts='(N/25+" + by + ")/TB'", Encode: goodEncode + " " + anyTime}
}

func frameClips() []Clip {
	lost := without("not(mod(n+1,50))")
	every := without("not(mod(n+1,10))")
	twice := Picture{After: "fps=12,fps=25"}
	return []Clip{
		{Name: "hole of 500 ms", Picture: without(during(5, 5.5)), Must: at("gap", 4960, 5500), May: []string{"dropped_frames"}, Quick: true},
		{Name: "hole of 2 s", Picture: without(during(4, 6)), Must: at("gap", 3960, 6000), May: []string{"dropped_frames"}},
		{Name: "two holes of 300 ms", Picture: without(during(3, 3.3) + "+" + during(8, 8.3)), Must: append(at("gap", 2960, 3320), at("gap", 7960, 8320)...), May: []string{"dropped_frames"}},
		{Name: "every 50th frame lost", Picture: lost, Must: whole("dropped_frames"), Quick: true},
		{Name: "every 10th frame lost", Picture: every, Must: whole("dropped_frames"), May: []string{"frame_rate_variable"}},
		{Name: "12 frames a second shown 25 times", Picture: twice, Must: whole("duplicated_frames"), Quick: true},
		{Name: "24 frames a second shown 30 times", Picture: Picture{Rate: 24, After: "fps=30"}, Must: whole("duplicated_frames")},
		{Name: "every 10th frame doubled", Picture: Picture{After: "select='not(eq(mod(n,10),9))',setpts=N/(22.5*TB),fps=25"}, Must: whole("duplicated_frames")},
		{Name: "every 40th frame doubled", Picture: Picture{After: "select='not(eq(mod(n,40),39))',setpts=N/(24.375*TB),fps=25"}},
		{Name: "times of frames jitter by 10 ms", Picture: uneven("0.01*sin(N*1.9)"), Must: whole("frame_rate_variable")},
		{Name: "telephone: 24 and 30 frames a second in turn", Picture: Picture{After: "settb=1/90000,setpts='(if(lt(mod(N,108),48),mod(N,108)/24,2+(mod(N,108)-48)/30)+4*floor(N/108))/TB'", Encode: goodEncode + " " + anyTime}, Must: whole("frame_rate_variable")},
		{Name: "15 frames a second", Picture: Picture{Filter: "fps=15"}, Must: whole("frame_rate_low"), Quick: true},
		{Name: "20 frames a second", Picture: Picture{Filter: "fps=20"}, Must: whole("frame_rate_low")},
		{Name: "8 frames a second of slides", Profile: media.Slides, Picture: Picture{Scene: "white", Filter: "fps=8"}, Must: whole("frame_rate_low")},
		{Name: "120 frames a second", Seconds: 6, Picture: Picture{Scene: "studio50", Rate: 120}, Must: whole("frame_rate_high")},
		{Name: "packets out of order", Mux: Mux{Ext: "mkv", Options: "-bsf:v setts=pts='if(eq(mod(N,60),30),PTS+80,if(eq(mod(N,60),31),PTS-80,PTS))':dts='if(eq(mod(N,60),30),DTS+80,if(eq(mod(N,60),31),DTS-80,DTS))'"},
			Must: whole("out_of_order"), May: []string{"frame_rate_variable", "dropped_frames"}},
		{Name: "two recordings joined, the clock goes back", Seconds: 8, Mux: Mux{Ext: "ts", Options: "-muxdelay 0 -muxpreload 0", Joined: "-muxdelay 0 -muxpreload 0 -output_ts_offset 4"},
			Must: whole("out_of_order"), May: []string{"gap", "dropped_frames", "sound_gap", "av_edge", "frame_rate_variable"}},
	}
}

func fileClips() []Clip {
	encode := func(options string) Picture { return Picture{Encode: options} }
	ext := func(p Picture, e string) Picture { p.Ext = e; return p }
	sized := func(w, h int) Picture { return Picture{Filter: fmt.Sprintf("scale=%d:%d", w, h)} }
	length := func(c Clip, policy func(*media.InspectionPolicy)) Clip { c.Policy = policy; return c }
	defaults := func(p *media.InspectionPolicy) { *p = media.DefaultInspectionPolicy }
	return []Clip{
		{Name: "480 lines", Picture: sized(854, 480), Must: whole("resolution"), Quick: true},
		{Name: "360 lines", Picture: sized(640, 360), Must: whole("resolution")},
		{Name: "360 lines of slides", Profile: media.Slides, Picture: Picture{Scene: "white", Filter: "scale=640:360"}, Must: whole("resolution")},
		{Name: "interlaced", Seconds: 8, Picture: Picture{Scene: "studio50", After: "interlace=scan=tff:lowpass=linear", Encode: goodEncode + " -flags +ilme+ildct -x264-params tff=1"}, Must: whole("interlaced")},
		{Name: "200 kbit/s", Picture: Picture{Grain: "null", Encode: "-c:v libx264 -preset veryfast -b:v 200k -maxrate 250k -bufsize 250k -g 250 -threads 2"}, Must: whole("bitrate_low")},
		{Name: "700 kbit/s", Picture: Picture{Grain: "noise=c0s=2:c0f=t", Encode: "-c:v libx264 -preset veryfast -b:v 700k -maxrate 900k -bufsize 900k -g 250 -threads 2"}, Must: whole("bitrate_low")},
		{Name: "25 Mbit/s", Seconds: 6, Picture: Picture{Grain: "noise=c0s=14:c0f=t", Encode: "-c:v libx264 -preset ultrafast -b:v 25M -minrate 25M -maxrate 25M -bufsize 25M -x264-params nal-hrd=cbr -threads 2"}, Must: whole("bitrate_high")},
		{Name: "sound of 32 kbit/s", Sound: Sound{Encode: "-c:a aac -b:a 32k -ar 48000 -ac 2"}, Must: whole("audio_bitrate_low"), Quick: true},
		{Name: "44.1 kHz", Sound: Sound{Encode: "-c:a aac -b:a 160k -ar 44100 -ac 2"}, Must: whole("sample_rate")},
		{Name: "22.05 kHz", Sound: Sound{Encode: "-c:a aac -b:a 96k -ar 22050 -ac 2"}, Must: whole("sample_rate")},
		{Name: "mono", Sound: Sound{Encode: "-c:a aac -b:a 96k -ar 48000 -ac 1"}, Must: whole("channels"), Quick: true},
		{Name: "mono under slides", Profile: media.Slides, Picture: Picture{Scene: "white"}, Sound: Sound{Encode: "-c:a aac -b:a 96k -ar 48000 -ac 1"}},
		{Name: "no sound", Sound: Sound{None: true}, Must: whole("no_audio"), Quick: true},
		{Name: "MPEG-4 part 2", Picture: encode("-c:v mpeg4 -b:v 3000k"), Must: whole("video_codec")},
		{Name: "VP9 in WebM with Opus", Seconds: 6, Picture: encode("-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2500k -row-mt 1"), Sound: Sound{Encode: "-c:a libopus -b:a 128k -ar 48000 -ac 2"}, Mux: Mux{Ext: "webm"}, Must: whole("video_codec", "audio_codec")},
		{Name: "MP3", Sound: Sound{Encode: "-c:a libmp3lame -b:a 160k -ar 48000 -ac 2"}, Must: whole("audio_codec")},
		{Name: "program stream of MPEG-2", Picture: encode("-c:v mpeg2video -b:v 6000k -maxrate 8000k -bufsize 1835k"), Sound: Sound{Encode: "-c:a mp2 -b:a 192k -ar 48000 -ac 2"}, Mux: Mux{Ext: "mpg", Options: "-f vob"}, Must: whole("container", "video_codec", "audio_codec")},
		{Name: "ASF with WMV", Picture: ext(encode("-c:v wmv2 -b:v 3000k"), "avi"), Sound: Sound{Encode: "-c:a wmav2 -b:a 160k -ar 48000 -ac 2", Ext: "mka"}, Mux: Mux{Ext: "asf"}, Must: whole("container", "video_codec", "audio_codec")},
		{Name: "old camera: everything at once", Picture: Picture{Filter: "fps=15,scale=640:360", Encode: "-c:v mpeg4 -b:v 2000k", Ext: "avi"}, Sound: Sound{Encode: "-c:a libmp3lame -b:a 48k -ar 22050 -ac 1", Filter: "volume=-15dB", Ext: "wav"}, Mux: Mux{Ext: "avi"},
			Must: whole("resolution", "frame_rate_low", "video_codec", "audio_codec", "sample_rate", "channels", "audio_bitrate_low", "loudness_low")},
		length(Clip{Name: "12 s where three minutes are asked", Must: whole("duration_short"), Quick: true}, defaults),
		length(Clip{Name: "30 s of slides where a minute is asked", Profile: media.Slides, Seconds: 15, Picture: Picture{Scene: "white"}, Mux: Mux{Loop: 1}, Must: whole("duration_short")}, defaults),
		length(Clip{Name: "66 s of slides by the default policy", Profile: media.Slides, Seconds: 16.5, Picture: Picture{Scene: "white"}, Mux: Mux{Loop: 3}}, defaults),
		length(Clip{Name: "66 s of slides where a minute is the most", Profile: media.Slides, Seconds: 16.5, Picture: Picture{Scene: "white"}, Mux: Mux{Loop: 3}, Must: whole("duration_long")},
			func(p *media.InspectionPolicy) { p.Slides.DurationMaxS = 60 }),
	}
}

package courseware

import "xueshi/internal/media"

// cleanClips are lessons of different nature without a defect; others without one stand beside the defects they resemble.
func cleanClips() []Clip {
	twoCameras := Picture{Frame: "crop=w=1280:h=720:x='if(lt(mod(t,6),3),80,160)':y='if(lt(mod(t,6),3),45,90)'", Filter: "hflip=enable='gte(mod(t,6),3)'"}
	bframes := Picture{Encode: "-c:v libx264 -preset veryfast -bf 3 -b:v 2500k -maxrate 4000k -bufsize 4000k -threads 2"}
	return []Clip{
		{Name: "studio", Quick: true},
		{Name: "studio, woman, B-frames", Picture: bframes, Sound: Sound{Voice: "cmn+f2/60"}},
		{Name: "studio, deep voice", Sound: Sound{Voice: "cmn+m3/20"}},
		{Name: "studio, Cantonese", Sound: Sound{Voice: "yue/45"}},
		{Name: "studio, air conditioning far away", Sound: Sound{Noise: "brown", NoiseDB: -66}},
		{Name: "50 frames a second", Seconds: 8, Picture: Picture{Scene: "studio50"}},
		{Name: "60 frames a second in matroska", Seconds: 8, Picture: Picture{Scene: "studio50", Rate: 60}, Mux: Mux{Ext: "mkv"}},
		{Name: "30 frames a second in matroska, times rounded to milliseconds", Picture: Picture{Rate: 30}, Mux: Mux{Ext: "mkv"}},
		{Name: "29.97 frames a second", Picture: Picture{Filter: "setpts=N*1001/30000/TB,fps=30000/1001"}},
		{Name: "1080 lines", Seconds: 8, Picture: Picture{Filter: "scale=1920:1080", Encode: "-c:v libx264 -preset ultrafast -b:v 5000k -maxrate 8000k -bufsize 8000k -threads 2"}},
		{Name: "two cameras, hard cuts", Picture: twoCameras},
		{Name: "denoised picture", Picture: Picture{Grain: "null", Encode: "-c:v libx264 -preset ultrafast -b:v 1800k -minrate 1500k -maxrate 2500k -bufsize 2000k -x264-params nal-hrd=cbr -threads 2"}},
		{Name: "grainy picture", Picture: Picture{Grain: "noise=alls=10:allf=t"}},
		{Name: "MOV", Mux: Mux{Ext: "mov"}},
		{Name: "transport stream", Mux: Mux{Ext: "ts"}, Picture: bframes},
		{Name: "FLV", Mux: Mux{Ext: "flv"}},
		{Name: "AVI", Mux: Mux{Ext: "avi"}},
		{Name: "fragmented MP4", Mux: Mux{Options: "-movflags frag_keyframe+empty_moov"}},
		{Name: "white slides", Profile: media.Slides, Seconds: 15, Picture: Picture{Scene: "white"}, Quick: true},
		{Name: "dark blue slides", Profile: media.Slides, Seconds: 15, Picture: Picture{Scene: "darkblue"}, Quick: true},
		{Name: "slides at 10 frames a second", Profile: media.Slides, Seconds: 15, Picture: Picture{Scene: "cream", Filter: "fps=10"}},
		{Name: "slides that fade over", Profile: media.Slides, Seconds: 15, Picture: Picture{Scene: "white", Filter: "tmix=frames=20"}, Sound: Sound{Voice: "cmn+f4/65"}},
		{Name: "teacher in a corner of slides", Profile: media.Slides, Picture: Picture{Filter: "scale=320:180,pad=1280:720:940:520:0xf4f4f0,drawbox=x=40:y=40:w=1200:h=80:c=0x1f4e8c:t=fill,drawbox=x=60:y=180:w=700:h=40:c=0x303030:t=fill,drawbox=x=60:y=260:w=800:h=40:c=0x303030:t=fill", Grain: "null"}},
	}
}

// richClips are clean lessons that are more than a teacher in a room, or slides.
func richClips() []Clip {
	// Two teachers at two desks, one beside the other, the second a little later in all he does.
	two := "split[a][b];[a]crop=640:720:320:0[l];[b]tpad=start=31:start_mode=clone,crop=640:720:320:0,hflip,hue=h=25[r];[l][r]hstack=shortest=1"
	small := "split[a][b];[a]scale=1280:720,boxblur=20,eq=brightness=-0.05[room];[b]crop=600:720:340:0,scale=500:600[one];[room][one]overlay=700:80:shortest=1"
	return []Clip{
		{Name: "two teachers side by side", Picture: Picture{Filter: two}},
		{Name: "teacher in a frame before his own blurred room", Picture: Picture{Filter: small}},
		{Name: "music and a title before the lesson", Seconds: 16, Picture: Picture{Filter: title(5)}, Sound: Sound{Filter: music(5)}},
		{Name: "lecture with soft music under it", Sound: Sound{Filter: "anull[say];" + notes() + ",volume=-42dB[play];[say][play]amix=inputs=2:normalize=0:duration=first"}},
		{Name: "recorded screen", Profile: media.Slides, Picture: Picture{Scene: "screen"}, Sound: Sound{Voice: "cmn+f2/55"}},
		{Name: "whiteboard animation", Profile: media.Slides, Seconds: 16, Picture: Picture{Scene: "whiteboard"}, Sound: Sound{Voice: "cmn+m3/40"}},
		{Name: "grey hall, teacher in a dark suit", Picture: Picture{Scene: "hall"}},
		{Name: "red backdrop of an official lecture", Picture: Picture{Scene: "redhall"}},
		{Name: "answers after a pause for thinking", Seconds: 18, Sound: Sound{Filter: "volume=0:enable='between(t,6,13)'", Noise: "pink", NoiseDB: -75}},
	}
}

// Clips is the whole corpus.
func Clips() (all []Clip) {
	for _, part := range [][]Clip{cleanClips(), richClips(), mixedClips(), syncClips(), blackClips(), freezeClips(), frameClips(), fileClips(), lightClips(), castClips(), cameraClips(), loudnessClips(), silenceClips(), noiseClips()} {
		all = append(all, part...)
	}
	return all
}

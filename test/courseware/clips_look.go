package courseware

import "xueshi/internal/media"

func lightClips() []Clip {
	filtered := func(f string) Picture { return Picture{Filter: f} }
	return []Clip{
		{Name: "very dark", Picture: filtered(levels("16+(val-16)*0.12", 0.15)), Must: whole("brightness_low"), May: []string{"contrast_low"}, Quick: true},
		{Name: "a little too dark", Picture: filtered(exposed("255*pow(val/255,4.2)")), Must: whole("brightness_low")},
		{Name: "light off for 5 s", Picture: filtered(levels("16+(val-16)*0.1", 0.1) + ":enable='" + during(4, 9) + "'"), Must: roughly("brightness_low", 4000, 9000), May: []string{"contrast_low"}},
		{Name: "overexposed", Picture: filtered(levels("min(val*1.15+90,235)", 0.7)), Must: whole("brightness_high"), May: []string{"contrast_low", "off_gamut"}},
		{Name: "a little too bright", Picture: filtered(exposed("min(val*3.4,255)")), Must: whole("brightness_high"), May: []string{"off_gamut"}},
		{Name: "washed out", Picture: filtered(levels("100+(val-16)*0.22", 0.6)), Must: whole("contrast_low"), Quick: true},
		{Name: "nearly grey", Picture: filtered(levels("110+(val-16)*0.12", 0.2)), Must: whole("contrast_low")},
		{Name: "fog on the lens for 5 s", Picture: filtered(levels("110+(val-16)*0.18", 0.3) + ":enable='" + during(4, 9) + "'"), Must: roughly("contrast_low", 4000, 9000)},
		{Name: "pale slides", Profile: media.Slides, Picture: Picture{Scene: "white", Filter: levels("200+(val-16)*0.1", 0.2)}, Must: whole("contrast_low")},
		{Name: "green screen left in", Picture: Picture{Scene: "greenscreen", Frame: "scale=960:540,pad=1280:720:160:180:0x08ff10"}, Must: whole("saturation_high"), May: []string{"colour_cast", "off_gamut"}},
		{Name: "wall painted for keying left in", Picture: Picture{Scene: "greenwall"}, Must: whole("colour_cast"), May: []string{"saturation_high"}},
		{Name: "colours three times too strong", Picture: Picture{Scene: "curtain", Filter: levels("val", 4)}, Must: whole("saturation_high"), May: []string{"off_gamut", "colour_cast"}},
		{Name: "colours beyond the screen", Picture: filtered(levels("val", 4.5)), Must: whole("off_gamut"), May: []string{"saturation_high", "colour_cast"}, Quick: true},
		{Name: "whiter than white", Picture: filtered(levels("16+(val-16)*1.45", 1)), Must: whole("off_gamut")},
	}
}

func castClips() []Clip {
	lit := func(r, g, b float64) Picture { return Picture{Filter: light(r, g, b)} }
	return []Clip{
		{Name: "blue cast, strong", Picture: lit(0.7, 0.95, 1.35), Must: whole("colour_cast"), May: []string{"off_gamut"}, Quick: true},
		{Name: "blue cast", Picture: lit(0.82, 0.98, 1.2), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "orange cast, strong", Picture: lit(1.25, 0.95, 0.55), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "orange cast", Picture: lit(1.12, 0.98, 0.72), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "green cast, strong", Picture: lit(0.72, 1.12, 0.72), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "green cast", Picture: lit(0.82, 1.06, 0.82), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "magenta cast", Picture: lit(1.1, 0.78, 1.1), Must: whole("colour_cast"), May: []string{"off_gamut"}},
		{Name: "warm light, hardly a cast", Picture: lit(1.03, 1, 0.95)},
		{Name: "green board", Picture: Picture{Scene: "board"}, Quick: true},
		{Name: "blue curtain", Picture: Picture{Scene: "curtain"}},
		{Name: "panels of wood", Picture: Picture{Scene: "wood"}},
		{Name: "meadow under a pale sky", Picture: Picture{Scene: "meadow"}},
		{Name: "dark stage", Picture: Picture{Scene: "stage"}},
	}
}

func cameraClips() []Clip {
	framed := func(f string) Picture { return Picture{Frame: f} }
	return []Clip{
		{Name: "handheld, 0.5 %", Picture: framed(handheld(0.5, 0, 99)), Must: whole("shake"), Quick: true},
		{Name: "handheld, 1 %", Picture: framed(handheld(1, 0, 99)), Must: whole("shake")},
		{Name: "handheld, 2 %", Picture: framed(handheld(2, 0, 99)), Must: whole("shake")},
		{Name: "handheld board, 1 %", Picture: Picture{Scene: "board", Frame: handheld(1, 0, 99)}, Must: whole("shake")},
		{Name: "handheld for 6 s, 1 %", Picture: framed(handheld(1, 3, 9)), Must: roughly("shake", 3000, 9000)},
		{Name: "tripod on a living floor, 0.05 %", Picture: framed(handheld(0.05, 0, 99))},
		{Name: "slow pan", Picture: framed("crop=1280:720:x='10*t':y=45:exact=1")},
		{Name: "slow zoom", Picture: framed("scale=w='2*floor(720*(1-0.008*t))':h='2*floor(405*(1-0.008*t))':eval=frame,crop=1280:720")},
		{Name: "a passer-by before a steady camera", Picture: Picture{Filter: "null[bg];color=c=0x554438:s=260x600:r=25[by];[bg][by]overlay=x='-300+180*t':y=120:shortest=1"}},
	}
}

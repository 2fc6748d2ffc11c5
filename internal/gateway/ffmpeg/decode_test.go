package ffmpeg

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFrameTimes(t *testing.T) {
	var f frameTimes
	err := f.read(strings.NewReader("#software: Lavf\n#tb 0: 1/90000\n#dimensions 0: 320x180\n" +
		"0,          0,          0,     3600,    86400, 0xd28ad2d4\n0,       3600,       3600,     3600,    86400, 0x1\nshort,1\n0, x, y, 1, 2, 3\n0,       9000,       9000,     3600,    86400, 0x1\n"))
	if err != nil || !slices.Equal(f.at, []float64{0, 40, 100}) || f.endMS != 140 {
		t.Errorf("%v %v", f, err)
	}
}

func TestLoudnessLines(t *testing.T) {
	l := loudness{integrated: -70}
	_ = l.read(strings.NewReader("frame:0 pts:0 pts_time:0.1\nlavfi.r128.S=-120.7\nlavfi.r128.I=-70.0\nlavfi.r128.LRA=0.0\nlavfi.r128.true_peak=0.25\n" +
		"frame:1 pts:9 pts_time:2.9\nlavfi.r128.S=-21.5\nlavfi.r128.I=-20.5\nlavfi.r128.LRA=3.25\nlavfi.r128.true_peak=0.5\nlavfi.r128.S=nan\nlavfi.r128.I=-inf\nlavfi.r128.true_peak=0.1\nlavfi.r128.M=9"))
	if !slices.Equal(l.short, []float64{-70, -70, -21.5}) || l.integrated != -20.5 || l.lra != 3.25 || math.Abs(l.dBTP()+6.02) > 0.01 {
		t.Errorf("%+v", l)
	}
	if silent := (&loudness{}).dBTP(); silent != -120 {
		t.Errorf("nothing has a peak of %g", silent)
	}
}

func FuzzFrameTimes(f *testing.F) {
	f.Add("#tb 0: 1/90000\n0, 0, 0, 3600, 1, 0x0")
	f.Add("#tb 0: -1/0\n0, 9223372036854775807, -9223372036854775808, 9223372036854775807, 1, 0x0")
	f.Fuzz(func(t *testing.T, text string) {
		var times frameTimes
		_ = times.read(strings.NewReader(text))
		for _, at := range times.at {
			if math.IsNaN(at) || at > times.endMS && times.endMS > 0 && at > 0 {
				t.Errorf("%v behind the end %v", at, times.endMS)
			}
		}
	})
}

func FuzzLoudness(f *testing.F) {
	f.Add("frame:0 pts:0 pts_time:0.1\nlavfi.r128.S=-20\nlavfi.r128.I=-20\nlavfi.r128.true_peak=0.5")
	f.Add("frame:0 pts_time:14459\nlavfi.r128.S=1\npts_time:-5\nlavfi.r128.S=1\npts_time:1e99\nlavfi.r128.true_peak=inf")
	f.Fuzz(func(t *testing.T, text string) {
		l := loudness{integrated: -70}
		_ = l.read(strings.NewReader(text))
		if len(l.short) > maxDurationMS/1000+60 || math.IsNaN(l.dBTP()) || math.IsInf(l.dBTP(), 0) || l.integrated < -70 {
			t.Errorf("%d seconds, %g dBTP, %g LUFS", len(l.short), l.dBTP(), l.integrated)
		}
	})
}

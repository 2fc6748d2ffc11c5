package media

import (
	"slices"
	"strings"
	"testing"

	"xueshi/internal/kernel/errs"
)

func TestParseVTT(t *testing.T) {
	t.Parallel()
	cues, err := ParseVTT("\ufeffWEBVTT 标题\r\n\r\nNOTE 一句话\r\n\r\n1\r\n00:01.000 --> 00:02.500 line:80%\r\n第一句\r\n第二行\r\n\r\n01:00:00.000 --> 01:00:01.000\r\n末句\r\n", 4_000_000)
	if want := []Cue{{1000, 2500, "第一句\n第二行"}, {3_600_000, 3_601_000, "末句"}}; err != nil || !slices.Equal(cues, want) {
		t.Errorf("%+v, %v", cues, err)
	}
	for text, what := range map[string]string{
		"": "header", "WEBVTTX\n": "header", "WEBVTT\n": "empty", "WEBVTT\n\xff": "utf8", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n": "empty",
		"WEBVTT\n\n00:02.000 --> 00:01.000\na": "time", "WEBVTT\n\n00:61.000 --> 00:62.000\na": "time", "WEBVTT\n\n0:01.000 --> 00:02.000\na": "time", "WEBVTT\n\n00:01,000 --> 00:02.000\na": "time",
		"WEBVTT\n\n00:03.000 --> 00:04.000\na\n\n00:01.000 --> 00:02.000\nb": "order", "WEBVTT\n\n00:10.000 --> 00:11.000\na": "beyond", "WEBVTT\n" + strings.Repeat("x", maxVTT): "size",
	} {
		if _, err := ParseVTT(text, 10_000); errs.As(err).Code != "media.captions" || errs.As(err).Params["what"] != what {
			t.Errorf("%.40q: %v %v, want %s", text, err, errs.As(err).Params, what)
		}
	}
}

func FuzzParseVTT(f *testing.F) {
	f.Add("WEBVTT\n\n00:01.000 --> 00:02.000\na\n")
	f.Add("WEBVTT\n\n99:59:59.999 --> -->\n")
	f.Fuzz(func(t *testing.T, text string) {
		cues, err := ParseVTT(text, 60_000)
		for _, c := range cues {
			if err == nil && (c.FromMS < 0 || c.ToMS <= c.FromMS || c.FromMS >= 60_000 || c.Text == "") {
				t.Errorf("%+v", c)
			}
		}
	})
}

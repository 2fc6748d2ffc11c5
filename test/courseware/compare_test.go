package courseware

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/media"
)

func TestWhatCountsAsFound(t *testing.T) {
	finding := func(kind string, from, to int64) media.Finding {
		return media.Finding{Kind: kind, Severity: media.Fail, FromMS: from, ToMS: to}
	}
	black := at("black_inside", 5000, 6000)
	for name, c := range map[string]struct {
		clip                 Clip
		findings             []media.Finding
		found, missed, extra []string
	}{
		"in its place":              {Clip{Must: black}, []media.Finding{finding("black_inside", 4900, 6100)}, []string{"black_inside"}, nil, nil},
		"in two pieces":             {Clip{Must: black}, []media.Finding{finding("black_inside", 5000, 5400), finding("black_inside", 5500, 6000)}, []string{"black_inside"}, nil, nil},
		"too long":                  {Clip{Must: black}, []media.Finding{finding("black_inside", 4000, 6000)}, nil, []string{"black_inside"}, nil},
		"too short":                 {Clip{Must: black}, []media.Finding{finding("black_inside", 5000, 5500)}, nil, []string{"black_inside"}, nil},
		"elsewhere":                 {Clip{Must: black}, []media.Finding{finding("black_inside", 8000, 9000)}, nil, []string{"black_inside"}, []string{"black_inside"}},
		"of another kind":           {Clip{Must: black}, []media.Finding{finding("freeze", 5000, 6000)}, nil, []string{"black_inside"}, []string{"freeze"}},
		"of another severity":       {Clip{Must: []Defect{{Kind: "hum", Severity: media.Warn}}}, []media.Finding{finding("hum", 0, 0)}, nil, []string{"hum"}, nil},
		"twice where nothing is":    {Clip{}, []media.Finding{finding("gap", 1000, 2000), finding("gap", 4000, 5000)}, nil, nil, []string{"gap", "gap"}},
		"what the recipe brings":    {Clip{Must: black, May: []string{"freeze"}}, []media.Finding{finding("black_inside", 5000, 6000), finding("freeze", 0, 9)}, []string{"black_inside"}, nil, nil},
		"nothing":                   {Clip{Must: black}, nil, nil, []string{"black_inside"}, nil},
		"one of two":                {Clip{Must: append(at("gap", 1000, 2000), at("gap", 5000, 6000)...)}, []media.Finding{finding("gap", 1000, 2000)}, []string{"gap"}, []string{"gap"}, nil},
		"the whole file for a part": {Clip{Must: black}, []media.Finding{finding("black_inside", 0, 0)}, nil, []string{"black_inside"}, nil},
	} {
		var got Checked
		compare(&got, &c.clip, c.findings)
		if !slices.Equal(got.Found, c.found) || !slices.Equal(got.Missed, c.missed) || !slices.Equal(got.False, c.extra) {
			t.Errorf("%s: found %v, missed %v, not put in %v", name, got.Found, got.Missed, got.False)
		}
	}
}

// blind sees nothing.
type blind struct{ media.Inspector }

func (blind) Measure(context.Context, string, func(int64, int64)) (*media.Measured, error) {
	return nil, errors.New("blind")
}

func TestAClipThatCannotBeInspectedIsMissed(t *testing.T) {
	for _, c := range []Clip{{Must: whole("hum", "gap")}, {}} {
		r := Result{Clips: []Checked{inspect(t.Context(), blind{}, media.Judge, &c, "")}}
		if f := r.Figures(); f.Missed != max(1, len(c.Must)) || f.Recall != 0 || r.Clips[0].Good() {
			t.Errorf("%+v", f)
		}
	}
}

func TestFiguresNameWhatIsMissing(t *testing.T) {
	put, got := 60.0, 101.5
	marked := Checked{Clip: "a|b", Sync: &put, SyncGot: &got, Found: []string{"av_offset"}}
	lost := Checked{Clip: "tail", Missed: []string{"black_tail"}, False: []string{"gap"}}
	r := Result{Clips: []Checked{marked, lost}}
	f := r.Figures()
	if f.Recall != 50 || f.Precision != 50 || f.OffMS != 41.5 || len(f.Problems()) != 4 {
		t.Errorf("%+v: %v", f, f.Problems())
	}
	if table := r.Table(); !strings.Contains(table, "| a/b | av_offset | av_offset |  |  | +60, off by 41.5 |") || !strings.Contains(table, "| tail | black_tail |  | **black_tail** | **gap** |  |") {
		t.Error(table)
	}
	r.Clips[0].SyncGot = nil
	if f := r.Figures(); f.OffMS >= 0 || !math.IsInf(r.Clips[0].Off(), 1) || !slices.Contains(f.Problems(), "sync marks were not seen") {
		t.Errorf("%+v", f)
	}
}

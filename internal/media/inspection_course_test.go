package media

import (
	"slices"
	"testing"
)

func TestLessonsApartAreNamed(t *testing.T) {
	p := DefaultInspectionPolicy
	lesson := func(id string, loudness, pitch float64) LessonMeasured { return LessonMeasured{id, loudness, pitch} }
	type named struct {
		lesson, kind string
		value        float64
	}
	for name, c := range map[string]struct {
		lessons []LessonMeasured
		want    []named
	}{
		"within the limits":              {[]LessonMeasured{lesson("a", -21.5, 180), lesson("b", -18.5, 216), lesson("c", -20, 200)}, nil},
		"one is too loud":                {[]LessonMeasured{lesson("a", -21, 180), lesson("b", -17, 180), lesson("c", -20, 180)}, []named{{"b", "loudness_spread", 4}}},
		"of two the later is named":      {[]LessonMeasured{lesson("a", -17, 180), lesson("b", -21, 180)}, []named{{"b", "loudness_spread", 4}}},
		"both sides of the many":         {[]LessonMeasured{lesson("a", -26, 0), lesson("b", -20, 0), lesson("c", -20, 0), lesson("d", -14, 0)}, []named{{"a", "loudness_spread", 6}, {"d", "loudness_spread", 6}}},
		"another voice":                  {[]LessonMeasured{lesson("a", -20, 120), lesson("b", -20, 210), lesson("c", -20, 125)}, []named{{"b", "pitch_spread", 75}}},
		"silent and speechless ones":     {[]LessonMeasured{lesson("a", -20, 180), lesson("b", -70, 0), lesson("c", -20, 180)}, nil},
		"loudness before pitch":          {[]LessonMeasured{lesson("a", -20, 180), lesson("b", -24, 100)}, []named{{"b", "loudness_spread", 4}, {"b", "pitch_spread", 80}}},
		"one lesson differs from nobody": {[]LessonMeasured{lesson("a", -10, 180)}, nil},
		"no lessons":                     {nil, nil},
	} {
		var got []named
		for _, f := range JudgeCourse(c.lessons, &p) {
			got = append(got, named{f.LessonID, f.Finding.Kind, f.Finding.Value})
			if k := kindOf[f.Finding.Kind]; f.Finding.Severity != Warn || f.Finding.Unit != k.Unit || f.Finding.Clause != "R1.8c" || f.Finding.Value <= f.Finding.Limit {
				t.Errorf("%s: %+v", name, f.Finding)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestALessonIsComparedByItsSound(t *testing.T) {
	m := flawless()
	if c := Compared("a", m); c != (LessonMeasured{"a", -20, 180}) {
		t.Error(c)
	}
	m.Sound = nil
	if c := Compared("a", m); c.Loudness > silentLUFS || c.Pitch != 0 {
		t.Error(c)
	}
}

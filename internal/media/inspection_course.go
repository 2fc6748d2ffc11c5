package media

import (
	"cmp"
	"slices"
)

// LessonMeasured is what of a lesson's measurement is held against the other lessons of its teacher.
type LessonMeasured struct {
	LessonID string
	Loudness float64 // LUFS; silent lessons are left out
	Pitch    float64 // Hz; 0 = too little speech to say
}

// LessonFinding is a finding about one lesson among those of its course.
type LessonFinding struct {
	LessonID string  `json:"lesson_id"`
	Finding  Finding `json:"finding"`
}

// Compared is what JudgeCourse needs of a lesson's report.
func Compared(lessonID string, m *Measured) LessonMeasured {
	c := LessonMeasured{LessonID: lessonID, Loudness: silentLUFS}
	if m.Sound != nil {
		c.Loudness, c.Pitch = max(m.Sound.Loudness, silentLUFS), m.Sound.Pitch
	}
	return c
}

// JudgeCourse holds the lessons of one teacher against each other (R1.8c), in their order: the largest group whose members differ
// by no more than the policy allows sets the measure, and each lesson outside it is named with its distance. Lessons in two
// groups of one size: the one with the earliest lesson. It only warns; whether a voice is another's is for ears to say.
func JudgeCourse(lessons []LessonMeasured, p *InspectionPolicy) []LessonFinding {
	out := []LessonFinding{}
	out = append(out, apart(lessons, "loudness_spread", p.LoudnessSpread, func(l LessonMeasured) (float64, bool) { return l.Loudness, l.Loudness > silentLUFS },
		func(lo, hi float64) float64 { return hi - lo })...)
	return append(out, apart(lessons, "pitch_spread", p.PitchSpread, func(l LessonMeasured) (float64, bool) { return l.Pitch, l.Pitch > 0 },
		func(lo, hi float64) float64 { return 100 * (hi/lo - 1) })...)
}

// voice is one value of one lesson; no is its place in the course.
type voice struct {
	no    int
	value float64
}

// apart names the lessons outside the largest group. In a group as large as can be, a lesson outside is further than the limit
// from one of its members, or it would be one.
func apart(lessons []LessonMeasured, kind string, limit float64, of func(LessonMeasured) (float64, bool), distance func(lo, hi float64) float64) []LessonFinding {
	var all []voice
	for no, l := range lessons {
		if v, ok := of(l); ok {
			all = append(all, voice{no, v})
		}
	}
	slices.SortFunc(all, func(a, b voice) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.no, b.no)) })
	from, to := largest(all, limit, distance)
	var out []LessonFinding
	for i, v := range all {
		d := 0.0
		switch {
		case i < from:
			d = distance(v.value, all[to-1].value)
		case i >= to:
			d = distance(all[from].value, v.value)
		default:
			continue
		}
		k := kindOf[kind]
		out = append(out, LessonFinding{lessons[v.no].LessonID, Finding{Kind: kind, Clause: k.Clause, Severity: k.Severity, Value: rounded(d, limit), Limit: limit, Unit: k.Unit}})
	}
	slices.SortStableFunc(out, func(a, b LessonFinding) int { return cmp.Compare(place(lessons, a), place(lessons, b)) })
	return out
}

func place(lessons []LessonMeasured, f LessonFinding) int {
	return slices.IndexFunc(lessons, func(l LessonMeasured) bool { return l.LessonID == f.LessonID })
}

// largest is the longest run of sorted values that lie within the limit; among equals the one with the earliest lesson.
func largest(all []voice, limit float64, distance func(lo, hi float64) float64) (from, to int) {
	earliest := func(from, to int) int {
		return slices.MinFunc(all[from:to], func(a, b voice) int { return cmp.Compare(a.no, b.no) }).no
	}
	for i, j := 0, 0; i < len(all); i++ {
		for j < len(all) && distance(all[i].value, all[j].value) <= limit {
			j++
		}
		if n := j - i; n > to-from || n > 0 && n == to-from && earliest(i, j) < earliest(from, to) {
			from, to = i, j
		}
	}
	return from, to
}

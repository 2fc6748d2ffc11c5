package fault

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"xueshi/internal/catalog"
	"xueshi/internal/kernel/errs"
)

// Bounds of reports and answers.
const (
	dayMost     = 20  // reports of one learner a day
	noteMost    = 500 // characters of a note or an answer
	reasonLeast = 4   // characters where words are needed
	notesShown  = 20  // notes shown under one place
)

// Kinds are what can be wrong; the table holds the same list.
var Kinds = []string{"no_sound", "noise", "black", "frozen", "out_of_sync", "blurred", "wrong_content", "captions", "other"}

// Draft is a fault as a page sends it.
type Draft struct {
	LessonID string
	Rev      int64 // the revision that is looked at; 0 = the one learners play now
	Kind     string
	AtMS     int64 // position in that revision; kept to the second
	Note     string
}

// check cleans a draft against its lesson; words says that a note is needed whatever the kind.
// Errors: Invalid "fault.draft" with the field.
func (d *Draft) check(l catalog.Lesson, words bool) error {
	e := errs.New(errs.Invalid, "fault.draft", "least", reasonLeast, "most", noteMost)
	if !slices.Contains(Kinds, d.Kind) {
		return e.WithField("kind", "invalid")
	}
	if d.AtMS < 0 || d.AtMS > l.DurationMS {
		return e.WithField("at_ms", "range")
	}
	d.AtMS -= d.AtMS % 1000
	d.Note = clean(d.Note)
	n := utf8.RuneCountInString(d.Note)
	if n > noteMost || n < reasonLeast && (words || d.Kind == "other") {
		return e.WithField("note", "length")
	}
	return nil
}

// clean trims a text and drops what no reader sees.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text))
}

// Own is a fault as the one who told it reads it.
type Own struct {
	ID         string     `json:"id"`
	LessonID   string     `json:"lesson_id"`
	Rev        int64      `json:"rev"`
	Kind       string     `json:"kind" enum:"no_sound,noise,black,frozen,out_of_sync,blurred,wrong_content,captions,other"`
	AtMS       int64      `json:"at_ms" doc:"In the revision it was told of"`
	Note       string     `json:"note"`
	State      string     `json:"state" enum:"open,mended,refused"`
	Answer     string     `json:"answer"`
	At         time.Time  `json:"at"`
	AnsweredAt *time.Time `json:"answered_at"`
}

// Place is all reports of one kind at one second of one revision, or one objection.
type Place struct {
	ID         string     `json:"id"`
	LessonID   string     `json:"lesson_id"`
	Lesson     string     `json:"lesson"`
	CourseID   string     `json:"course_id"`
	Course     string     `json:"course"`
	Rev        int64      `json:"rev" doc:"The revision it is about"`
	Playing    int64      `json:"playing" doc:"The revision learners play now"`
	Source     string     `json:"source" enum:"learner,bureau"`
	Kind       string     `json:"kind" enum:"no_sound,noise,black,frozen,out_of_sync,blurred,wrong_content,captions,other"`
	AtMS       int64      `json:"at_ms"`
	People     int64      `json:"people" doc:"How many have told it"`
	Notes      []string   `json:"notes" doc:"What they wrote, the first twenty; without names"`
	State      string     `json:"state" enum:"open,mended,refused"`
	Mendable   bool       `json:"mendable" doc:"Something that may mend it is published: a later revision, or other captions for a fault of captions"`
	Answer     string     `json:"answer"`
	MendedRev  int64      `json:"mended_rev" doc:"The revision that mended it; 0 = none"`
	At         time.Time  `json:"at" doc:"When it was first told"`
	AnsweredAt *time.Time `json:"answered_at"`
	AnsweredBy string     `json:"answered_by" doc:"Name of the provider's"`
}

// Answer is what a provider says to a place.
type Answer struct {
	Verdict string `json:"verdict" enum:"mended,refused" doc:"mended = a later revision (or other captions) is published; refused = nothing was wrong"`
	Note    string `json:"note,omitempty" maxLength:"2000" doc:"Needed to refuse: why nothing was wrong"`
}

// check cleans an answer against its place. Errors: Invalid "fault.answer" with the field; Conflict "fault.not_mended" {rev}.
func (a *Answer) check(p Place) error {
	e := errs.New(errs.Invalid, "fault.answer", "least", reasonLeast, "most", noteMost)
	a.Note = clean(a.Note)
	n := utf8.RuneCountInString(a.Note)
	switch {
	case a.Verdict != "mended" && a.Verdict != "refused":
		return e.WithField("verdict", "invalid")
	case n > noteMost, a.Verdict == "refused" && n < reasonLeast:
		return e.WithField("note", "length")
	case a.Verdict == "mended" && !p.Mendable:
		return errs.New(errs.Conflict, "fault.not_mended", "rev", p.Rev)
	}
	return nil
}

// by is the revision that a mended place names; a fault of captions may be mended within its revision.
func (a Answer) by(p Place) int64 {
	if a.Verdict == "mended" {
		return p.Playing
	}
	return 0
}

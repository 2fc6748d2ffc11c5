package catalog

import (
	"time"

	"xueshi/internal/media"
	"xueshi/internal/platform/jobs"
)

// Courseware is one revision of what is played in a lesson.
//
//	inspecting ──report──▶ inspected ──sign-off──▶ reviewed ──publish──▶ published ──replaced──▶ withdrawn
//	     └──────────────── refused ◀── by the reviewer, or a file that cannot be read ┘
//
// The database holds the gate too: reviewed and published need a report with no unwaived failing finding, renditions, a
// reviewer who is not the uploader, and captions or a reason for having none (R1.6b).
type Courseware struct {
	LessonID       string            `json:"lesson_id"`
	Rev            int64             `json:"rev"`
	Origin         string            `json:"origin" enum:"upload,repair,import"`
	Profile        media.Profile     `json:"profile" enum:"video,slides"`
	OriginalID     string            `json:"original_id"`
	Content        media.Content     `json:"content" enum:"same,new" doc:"Whether it holds what learners played before: said at upload, decided at sign-off"`
	Name           string            `json:"name" doc:"File name of the original"`
	State          string            `json:"state" enum:"inspecting,refused,inspected,reviewed,published,withdrawn"`
	Code           string            `json:"code" doc:"Why it was refused"`
	Note           string            `json:"note" doc:"What the reviewer said about it"`
	Unwaived       int64             `json:"unwaived" doc:"Failing findings without a waiver"`
	Packaged       bool              `json:"packaged" doc:"Its renditions are there: it can be played"`
	DurationMS     int64             `json:"duration_ms" doc:"0 until it is packaged"`
	CaptionsURL    string            `json:"captions_url" doc:"Empty = none yet"`
	CaptionsWaiver string            `json:"captions_waiver" doc:"Why it has none"`
	ContentMatches bool              `json:"content_matches" doc:"The reviewer signed that what is shown is what is said (R1.6b)"`
	UploadedBy     string            `json:"uploaded_by" doc:"Name"`
	UploadedAt     time.Time         `json:"uploaded_at"`
	ReviewedBy     string            `json:"reviewed_by" doc:"Name"`
	ReviewedAt     *time.Time        `json:"reviewed_at"`
	PublishedAt    *time.Time        `json:"published_at"`
	Version        int64             `json:"version" doc:"For if_version of every change"`
	Report         *media.ReportHead `json:"report"`
	Inspection     jobs.Status       `json:"inspection"`
	Packing        jobs.Status       `json:"packing"`
	Repairing      jobs.Status       `json:"repairing"`
	reportID       string
	captions       string
	uploader       string
	// What it was made from: of an upload what learners played then (0 = nothing), of a repair the revision it mends.
	baseRev        int64
	headMS, tailMS int64 // what a repair cut off
}

// played tells that learners play it, or have played it: its timeline stays.
func (c *Courseware) played() bool { return c.State == "published" || c.State == "withdrawn" }

// Waiver accepts one failing finding of a report, with the reason.
type Waiver struct {
	No     int64  `json:"no" minimum:"0" doc:"Index of the finding in the report"`
	Reason string `json:"reason" minLength:"4" maxLength:"500"`
	By     string `json:"by,omitempty" readOnly:"true"`
}

// Review is a reviewer's sign-off, or refusal, of one revision.
type Review struct {
	IfVersion      int64    `json:"if_version" doc:"Version the reviewer looked at"`
	Accept         bool     `json:"accept"`
	Note           string   `json:"note,omitempty" maxLength:"1000" doc:"Needed for a refusal"`
	ContentMatches bool     `json:"content_matches,omitempty" doc:"What is shown is what is said (R1.6b)"`
	CaptionsWaiver string   `json:"captions_waiver,omitempty" maxLength:"500" doc:"Why there are no captions"`
	Content        string   `json:"content,omitempty" enum:"same,new" doc:"Whether it holds what learners play now; empty = as was said at upload"`
	Waivers        []Waiver `json:"waivers,omitempty" maxItems:"100"`
}

// outcome says which state a review leads to, and what of it is missing. Pure.
func (r Review) outcome(c *Courseware, failing map[int64]bool) (state string, missing []string) {
	if !r.Accept {
		if r.Note == "" {
			missing = append(missing, "note")
		}
		return "refused", missing
	}
	if !c.Packaged {
		missing = append(missing, "renditions")
	}
	if !r.ContentMatches {
		missing = append(missing, "content_matches")
	}
	if c.captions == "" && r.CaptionsWaiver == "" {
		missing = append(missing, "captions")
	}
	for _, w := range r.Waivers {
		delete(failing, w.No)
	}
	if len(failing) > 0 {
		missing = append(missing, "waivers")
	}
	return "reviewed", missing
}

// courseMoves are the states of a course and where each may go; inspecting becomes reviewed with its last lesson.
//
//	draft ──submit──▶ inspecting ──last sign-off──▶ reviewed ──publish──▶ published ◀──restore/withdraw──▶ withdrawn
//	  ▲───────recall──────┴───────────────────────────┘
var courseMoves = map[string]map[string]string{
	"submit":   {"draft": "inspecting"},
	"recall":   {"inspecting": "draft", "reviewed": "draft"},
	"publish":  {"reviewed": "published"},
	"withdraw": {"published": "withdrawn"},
	"restore":  {"withdrawn": "published"},
}

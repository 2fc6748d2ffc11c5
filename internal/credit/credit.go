// Package credit turns confirmed lessons into credit hours: annual rules, and the append-only ledger that Order 25 asks for.
//
// One CreditRecord is appended when every lesson of an enrolled course is confirmed, in the transaction of the presence
// check that confirmed the last of them. Nothing is ever changed: a correction is a new record with actor and reason.
// Records are chained per person: an edit of any row breaks the chain.
package credit

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

// Record is one entry of the ledger.
type Record struct {
	ID          string    `json:"id"`
	PersonID    string    `json:"-"`
	No          int64     `json:"no"`
	Year        int64     `json:"year"`
	Subject     string    `json:"subject" enum:"public,professional"`
	Form        string    `json:"form" doc:"Type of learning (Order 25)"`
	Source      string    `json:"source" enum:"platform,seed,correction"`
	CourseID    string    `json:"course_id"`
	Content     string    `json:"content" doc:"Content (Order 25)"`
	Provider    string    `json:"provider"`
	HoursTenths int64     `json:"-"`
	Hours       string    `json:"hours"`
	Minutes     int64     `json:"minutes_studied"`
	StartedAt   time.Time `json:"started_at"`
	CompletedAt time.Time `json:"completed_at" doc:"Time (Order 25)"`
	Result      string    `json:"result" doc:"Result (Order 25)"`
	RuleVersion int64     `json:"rule_version"`
	Evidence    string    `json:"evidence" doc:"Head of the learner's study chain when this was booked"`
	Corrects    string    `json:"corrects"`
	Actor       string    `json:"-"`
	Reason      string    `json:"reason"`
	Hash        string    `json:"hash"`
}

// Service is the use cases of credit; it implements playback.Completion.
type Service struct {
	db      *sqldb.DB
	notices identity.Notices
}

// New makes the service.
func New(db *sqldb.DB) *Service { return &Service{db, identity.Silence{}} }

// Tell makes n the way learners are told; only the composition of the application calls it, before serving.
func (s *Service) Tell(n identity.Notices) { s.notices = n }

// ConfirmedTx books the hours of every enrolled course that these lessons complete (RQ-I4).
func (s *Service) ConfirmedTx(ctx context.Context, tx *sqldb.Tx, learnerID string, lessonIDs []string) error {
	seen := map[string]bool{}
	for _, lessonID := range lessonIDs {
		l, err := catalog.LessonTx(ctx, tx, lessonID)
		if err != nil {
			return err
		}
		if seen[l.CourseID] {
			continue
		}
		seen[l.CourseID] = true
		if err := s.courseTx(ctx, tx, learnerID, l.CourseID); err != nil {
			return err
		}
	}
	return nil
}

// courseTx books a course once all its lessons are confirmed.
func (s *Service) courseTx(ctx context.Context, tx *sqldb.Tx, learnerID, courseID string) error {
	lessons, err := catalog.LessonsTx(ctx, tx, courseID)
	if err != nil {
		return err
	}
	progress, err := playback.ProgressTx(ctx, tx, learnerID, courseID)
	if err != nil {
		return err
	}
	var minutes int64
	for _, l := range lessons {
		if !progress[l.ID].Confirmed {
			return nil
		}
		minutes += progress[l.ID].ConfirmedMS
	}
	c, err := catalog.CourseTx(ctx, tx, courseID)
	if err != nil {
		return err
	}
	open, err := enrolment.ActiveTx(ctx, tx, learnerID, courseID)
	if err != nil {
		return err
	}
	for _, e := range open {
		if err := s.bookTx(ctx, tx, learnerID, c, e, minutes/60_000); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) bookTx(ctx context.Context, tx *sqldb.Tx, learnerID string, c catalog.Course, e enrolment.Enrolment, minutes int64) error {
	rule, err := RuleTx(ctx, tx, learnerID, e.Year)
	if err != nil {
		return err
	}
	evidence, err := playback.ChainHeadTx(ctx, tx, learnerID)
	if err != nil {
		return err
	}
	if err := AppendTx(ctx, tx, Record{PersonID: learnerID, Year: e.Year, Subject: c.Subject, Form: "distance", Source: "platform", CourseID: c.ID,
		Content: c.Code + " " + c.Title, Provider: c.Provider, HoursTenths: c.HoursTenths, Minutes: minutes, StartedAt: e.EnrolledAt, CompletedAt: tx.Now(),
		Result: "completed", RuleVersion: rule.Version, Evidence: evidence}); err != nil {
		return err
	}
	if err := s.notices.SendTx(ctx, tx, learnerID, "credit.booked",
		map[string]any{"course": c.Title, "hours": c.Hours, "year": e.Year}, "booked/"+e.ID); err != nil {
		return err
	}
	return enrolment.CompleteTx(ctx, tx, e.ID)
}

// AppendTx adds a record to a person's ledger: number, chain and hash are given here.
func AppendTx(ctx context.Context, tx *sqldb.Tx, r Record) error {
	_, err := appendTx(ctx, tx, r)
	return err
}

func appendTx(ctx context.Context, tx *sqldb.Tx, r Record) (recordID string, err error) {
	type head struct {
		no   int64
		hash []byte
	}
	last, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (h head, err error) { return h, row.Scan(&h.no, &h.hash) },
		`SELECT no, hash FROM credit_record WHERE person_id = $1 ORDER BY no DESC LIMIT 1`, r.PersonID)
	if err != nil {
		return "", err
	}
	r.ID, r.No = id.New(tx.Now()), last.no+1
	var prev ledger.Hash
	copy(prev[:], last.hash)
	hash := r.link(prev)
	_, err = tx.Exec(ctx, `INSERT INTO credit_record (id, person_id, no, year, subject, form, source, course_id, content, provider, hours_tenths,
		minutes_studied, started_at, completed_at, result, rule_version, evidence, corrects, actor, reason, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		r.ID, r.PersonID, r.No, r.Year, r.Subject, r.Form, r.Source, r.CourseID, r.Content, r.Provider, r.HoursTenths,
		r.Minutes, r.StartedAt.UnixMicro(), r.CompletedAt.UnixMicro(), r.Result, r.RuleVersion, r.Evidence, r.Corrects, r.Actor, r.Reason, prev[:], hash[:])
	return r.ID, err
}

func (r *Record) link(prev ledger.Hash) ledger.Hash {
	return ledger.Next(prev, "credit", r.ID, r.PersonID, r.No, r.Year, r.Subject, r.Form, r.Source, r.CourseID, r.Content, r.Provider, r.HoursTenths,
		r.Minutes, r.StartedAt.UnixMicro(), r.CompletedAt.UnixMicro(), r.Result, r.RuleVersion, r.Evidence, r.Corrects, r.Actor, r.Reason)
}

// Correct books a correction of a record: a new record with actor and reason, never a change (operators only).
// Errors: NotFound "credit.no_record"; Invalid "credit.correction"; Forbidden "credit.own_record".
func (s *Service) Correct(ctx context.Context, recordID string, tenths int64, reason string) error {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return err
	}
	if tenths == 0 || len(reason) < 6 {
		return errs.New(errs.Invalid, "credit.correction").WithField("reason", "required")
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		old, found, err := sqldb.One(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM credit_record WHERE id = $1`, recordID)
		if err != nil {
			return err
		}
		if !found {
			return errs.New(errs.NotFound, "credit.no_record")
		}
		if old.PersonID == actor.PersonID {
			return errs.New(errs.Forbidden, "credit.own_record")
		}
		fix := old
		fix.Source, fix.HoursTenths, fix.Corrects, fix.Actor, fix.Reason, fix.CompletedAt = "correction", tenths, old.ID, actor.AccountID, reason, tx.Now()
		fixID, err := appendTx(ctx, tx, fix)
		if err != nil {
			return err
		}
		if err := s.notices.SendTx(ctx, tx, old.PersonID, "credit.corrected",
			map[string]any{"content": old.Content, "hours": catalog.Hours(tenths), "year": old.Year}, "corrected/"+fixID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "credit.corrected", "credit_record/"+old.ID, map[string]any{"tenths": tenths})
	})
}

const recordColumns = `id, person_id, no, year, subject, form, source, course_id, content, provider, hours_tenths, minutes_studied, started_at,
	completed_at, result, rule_version, evidence, corrects, actor, reason, hash`

func scanRecord(row sqldb.Scanner) (r Record, err error) {
	var started, completed int64
	var hash []byte
	err = row.Scan(&r.ID, &r.PersonID, &r.No, &r.Year, &r.Subject, &r.Form, &r.Source, &r.CourseID, &r.Content, &r.Provider, &r.HoursTenths, &r.Minutes,
		&started, &completed, &r.Result, &r.RuleVersion, &r.Evidence, &r.Corrects, &r.Actor, &r.Reason, &hash)
	r.StartedAt, r.CompletedAt = time.UnixMicro(started).UTC(), time.UnixMicro(completed).UTC()
	r.Hours, r.Hash = catalog.Hours(r.HoursTenths), hex.EncodeToString(hash)
	return r, err
}

// RecordsTx lists a person's records of a year in ledger order.
func RecordsTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) ([]Record, error) {
	return sqldb.Rows(ctx, tx, scanRecord, `SELECT `+recordColumns+` FROM credit_record WHERE person_id = $1 AND year = $2 ORDER BY no LIMIT 1000`, personID, year)
}

// Rule is an annual rule set of a region.
type Rule struct {
	RegionID         string `json:"region_id"`
	Year             int64  `json:"year"`
	Version          int64  `json:"version"`
	TotalTenths      int64  `json:"total_tenths"`
	ProfessionalNum  int64  `json:"professional_num"`
	ProfessionalDen  int64  `json:"professional_den"`
	MinutesPerHour   int64  `json:"minutes_per_hour"`
	LegalSource      string `json:"legal_source"`
	ProfessionalNeed int64  `json:"professional_tenths" doc:"Least professional hours, tenths"`
}

// RuleTx is the newest rule set for the person's region and the year; a region without its own takes its parent's, then the
// default of Order 25: 90 hours, professional at least two thirds, 45 minutes an hour.
func RuleTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) (Rule, error) {
	r, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (r Rule, err error) {
		return r, row.Scan(&r.RegionID, &r.Year, &r.Version, &r.TotalTenths, &r.ProfessionalNum, &r.ProfessionalDen, &r.MinutesPerHour, &r.LegalSource)
	}, `SELECT s.region_id, s.year, s.version, s.total_tenths, s.professional_num, s.professional_den, s.minutes_per_hour, s.legal_source
		FROM person p JOIN region r ON r.id = p.region_id JOIN rule_set s ON s.region_id = r.id OR s.region_id = r.parent
		WHERE p.id = $1 AND s.year = $2 ORDER BY CASE WHEN s.region_id = r.id THEN 0 ELSE 1 END, s.version DESC LIMIT 1`, personID, year)
	if err == nil && !found {
		r = defaultRule
		r.Year = year
	}
	r.ProfessionalNeed = r.need()
	return r, err
}

// need is the least professional hours in tenths, rounded up.
func (r Rule) need() int64 {
	return (r.TotalTenths*r.ProfessionalNum + r.ProfessionalDen - 1) / max(1, r.ProfessionalDen)
}

//go:embed default_rule.json
var defaultRuleJSON []byte

// defaultRule is Order 25's own numbers, as data like every other rule set.
var defaultRule = func() (r Rule) {
	if err := json.Unmarshal(defaultRuleJSON, &r); err != nil {
		panic(err) // embedded at build time; any test finds it
	}
	return r
}()

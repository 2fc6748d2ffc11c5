package supervision

import (
	"context"
	"time"

	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// Overview is a jurisdiction's year in figures. Complete counts the learners whose year's hours are complete.
type Overview struct {
	Year               int64              `json:"year"`
	Years              []enrolment.Window `json:"years"`
	Regions            []org.Region       `json:"regions" doc:"The actor's whole jurisdiction, for choosing"`
	Region             org.Region         `json:"region" doc:"The head of what is shown"`
	AsOf               *time.Time         `json:"as_of" doc:"When the counts were last brought up to date"`
	Learners           int64              `json:"learners" doc:"Learners with an enrolment or a record in the year"`
	Complete           int64              `json:"complete"`
	Courses            int64              `json:"courses" doc:"Enrolments"`
	Completed          int64              `json:"completed" doc:"Enrolments whose course is completed"`
	PublicTenths       int64              `json:"public_tenths"`
	ProfessionalTenths int64              `json:"professional_tenths"`
	AppealsOpen        int64              `json:"appeals_open"`
	Branches           []Branch           `json:"branches" doc:"In reporting order"`
	Progress           []int64            `json:"progress" doc:"Learners complete by the end of each month of the year so far"`
	LastYear           []int64            `json:"last_year" doc:"The same of the year before, twelve months; empty when nobody studied"`
	LastLearners       int64              `json:"last_learners"`
	Providers          []ProviderLine     `json:"providers"`
}

// Branch is one reporting branch's completion.
type Branch struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Learners int64  `json:"learners"`
	Complete int64  `json:"complete"`
}

// ProviderLine is a provider as the jurisdiction's learners use it.
type ProviderLine struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ShortName   string `json:"short_name"`
	Host        string `json:"host" doc:"Its site; may be empty"`
	Published   int64  `json:"published" doc:"Courses it offers"`
	Learners    int64  `json:"learners"`
	Complete    int64  `json:"complete" doc:"Of its learners, those whose year is complete"`
	Courses     int64  `json:"courses" doc:"Enrolments"`
	Completed   int64  `json:"completed"`
	Tenths      int64  `json:"tenths" doc:"Hours booked"`
	AppealsOpen int64  `json:"appeals_open"`
}

// Overview reads it; year 0 is the present one, region "" the whole jurisdiction.
// Errors: Forbidden "identity.scope_required" for a region outside it.
func (s *Service) Overview(ctx context.Context, year int64, region string) (o Overview, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return o, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		o = Overview{Year: yearOr(tx, year), Branches: []Branch{}, Progress: []int64{}, LastYear: []int64{}}
		if o.Regions, err = areaTx(ctx, tx, actor, ""); err != nil {
			return err
		}
		area, err := areaTx(ctx, tx, actor, region)
		if err != nil {
			return err
		}
		if len(area) == 0 {
			return errs.New(errs.Forbidden, "identity.scope_required")
		}
		o.Region = area[0]
		if o.Years, err = enrolment.WindowsTx(ctx, tx); err != nil {
			return err
		}
		if o.AsOf, err = asOfTx(ctx, tx); err != nil {
			return err
		}
		if err := o.countTx(ctx, tx, area); err != nil {
			return err
		}
		o.Providers, err = providerLinesTx(ctx, tx, o.Year, area)
		for _, p := range o.Providers {
			o.AppealsOpen += p.AppealsOpen
		}
		return err
	})
	return o, err
}

// countTx adds up the tallies of this year and the one before: some hundred rows, however many learners there are.
func (o *Overview) countTx(ctx context.Context, tx *sqldb.Tx, area []org.Region) error {
	now, err := talliesTx(ctx, tx, o.Year, "", area)
	if err != nil {
		return err
	}
	byRegion := map[string]*Branch{}
	for _, r := range area {
		if r.Kind != "city" {
			o.Branches = append(o.Branches, Branch{ID: r.ID, Name: r.Name})
		}
	}
	for i := range o.Branches {
		byRegion[o.Branches[i].ID] = &o.Branches[i]
	}
	for _, t := range now {
		o.Learners += t.learners
		o.Courses += t.courses
		o.Completed += t.completed
		o.PublicTenths += t.public
		o.ProfessionalTenths += t.professional
		if t.doneMonth != 0 {
			o.Complete += t.learners
		}
		if b := byRegion[t.region]; b != nil {
			b.Learners += t.learners
			if t.doneMonth != 0 {
				b.Complete += t.learners
			}
		}
	}
	o.Progress = cumulative(now, o.Year, monthsGone(tx, o.Year))
	before, err := talliesTx(ctx, tx, o.Year-1, "", area)
	if err != nil || len(before) == 0 {
		return err
	}
	for _, t := range before {
		o.LastLearners += t.learners
	}
	o.LastYear = cumulative(before, o.Year-1, 12)
	return nil
}

// monthsGone is how many months of the year have begun.
func monthsGone(tx *sqldb.Tx, year int64) int64 {
	d := civil.DateOf(tx.Now(), civil.Shanghai)
	switch {
	case year < int64(d.Year):
		return 12
	case year > int64(d.Year):
		return 0
	}
	return int64(d.Month)
}

// cumulative counts who was complete by the end of each month; make-up after the year's end is not in it.
func cumulative(tallies []tally, year, months int64) []int64 {
	out := make([]int64, months)
	for _, t := range tallies {
		for m := range months {
			if t.doneMonth != 0 && t.doneMonth <= year*100+m+1 {
				out[m] += t.learners
			}
		}
	}
	return out
}

// LearnerLine is a learner as a bureau's list shows it: masks only.
type LearnerLine struct {
	ID                 string `json:"id"`
	Name               string `json:"name" doc:"Masked"`
	IDNumberMask       string `json:"id_number_mask"`
	Region             string `json:"region"`
	Unit               string `json:"unit"`
	Courses            int64  `json:"courses"`
	Completed          int64  `json:"completed"`
	PublicTenths       int64  `json:"public_tenths"`
	ProfessionalTenths int64  `json:"professional_tenths"`
	Complete           bool   `json:"complete"`
}

// Learners lists the jurisdiction's learners, keyset-paged by id; text finds the beginning of a name or a part of a unit's.
func (s *Service) Learners(ctx context.Context, year int64, region, text, after string, limit int) (out []LearnerLine, next string, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		area, err := areaTx(ctx, tx, actor, region)
		if err != nil {
			return err
		}
		out, err = learnersTx(ctx, tx, yearOr(tx, year), area, text, after, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID
	}
	return out, next, err
}

// LearnerFile is a learner's file of a year as the bureau reads it.
type LearnerFile struct {
	LearnerLine
	Years   []enrolment.Window `json:"years"`
	Summary credit.Summary     `json:"summary"`
	Records []FileRecord       `json:"records"`
}

// FileRecord is a ledger row with the state of its proof.
type FileRecord struct {
	credit.Record
	Proved bool `json:"proved" doc:"In the signed evidence log; otherwise it will be within a minute"`
}

// Learner reads one learner's file of a year. Errors: NotFound "identity.no_person", also for one outside the jurisdiction.
func (s *Service) Learner(ctx context.Context, personID string, year int64) (f LearnerFile, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return f, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		area, err := areaTx(ctx, tx, actor, "")
		if err != nil {
			return err
		}
		line, found, err := learnerTx(ctx, tx, yearOr(tx, year), area, personID)
		if err != nil {
			return err
		}
		if !found {
			return errs.New(errs.NotFound, "identity.no_person")
		}
		f = LearnerFile{LearnerLine: line, Records: []FileRecord{}}
		if f.Years, err = enrolment.WindowsTx(ctx, tx); err != nil {
			return err
		}
		file, err := credit.FileTx(ctx, tx, personID, yearOr(tx, year))
		if err != nil {
			return err
		}
		f.Summary = file.Summary
		for _, r := range file.Records {
			f.Records = append(f.Records, FileRecord{r, r.No <= file.ProvedTo})
		}
		return nil
	})
	return f, err
}

// Providers lists the providers with the jurisdiction's figures of a year; there are a handful, so one page holds them.
func (s *Service) Providers(ctx context.Context, year int64) (out []ProviderLine, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		area, err := areaTx(ctx, tx, actor, "")
		if err != nil {
			return err
		}
		out, err = providerLinesTx(ctx, tx, yearOr(tx, year), area)
		return err
	})
	return out, err
}

package supervision

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// Mine lists the providers the actor works for.
func (s *Service) Mine(ctx context.Context) (out []org.Provider, err error) {
	actor, err := identity.Require(ctx, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = org.ProvidersTx(ctx, tx, scopes(actor, identity.ProviderStaff, identity.Teacher))
		return err
	})
	return out, err
}

// ProviderDesk is the first page of a provider.
type ProviderDesk struct {
	Year               int64              `json:"year"`
	Years              []enrolment.Window `json:"years"`
	AsOf               *time.Time         `json:"as_of" doc:"When the counts were last brought up to date"`
	States             map[string]int64   `json:"states" doc:"Courses by state, of every year"`
	Learners           int64              `json:"learners"`
	Courses            int64              `json:"courses" doc:"Enrolments of the year"`
	Completed          int64              `json:"completed"`
	PublicTenths       int64              `json:"public_tenths" doc:"Hours booked for the year"`
	ProfessionalTenths int64              `json:"professional_tenths"`
	AppealsOpen        int64              `json:"appeals_open"`
}

// Desk reads it. Errors: Forbidden "identity.scope_required".
func (s *Service) Desk(ctx context.Context, providerID string, year int64) (d ProviderDesk, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return d, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		d = ProviderDesk{Year: yearOr(tx, year)}
		if d.Years, err = enrolment.WindowsTx(ctx, tx); err != nil {
			return err
		}
		if d.AsOf, err = asOfTx(ctx, tx); err != nil {
			return err
		}
		if d.States, err = catalog.StatesTx(ctx, tx, providerID); err != nil {
			return err
		}
		everywhere, err := org.AreaTx(ctx, tx, []string{""})
		if err != nil {
			return err
		}
		all, err := talliesTx(ctx, tx, d.Year, "provider/"+providerID, everywhere)
		if err != nil {
			return err
		}
		for _, t := range all {
			d.Learners, d.Courses, d.Completed = d.Learners+t.learners, d.Courses+t.courses, d.Completed+t.completed
			d.PublicTenths, d.ProfessionalTenths = d.PublicTenths+t.public, d.ProfessionalTenths+t.professional
		}
		appeals, err := appealsTx(ctx, tx, everywhere)
		d.AppealsOpen = appeals[providerID]
		return err
	})
	return d, err
}

// ProviderCourse is a course in its provider's list.
type ProviderCourse struct {
	catalog.Course
	Learners  int64 `json:"learners" doc:"Enrolled for the course's year"`
	Completed int64 `json:"completed"`
}

// Courses lists a provider's courses in every state. Errors: Forbidden "identity.scope_required".
func (s *Service) Courses(ctx context.Context, f catalog.ListFilter) (out []ProviderCourse, next string, err error) {
	if _, err := identity.RequireIn(ctx, f.ProviderID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		courses, more, err := catalog.ListTx(ctx, tx, f)
		if err != nil {
			return err
		}
		out, next = make([]ProviderCourse, len(courses)), more
		for i, c := range courses {
			out[i].Course = c
			if out[i].Learners, out[i].Completed, err = courseCountsTx(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return out, next, err
}

// ProviderOutline is a course as its provider sees it: lessons with their media, texts and questions.
type ProviderOutline struct {
	Course  ProviderCourse          `json:"course"`
	Lessons []catalog.OutlineLesson `json:"lessons"`
}

// Course reads it in any state. Errors: NotFound "catalog.no_course", also for another provider's.
func (s *Service) Course(ctx context.Context, providerID, courseID string) (o ProviderOutline, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return o, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		c, err := catalog.CourseTx(ctx, tx, courseID)
		if err != nil {
			return err
		}
		if c.ProviderID != providerID {
			return errs.New(errs.NotFound, "catalog.no_course")
		}
		o.Course.Course = c
		if o.Course.Learners, o.Course.Completed, err = courseCountsTx(ctx, tx, c); err != nil {
			return err
		}
		o.Lessons, err = catalog.OutlineTx(ctx, tx, courseID)
		return err
	})
	return o, err
}

// CourseLearner is one enrolment in a provider's list.
type CourseLearner struct {
	ID          string     `json:"id" doc:"Of the enrolment"`
	Name        string     `json:"name" doc:"Masked"`
	Region      string     `json:"region"`
	CourseID    string     `json:"course_id"`
	Course      string     `json:"course"`
	State       string     `json:"state" enum:"active,completed"`
	EnrolledAt  time.Time  `json:"enrolled_at"`
	CompletedAt *time.Time `json:"completed_at"`
	ConfirmedMS int64      `json:"confirmed_ms"`
	DurationMS  int64      `json:"duration_ms"`
}

// LearnerFilter narrows a provider's list of learners.
type LearnerFilter struct {
	ProviderID, CourseID, State string // CourseID and State may be empty
	Year                        int64  // 0 = the present one
	After                       string
	Limit                       int
}

// CourseLearners lists the enrolments in a provider's courses, the newest first. Errors: Forbidden "identity.scope_required".
func (s *Service) CourseLearners(ctx context.Context, f LearnerFilter) (out []CourseLearner, next string, err error) {
	if _, err := identity.RequireIn(ctx, f.ProviderID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		f.Year = yearOr(tx, f.Year)
		out, err = courseLearnersTx(ctx, tx, f)
		return err
	})
	if len(out) > f.Limit {
		out = out[:f.Limit]
		next = out[f.Limit-1].ID
	}
	return out, next, err
}

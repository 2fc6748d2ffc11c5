package fault

import (
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/org"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

// Line is a lesson that learners play, as a bureau's list shows it.
type Line struct {
	LessonID    string     `json:"lesson_id"`
	Lesson      string     `json:"lesson"`
	CourseID    string     `json:"course_id"`
	Course      string     `json:"course"`
	ProviderID  string     `json:"provider_id"`
	Provider    string     `json:"provider"`
	Rev         int64      `json:"rev" doc:"The revision learners play"`
	Origin      string     `json:"origin" enum:"upload,repair,import" doc:"import = came with the program and was not inspected"`
	Verdict     string     `json:"verdict" enum:"pass,fail," doc:"Of its report; empty = there is none"`
	Failing     int64      `json:"failing" doc:"Failing findings of the report"`
	Waived      int64      `json:"waived" doc:"Of them, accepted with a reason"`
	Faults      int64      `json:"faults" doc:"Open places that learners told"`
	Objections  int64      `json:"objections" doc:"Open objections"`
	PublishedAt *time.Time `json:"published_at"`
}

// LineFilter narrows a bureau's list.
type LineFilter struct {
	ProviderID string
	Show       string // "" = all, "failing", "waived", "faults" (something is open), "uninspected"
}

// Inspections lists the lessons of a jurisdiction that learners play, by lesson id.
func (s *Service) Inspections(ctx context.Context, f LineFilter, after string, limit int) (out []Line, next string, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		area, err := areaTx(ctx, tx, actor)
		if err == nil {
			out, err = linesTx(ctx, tx, area, f, after, limit+1)
		}
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].LessonID
	}
	return out, next, err
}

// Dossier is a revision's report as a bureau reads it, and what was told of the revision.
type Dossier struct {
	catalog.CoursewareReport
	Provider  org.Provider `json:"provider"`
	MayObject bool         `json:"may_object"`
	Places    []Place      `json:"places" doc:"Faults and objections of the revision, and what is open of the lesson's other revisions, the newest first, at most a hundred"`
}

// Dossier reads one. Errors: NotFound "catalog.no_lesson", also outside the jurisdiction; "media.no_media" for a revision that
// learners have never played.
func (s *Service) Dossier(ctx context.Context, lessonID string, rev int64) (d Dossier, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return d, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if d.Provider, err = supervisedTx(ctx, tx, actor, lessonID, rev); err != nil {
			return err
		}
		if d.CoursewareReport, err = catalog.ReportTx(ctx, tx, d.Provider.ID, lessonID, rev, filesBase(lessonID, rev)); err != nil {
			return err
		}
		if d.Places, err = queueTx(ctx, tx, d.Provider.ID, Filter{LessonID: lessonID, Rev: rev, OrOpen: true}, "", 100); err != nil {
			return err
		}
		_, err = supervisedTx(ctx, tx, actor, lessonID, rev, identity.BureauStaff)
		if d.MayObject = err == nil; errs.Has(err, "catalog.no_lesson") { // an inspector's own
			err = nil
		}
		return err
	})
	return d, err
}

// Object objects to a revision at a second, with words, and tells the provider's staff.
// Errors: as Dossier; Invalid "fault.draft" with the field; Conflict "fault.objected" while the same objection is open.
func (s *Service) Object(ctx context.Context, d Draft) (p Place, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff)
	if err != nil {
		return p, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		provider, err := supervisedTx(ctx, tx, actor, d.LessonID, d.Rev, identity.BureauStaff)
		if err != nil {
			return err
		}
		l, err := catalog.LessonAtTx(ctx, tx, d.LessonID, d.Rev)
		if err != nil {
			return err
		}
		if err := d.check(l, true); err != nil {
			return err
		}
		placeID, err := insertTx(ctx, tx, d, l, "bureau", actor.PersonID, "")
		if err != nil {
			return err
		}
		if placeID == "" {
			return errs.New(errs.Conflict, "fault.objected")
		}
		if err := s.tellStaffTx(ctx, tx, provider.ID, l, d, placeID); err != nil {
			return err
		}
		if err := identity.AuditTx(ctx, tx, "fault.objected", "fault/"+placeID, map[string]any{"lesson": d.LessonID, "rev": d.Rev, "at_ms": d.AtMS,
			"kind": d.Kind, "provider": provider.ID}); err != nil {
			return err
		}
		p, err = placeTx(ctx, tx, provider.ID, placeID)
		return err
	})
	return p, err
}

func (s *Service) tellStaffTx(ctx context.Context, tx *sqldb.Tx, providerID string, l catalog.Lesson, d Draft, placeID string) error {
	staff, err := identity.HoldersTx(ctx, tx, identity.ProviderStaff, providerID)
	for _, personID := range staff {
		if err == nil {
			err = s.notices.SendTx(ctx, tx, personID, "fault.objected", map[string]any{"lesson": l.Title, "lesson_id": l.ID, "rev": d.Rev,
				"at_ms": d.AtMS}, "objected/"+placeID)
		}
	}
	return err
}

// File opens a picture of a report, or a rendition, for the bureau. Errors: as Dossier; NotFound "media.no_file".
func (s *Service) File(ctx context.Context, lessonID string, rev int64, name string) (blob.File, error) {
	provider, err := s.supervised(ctx, lessonID, rev)
	if err != nil {
		return nil, err
	}
	return s.catalog.FileOf(ctx, provider.ID, lessonID, rev, name)
}

// Playlist is a revision's playlist for the bureau. Errors: as File.
func (s *Service) Playlist(ctx context.Context, lessonID string, rev int64, name string) (string, error) {
	provider, err := s.supervised(ctx, lessonID, rev)
	if err != nil {
		return "", err
	}
	return s.catalog.PlaylistOf(ctx, provider.ID, lessonID, rev, name)
}

func (s *Service) supervised(ctx context.Context, lessonID string, rev int64) (p org.Provider, err error) {
	actor, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector)
	if err != nil {
		return p, err
	}
	return sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (org.Provider, error) { return supervisedTx(ctx, tx, actor, lessonID, rev) })
}

// areaTx is the actor's jurisdiction by the roles, bureau staff's and inspectors' unless others are named.
func areaTx(ctx context.Context, tx *sqldb.Tx, a identity.Actor, roles ...identity.Role) ([]org.Region, error) {
	if a.System {
		return org.AreaTx(ctx, tx, []string{""})
	}
	if len(roles) == 0 {
		roles = []identity.Role{identity.BureauStaff, identity.Inspector}
	}
	var roots []string
	for _, r := range roles {
		roots = append(roots, a.Scopes(r)...)
	}
	return org.AreaTx(ctx, tx, roots)
}

// supervisedTx is the provider of a lesson in the actor's jurisdiction, of which the revision is or was played.
func supervisedTx(ctx context.Context, tx *sqldb.Tx, a identity.Actor, lessonID string, rev int64, roles ...identity.Role) (org.Provider, error) {
	area, err := areaTx(ctx, tx, a, roles...)
	if err != nil {
		return org.Provider{}, err
	}
	p, found, err := providerOfTx(ctx, tx, area, lessonID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_lesson")
	}
	if err == nil {
		_, err = catalog.LessonAtTx(ctx, tx, lessonID, rev)
	}
	return p, err
}

package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

func previewBase(providerID, lessonID string, rev int64) string {
	return fmt.Sprintf("/api/provider/providers/%s/lessons/%s/courseware/%d/files/", providerID, lessonID, rev)
}

// MayTakeTx implements media.Lessons.
func (s *Service) MayTakeTx(ctx context.Context, tx *sqldb.Tx, providerID, lessonID string) error {
	_, err := courseOfTx(ctx, tx, providerID, lessonID)
	return err
}

// TakeTx implements media.Lessons: the original becomes the lesson's newest revision. Errors: NotFound "catalog.no_lesson" when the
// lesson was taken out of its draft meanwhile.
func (s *Service) TakeTx(ctx context.Context, tx *sqldb.Tx, h media.Handover) error {
	course, found, err := sqldb.One(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id
		JOIN lesson l ON l.course_id = c.id WHERE l.id = $1`, h.LessonID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_lesson")
	}
	if err != nil {
		return err
	}
	newest, _, err := newestTx(ctx, tx, h.LessonID)
	if err != nil {
		return err
	}
	if newest.OriginalID == h.Original.ID && newest.Profile == h.Profile && newest.State != "refused" {
		return nil // the same file again
	}
	c := Courseware{LessonID: h.LessonID, Rev: newest.Rev + 1, Origin: h.Origin, Profile: h.Profile, OriginalID: h.Original.ID, Content: h.Content,
		State: "inspecting", uploader: h.By, baseRev: h.Mends, headMS: h.HeadMS, tailMS: h.TailMS}
	if err := c.rootedTx(ctx, tx); err != nil {
		return err
	}
	if err := insertCoursewareTx(ctx, tx, c); err != nil {
		return err
	}
	if err := settleCourseTx(ctx, tx, course); err != nil {
		return err
	}
	if err := s.files.InspectTx(ctx, tx, h.Original.ID, h.Profile); err != nil {
		return err
	}
	return s.files.PackTx(ctx, tx, h.LessonID, c.Rev, h.Original.ID)
}

// InspectedTx implements media.Lessons. A report of a revision that is signed off already changes nothing: it was signed with its own.
func (s *Service) InspectedTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile media.Profile, r media.ReportHead) error {
	_, err := tx.Exec(ctx, `UPDATE courseware SET state = 'inspected', report_id = $1, unwaived = $2, version = version + 1
		WHERE original_id = $3 AND profile = $4 AND state IN ('inspecting', 'inspected')`, r.ID, r.Failing, originalID, profile)
	return err
}

// RefusedTx implements media.Lessons.
func (s *Service) RefusedTx(ctx context.Context, tx *sqldb.Tx, originalID, code string) error {
	_, err := tx.Exec(ctx, `UPDATE courseware SET state = 'refused', code = $1, version = version + 1
		WHERE original_id = $2 AND state IN ('inspecting', 'inspected')`, code, originalID)
	return err
}

// PackagedTx implements media.Lessons.
func (s *Service) PackagedTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) error {
	_, err := tx.Exec(ctx, `UPDATE courseware SET packaged = 1, version = version + 1 WHERE lesson_id = $1 AND rev = $2 AND packaged = 0`, lessonID, rev)
	return err
}

// Take makes a file of the media library the newest revision of a lesson. Errors: NotFound "media.no_original", "catalog.no_lesson".
func (s *Service) Take(ctx context.Context, providerID, lessonID, originalID string, profile media.Profile, content media.Content) error {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return err
	}
	defer s.files.Wake()
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return err
		}
		o, err := media.OriginalTx(ctx, tx, originalID)
		if err != nil {
			return err
		}
		if o.ProviderID != providerID {
			return errs.New(errs.NotFound, "media.no_original")
		}
		return s.TakeTx(ctx, tx, media.Handover{LessonID: lessonID, Original: o, Profile: profile, Origin: "upload", Content: content, By: actor.PersonID})
	})
}

// Repair asks for a mended copy as the lesson's newest revision. Errors: Conflict "catalog.nothing_to_repair".
func (s *Service) Repair(ctx context.Context, providerID, lessonID string, rev int64) error {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return err
	}
	defer s.files.Wake()
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return err
		}
		c, err := revisionTx(ctx, tx, lessonID, rev)
		if err != nil {
			return err
		}
		if c.reportID == "" {
			return errs.New(errs.Conflict, "catalog.nothing_to_repair")
		}
		r, err := media.ReportTx(ctx, tx, c.reportID)
		if err != nil {
			return err
		}
		plan := r.Plan()
		if plan == (media.RepairPlan{}) {
			return errs.New(errs.Conflict, "catalog.nothing_to_repair")
		}
		h := media.Handover{LessonID: lessonID, Original: media.Original{ID: c.OriginalID}, Profile: c.Profile, By: actor.PersonID, Mends: rev}
		if err := s.files.RepairTx(ctx, tx, h, plan); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.repair", "lesson/"+lessonID, map[string]any{"rev": rev, "plan": plan})
	})
}

// Reinspect asks for another report under the policy in force now. Errors: Conflict "catalog.review_state" once it is signed off.
func (s *Service) Reinspect(ctx context.Context, providerID, lessonID string, rev int64) error {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return err
	}
	defer s.files.Wake()
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return err
		}
		c, err := revisionTx(ctx, tx, lessonID, rev)
		if err != nil {
			return err
		}
		if c.Origin == "import" || c.State != "inspected" && c.State != "refused" {
			return errs.New(errs.Conflict, "catalog.review_state")
		}
		if _, err := tx.Exec(ctx, `UPDATE courseware SET state = 'inspecting', code = '', version = version + 1 WHERE lesson_id = $1 AND rev = $2`, lessonID, rev); err != nil {
			return err
		}
		if err := s.files.InspectTx(ctx, tx, c.OriginalID, c.Profile); err != nil {
			return err
		}
		if c.Packaged {
			return nil
		}
		return s.files.PackTx(ctx, tx, lessonID, rev, c.OriginalID)
	})
}

// SetCaptions stores a revision's captions as a new file. What was signed off must be signed again; what is published changes at once, audited.
// Errors: Invalid "media.captions" {line, what}; Conflict "catalog.not_packaged".
func (s *Service) SetCaptions(ctx context.Context, providerID, lessonID string, rev int64, vtt string) error {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return err
	}
	c, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (Courseware, error) {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return Courseware{}, err
		}
		return revisionTx(ctx, tx, lessonID, rev)
	})
	if err != nil {
		return err
	}
	if !c.Packaged {
		return errs.New(errs.Conflict, "catalog.not_packaged")
	}
	m, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (*media.Media, error) { return media.Tx(ctx, tx, lessonID, rev) })
	if err != nil {
		return err
	}
	if _, err := media.ParseVTT(vtt, m.DurationMS); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(vtt))
	name := "captions-" + hex.EncodeToString(sum[:6]) + ".vtt"
	if err := s.files.KeepText(ctx, m.Key(name), strings.NewReader(vtt)); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return captionsTx(ctx, tx, lessonID, rev, name) })
}

func captionsTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64, name string) error {
	if _, err := tx.Exec(ctx, `UPDATE courseware SET captions = $1, captions_waiver = '', version = version + 1,
		state = CASE WHEN state = 'reviewed' THEN 'inspected' ELSE state END WHERE lesson_id = $2 AND rev = $3`, name, lessonID, rev); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE lesson SET captions = $1 WHERE id = $2 AND media_rev = $3`, name, lessonID, rev); err != nil {
		return err
	}
	course, found, err := sqldb.One(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id
		JOIN lesson l ON l.course_id = c.id WHERE l.id = $1`, lessonID)
	if err != nil || !found {
		return err
	}
	if err := settleCourseTx(ctx, tx, course); err != nil {
		return err
	}
	return identity.AuditTx(ctx, tx, "catalog.captions", "lesson/"+lessonID, map[string]any{"rev": rev, "file": name})
}

// File opens what a member of the provider may see of a revision: its renditions before publication, and the pictures of its report.
// Errors: NotFound "media.no_file".
func (s *Service) File(ctx context.Context, providerID, lessonID string, rev int64, name string) (blob.File, error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, err
	}
	return s.FileOf(ctx, providerID, lessonID, rev, name)
}

// FileOf is File for those whom the caller has let in by a rule of its own. Errors: NotFound "media.no_file".
func (s *Service) FileOf(ctx context.Context, providerID, lessonID string, rev int64, name string) (blob.File, error) {
	c, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (Courseware, error) {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return Courseware{}, err
		}
		return revisionTx(ctx, tx, lessonID, rev)
	})
	if err != nil {
		return nil, err
	}
	if picture, ok := strings.CutPrefix(name, "report/"); ok {
		return s.files.EvidenceFile(ctx, c.reportID, picture)
	}
	return s.files.MediaFile(ctx, lessonID, rev, name)
}

// ImportedTx publishes a lesson that came packaged with the program: it says so, and was not inspected here.
func ImportedTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) error {
	if err := insertCoursewareTx(ctx, tx, Courseware{LessonID: lessonID, Rev: rev, Origin: "import", Profile: media.Slides, State: "published",
		Packaged: true, captions: "captions.vtt"}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE lesson SET media_rev = $1 WHERE id = $2`, rev, lessonID)
	return err
}

// Playlist is a revision's playlist for a member of the provider. Errors: NotFound "media.no_file".
func (s *Service) Playlist(ctx context.Context, providerID, lessonID string, rev int64, name string) (string, error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return "", err
	}
	return s.PlaylistOf(ctx, providerID, lessonID, rev, name)
}

// PlaylistOf is Playlist for those whom the caller has let in by a rule of its own. Errors: NotFound "media.no_file".
func (s *Service) PlaylistOf(ctx context.Context, providerID, lessonID string, rev int64, name string) (string, error) {
	m, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (*media.Media, error) {
		if _, err := courseOfTx(ctx, tx, providerID, lessonID); err != nil {
			return nil, err
		}
		return media.Tx(ctx, tx, lessonID, rev)
	})
	if err != nil {
		return "", err
	}
	if name == "index.m3u8" {
		return m.Master(), nil
	}
	if rendition, _, _ := strings.Cut(name, "/"); m.Has(rendition) {
		return m.Playlist(), nil
	}
	return "", errs.New(errs.NotFound, "media.no_file")
}

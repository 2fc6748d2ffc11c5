package catalog

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

const coursewareColumns = `w.lesson_id, w.rev, w.origin, w.profile, w.original_id, coalesce((SELECT o.name FROM original o WHERE o.id = w.original_id), ''),
	w.report_id, w.unwaived, w.packaged, w.state, w.code, w.note, w.captions, w.captions_waiver, w.content_matches,
	w.uploaded_by, coalesce((SELECT p.name FROM person p WHERE p.id = w.uploaded_by), ''), w.uploaded_at,
	coalesce((SELECT p.name FROM person p WHERE p.id = w.reviewed_by), ''), w.reviewed_at, w.published_at, w.version, w.content, w.base_rev, w.head_ms, w.tail_ms,
	coalesce((SELECT m.duration_ms FROM media m WHERE m.id = w.lesson_id AND m.rev = w.rev), 0)`

func scanCourseware(row sqldb.Scanner) (c Courseware, err error) {
	var packaged, matches, uploaded, reviewed, published int64
	err = row.Scan(&c.LessonID, &c.Rev, &c.Origin, &c.Profile, &c.OriginalID, &c.Name, &c.reportID, &c.Unwaived, &packaged, &c.State, &c.Code, &c.Note,
		&c.captions, &c.CaptionsWaiver, &matches, &c.uploader, &c.UploadedBy, &uploaded, &c.ReviewedBy, &reviewed, &published, &c.Version,
		&c.Content, &c.baseRev, &c.headMS, &c.tailMS, &c.DurationMS)
	c.Packaged, c.ContentMatches, c.UploadedAt = packaged == 1, matches == 1, time.UnixMicro(uploaded).UTC()
	c.ReviewedAt, c.PublishedAt = instant(reviewed), instant(published)
	if c.captions != "" && c.Packaged {
		c.CaptionsURL = fmt.Sprintf("/media/public/%s/%d/%s", c.LessonID, c.Rev, c.captions)
	}
	return c, err
}

func instant(micro int64) *time.Time {
	if micro == 0 {
		return nil
	}
	at := time.UnixMicro(micro).UTC()
	return &at
}

// revisionTx reads one revision. Errors: NotFound "catalog.no_courseware".
func revisionTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) (Courseware, error) {
	c, found, err := sqldb.One(ctx, tx, scanCourseware, `SELECT `+coursewareColumns+` FROM courseware w WHERE w.lesson_id = $1 AND w.rev = $2`, lessonID, rev)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_courseware")
	}
	return c, err
}

// newestTx is the newest revision of a lesson, if there is one.
func newestTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (Courseware, bool, error) {
	return sqldb.One(ctx, tx, scanCourseware, `SELECT `+coursewareColumns+` FROM courseware w WHERE w.lesson_id = $1 ORDER BY w.rev DESC LIMIT 1`, lessonID)
}

// withWorkTx adds how far its jobs are, and its report.
func (c *Courseware) withWorkTx(ctx context.Context, tx *sqldb.Tx) (err error) {
	if c.Origin == "import" {
		return nil
	}
	if c.Inspection, err = media.InspectStatusTx(ctx, tx, c.OriginalID, c.Profile); err != nil {
		return err
	}
	if c.Packing, err = media.PackStatusTx(ctx, tx, c.LessonID, c.Rev); err != nil {
		return err
	}
	if c.Repairing, err = media.RepairStatusTx(ctx, tx, c.OriginalID); err != nil || c.reportID == "" {
		return err
	}
	r, err := media.ReportTx(ctx, tx, c.reportID)
	if err == nil {
		c.Report = &r.ReportHead
	}
	return err
}

func insertCoursewareTx(ctx context.Context, tx *sqldb.Tx, c Courseware) error {
	_, err := tx.Exec(ctx, `INSERT INTO courseware (lesson_id, rev, origin, profile, original_id, report_id, unwaived, packaged, state, code, note, captions,
		captions_waiver, content_matches, uploaded_by, uploaded_at, reviewed_by, reviewed_at, published_at, version, content, base_rev, head_ms, tail_ms)
		VALUES ($1, $2, $3, $4, $5, '', 0, $6, $7, '', '', $8, '', 0, $9, $10, '', 0, $11, 1, $12, $13, $14, $15)`,
		c.LessonID, c.Rev, c.Origin, c.Profile, c.OriginalID, flag(c.Packaged), c.State, c.captions, c.uploader, tx.NowMicro(), published(tx, c.State),
		cmp.Or(c.Content, media.SameContent), c.baseRev, c.headMS, c.tailMS)
	return err
}

func published(tx *sqldb.Tx, state string) int64 {
	if state == "published" {
		return tx.NowMicro()
	}
	return 0
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// waiversTx lists the waivers of a revision's present report.
func waiversTx(ctx context.Context, tx *sqldb.Tx, c Courseware) ([]Waiver, error) {
	out, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (w Waiver, err error) { return w, row.Scan(&w.No, &w.Reason, &w.By) },
		`SELECT v.no, v.reason, coalesce((SELECT p.name FROM person p WHERE p.id = v.waived_by), '')
		FROM waiver v WHERE v.lesson_id = $1 AND v.rev = $2 AND v.report_id = $3 ORDER BY v.no`, c.LessonID, c.Rev, c.reportID)
	if out == nil {
		out = []Waiver{}
	}
	return out, err
}

func insertWaiverTx(ctx context.Context, tx *sqldb.Tx, c Courseware, w Waiver, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO waiver (lesson_id, rev, report_id, no, reason, waived_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (lesson_id, rev, report_id, no) DO NOTHING`, c.LessonID, c.Rev, c.reportID, w.No, w.Reason, by, tx.NowMicro())
	return err
}

// courseOfTx is the course of a lesson in any state. Errors: NotFound "catalog.no_lesson", also when it is another provider's.
func courseOfTx(ctx context.Context, tx *sqldb.Tx, providerID, lessonID string) (Course, error) {
	c, found, err := sqldb.One(ctx, tx, scanCourse, `SELECT `+courseColumns+` FROM course c JOIN provider p ON p.id = c.provider_id
		JOIN lesson l ON l.course_id = c.id WHERE l.id = $1`, lessonID)
	if err == nil && (!found || c.ProviderID != providerID) {
		err = errs.New(errs.NotFound, "catalog.no_lesson")
	}
	return c, err
}

// ownCourseTx is a course of the provider's in any state. Errors: NotFound "catalog.no_course", also for another provider's.
func ownCourseTx(ctx context.Context, tx *sqldb.Tx, providerID, courseID string) (Course, error) {
	c, err := CourseTx(ctx, tx, courseID)
	if err == nil && c.ProviderID != providerID {
		err = errs.New(errs.NotFound, "catalog.no_course")
	}
	return c, err
}

func scanDraft(row sqldb.Scanner) (d LessonDraft, err error) {
	return d, row.Scan(&d.ID, &d.Chapter, &d.Number, &d.Title, &d.Handout, &d.Playing)
}

// draftTx reads one lesson, whether or not there is something to play, with its newest revision and how far that is.
func draftTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (LessonDraft, error) {
	d, found, err := sqldb.One(ctx, tx, scanDraft, `SELECT l.id, l.chapter, l.number, l.title, l.handout, l.media_rev FROM lesson l WHERE l.id = $1`, lessonID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "catalog.no_lesson")
	}
	if err != nil {
		return d, err
	}
	if d.Questions, err = outlineQuestionsTx(ctx, tx, lessonID); err != nil {
		return d, err
	}
	newest, found, err := newestTx(ctx, tx, lessonID)
	if err != nil || !found {
		return d, err
	}
	d.Newest = &newest
	return d, newest.withWorkTx(ctx, tx)
}

// draftsTx lists a course's lessons in order, each with its newest revision and how far that is.
func draftsTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]LessonDraft, error) {
	out, err := sqldb.Rows(ctx, tx, scanDraft, `SELECT l.id, l.chapter, l.number, l.title, l.handout, l.media_rev FROM lesson l WHERE l.course_id = $1 ORDER BY l.number`, courseID)
	if err != nil {
		return nil, err
	}
	newest, err := revisionsTx(ctx, tx, courseID)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Questions, err = outlineQuestionsTx(ctx, tx, out[i].ID); err != nil {
			return nil, err
		}
		for j := range newest {
			if newest[j].LessonID == out[i].ID {
				if err := newest[j].withWorkTx(ctx, tx); err != nil {
					return nil, err
				}
				out[i].Newest = &newest[j]
			}
		}
	}
	return out, nil
}

// revisionsTx lists the newest revision of every lesson of a course; a lesson without a file stands there as one that is refused.
func revisionsTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]Courseware, error) {
	return sqldb.Rows(ctx, tx, scanCourseware, `SELECT `+coursewareColumns+` FROM courseware w JOIN lesson l ON l.id = w.lesson_id
		WHERE l.course_id = $1 AND w.rev = (SELECT max(v.rev) FROM courseware v WHERE v.lesson_id = w.lesson_id) ORDER BY l.number`, courseID)
}

// waitingTx lists the revisions of a provider that wait for a reviewer, those waiting longest first.
func waitingTx(ctx context.Context, tx *sqldb.Tx, providerID, after string, limit int) ([]ReviewRow, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r ReviewRow, err error) {
		var at int64
		err = row.Scan(&r.LessonID, &r.Rev, &r.Lesson, &r.CourseID, &r.Course, &r.Unwaived, &r.Profile, &r.UploadedBy, &r.uploader, &at)
		r.UploadedAt = time.UnixMicro(at).UTC()
		return r, err
	}, `SELECT w.lesson_id, w.rev, l.title, c.id, c.title, w.unwaived, w.profile, coalesce((SELECT p.name FROM person p WHERE p.id = w.uploaded_by), ''), w.uploaded_by, w.uploaded_at
		FROM courseware w JOIN lesson l ON l.id = w.lesson_id JOIN course c ON c.id = l.course_id
		WHERE w.state = 'inspected' AND c.provider_id = $1 AND c.state <> 'draft' AND w.lesson_id > $2
		AND w.rev = (SELECT max(v.rev) FROM courseware v WHERE v.lesson_id = w.lesson_id) ORDER BY w.lesson_id LIMIT $3`, providerID, after, limit)
}

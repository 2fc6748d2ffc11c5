package catalog

import (
	"cmp"
	"context"
	"slices"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// CoursewareReport is one revision with everything a reviewer looks at.
type CoursewareReport struct {
	Courseware  Courseware        `json:"courseware"`
	Course      Course            `json:"course"`
	Lesson      LessonDraft       `json:"lesson"`
	Report      *media.Report     `json:"report" doc:"null while it is inspected"`
	Before      *media.Report     `json:"before" doc:"Of the revision this one is a repair of"`
	Repair      *media.RepairPlan `json:"repair" doc:"What a machine can mend; null = nothing"`
	Waivers     []Waiver          `json:"waivers"`
	MayReview   bool              `json:"may_review" doc:"The reader is not the one who uploaded it"`
	Preview     *Preview          `json:"preview" doc:"null until the renditions are there"`
	Consistency []media.Finding   `json:"consistency" doc:"How it differs from the course's other lessons (R1.8c)"`
	Carries     *Carries          `json:"carries" doc:"null while it takes nothing over: nothing is played yet, or it is what is played, or its renditions are missing"`
}

// Preview is where a reviewer plays a revision as a learner would.
type Preview struct {
	PlaylistURL string `json:"playlist_url"`
	PosterURL   string `json:"poster_url"`
	DurationMS  int64  `json:"duration_ms"`
}

// Inspected reads one revision of the provider's. Errors: NotFound "catalog.no_lesson", "catalog.no_courseware".
func (s *Service) Inspected(ctx context.Context, providerID, lessonID string, rev int64) (r CoursewareReport, err error) {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return r, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		r, err = ReportTx(ctx, tx, providerID, lessonID, rev, previewBase(providerID, lessonID, rev))
		r.MayReview = r.Courseware.uploader != actor.PersonID
		return err
	})
	return r, err
}

// ReportTx reads one revision of a provider's, with its preview under base; the caller has checked who may.
// Errors: NotFound "catalog.no_lesson", "catalog.no_courseware".
func ReportTx(ctx context.Context, tx *sqldb.Tx, providerID, lessonID string, rev int64, base string) (r CoursewareReport, err error) {
	if r.Course, err = courseOfTx(ctx, tx, providerID, lessonID); err != nil {
		return r, err
	}
	if r.Lesson, err = draftTx(ctx, tx, lessonID); err != nil {
		return r, err
	}
	if r.Courseware, err = revisionTx(ctx, tx, lessonID, rev); err != nil {
		return r, err
	}
	if err = r.Courseware.withWorkTx(ctx, tx); err != nil {
		return r, err
	}
	if r.Waivers, err = waiversTx(ctx, tx, r.Courseware); err != nil {
		return r, err
	}
	if r.Consistency, err = apartTx(ctx, tx, r.Course.ID, lessonID); err != nil {
		return r, err
	}
	if err = r.addReportsTx(ctx, tx); err != nil || !r.Courseware.Packaged {
		return r, err
	}
	m, err := media.Tx(ctx, tx, lessonID, rev)
	if err != nil {
		return r, err
	}
	r.Preview = &Preview{base + "index.m3u8", base + "poster.jpg", m.DurationMS}
	r.Carries, err = carriesTx(ctx, tx, r.Courseware, r.Lesson.Playing)
	return r, err
}

func (r *CoursewareReport) addReportsTx(ctx context.Context, tx *sqldb.Tx) (err error) {
	c := r.Courseware
	if c.reportID == "" {
		return nil
	}
	if r.Report, err = media.ReportTx(ctx, tx, c.reportID); err != nil {
		return err
	}
	if plan := r.Report.Plan(); plan != (media.RepairPlan{}) {
		r.Repair = &plan
	}
	o, err := media.OriginalTx(ctx, tx, c.OriginalID)
	if err != nil || o.MadeFrom == "" {
		return err
	}
	head, found, err := media.ReportOfTx(ctx, tx, o.MadeFrom, c.Profile)
	if err != nil || !found {
		return err
	}
	r.Before, err = media.ReportTx(ctx, tx, head.ID)
	return err
}

// Review signs a revision off, or refuses it. The reviewer is never the one who uploaded it (R1.6b: two pairs of eyes).
// Errors: Forbidden "catalog.own_upload"; Conflict "catalog.review_state", "catalog.review_stale"; Invalid "catalog.review_missing" {missing}.
func (s *Service) Review(ctx context.Context, providerID, lessonID string, rev int64, in Review) error {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		course, err := courseOfTx(ctx, tx, providerID, lessonID)
		if err != nil {
			return err
		}
		c, err := revisionTx(ctx, tx, lessonID, rev)
		if err != nil {
			return err
		}
		switch {
		case c.uploader == actor.PersonID:
			return errs.New(errs.Forbidden, "catalog.own_upload")
		case c.State != "inspected" || course.State == "draft":
			return errs.New(errs.Conflict, "catalog.review_state")
		case c.Version != in.IfVersion:
			return errs.New(errs.Conflict, "catalog.review_stale")
		}
		return s.reviewTx(ctx, tx, course, c, in, actor.PersonID)
	})
}

func (s *Service) reviewTx(ctx context.Context, tx *sqldb.Tx, course Course, c Courseware, in Review, reviewer string) error {
	failing, err := failingTx(ctx, tx, c)
	if err != nil {
		return err
	}
	state, missing := in.outcome(&c, failing)
	if len(missing) > 0 {
		return errs.New(errs.Invalid, "catalog.review_missing", "missing", missing)
	}
	if in.Accept {
		for _, w := range in.Waivers {
			if err := insertWaiverTx(ctx, tx, c, w, reviewer); err != nil {
				return err
			}
		}
	}
	code := ""
	if !in.Accept {
		code = "catalog.review_refused"
	}
	c.Content = cmp.Or(media.Content(in.Content), c.Content)
	n, err := tx.Exec(ctx, `UPDATE courseware SET state = $1, code = $2, note = $3, captions_waiver = $4, content_matches = $5, unwaived = $6,
		reviewed_by = $7, reviewed_at = $8, content = $9, version = version + 1 WHERE lesson_id = $10 AND rev = $11 AND version = $12 AND state = 'inspected'`,
		state, code, in.Note, in.CaptionsWaiver, flag(in.ContentMatches), int64(len(failing)), reviewer, tx.NowMicro(), c.Content, c.LessonID, c.Rev, c.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "catalog.review_stale")
	}
	if err := settleCourseTx(ctx, tx, course); err != nil {
		return err
	}
	return identity.AuditTx(ctx, tx, "catalog.review", "lesson/"+c.LessonID, map[string]any{"rev": c.Rev, "accept": in.Accept, "report": c.reportID,
		"waived": len(in.Waivers), "note": in.Note, "content": c.Content})
}

// failingTx are the findings of a revision's report that fail and have no waiver yet, by number.
func failingTx(ctx context.Context, tx *sqldb.Tx, c Courseware) (map[int64]bool, error) {
	out := map[int64]bool{}
	if c.reportID == "" {
		return out, nil
	}
	r, err := media.ReportTx(ctx, tx, c.reportID)
	if err != nil {
		return nil, err
	}
	for no, f := range r.Findings {
		if f.Severity == media.Fail {
			out[int64(no)] = true
		}
	}
	waivers, err := waiversTx(ctx, tx, c)
	for _, w := range waivers {
		delete(out, w.No)
	}
	return out, err
}

// settleCourseTx makes a course reviewed with its last lesson, and takes that back when a lesson has a newer revision.
func settleCourseTx(ctx context.Context, tx *sqldb.Tx, course Course) error {
	if course.State != "inspecting" && course.State != "reviewed" {
		return nil
	}
	ready, err := readyTx(ctx, tx, course.ID)
	if err != nil {
		return err
	}
	state := "inspecting"
	if ready {
		state = "reviewed"
	}
	_, err = tx.Exec(ctx, `UPDATE course SET state = $1 WHERE id = $2 AND state IN ('inspecting', 'reviewed')`, state, course.ID)
	return err
}

// readyTx tells whether the newest revision of every lesson is signed off.
func readyTx(ctx context.Context, tx *sqldb.Tx, courseID string) (bool, error) {
	all, err := revisionsTx(ctx, tx, courseID)
	if err != nil || len(all) == 0 {
		return false, err
	}
	return !slices.ContainsFunc(all, func(c Courseware) bool { return c.State != "reviewed" && c.State != "published" }), nil
}

// Move takes a course along courseMoves. Errors: Conflict "catalog.course_state"; Invalid "catalog.course_incomplete" {missing},
// "catalog.course_short" {need_ms, have_ms} when the lessons do not fill the marked hours.
func (s *Service) Move(ctx context.Context, providerID, courseID, move string) error {
	if _, err := identity.RequireDuty(ctx, providerID, identity.DutyCourse); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		c, err := ownCourseTx(ctx, tx, providerID, courseID)
		if err != nil {
			return err
		}
		next := courseMoves[move][c.State]
		if next == "" {
			return errs.New(errs.Conflict, "catalog.course_state", "state", c.State)
		}
		if next, err = s.moveTx(ctx, tx, c, move, next); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE course SET state = $1 WHERE id = $2 AND state = $3`, next, c.ID, c.State)
		if err != nil || n == 0 {
			return err
		}
		apart, err := consistencyTx(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.course_"+move, "course/"+c.ID, map[string]any{"from": c.State, "to": next, "apart": len(apart)})
	})
}

func (s *Service) moveTx(ctx context.Context, tx *sqldb.Tx, c Course, move, next string) (string, error) {
	if next == "published" {
		if err := org.ActiveTx(ctx, tx, c.ProviderID); err != nil {
			return "", err
		}
	}
	switch move {
	case "submit":
		if err := completeTx(ctx, tx, c); err != nil {
			return "", err
		}
		if ready, err := readyTx(ctx, tx, c.ID); err != nil || ready {
			return "reviewed", err
		}
	case "publish":
		return next, s.publishTx(ctx, tx, c)
	}
	return next, nil
}

// completeTx refuses a course with a lesson that has no file, or one whose file was refused.
func completeTx(ctx context.Context, tx *sqldb.Tx, c Course) error {
	drafts, err := draftsTx(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	missing := []string{}
	for _, d := range drafts {
		if d.Newest == nil || d.Newest.State == "refused" {
			missing = append(missing, d.Title)
		}
	}
	if len(drafts) == 0 || len(missing) > 0 {
		return errs.New(errs.Invalid, "catalog.course_incomplete", "missing", missing)
	}
	return nil
}

// publishTx puts the newest revision of every lesson before the learners.
func (s *Service) publishTx(ctx context.Context, tx *sqldb.Tx, c Course) error {
	all, err := revisionsTx(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := putOnTx(ctx, tx, w); err != nil {
			return err
		}
	}
	return fillsHoursTx(ctx, tx, c)
}

// PublishLesson puts a signed-off revision before the learners of a published course: the lesson is replaced.
// Errors: Conflict "catalog.review_state", "catalog.course_state"; Invalid "catalog.course_short".
func (s *Service) PublishLesson(ctx context.Context, providerID, lessonID string, rev int64) error {
	if _, err := identity.RequireDuty(ctx, providerID, identity.DutyCourse); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		course, err := courseOfTx(ctx, tx, providerID, lessonID)
		if err != nil {
			return err
		}
		if course.State != "published" && course.State != "withdrawn" {
			return errs.New(errs.Conflict, "catalog.course_state", "state", course.State)
		}
		w, err := revisionTx(ctx, tx, lessonID, rev)
		if err != nil {
			return err
		}
		if w.State != "reviewed" {
			return errs.New(errs.Conflict, "catalog.review_state")
		}
		if err := putOnTx(ctx, tx, w); err != nil {
			return err
		}
		if err := fillsHoursTx(ctx, tx, course); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "catalog.lesson_publish", "lesson/"+lessonID, map[string]any{"rev": rev})
	})
}

// putOnTx makes a signed-off revision the one that is played.
func putOnTx(ctx context.Context, tx *sqldb.Tx, w Courseware) error {
	if w.State == "published" {
		return nil
	}
	if w.State != "reviewed" {
		return errs.New(errs.Conflict, "catalog.review_state")
	}
	if err := w.growTx(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE courseware SET state = 'withdrawn', version = version + 1 WHERE lesson_id = $1 AND state = 'published'`, w.LessonID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE courseware SET state = 'published', published_at = $1, version = version + 1 WHERE lesson_id = $2 AND rev = $3 AND state = 'reviewed'`,
		tx.NowMicro(), w.LessonID, w.Rev); err != nil {
		return err
	}
	if err := moveQuestionsTx(ctx, tx, w); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE lesson SET media_id = $1, media_rev = $2, captions = $3 WHERE id = $4`, w.LessonID, w.Rev, w.captions, w.LessonID)
	return err
}

// moveQuestionsTx moves a lesson's content questions from what is played now to where the same content stands in w, or what is
// nearest to it: a check must not ask for what the learner has not heard yet.
func moveQuestionsTx(ctx context.Context, tx *sqldb.Tx, w Courseware) error {
	playing, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT media_rev FROM lesson WHERE id = $1`, w.LessonID)
	if err != nil || playing == 0 {
		return err
	}
	moved, err := media.MovedTx(ctx, tx, w.LessonID, playing, w.Rev)
	if err != nil {
		return err
	}
	m, err := media.Tx(ctx, tx, w.LessonID, w.Rev)
	if err != nil {
		return err
	}
	type question struct{ no, at int64 }
	all, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (q question, err error) { return q, row.Scan(&q.no, &q.at) },
		`SELECT no, at_ms FROM content_question WHERE lesson_id = $1 ORDER BY no`, w.LessonID)
	for _, q := range all {
		if to := min(moved.Nearest(q.at), m.DurationMS); err == nil && to != q.at {
			_, err = tx.Exec(ctx, `UPDATE content_question SET at_ms = $1 WHERE lesson_id = $2 AND no = $3`, to, w.LessonID, q.no)
		}
	}
	return err
}

// hourMS is the length of a marked hour: 45 minutes (Order 25 as the bureau reads it).
const hourMS = 45 * 60_000

// neededTx is how long a course's lessons have to be together, ms: the marked hours, less what the policy leaves for titles
// and pauses.
func neededTx(ctx context.Context, tx *sqldb.Tx, c Course) (int64, error) {
	p, _, err := media.PolicyTx(ctx, tx)
	return int64(float64(c.HoursTenths*hourMS/10) * p.HourFloor / 100), err
}

func minutesUp(ms int64) int64 { return (ms + 59_999) / 60_000 }

// fillsHoursTx holds the length of the lessons against the marked hours, and writes the course's minutes.
func fillsHoursTx(ctx context.Context, tx *sqldb.Tx, c Course) error {
	have, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT coalesce(CAST(sum(m.duration_ms) AS BIGINT), 0) FROM lesson l
		JOIN media m ON m.id = l.media_id AND m.rev = l.media_rev WHERE l.course_id = $1`, c.ID)
	if err != nil {
		return err
	}
	need, err := neededTx(ctx, tx, c)
	if err != nil {
		return err
	}
	if have < need {
		return errs.New(errs.Invalid, "catalog.course_short", "need_minutes", minutesUp(need), "have_minutes", have/60_000, "hours", c.Hours)
	}
	_, err = tx.Exec(ctx, `UPDATE course SET minutes = $1 WHERE id = $2`, have/60_000, c.ID)
	return err
}

// ReviewRow is a revision in the queue of a provider's reviewers.
type ReviewRow struct {
	LessonID   string        `json:"lesson_id"`
	Rev        int64         `json:"rev"`
	Lesson     string        `json:"lesson"`
	CourseID   string        `json:"course_id"`
	Course     string        `json:"course"`
	Unwaived   int64         `json:"unwaived" doc:"Failing findings"`
	Profile    media.Profile `json:"profile" enum:"video,slides"`
	UploadedBy string        `json:"uploaded_by"`
	UploadedAt time.Time     `json:"uploaded_at"`
	MayReview  bool          `json:"may_review" doc:"The reader is not the one who uploaded it"`
	uploader   string
}

// Waiting lists what waits for a reviewer of the provider.
func (s *Service) Waiting(ctx context.Context, providerID, after string, limit int) (out []ReviewRow, next string, err error) {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = waitingTx(ctx, tx, providerID, after, limit+1)
		return err
	})
	for i := range out {
		out[i].MayReview = out[i].uploader != actor.PersonID
	}
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].LessonID
	}
	return out, next, err
}

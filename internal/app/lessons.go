package app

import (
	"context"
	"fmt"
	"sync"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
	"xueshi/internal/portal/learner"
)

// lessons gives playback what it asks of catalogue, media and enrolment.
type lessons struct {
	db    *sqldb.DB
	cache sync.Map // of revisions that learners play or have played, which never change: each by its name, and the way between two
}

func newLessons(db *sqldb.DB) *lessons { return &lessons{db: db} }

// LessonTx implements playback.Lessons.
func (l *lessons) LessonTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (playback.Lesson, error) {
	c, err := catalog.LessonTx(ctx, tx, lessonID)
	if err != nil {
		return playback.Lesson{}, err
	}
	return l.withMedia(ctx, tx, c)
}

func (l *lessons) withMedia(ctx context.Context, tx *sqldb.Tx, c catalog.Lesson) (playback.Lesson, error) {
	m, err := l.mediaTx(ctx, tx, c.MediaID, c.MediaRev)
	if err != nil {
		return playback.Lesson{}, err
	}
	return playback.Lesson{ID: c.ID, CourseID: c.CourseID, MediaID: c.MediaID, MediaRev: c.MediaRev, DurationMS: m.DurationMS, SegmentMS: m.SegmentMS, Segments: m.Segments}, nil
}

// RevisionTx implements playback.Lessons.
func (l *lessons) RevisionTx(ctx context.Context, tx *sqldb.Tx, lessonID string, at playback.Revision) (playback.Lesson, error) {
	c, err := catalog.LessonTx(ctx, tx, lessonID)
	if err != nil {
		return playback.Lesson{}, err
	}
	c.MediaID, c.MediaRev = at.MediaID, at.Rev
	return l.withMedia(ctx, tx, c)
}

// MovedTx implements playback.Lessons.
func (l *lessons) MovedTx(ctx context.Context, tx *sqldb.Tx, from, to playback.Revision) (media.TimeMap, error) {
	if from.MediaID != to.MediaID {
		return media.TimeMap{}, nil
	}
	key := [2]playback.Revision{from, to}
	if m, ok := l.cache.Load(key); ok {
		return m.(media.TimeMap), nil
	}
	m, err := media.MovedTx(ctx, tx, from.MediaID, from.Rev, to.Rev)
	if err == nil {
		l.cache.Store(key, m)
	}
	return m, err
}

func (l *lessons) mediaTx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64) (*media.Media, error) {
	key := fmt.Sprintf("%s/%d", mediaID, rev)
	if m, ok := l.cache.Load(key); ok {
		return m.(*media.Media), nil
	}
	m, err := media.Tx(ctx, tx, mediaID, rev)
	if err == nil {
		l.cache.Store(key, m)
	}
	return m, err
}

// MayStudyTx implements playback.Lessons: an enrolment in an open year, and in a sequential course the lessons before.
func (l *lessons) MayStudyTx(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (playback.Lesson, error) {
	c, err := catalog.LessonTx(ctx, tx, lessonID)
	if err != nil {
		return playback.Lesson{}, err
	}
	if _, err := enrolment.MayStudyTx(ctx, tx, learnerID, c.CourseID); err != nil {
		return playback.Lesson{}, err
	}
	course, err := catalog.CourseTx(ctx, tx, c.CourseID)
	if err != nil {
		return playback.Lesson{}, err
	}
	if course.Sequential {
		if err := l.unlocked(ctx, tx, learnerID, c); err != nil {
			return playback.Lesson{}, err
		}
	}
	return l.withMedia(ctx, tx, c)
}

func (l *lessons) unlocked(ctx context.Context, tx *sqldb.Tx, learnerID string, c catalog.Lesson) error {
	all, err := catalog.LessonsTx(ctx, tx, c.CourseID)
	if err != nil {
		return err
	}
	progress, err := playback.ProgressTx(ctx, tx, learnerID, c.CourseID)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Number < c.Number && !progress[o.ID].Full {
			return errs.New(errs.Conflict, "playback.locked", "first", o.Title)
		}
	}
	return nil
}

// OfCourseTx implements playback.Lessons.
func (l *lessons) OfCourseTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]playback.Lesson, error) {
	all, err := catalog.LessonsTx(ctx, tx, courseID)
	if err != nil {
		return nil, err
	}
	out := make([]playback.Lesson, len(all))
	for i, c := range all {
		if out[i], err = l.withMedia(ctx, tx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// QuestionsTx implements playback.Contents.
func (l *lessons) QuestionsTx(ctx context.Context, tx *sqldb.Tx, lessonID string, before int64) ([]playback.Question, error) {
	qs, err := catalog.QuestionsTx(ctx, tx, lessonID, before)
	out := make([]playback.Question, len(qs))
	for i, q := range qs {
		out[i] = playback.Question(q)
	}
	return out, err
}

// SlidesTx implements playback.Contents.
func (l *lessons) SlidesTx(ctx context.Context, tx *sqldb.Tx, at playback.Revision) ([]playback.Slide, error) {
	m, err := l.mediaTx(ctx, tx, at.MediaID, at.Rev)
	if err != nil {
		return nil, err
	}
	out := make([]playback.Slide, len(m.Slides))
	for i, s := range m.Slides {
		out[i] = playback.Slide{Title: s.Title, From: s.StartMS, To: s.EndMS, PictureURL: publicURL(m, s.Thumb)}
	}
	return out, nil
}

func publicURL(m *media.Media, file string) string {
	return fmt.Sprintf("/media/public/%s/%d/%s", m.ID, m.Rev, file)
}

// lessonPages composes the lesson page for the learner's portal.
type lessonPages struct {
	*lessons
	playback *playback.Service
}

// Page implements learner.LessonPages.
func (l *lessonPages) Page(ctx context.Context, lessonID string) (page learner.LessonPage, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return page, err
	}
	err = l.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, err := l.playback.PageTx(ctx, tx, actor, lessonID)
		if err != nil {
			return err
		}
		page, err = l.compose(ctx, tx, actor, lessonID, p)
		return err
	})
	return page, err
}

func (l *lessonPages) compose(ctx context.Context, tx *sqldb.Tx, actor identity.Actor, lessonID string, p playback.Page) (page learner.LessonPage, err error) {
	c, err := catalog.LessonTx(ctx, tx, lessonID)
	if err != nil {
		return page, err
	}
	m, err := l.mediaTx(ctx, tx, c.MediaID, c.MediaRev)
	if err != nil {
		return page, err
	}
	page = learner.LessonPage{
		Lesson: learner.LessonInfo{ID: c.ID, Title: c.Title, Chapter: c.Chapter, Number: c.Number, DurationMS: c.DurationMS, Points: c.Points, Handout: c.Handout},
		Media:  mediaInfo(m, c.Captions),
		Lease:  learner.LeaseInfo{State: p.Lease, DeviceName: p.DeviceName}, Nonce: p.Nonce, Check: p.Check, NextCheckMS: p.NextCheckMS,
		Progress: l.progress(p),
	}
	if !p.Since.IsZero() {
		page.Lease.Since = &p.Since
	}
	page.Course, err = l.course(ctx, tx, actor, c)
	return page, err
}

func mediaInfo(m *media.Media, captions string) learner.MediaInfo {
	info := learner.MediaInfo{Rev: m.Rev, CaptionsURL: captionsURL(m, captions), PosterURL: publicURL(m, "poster.jpg"), Slides: []learner.SlideInfo{}, Renditions: []learner.Rendition{}}
	for _, s := range m.Slides {
		info.Slides = append(info.Slides, learner.SlideInfo{Title: s.Title, StartMS: s.StartMS, EndMS: s.EndMS})
	}
	for _, r := range m.Renditions {
		info.Renditions = append(info.Renditions, learner.Rendition{Name: r.Name, AudioOnly: r.AudioOnly})
	}
	if len(m.Renditions) > 0 { // packaged by the platform, with its small pictures
		info.ThumbsURL = publicURL(m, "thumbs.vtt")
	}
	return info
}

func (l *lessonPages) progress(p playback.Page) learner.ProgressInfo {
	info := learner.ProgressInfo{Credited: [][2]int64{}, CreditedMS: p.Credited.Total(), ConfirmedMS: p.Confirmed.Total(), FrontierMS: p.Credited.End(),
		ResumeMS: p.Credited.FirstGap(p.Lesson.DurationMS), Complete: p.Finished}
	if info.Complete {
		info.ResumeMS = 0
	}
	info.Checks = append([]int64{}, p.Passed...)
	for _, r := range p.Credited {
		info.Credited = append(info.Credited, [2]int64{r.From, r.To})
	}
	return info
}

func (l *lessonPages) course(ctx context.Context, tx *sqldb.Tx, actor identity.Actor, c catalog.Lesson) (info learner.CourseInfo, err error) {
	course, err := catalog.CourseTx(ctx, tx, c.CourseID)
	if err != nil {
		return info, err
	}
	all, err := catalog.LessonsTx(ctx, tx, c.CourseID)
	if err != nil {
		return info, err
	}
	progress, err := playback.ProgressTx(ctx, tx, actor.PersonID, c.CourseID)
	if err != nil {
		return info, err
	}
	info = learner.CourseInfo{ID: course.ID, Title: course.Title, Subject: course.Subject, Hours: course.Hours, Teacher: course.Teacher, Bio: course.TeacherBio}
	open := true
	for _, o := range all {
		item := learner.OutlineItem{ID: o.ID, Chapter: o.Chapter, Title: o.Title, DurationMS: o.DurationMS, State: "new"}
		switch p := progress[o.ID]; {
		case p.Full:
			item.State = "done"
		case course.Sequential && !open:
			item.State = "locked"
		case p.CreditedMS > 0:
			item.State = "learning"
		}
		open = open && progress[o.ID].Full
		info.Outline = append(info.Outline, item)
	}
	return info, nil
}

// Stretches implements learner.LessonPages.
func (l *lessonPages) Stretches(ctx context.Context, lessonID string) (out []learner.Stretch, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, err
	}
	err = l.db.Read(ctx, func(tx *sqldb.Tx) error {
		p, err := l.playback.PageTx(ctx, tx, actor, lessonID)
		if err != nil {
			return err
		}
		st, err := l.playback.StretchesTx(ctx, tx, actor.PersonID, p.Lesson, p.Credited, p.Confirmed)
		out = make([]learner.Stretch, len(st))
		for i, s := range st {
			out[i] = learner.Stretch{FromMS: s.From, ToMS: s.To, Status: s.Status, Reason: s.Reason}
		}
		return err
	})
	return out, err
}

// captionsURL is empty for a lesson without captions.
func captionsURL(m *media.Media, file string) string {
	if file == "" {
		return ""
	}
	return publicURL(m, file)
}

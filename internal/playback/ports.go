package playback

import (
	"context"

	"xueshi/internal/identity"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// Lesson is what the engine needs to know of a lesson and its media.
type Lesson struct {
	ID, CourseID string
	MediaID      string
	MediaRev     int64
	DurationMS   int64
	SegmentMS    int64 // every segment but the last is exactly this long
	Segments     int64
}

// Segment is the segment in which the position ms lies.
func (l *Lesson) Segment(ms int64) int64 { return min(ms/l.SegmentMS, l.Segments-1) }

// Lessons says what may be studied and how long it is; implemented over enrolment, catalog and media.
type Lessons interface {
	// MayStudyTx is the lesson, if the learner may study it now.
	// Errors: Forbidden "playback.not_enrolled", Conflict "playback.year_closed", "playback.locked".
	MayStudyTx(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (Lesson, error)
	// LessonTx is the lesson as learners get it now.
	LessonTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (Lesson, error)
	// RevisionTx is the lesson as one revision of its media has it.
	RevisionTx(ctx context.Context, tx *sqldb.Tx, lessonID string, at Revision) (Lesson, error)
	// MovedTx says where the content of one revision stands in another, in pieces. Revisions that learners have played never
	// change, so the answer for two of them is always the same.
	MovedTx(ctx context.Context, tx *sqldb.Tx, from, to Revision) (media.TimeMap, error)
	// OfCourseTx lists the course's lessons.
	OfCourseTx(ctx context.Context, tx *sqldb.Tx, courseID string) ([]Lesson, error)
}

// Question is a content question of a lesson; Answer never leaves the server.
type Question struct {
	Text    string
	Options []string
	Answer  int
}

// Slide is a picture of a lesson with the time it is shown.
type Slide struct {
	Title      string
	From, To   int64
	PictureURL string
}

// Contents gives the material presence checks are made of.
type Contents interface {
	// QuestionsTx are content questions on the lesson's media before the position ms.
	QuestionsTx(ctx context.Context, tx *sqldb.Tx, lessonID string, before int64) ([]Question, error)
	// SlidesTx are all slides of a revision, in order.
	SlidesTx(ctx context.Context, tx *sqldb.Tx, at Revision) ([]Slide, error)
}

// Devices proves that a message was signed by the key the login is bound to.
type Devices interface {
	// VerifyDevice fails with Unauthenticated "playback.device_unproven" when the signature is not the device's.
	VerifyDevice(ctx context.Context, actor identity.Actor, message, signature string) error
	// DeviceName is how the learner's own device list calls it.
	DeviceName(ctx context.Context, actor identity.Actor) (string, error)
}

// Completion is told, in the same transaction, which lessons have just become confirmed in full.
type Completion interface {
	ConfirmedTx(ctx context.Context, tx *sqldb.Tx, learnerID string, lessonIDs []string) error
}

package media

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// The jobs of this package, and the keys under which one runs at a time.
const (
	jobIntake  = "media.intake"  // upload
	jobInspect = "media.inspect" // original and profile
	jobPackage = "media.package" // media and revision
	jobRepair  = "media.repair"  // original
)

// Lessons is what the catalogue does with files for lessons; catalog implements it.
type Lessons interface {
	// MayTakeTx refuses when the lesson is not the provider's, or takes no new file now.
	MayTakeTx(ctx context.Context, tx *sqldb.Tx, providerID, lessonID string) error
	// TakeTx makes the original the newest revision of the lesson; it asks for its inspection and packaging.
	TakeTx(ctx context.Context, tx *sqldb.Tx, h Handover) error
	// StemTx tells what a revision was made from. Errors: NotFound when the lesson no longer has it.
	StemTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) (Stem, error)
	// InspectedTx tells every lesson made from the original that its report is there.
	InspectedTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile Profile, r ReportHead) error
	// RefusedTx tells that the original cannot be inspected or packaged at all, by the code.
	RefusedTx(ctx context.Context, tx *sqldb.Tx, originalID string, code string) error
	// PackagedTx tells that a revision can be played.
	PackagedTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) error
}

// Content is somebody's word on whether a file replaces a lesson by the same content or by another.
type Content string

// The same content lets learners go on where they were; new content has been watched by nobody.
const (
	SameContent Content = "same"
	NewContent  Content = "new"
)

// Handover is an original on its way to a lesson.
type Handover struct {
	LessonID string
	Original Original
	Profile  Profile
	Origin   string  // upload or repair
	Content  Content // of an upload
	By       string
	// Of a repair: the revision it mends, and what it cuts off.
	Mends          int64
	HeadMS, TailMS int64
}

// Scanner looks for viruses; name is what it found, empty when nothing.
type Scanner interface {
	Scan(ctx context.Context, r io.Reader) (name string, err error)
}

// Deps are what the service stands on.
type Deps struct {
	DB         *sqldb.DB
	Store      blob.Store
	Jobs       *jobs.Queue
	Clock      clock.Clock
	Inspector  Inspector
	Transcoder Transcoder
	Scanner    Scanner // nil = none
	Dir        string  // uploads and files in the making lie here
}

// Service takes originals in, inspects, mends and packages them.
type Service struct {
	db         *sqldb.DB
	store      blob.Store
	jobs       *jobs.Queue
	sweeps     *jobs.Queue // of its own: a sweep of a large store must not keep uploads waiting
	clk        clock.Clock
	inspector  Inspector
	transcoder Transcoder
	scanner    Scanner
	dir        string
	lessons    Lessons
}

// New makes the service; Serve gives it the catalogue before the first job.
func New(d Deps) *Service {
	s := &Service{db: d.DB, store: d.Store, jobs: d.Jobs, sweeps: jobs.New(d.DB), clk: d.Clock, inspector: d.Inspector, transcoder: d.Transcoder, scanner: d.Scanner, dir: d.Dir}
	d.Jobs.Handle(jobIntake, s.intake, s.settleIntake)
	d.Jobs.Handle(jobInspect, s.inspect, s.settleInspect)
	d.Jobs.Handle(jobPackage, s.pack, s.settlePack)
	d.Jobs.Handle(jobRepair, s.repair, nil)
	s.sweeps.Handle(jobSweep, s.sweepJob, nil)
	return s
}

// Serve says whose lessons the files are for.
func (s *Service) Serve(l Lessons) { s.lessons = l }

// local is the path of an original on this machine's disk, for the programs that read it.
func (s *Service) local(ctx context.Context, key string) (path string, done func(), err error) {
	path, done, err = s.store.Fetch(ctx, key)
	if blob.Missing(err) {
		err = errs.New(errs.NotFound, "media.no_original").WithCause(err)
	}
	return path, done, err
}

// WorkDir is the folder in that of uploads where jobs work; what their workers leave when they die is removed after a day.
func WorkDir(uploads string) string { return filepath.Join(uploads, "work") }

// workDir makes an empty folder for one try of a job, removed by done.
func (s *Service) workDir() (dir string, done func(), err error) {
	base := WorkDir(s.dir)
	if err := os.MkdirAll(base, 0o750); err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp(base, "job-*")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// KeepText stores a small file beside a revision's media.
func (s *Service) KeepText(ctx context.Context, key string, r io.Reader) error {
	return s.store.Put(ctx, key, r)
}

// MediaFile opens a file of a revision. Errors: NotFound "media.no_file".
func (s *Service) MediaFile(ctx context.Context, mediaID string, rev int64, name string) (blob.File, error) {
	return s.open(ctx, (&Media{ID: mediaID, Rev: rev}).Key(name))
}

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
	TakeTx(ctx context.Context, tx *sqldb.Tx, lessonID string, o Original, profile Profile, origin, by string) error
	// InspectedTx tells every lesson made from the original that its report is there.
	InspectedTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile Profile, r ReportHead) error
	// RefusedTx tells that the original cannot be inspected or packaged at all, by the code.
	RefusedTx(ctx context.Context, tx *sqldb.Tx, originalID string, code string) error
	// PackagedTx tells that a revision can be played.
	PackagedTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) error
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
	clk        clock.Clock
	inspector  Inspector
	transcoder Transcoder
	scanner    Scanner
	dir        string
	lessons    Lessons
}

// New makes the service; Serve gives it the catalogue before the first job.
func New(d Deps) *Service {
	s := &Service{db: d.DB, store: d.Store, jobs: d.Jobs, clk: d.Clock, inspector: d.Inspector, transcoder: d.Transcoder, scanner: d.Scanner, dir: d.Dir}
	d.Jobs.Handle(jobIntake, s.intake, s.settleIntake)
	d.Jobs.Handle(jobInspect, s.inspect, s.settleInspect)
	d.Jobs.Handle(jobPackage, s.pack, s.settlePack)
	d.Jobs.Handle(jobRepair, s.repair, nil)
	return s
}

// Serve says whose lessons the files are for.
func (s *Service) Serve(l Lessons) { s.lessons = l }

// local is the path of a stored file on this machine's disk, for the programs that read it.
func (s *Service) local(key string) (path string, done func(), err error) {
	f, err := s.store.Open(key)
	if os.IsNotExist(err) {
		return "", nil, errs.New(errs.NotFound, "media.no_original")
	}
	if err != nil {
		return "", nil, err
	}
	return f.Name(), func() { _ = f.Close() }, nil
}

// workDir makes an empty folder for one try of a job, removed by done.
func (s *Service) workDir() (dir string, done func(), err error) {
	base := filepath.Join(s.dir, "work")
	if err := os.MkdirAll(base, 0o750); err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp(base, "job-*")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// KeepText stores a small file beside a revision's media.
func (s *Service) KeepText(key string, r io.Reader) error { return s.store.Put(key, r) }

// MediaFile opens a file of a revision. Errors: NotFound "media.no_file".
func (s *Service) MediaFile(mediaID string, rev int64, name string) (*os.File, error) {
	return s.open((&Media{ID: mediaID, Rev: rev}).Key(name))
}

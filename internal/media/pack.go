package media

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

type packArgs struct {
	MediaID    string `json:"media_id"`
	Rev        int64  `json:"rev"`
	OriginalID string `json:"original_id"`
}

func packKey(mediaID string, rev int64) string { return mediaID + "/" + strconv.FormatInt(rev, 10) }

// PackTx asks for the renditions of an original as a revision of a media.
func (s *Service) PackTx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64, originalID string) error {
	return s.jobs.PutTx(ctx, tx, jobPackage, packKey(mediaID, rev), packArgs{mediaID, rev, originalID})
}

// PackStatusTx is how far it is.
func PackStatusTx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64) (jobs.Status, error) {
	return jobs.StatusTx(ctx, tx, jobPackage, packKey(mediaID, rev))
}

// InspectStatusTx is how far the inspection of an original is.
func InspectStatusTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile Profile) (jobs.Status, error) {
	return jobs.StatusTx(ctx, tx, jobInspect, originalID+"/"+string(profile))
}

// RepairStatusTx is how far the repair of an original is.
func RepairStatusTx(ctx context.Context, tx *sqldb.Tx, originalID string) (jobs.Status, error) {
	return jobs.StatusTx(ctx, tx, jobRepair, originalID)
}

// pack makes the renditions beside the store, then stores them, then names them in the database: a repetition finds or
// replaces files that nobody plays yet.
func (s *Service) pack(ctx context.Context, j *jobs.Job) error {
	var a packArgs
	if err := j.Args(&a); err != nil {
		return err
	}
	dir, done, err := s.workDir()
	if err != nil {
		return err
	}
	defer done()
	o, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (Original, error) { return OriginalTx(ctx, tx, a.OriginalID) })
	if err != nil {
		return err
	}
	path, close, err := s.local(ctx, originalKey(o.Hash))
	if err != nil {
		return err
	}
	defer close()
	if err := s.transcoder.Package(ctx, path, dir, j.Progress); err != nil {
		return err
	}
	m, err := Stage(ctx, s.store, os.DirFS(dir), a.MediaID, a.Rev)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.packedTx(ctx, tx, m) })
}

// packedTx names a staged revision with its base and time map. An earlier try may have done it.
func (s *Service) packedTx(ctx context.Context, tx *sqldb.Tx, m *Media) error {
	if _, err := Tx(ctx, tx, m.ID, m.Rev); !errs.Has(err, "media.no_media") {
		return err
	}
	stem, err := s.lessons.StemTx(ctx, tx, m.ID, m.Rev)
	if errs.KindOf(err) == errs.NotFound {
		return nil // the lesson was taken out of its draft meanwhile
	}
	if err == nil {
		err = m.grow(ctx, tx, stem)
	}
	if err == nil {
		err = AddTx(ctx, tx, m)
	}
	if err != nil {
		return err
	}
	return s.lessons.PackagedTx(ctx, tx, m.ID, m.Rev)
}

func (s *Service) settlePack(ctx context.Context, tx *sqldb.Tx, j *jobs.Job, work error) error {
	var a packArgs
	if err := j.Args(&a); err != nil || work == nil {
		return err
	}
	return s.lessons.RefusedTx(ctx, tx, a.OriginalID, refusalCode(work))
}

type repairArgs struct {
	OriginalID string     `json:"original_id"`
	LessonID   string     `json:"lesson_id"`
	Rev        int64      `json:"rev"`
	Profile    Profile    `json:"profile"`
	Plan       RepairPlan `json:"plan"`
	By         string     `json:"by"`
}

// RepairTx asks for a mended copy of the original of a lesson's revision as its newest; the original stays.
func (s *Service) RepairTx(ctx context.Context, tx *sqldb.Tx, h Handover, plan RepairPlan) error {
	return s.jobs.PutTx(ctx, tx, jobRepair, h.Original.ID, repairArgs{h.Original.ID, h.LessonID, h.Mends, h.Profile, plan, h.By})
}

// Wake lets jobs begin right after the commit of what asked for them.
func (s *Service) Wake() { s.jobs.Wake() }

func (s *Service) repair(ctx context.Context, j *jobs.Job) error {
	var a repairArgs
	if err := j.Args(&a); err != nil {
		return err
	}
	o, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (Original, error) { return OriginalTx(ctx, tx, a.OriginalID) })
	if err != nil {
		return err
	}
	dir, done, err := s.workDir()
	if err != nil {
		return err
	}
	defer done()
	path, closeIn, err := s.local(ctx, originalKey(o.Hash))
	if err != nil {
		return err
	}
	defer closeIn()
	out := filepath.Join(dir, "repaired.mp4")
	if err := s.transcoder.Repair(ctx, path, out, a.Plan, j.Progress); err != nil {
		return err
	}
	mended, err := s.keepRepaired(ctx, out, o, a)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		mended, err := keepOriginalTx(ctx, tx, mended)
		if err != nil {
			return err
		}
		return s.lessons.TakeTx(ctx, tx, Handover{LessonID: a.LessonID, Original: mended, Profile: a.Profile, Origin: "repair", By: a.By,
			Mends: a.Rev, HeadMS: a.Plan.TrimHeadMS, TailMS: a.Plan.TrimTailMS})
	})
}

// onDisk is a file on this machine's disk.
type onDisk struct{ *os.File }

// Rewind begins anew at the first byte.
func (f onDisk) Rewind() error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func (s *Service) keepRepaired(ctx context.Context, path string, from Original, a repairArgs) (o Original, err error) {
	f, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return o, err
	}
	hash, err := s.keep(ctx, onDisk{f}, info.Size())
	name := from.Name
	if ext := filepath.Ext(name); ext != "" {
		name = name[:len(name)-len(ext)]
	}
	return Original{ProviderID: from.ProviderID, Hash: hash, Bytes: info.Size(), Name: name + ".mp4", MadeFrom: from.ID,
		repair: fmt.Sprintf("%+v", a.Plan), uploadedBy: a.By}, err
}

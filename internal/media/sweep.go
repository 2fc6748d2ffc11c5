package media

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// SweepGrace is how old a stored file is, by the store's clock, before the daily sweep asks whether anything needs it. A file is
// stored before its row is written: never less than MinGrace.
const (
	SweepGrace = 48 * time.Hour
	MinGrace   = 24 * time.Hour
)

const (
	jobSweep   = "media.sweep" // day
	sweepBatch = 500           // files asked for in one transaction
	sweepHour  = 3             // of the day in Shanghai, from which the day's sweep may begin
)

// Orphan is a stored file that no row needs.
type Orphan struct {
	blob.Info
	Kind  string // original, revision, report or piece: what it was stored for
	owner owner
}

// Swept is what a sweep did.
type Swept struct {
	Looked int64            // files older than the grace
	Files  int64            // erased
	Bytes  int64            // of them
	Kinds  map[string]int64 // files by kind
	Parts  int64            // remains of stores that died
}

// Orphans gives every file of the store that is older than the grace and that no row needs, a batch at a time. Each batch is judged
// in one transaction after it was listed. Errors: Invalid "media.sweep_grace" below MinGrace; those of the store end it.
func (s *Service) Orphans(ctx context.Context, grace time.Duration, use func(ctx context.Context, batch []Orphan) error) (looked int64, err error) {
	if grace < MinGrace {
		return 0, errs.New(errs.Invalid, "media.sweep_grace", "min_hours", MinGrace.Hours())
	}
	before := s.clk.Now().Add(-grace)
	var batch []Orphan
	flush := func() error {
		found, err := s.orphansOf(ctx, batch)
		looked += int64(len(batch))
		batch = batch[:0]
		if err != nil || len(found) == 0 {
			return err
		}
		return use(ctx, found)
	}
	for _, folder := range sweptFolders {
		for info, err := range s.store.List(ctx, folder) {
			if err != nil {
				return looked, err
			}
			if o, ours := ownerOf(info.Key); ours && info.Modified.Before(before) {
				batch = append(batch, Orphan{info, o.kind, o})
			}
			if len(batch) == sweepBatch {
				if err := flush(); err != nil {
					return looked, err
				}
			}
		}
	}
	return looked, flush()
}

// orphansOf leaves out of a batch what a row needs.
func (s *Service) orphansOf(ctx context.Context, batch []Orphan) (found []Orphan, err error) {
	if len(batch) == 0 {
		return nil, nil
	}
	owners := make([]owner, len(batch))
	for i, o := range batch {
		owners[i] = o.owner
	}
	needed, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (map[owner]bool, error) { return neededTx(ctx, tx, owners) })
	for _, o := range batch {
		if !needed[o.owner] {
			found = append(found, o)
		}
	}
	return found, err
}

// SweepNow erases the orphans, and what stores that died have left. What it did is audited, also when it ends with an error.
// Errors: as Orphans; the store is not this database's (installation.CountSweep).
func (s *Service) SweepNow(ctx context.Context, grace time.Duration) (done Swept, err error) {
	if err := installation.CountSweep(ctx, s.db, s.store); err != nil {
		return done, err
	}
	done.Kinds = map[string]int64{}
	done.Looked, err = s.Orphans(ctx, grace, func(ctx context.Context, batch []Orphan) error {
		for _, o := range batch {
			gone, err := s.erase(ctx, o)
			if err != nil {
				return err
			}
			if gone {
				done.Files, done.Bytes = done.Files+1, done.Bytes+o.Size
				done.Kinds[o.Kind]++
			}
		}
		return nil
	})
	if err == nil {
		var n int
		n, err = s.store.Clean(ctx, s.clk.Now().Add(-grace))
		done.Parts = int64(n)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return done, errors.Join(err, s.db.Write(end, func(tx *sqldb.Tx) error { return done.noteTx(end, tx) }))
}

func (d *Swept) noteTx(ctx context.Context, tx *sqldb.Tx) error {
	if err := forgetHoldsTx(ctx, tx); err != nil || d.Files+d.Parts == 0 {
		return err
	}
	slog.InfoContext(ctx, "store swept", "files", d.Files, "bytes", d.Bytes, "looked", d.Looked, "parts", d.Parts)
	return identity.AuditTx(ctx, tx, "media.store_swept", "store", map[string]any{"files": d.Files, "bytes": d.Bytes, "kinds": d.Kinds, "parts": d.Parts})
}

// erase removes one orphan, unless somebody came to need it meanwhile.
func (s *Service) erase(ctx context.Context, o Orphan) (gone bool, err error) {
	if o.Kind == ownerOriginal { // the only files that come again under the same name: whoever uploads the same bytes
		return s.eraseOriginal(ctx, o)
	}
	ctx, cancel := context.WithTimeout(ctx, eraseIn)
	defer cancel()
	now, err := s.store.Stat(ctx, o.Key)
	switch {
	case blob.Missing(err):
		return false, nil
	case err != nil:
		return false, err
	case now.Modified.Unix() != o.Modified.Unix(): // stored anew since it was listed; some stores tell seconds here and parts of them there
		return false, nil
	}
	return true, s.store.Remove(ctx, o.Key)
}

func (s *Service) eraseOriginal(ctx context.Context, o Orphan) (gone bool, err error) {
	began := time.Now()
	err = s.db.Write(ctx, func(tx *sqldb.Tx) (err error) { gone, err = eraseTx(ctx, tx, o.owner); return err })
	if err != nil || !gone {
		return false, err
	}
	last, cancel := context.WithDeadline(ctx, began.Add(eraseIn)) // long before the word is over
	defer cancel()
	if err := s.store.Remove(last, o.Key); err != nil {
		return false, err // perhaps it was erased; the word stands until it is over
	}
	return true, s.db.Write(ctx, func(tx *sqldb.Tx) error { return erasedTx(ctx, tx, o.owner.id) })
}

// SweepDaily puts the day's sweep, once for all processes, and does it if no other process does. It is a turn: it says how long
// until the next is worth it.
func (s *Service) SweepDaily(ctx context.Context) (time.Duration, error) {
	day := s.clk.Now().In(shanghai).Add(-sweepHour * time.Hour).Format(time.DateOnly)
	had, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (jobs.Status, error) { return jobs.StatusTx(ctx, tx, jobSweep, day) })
	if err == nil && had.State == "" {
		err = s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.sweeps.PutOnceTx(ctx, tx, jobSweep, day, struct{}{}) })
	}
	if err == nil {
		_, err = s.sweeps.Turn(ctx)
	}
	return time.Minute, err
}

func (s *Service) sweepJob(ctx context.Context, _ *jobs.Job) error {
	_, err := s.SweepNow(ctx, SweepGrace)
	return err
}

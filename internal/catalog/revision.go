package catalog

import (
	"context"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// LessonAtTx is LessonTx as revision rev of its media has it, which a page that was opened earlier shows; 0 = the one that is
// played now. Errors: NotFound "catalog.no_lesson", and "media.no_media" for a revision that learners have never played.
func LessonAtTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) (Lesson, error) {
	l, err := LessonTx(ctx, tx, lessonID)
	if err != nil || rev == 0 || rev == l.MediaRev {
		return l, err
	}
	length, found, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT m.duration_ms FROM courseware w JOIN media m ON m.id = w.lesson_id AND m.rev = w.rev
		WHERE w.lesson_id = $1 AND w.rev = $2 AND w.state IN ('published', 'withdrawn')`, lessonID, rev)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_media")
	}
	l.MediaRev, l.DurationMS = rev, length
	return l, err
}

// Places finds where positions of earlier revisions stand in the revisions that are played now. The zero value is ready.
type Places struct{ ways map[place]way }

type place struct {
	lessonID string
	rev      int64
}

type way struct {
	media.TimeMap
	end int64
}

// AtTx is where a position of revision rev of a lesson's media stands now, or what is nearest to it: what was written about
// a lesson moves with it, and is never lost.
func (p *Places) AtTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev, atMS int64) (int64, error) {
	w, known := p.ways[place{lessonID, rev}]
	if !known {
		l, err := LessonTx(ctx, tx, lessonID)
		if err != nil {
			return atMS, err
		}
		w.end = l.DurationMS
		if w.TimeMap, err = media.MovedTx(ctx, tx, l.MediaID, rev, l.MediaRev); err != nil && !errs.Has(err, "media.no_media") {
			return atMS, err
		}
		if p.ways == nil {
			p.ways = map[place]way{}
		}
		p.ways[place{lessonID, rev}] = w
	}
	return min(w.Nearest(atMS), w.end), nil
}

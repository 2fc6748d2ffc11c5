package playback

import (
	"context"
	"strconv"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Pass is what a media URL's token says.
type Pass struct {
	SessionID, LearnerID, LessonID string
	Epoch                          int64
}

// ReadToken checks a media token's MAC; it reads no row.
// Errors: NotFound "playback.bad_token".
func (s *Service) ReadToken(token string) (p Pass, err error) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !equal(token[i+1:], b64(mac(s.key, "media", token[:i])[:16])) {
		return p, errs.New(errs.NotFound, "playback.bad_token")
	}
	f := strings.Split(token[:i], ".")
	if len(f) != 4 {
		return p, errs.New(errs.NotFound, "playback.bad_token")
	}
	p = Pass{SessionID: f[0], LearnerID: f[1], LessonID: f[2]}
	p.Epoch, err = strconv.ParseInt(f[3], 10, 64)
	return p, err
}

// Release says whether segment no may be sent to the pass's session now (playback.md 2.7, T25): up to the frontier plus the window.
// Errors: Conflict "playback.superseded" (take the lease again), Limited "playback.not_released" (try again later).
func (s *Service) Release(ctx context.Context, p Pass, no int64) (Lesson, error) {
	e, err := s.entryOf(ctx, p.LearnerID)
	if err != nil {
		return Lesson{}, err
	}
	if e.study.SessionID != p.SessionID || e.study.Epoch != p.Epoch {
		if s.forget(p.LearnerID); e.cached { // another process may have given the lease: look once more
			return s.Release(ctx, p, no)
		}
		return e.lesson, errs.New(errs.Conflict, "playback.superseded")
	}
	if no < 0 || no >= e.lesson.Segments {
		return e.lesson, errs.New(errs.NotFound, "playback.no_segment")
	}
	if no*e.lesson.SegmentMS >= e.credited.End()+e.policy.WindowMS {
		if e.cached { // the heartbeats may go to another process: its frontier counts
			s.forget(p.LearnerID)
			return s.Release(ctx, p, no)
		}
		return e.lesson, errs.New(errs.Limited, "playback.not_released").WithRetry(int(e.policy.BeatMS / 1000))
	}
	return e.lesson, nil
}

// Delivered books that the last byte of a segment was sent; it returns when that is durable.
func (s *Service) Delivered(ctx context.Context, p Pass, no, bytes int64) error {
	return s.beats.submit(ctx, &item{seg: &delivered{p.LearnerID, p.SessionID, no, bytes}})
}

// Sent is Delivered without waiting for the disk, which it reaches within a tenth of a second (lingerFor). Heartbeats of
// this process are evaluated after it; a crash before it is stored loses the delivery, and then the player is told to
// fetch the segment again.
func (s *Service) Sent(ctx context.Context, p Pass, no, bytes int64) error {
	it := &item{seg: &delivered{p.LearnerID, p.SessionID, no, bytes}}
	select {
	case s.beats.in <- it:
		return nil
	case <-s.beats.stop:
		return errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// entryOf is a copy of the cached learner, read from the database when it is not there.
func (s *Service) entryOf(ctx context.Context, learnerID string) (*entry, error) {
	if e := s.beats.cache.get(learnerID); e != nil {
		return e, nil
	}
	var e *entry
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		e, err = s.beats.load(ctx, tx, learnerID)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.beats.cache.offer(learnerID, e)
	return e, nil
}

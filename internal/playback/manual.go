package playback

import (
	"context"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// GrantTx credits media by hand, for a granted appeal: only what is not credited already, as an evidence kind of its own,
// confirmed at once by the deciding person's word. It tells completion like a passed check does. The claim is of revision rev
// of the lesson's media; 0 = the one that is played. granted is in ms.
func (s *Service) GrantTx(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string, rev int64, claim Range, appealID, actor string) (granted int64, err error) {
	l, err := s.lessons.LessonTx(ctx, tx, lessonID)
	if err == nil && rev > 0 && rev != l.MediaRev {
		l, err = s.lessons.RevisionTx(ctx, tx, lessonID, Revision{l.MediaID, rev})
	}
	if err != nil {
		return 0, err
	}
	if claim.From < 0 || claim.To > l.DurationMS || claim.To <= claim.From {
		return 0, errs.New(errs.Invalid, "playback.range")
	}
	st, found, err := loadStudy(ctx, tx, learnerID)
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, errs.New(errs.Conflict, "playback.no_lease")
	}
	credited, _, err := s.creditedIn(ctx, tx, st, learnerID, l)
	if err != nil {
		return 0, err
	}
	for _, gap := range credited.Minus(claim) {
		seq, hash := st.chain("manual", l.ID, l.MediaID, l.MediaRev, gap.From, gap.To, appealID, actor, tx.NowMicro())
		if _, err := tx.Exec(ctx, `INSERT INTO manual_credit (learner_id, chain_seq, lesson_id, media_id, media_rev, media_from, media_to, appeal_id, actor, at, chain_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			learnerID, seq, l.ID, l.MediaID, l.MediaRev, gap.From, gap.To, appealID, actor, tx.NowMicro(), hash); err != nil {
			return 0, err
		}
		granted += gap.Len()
	}
	if ok, err := saveStudy(ctx, tx, st); err != nil || !ok {
		if err == nil {
			err = errs.New(errs.Unavailable, "playback.busy").WithRetry(1)
		}
		return 0, err
	}
	policy, err := s.policy.atTx(ctx, tx, learnerID, st.AcquiredAt)
	if err != nil {
		return 0, err
	}
	return granted, s.foldAll(ctx, tx, st, policy, []string{l.ID}, 0)
}

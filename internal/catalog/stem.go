package catalog

import (
	"context"

	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// playingTx is the revision that learners of a lesson play; 0 = none.
func playingTx(ctx context.Context, tx *sqldb.Tx, lessonID string) (int64, error) {
	rev, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT media_rev FROM lesson WHERE id = $1`, lessonID)
	return rev, err
}

// rootedTx notes, when a file comes in, what learners play. A repair holds what the revision holds that it mends.
func (c *Courseware) rootedTx(ctx context.Context, tx *sqldb.Tx) (err error) {
	if c.Origin == "upload" {
		c.baseRev, err = playingTx(ctx, tx, c.LessonID)
		return err
	}
	mended, err := revisionTx(ctx, tx, c.LessonID, c.baseRev)
	c.Content = mended.Content
	return err
}

// StemTx implements media.Lessons. Errors: NotFound "catalog.no_courseware".
func (s *Service) StemTx(ctx context.Context, tx *sqldb.Tx, lessonID string, rev int64) (media.Stem, error) {
	c, err := revisionTx(ctx, tx, lessonID, rev)
	if err != nil {
		return media.Stem{}, err
	}
	return c.stemTx(ctx, tx)
}

// stemTx follows repairs back: to a revision that learners have played, since what was cut off since then is known; or to the
// file that came in, of which only its word is known. Then what counts is what they played when it came in, or play now.
func (c Courseware) stemTx(ctx context.Context, tx *sqldb.Tx) (s media.Stem, err error) {
	s.Same = c.Content == media.SameContent
	at := c
	for at.Origin == "repair" && at.baseRev > 0 {
		s.HeadMS, s.TailMS = s.HeadMS+at.headMS, s.TailMS+at.tailMS
		if at, err = revisionTx(ctx, tx, at.LessonID, at.baseRev); err != nil {
			return s, err
		}
		if at.played() {
			s.BaseRev = at.Rev
			return s, nil
		}
	}
	s.Uploaded, s.BaseRev = true, at.baseRev
	if s.BaseRev == 0 {
		s.BaseRev, err = playingTx(ctx, tx, c.LessonID)
	}
	return s, err
}

// growTx writes base and time map of a packaged revision as everything is known when it is published: what the reviewer has
// decided, and what learners play by now.
func (c Courseware) growTx(ctx context.Context, tx *sqldb.Tx) error {
	if c.Origin == "import" {
		return nil
	}
	s, err := c.stemTx(ctx, tx)
	if err != nil {
		return err
	}
	return media.RootTx(ctx, tx, c.LessonID, c.Rev, s)
}

// Carries says how much of what learners play now they find again in a revision: so far they go on where they were.
type Carries struct {
	FromRev   int64 `json:"from_rev"`
	OfMS      int64 `json:"of_ms" doc:"Length of what is played now"`
	CarriesMS int64 `json:"carries_ms" doc:"As long as the content is the same"`
	Stated    bool  `json:"stated" doc:"That the content is the same rests on somebody's word; otherwise it was made from what is played"`
}

// carriesTx tells it of a packaged revision, had its content been called the same; nil where there is nothing to tell.
func carriesTx(ctx context.Context, tx *sqldb.Tx, c Courseware, playing int64) (*Carries, error) {
	if playing == 0 || c.played() || c.Origin == "import" {
		return nil, nil
	}
	s, err := c.stemTx(ctx, tx)
	if err != nil {
		return nil, err
	}
	s.Same = true
	now, err := media.Tx(ctx, tx, c.LessonID, playing)
	if err != nil {
		return nil, err
	}
	way, err := media.WouldMoveTx(ctx, tx, c.LessonID, playing, c.Rev, s)
	return &Carries{FromRev: playing, OfMS: now.DurationMS, CarriesMS: way.Total(), Stated: s.Uploaded}, err
}

package supervision

import (
	"cmp"
	"context"

	"xueshi/internal/platform/sqldb"
)

func byAbout(a, b standing) int { return cmp.Compare(a.about, b.about) }

func standingsTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) ([]standing, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s standing, err error) {
		s.learners = 1
		return s, row.Scan(&s.about, &s.region, &s.doneMonth, &s.courses, &s.completed, &s.public, &s.professional)
	}, `SELECT about, region_id, done_month, courses, completed, public_tenths, professional_tenths FROM standing
		WHERE person_id = $1 AND year = $2 ORDER BY about`, personID, year)
}

// putStandingsTx replaces a learner's year.
func putStandingsTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64, all []standing) error {
	if _, err := tx.Exec(ctx, `DELETE FROM standing WHERE person_id = $1 AND year = $2`, personID, year); err != nil {
		return err
	}
	for _, s := range all {
		if _, err := tx.Exec(ctx, `INSERT INTO standing (person_id, year, about, region_id, courses, completed, public_tenths, professional_tenths, done_month)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, personID, year, s.about, s.region, s.courses, s.completed, s.public, s.professional, s.doneMonth); err != nil {
			return err
		}
	}
	return nil
}

// addTx adds differences to the tallies; a cell nobody stands in any more goes.
func addTx(ctx context.Context, tx *sqldb.Tx, deltas map[cell]counts) error {
	for at, d := range deltas {
		if d == (counts{}) {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tally (year, about, region_id, done_month, learners, courses, completed, public_tenths, professional_tenths)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (year, about, region_id, done_month) DO UPDATE SET
			learners = tally.learners + excluded.learners, courses = tally.courses + excluded.courses, completed = tally.completed + excluded.completed,
			public_tenths = tally.public_tenths + excluded.public_tenths, professional_tenths = tally.professional_tenths + excluded.professional_tenths`,
			at.year, at.about, at.region, at.doneMonth, d.learners, d.courses, d.completed, d.public, d.professional); err != nil {
			return err
		}
		if d.learners >= 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `DELETE FROM tally WHERE year = $1 AND about = $2 AND region_id = $3 AND done_month = $4 AND learners = 0`,
			at.year, at.about, at.region, at.doneMonth); err != nil {
			return err
		}
	}
	return nil
}

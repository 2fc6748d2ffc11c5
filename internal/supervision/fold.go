package supervision

import (
	"context"
	"slices"

	"xueshi/internal/catalog"
	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

const foldBatch = 200 // marks a transaction takes: SQLite's one writer must not wait long for it

type mark struct {
	no     int64
	person string
	year   int64
}

// Fold turns waiting marks into standings and tallies; the minute's job calls it until more is false. Several processes may
// run it: on PostgreSQL one of two that took the same marks is retried. Only the system itself may.
func (s *Service) Fold(ctx context.Context) (more bool, err error) {
	actor, err := identity.Require(ctx)
	if err == nil && !actor.System {
		err = errs.New(errs.Forbidden, "identity.role_required")
	}
	if err != nil {
		return false, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		marks, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (m mark, err error) { return m, row.Scan(&m.no, &m.person, &m.year) },
			`SELECT no, person_id, year FROM standing_mark ORDER BY no LIMIT $1`, foldBatch)
		if err != nil {
			return err
		}
		if more = len(marks) == foldBatch; len(marks) > 0 {
			if err := foldTx(ctx, tx, marks); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO tally_run (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, tx.NowMicro())
		return err
	})
	return more, err
}

// foldTx recomputes each marked learner's year once and carries the differences over.
func foldTx(ctx context.Context, tx *sqldb.Tx, marks []mark) error {
	owner := providers{courses: map[string]string{}, names: map[string]string{}}
	if err := owner.readTx(ctx, tx); err != nil {
		return err
	}
	deltas, seen := map[cell]counts{}, map[mark]bool{}
	for _, m := range marks {
		key := mark{person: m.person, year: m.year}
		if seen[key] {
			continue
		}
		seen[key] = true
		before, err := standingsTx(ctx, tx, m.person, m.year)
		if err != nil {
			return err
		}
		after, err := recountTx(ctx, tx, m.person, m.year, &owner)
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			continue
		}
		for _, s := range before {
			deltas[s.cell(m.year)] = deltas[s.cell(m.year)].plus(s.counts, -1)
		}
		for _, s := range after {
			deltas[s.cell(m.year)] = deltas[s.cell(m.year)].plus(s.counts, 1)
		}
		if err := putStandingsTx(ctx, tx, m.person, m.year, after); err != nil {
			return err
		}
	}
	if err := addTx(ctx, tx, deltas); err != nil {
		return err
	}
	// The snapshot that chose the marks also bounds this: a mark committed meanwhile is not visible here and stays.
	_, err := tx.Exec(ctx, `DELETE FROM standing_mark WHERE no <= $1`, marks[len(marks)-1].no)
	return err
}

// recountTx computes a learner's year from its sources.
func recountTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64, owner *providers) ([]standing, error) {
	p, err := identity.PersonTx(ctx, tx, personID)
	if err != nil {
		return nil, err
	}
	rule, err := credit.RuleTx(ctx, tx, personID, year)
	if err != nil {
		return nil, err
	}
	enrolments, err := enrolment.OfTx(ctx, tx, personID, year)
	if err != nil {
		return nil, err
	}
	records, err := credit.RecordsTx(ctx, tx, personID, year)
	if err != nil {
		return nil, err
	}
	for _, e := range enrolments {
		if err := owner.learnTx(ctx, tx, e.CourseID); err != nil {
			return nil, err
		}
	}
	for _, r := range records {
		if err := owner.learnTx(ctx, tx, r.CourseID); err != nil {
			return nil, err
		}
	}
	out := standingsOf(p.RegionID, rule, enrolments, records, owner.of)
	slices.SortFunc(out, byAbout)
	return out, nil
}

// providers remembers, for one fold, whose a course is.
type providers struct{ courses, names map[string]string }

func (p *providers) readTx(ctx context.Context, tx *sqldb.Tx) error {
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		var id, name string
		err := row.Scan(&id, &name)
		p.names[name] = id
		return struct{}{}, err
	}, `SELECT id, short_name FROM provider`)
	return err
}

func (p *providers) learnTx(ctx context.Context, tx *sqldb.Tx, courseID string) error {
	if _, known := p.courses[courseID]; known {
		return nil
	}
	c, err := catalog.CourseTx(ctx, tx, courseID)
	if errs.Has(err, "catalog.no_course") {
		err = nil // history from elsewhere: only its name is known
	}
	p.courses[courseID] = c.ProviderID
	return err
}

func (p *providers) of(courseID, name string) string {
	if id := p.courses[courseID]; id != "" {
		return id
	}
	return p.names[name]
}

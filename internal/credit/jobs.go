package credit

import (
	"context"
	"strconv"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// reminderDays are the days before the last day of study on which who still misses hours is reminded.
var reminderDays = []int{60, 30, 14, 7, 3, 1}

// reminderBatch learners are reminded in one transaction.
const reminderBatch = 200

// reminder is one stage of a year: its last day of study, the day the stage begins, and what is left today.
type reminder struct {
	year   int64
	stage  int // one of reminderDays
	last   civil.Date
	begins time.Time
	left   int // days from today to the last day
}

// stageOf is the stage in which a year stands today. A stage lasts until the next one begins, so that a day without any
// process running is made up for; the message says the days that are really left.
func stageOf(year int64, now, end time.Time) (r reminder, ok bool) {
	last := civil.DateOf(end.Add(-time.Second), civil.Shanghai)
	left := civil.DateOf(now, civil.Shanghai).DaysUntil(last)
	if left < 1 {
		return r, false
	}
	for _, d := range reminderDays {
		if left <= d {
			first := civil.Date{Year: last.Year, Month: last.Month, Day: last.Day - d}
			r, ok = reminder{year, d, last, first.Start(civil.Shanghai), left}, true
		}
	}
	return r, ok
}

// Remind reminds the next learners who still miss hours shortly before a year's end, and reports whether more are waiting.
// Only jobs may call it. Every process may: the cursor of the stage moves by compare-and-swap together with the messages of
// its batch, so a crash or a second process loses nothing and repeats nothing.
func (s *Service) Remind(ctx context.Context) (more bool, err error) {
	if a, _ := identity.ActorFrom(ctx); !a.System {
		return false, errs.New(errs.Forbidden, "identity.role_required")
	}
	var batch reminderPlan
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		batch, err = nextRemindersTx(ctx, tx)
		return err
	})
	if err != nil || !batch.due {
		return false, err
	}
	err = s.db.WriteCAS(ctx, func(tx *sqldb.Tx) error { return s.remindTx(ctx, tx, batch) })
	return err == nil, err
}

// reminderPlan is the next batch of a stage as it was read.
type reminderPlan struct {
	reminder
	due     bool
	from    string // the cursor this batch begins after; "" = the stage has not begun
	to      string
	end     bool // the last batch of its stage
	missing []missing
}

type missing struct {
	personID string
	tenths   int64
}

// nextRemindersTx finds the first stage that is not done, and its next batch of learners.
func nextRemindersTx(ctx context.Context, tx *sqldb.Tx) (p reminderPlan, err error) {
	years, err := enrolment.EndingTx(ctx, tx, time.Duration(reminderDays[0]+1)*24*time.Hour)
	if err != nil {
		return p, err
	}
	type run struct {
		cursor string
		done   int64
	}
	for _, y := range years {
		r, ok := stageOf(y.Year, tx.Now(), y.EndAt)
		if !ok {
			continue
		}
		at, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (r run, err error) { return r, row.Scan(&r.cursor, &r.done) },
			`SELECT cursor_id, done_at FROM reminder_run WHERE year = $1 AND days = $2`, r.year, r.stage)
		if err != nil {
			return p, err
		}
		if at.done != 0 {
			continue
		}
		p = reminderPlan{reminder: r, due: true, from: at.cursor, to: at.cursor}
		return p, p.fillTx(ctx, tx)
	}
	return p, nil
}

// fillTx finds who of the next learners still misses hours.
func (p *reminderPlan) fillTx(ctx context.Context, tx *sqldb.Tx) error {
	roll, err := identity.RollTx(ctx, tx, p.from, p.begins, reminderBatch)
	p.end = len(roll) < reminderBatch
	if err != nil || len(roll) == 0 {
		return err
	}
	p.to = roll[len(roll)-1].PersonID
	sums, err := sumsTx(ctx, tx, p.year, p.from, p.to)
	if err != nil {
		return err
	}
	rules := map[string]Rule{}
	for _, e := range roll {
		rule, ok := rules[e.RegionID]
		if !ok {
			if rule, err = RuleTx(ctx, tx, e.PersonID, p.year); err != nil {
				return err
			}
			rules[e.RegionID] = rule
		}
		sum := sums[e.PersonID]
		if lacks := Missing(rule, sum.public, sum.professional); lacks > 0 {
			p.missing = append(p.missing, missing{e.PersonID, lacks})
		}
	}
	return nil
}

type sums struct{ public, professional int64 }

// sumsTx adds up a year's hours of the people with ids in (from, to].
func sumsTx(ctx context.Context, tx *sqldb.Tx, year int64, from, to string) (map[string]sums, error) {
	type line struct {
		personID string
		sums
	}
	lines, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l line, err error) {
		return l, row.Scan(&l.personID, &l.public, &l.professional)
	},
		`SELECT person_id, sum(CASE WHEN subject = 'public' THEN hours_tenths ELSE 0 END), sum(CASE WHEN subject = 'public' THEN 0 ELSE hours_tenths END)
			FROM credit_record WHERE person_id > $1 AND person_id <= $2 AND year = $3 GROUP BY person_id`, from, to, year)
	out := make(map[string]sums, len(lines))
	for _, l := range lines {
		out[l.personID] = l.sums
	}
	return out, err
}

// remindTx moves the cursor and sends the batch's messages; when another process has moved it meanwhile, nothing happens.
func (s *Service) remindTx(ctx context.Context, tx *sqldb.Tx, p reminderPlan) error {
	var done int64
	if p.end {
		done = tx.NowMicro()
	}
	if _, err := tx.Exec(ctx, `INSERT INTO reminder_run (year, days, cursor_id, started_at, done_at) VALUES ($1, $2, '', $3, 0)
		ON CONFLICT (year, days) DO NOTHING`, p.year, p.stage, tx.NowMicro()); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE reminder_run SET cursor_id = $1, done_at = $2 WHERE year = $3 AND days = $4 AND cursor_id = $5 AND done_at = 0`,
		p.to, done, p.year, p.stage, p.from)
	if err != nil || n == 0 {
		return err
	}
	key := "deadline/" + strconv.FormatInt(p.year, 10) + "/" + strconv.Itoa(p.stage)
	for _, m := range p.missing {
		if err := s.notices.SendTx(ctx, tx, m.personID, "credit.deadline", map[string]any{"year": p.year, "month": int(p.last.Month), "day": p.last.Day,
			"days": p.left, "hours": catalog.Hours(m.tenths)}, key); err != nil {
			return err
		}
	}
	return nil
}

package availability

import (
	"context"
	"time"

	"xueshi/internal/platform/sqldb"
)

// Judge judges the minutes that every process has had time to tell of, at most a day a turn; of several processes one does.
// It says when to come again: at once while there is more.
func (s *Service) Judge(ctx context.Context) (next time.Duration, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		next = time.Minute
		c, err := beginTx(ctx, tx, minuteOf(tx.Now()))
		to := min(minuteOf(tx.Now())-judgeAfter, minuteOf(dayOf(c.judged).End(zone))) // a turn ends with its day
		if err != nil || to <= c.judged {
			return err
		}
		mine, err := advanceTx(ctx, tx, c.judged, to)
		if err != nil || !mine {
			return err
		}
		if err := judgeTx(ctx, tx, c.judged, to); err != nil {
			return err
		}
		if dayOf(to) != dayOf(c.judged) {
			next = 0
			return foldTx(ctx, tx, c.judged)
		}
		return nil
	})
	return next, err
}

// judgeTx finds the incidents between two minutes.
func judgeTx(ctx context.Context, tx *sqldb.Tx, from, to int64) error {
	told, err := minutesTx(ctx, tx, from, to)
	if err != nil {
		return err
	}
	last, had, err := lastIncidentTx(ctx, tx, from-gap)
	if err != nil {
		return err
	}
	for at := from; at < to; at++ {
		m, ok := told[at]
		kind := kindOf(m, ok)
		if kind == "" {
			continue
		}
		if had && at-last.ended <= gap && monthOf(last.began) == monthOf(at) {
			last.ended, last.down, last.failed = at+1, last.down+1, last.failed+m.Failed
		} else {
			if had {
				err = putIncidentTx(ctx, tx, last)
			}
			last, had = newIncident(kind, at, m.Failed), true
		}
		if err != nil {
			return err
		}
	}
	if had {
		err = putIncidentTx(ctx, tx, last)
	}
	return err
}

// foldTx sums a day that has ended, and forgets minutes that are old.
func foldTx(ctx context.Context, tx *sqldb.Tx, within int64) error {
	from, to := minuteOf(dayOf(within).Start(zone)), minuteOf(dayOf(within).End(zone))
	told, err := minutesTx(ctx, tx, from, to)
	if err == nil {
		err = putDayTx(ctx, tx, dayOf(within).String(), sum(told, from, to))
	}
	if err == nil {
		err = forgetTx(ctx, tx, to-keepMinutes)
	}
	return err
}

// dayFigures are the requests of a day, and of its busiest five minutes.
type dayFigures struct {
	all    Figures
	peak   Figures
	peakAt int64 // the first minute of them; 0 = nobody came
}

// sum adds the minutes of a day. The five minutes with the most requests are the peak, whatever minute they begin with.
func sum(told map[int64]minute, from, to int64) (d dayFigures) {
	for at := from; at < to; at++ {
		d.all.add(told[at].Figures)
		var five Figures
		for i := range int64(peakMinutes) {
			if at+i < to {
				five.add(told[at+i].Figures)
			}
		}
		if five.Requests > d.peak.Requests {
			d.peak, d.peakAt = five, at
		}
	}
	return d
}

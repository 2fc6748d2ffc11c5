package enrolment

import (
	"context"
	"time"

	"xueshi/internal/platform/sqldb"
)

// Window is when studying counts for a credit year: in the year itself, then as make-up study.
type Window struct {
	Year        int64     `json:"year"`
	State       string    `json:"state" enum:"future,open,makeup,closed"`
	OpensAt     time.Time `json:"opens_at"`
	StudyEndAt  time.Time `json:"study_end_at" doc:"Exclusive: the first instant after it"`
	MakeupEndAt time.Time `json:"makeup_end_at" doc:"Exclusive"`
}

// EndsAt is until when one may study for the year: the end of make-up study once the year itself is over.
func (w Window) EndsAt() time.Time {
	if w.State == "makeup" || w.State == "closed" {
		return w.MakeupEndAt
	}
	return w.StudyEndAt
}

func scanWindow(now int64) func(row sqldb.Scanner) (Window, error) {
	return func(row sqldb.Scanner) (w Window, err error) {
		var opens, end, makeup int64
		err = row.Scan(&w.Year, &opens, &end, &makeup)
		w.OpensAt, w.StudyEndAt, w.MakeupEndAt = time.UnixMicro(opens).UTC(), time.UnixMicro(end).UTC(), time.UnixMicro(makeup).UTC()
		switch {
		case now < opens:
			w.State = "future"
		case now < end:
			w.State = "open"
		case now < makeup:
			w.State = "makeup"
		default:
			w.State = "closed"
		}
		return w, err
	}
}

// WindowsTx lists the credit years that have begun, the newest first.
func WindowsTx(ctx context.Context, tx *sqldb.Tx) ([]Window, error) {
	return sqldb.Rows(ctx, tx, scanWindow(tx.NowMicro()), `SELECT year, opens_at, study_end_at, makeup_end_at FROM year_window
		WHERE opens_at <= $1 ORDER BY year DESC LIMIT 20`, tx.NowMicro())
}

// WindowTx is one year's window; found is false for a year nobody has opened.
func WindowTx(ctx context.Context, tx *sqldb.Tx, year int64) (Window, bool, error) {
	return sqldb.One(ctx, tx, scanWindow(tx.NowMicro()), `SELECT year, opens_at, study_end_at, makeup_end_at FROM year_window WHERE year = $1`, year)
}

// Windows lists the credit years that have begun, for everybody.
func (s *Service) Windows(ctx context.Context) (out []Window, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = WindowsTx(ctx, tx)
		return err
	})
	return out, err
}

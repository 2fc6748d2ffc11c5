package enrolment

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// YearWindow is when a credit year may be studied, as calendar days in Shanghai; both last days are included.
type YearWindow struct {
	Year       int64  `json:"year"`
	OpensOn    string `json:"opens_on" maxLength:"10" doc:"First day, 2026-01-01"`
	StudyLast  string `json:"study_last" maxLength:"10" doc:"Last day of the year's own study time"`
	MakeUpLast string `json:"make_up_last" maxLength:"10" doc:"Last day of make-up study"`
}

const yearSelect = `SELECT year, opens_at, study_end_at, makeup_end_at FROM year_window `

func scanYear(row sqldb.Scanner) (w YearWindow, err error) {
	var opens, study, makeUp int64
	err = row.Scan(&w.Year, &opens, &study, &makeUp)
	day := func(micro int64) string { return civil.DateOf(time.UnixMicro(micro), civil.Shanghai).String() }
	w.OpensOn, w.StudyLast, w.MakeUpLast = day(opens), day(study-1), day(makeUp-1)
	return w, err
}

// Years lists the credit years, the newest first, at most 100.
func (s *Service) Years(ctx context.Context) (out []YearWindow, err error) {
	if _, err := identity.Require(ctx, identity.Operator, identity.BureauStaff, identity.Inspector); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanYear, yearSelect+`ORDER BY year DESC LIMIT 100`)
		return err
	})
	return out, err
}

// days are the window's three days; a field a day that cannot be.
func (w YearWindow) days() (opens, study, makeUp civil.Date, e *errs.Error) {
	e = errs.New(errs.Invalid, "enrolment.year_window")
	if w.Year < 2015 || w.Year > 2100 {
		e = e.WithField("year", "invalid")
	}
	read := func(text, name string) civil.Date {
		d, err := civil.Parse(text)
		if err != nil {
			e = e.WithField(name, "invalid")
		}
		return d
	}
	opens, study, makeUp = read(w.OpensOn, "opens_on"), read(w.StudyLast, "study_last"), read(w.MakeUpLast, "make_up_last")
	if len(e.Fields) > 0 {
		return opens, study, makeUp, e
	}
	if gap := opens.Year - int(w.Year); gap < -1 || gap > 1 {
		e = e.WithField("opens_on", "invalid")
	}
	if opens.DaysUntil(study) < 0 {
		e = e.WithField("study_last", "order")
	}
	if study.DaysUntil(makeUp) < 0 || makeUp.Year > int(w.Year)+5 {
		e = e.WithField("make_up_last", "order")
	}
	return opens, study, makeUp, e
}

// SetYear opens a credit year or moves its days; the audit trail keeps what stood before. It holds at once: who studies
// a year that closes is refused at the next acquisition.
// Errors: Invalid "enrolment.year_window" with fields.
func (s *Service) SetYear(ctx context.Context, w YearWindow, reason string) error {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return err
	}
	opens, study, makeUp, e := w.days()
	if reason = strings.TrimSpace(reason); utf8.RuneCountInString(reason) < 4 {
		e = e.WithField("reason", "invalid")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		old, found, err := sqldb.One(ctx, tx, scanYear, yearSelect+`WHERE year = $1`, w.Year)
		if err != nil {
			return err
		}
		detail := map[string]any{"year": w.Year, "reason": reason, "after": w}
		if found {
			detail["before"] = old
		}
		if _, err := tx.Exec(ctx, `INSERT INTO year_window (year, opens_at, study_end_at, makeup_end_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (year) DO UPDATE SET opens_at = excluded.opens_at, study_end_at = excluded.study_end_at, makeup_end_at = excluded.makeup_end_at`,
			w.Year, opens.Start(civil.Shanghai).UnixMicro(), study.End(civil.Shanghai).UnixMicro(), makeUp.End(civil.Shanghai).UnixMicro()); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "enrolment.year_set", "year/"+strconv.FormatInt(w.Year, 10), detail)
	})
}

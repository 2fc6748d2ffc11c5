package availability

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// zone is the city's: its days and months are counted.
var zone = civil.Shanghai

// Bounds of what is said of an incident; characters.
const (
	noteLeast = 4
	noteMost  = 500
)

// Service judges and tells.
type Service struct{ db *sqldb.DB }

// New is the service on a database.
func New(db *sqldb.DB) *Service { return &Service{db} }

// Response is how fast requests were answered.
type Response struct {
	Requests int64 `json:"requests" doc:"Of people's pages and apps; without media"`
	Failed   int64 `json:"failed" doc:"Answered with a fault of the platform"`
	MeanMS   int64 `json:"mean_ms"`
	P50MS    int64 `json:"p50_ms"`
	P95MS    int64 `json:"p95_ms"`
	P99MS    int64 `json:"p99_ms"`
}

func responseOf(f Figures) Response {
	r := Response{Requests: f.Requests, Failed: f.Failed, P50MS: f.Spread.MS(.5), P95MS: f.Spread.MS(.95), P99MS: f.Spread.MS(.99)}
	if f.Requests > 0 {
		r.MeanMS = (f.TookUS/f.Requests + 500) / 1000
	}
	return r
}

// Peak is the busiest five minutes.
type Peak struct {
	At time.Time `json:"at"`
	Response
}

// Day is one day of a month.
type Day struct {
	Day  string `json:"day" doc:"2026-11-24"`
	Down int64  `json:"down" doc:"Minutes without service"`
	Response
	Peak *Peak `json:"peak" doc:"Its busiest five minutes; null = nobody came"`
}

// Incident is a time without service.
type Incident struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind" enum:"silent,unready,failing,reported" doc:"silent = no process was there; unready = none could serve; failing = one in twenty requests failed; reported = an operator told it"`
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to"`
	Down    int64      `json:"down" doc:"Minutes that count"`
	Failed  int64      `json:"failed" doc:"Requests that failed"`
	Cause   string     `json:"cause" doc:"Empty = not explained yet"`
	Remedy  string     `json:"remedy"`
	NotedAt *time.Time `json:"noted_at"`
}

// Month is what the bureau reads (R1.4a to R1.4c).
type Month struct {
	Month        string     `json:"month" doc:"2026-11"`
	Months       []string   `json:"months" doc:"Those that have been counted, the newest first, at most sixty"`
	Since        *time.Time `json:"since" doc:"When counting began; null = it has not"`
	Until        *time.Time `json:"until" doc:"Up to when minutes have been judged"`
	Minutes      int64      `json:"minutes" doc:"Minutes of the month that count"`
	Down         int64      `json:"down" doc:"Of them without service"`
	Share        int64      `json:"share" doc:"Availability in hundredths of a percent, rounded down"`
	Goal         int64      `json:"goal"`
	DailyLimitMS int64      `json:"daily_limit_ms" doc:"The notice's limit on the mean in daily use"`
	PeakLimitMS  int64      `json:"peak_limit_ms" doc:"The notice's limit on the mean at peak load"`
	Daily        Response   `json:"daily"`
	Peak         *Peak      `json:"peak" doc:"The month's busiest five minutes"`
	Days         []Day      `json:"days"`
	Incidents    []Incident `json:"incidents" doc:"The newest first"`
}

var months = regexp.MustCompile(`^20\d\d-(0[1-9]|1[0-2])$`)

// Month reads one; empty = the present. Errors: Invalid "availability.month".
func (s *Service) Month(ctx context.Context, month string) (m Month, err error) {
	if _, err := identity.Require(ctx, identity.BureauStaff, identity.Inspector, identity.Operator); err != nil {
		return m, err
	}
	if month != "" && !months.MatchString(month) {
		return m, errs.New(errs.Invalid, "availability.month").WithField("month", "invalid")
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		name := month
		if name == "" {
			name = monthOf(minuteOf(tx.Now()))
		}
		m, err = monthTx(ctx, tx, name)
		return err
	})
	return m, err
}

func monthTx(ctx context.Context, tx *sqldb.Tx, month string) (Month, error) {
	m := Month{Month: month, Goal: Goal, DailyLimitMS: DailyLimitMS, PeakLimitMS: PeakLimitMS, Months: []string{}, Days: []Day{}, Incidents: []Incident{}}
	from, to, err := monthEnds(month)
	if err != nil {
		return m, err
	}
	c, counted, err := countTx(ctx, tx)
	if err != nil || !counted {
		return m, err
	}
	m.Months = c.months()
	since, until := timeOf(c.since), timeOf(c.judged)
	m.Since, m.Until = &since, &until
	m.Minutes = max(0, min(to, c.judged)-max(from, c.since))
	found, err := incidentsTx(ctx, tx, from, to)
	if err != nil {
		return m, err
	}
	m.incidents(found)
	days, err := daysTx(ctx, tx, month)
	if err == nil && c.judged >= from && c.judged < to { // the day that is running
		days, err = todayTx(ctx, tx, days, c)
	}
	m.days(days)
	return m, err
}

// months lists the months of a count, the newest first.
func (c count) months() (out []string) {
	newest := dayOf(c.judged)
	for n := range 60 {
		t := time.Date(newest.Year, newest.Month-time.Month(n), 1, 0, 0, 0, 0, zone)
		if out = append(out, t.Format("2006-01")); minuteOf(t) <= c.since {
			break
		}
	}
	return out
}

// todayTx adds the part of the running day that has been judged.
func todayTx(ctx context.Context, tx *sqldb.Tx, days []dayRow, c count) ([]dayRow, error) {
	from := minuteOf(dayOf(c.judged).Start(zone))
	told, err := minutesTx(ctx, tx, from, c.judged)
	return append(days, dayRow{dayOf(c.judged).String(), sum(told, from, c.judged)}), err
}

func (m *Month) incidents(found []incident) {
	for _, i := range found {
		m.Down += i.down
		m.Incidents = append(m.Incidents, Incident{ID: i.id, Kind: i.kind, From: timeOf(i.began), To: timeOf(i.ended), Down: i.down, Failed: i.failed,
			Cause: i.cause, Remedy: i.remedy, NotedAt: instant(i.notedAt)})
	}
	if m.Minutes > 0 {
		m.Down = min(m.Down, m.Minutes)
		m.Share = (m.Minutes - m.Down) * 10000 / m.Minutes
	}
}

func (m *Month) days(rows []dayRow) {
	var all Figures
	for _, r := range rows {
		all.add(r.all)
		d := Day{Day: r.day, Down: m.downOn(r.day), Response: responseOf(r.all)}
		if r.peak.Requests > 0 {
			d.Peak = &Peak{timeOf(r.peakAt), responseOf(r.peak)}
			if m.Peak == nil || d.Peak.Requests > m.Peak.Requests {
				m.Peak = d.Peak
			}
		}
		m.Days = append(m.Days, d)
	}
	m.Daily = responseOf(all)
}

// downOn is the time without service on a day. An incident over midnight gives each day its part of the minutes that count.
func (m *Month) downOn(day string) (down int64) {
	date, err := civil.Parse(day)
	if err != nil {
		return 0
	}
	begins, ends := minuteOf(date.Start(zone)), minuteOf(date.End(zone))
	for _, i := range m.Incidents {
		from, to := minuteOf(i.From), minuteOf(i.To)
		if within := min(to, ends) - max(from, begins); within > 0 {
			down += (i.Down*within + (to-from)/2) / (to - from)
		}
	}
	return down
}

// Note is what an operator says of an incident.
type Note struct {
	Cause  string `json:"cause" maxLength:"2000" doc:"What went wrong; the bureau reads it"`
	Remedy string `json:"remedy" maxLength:"2000" doc:"What was done, so that it does not come again"`
}

// check cleans a note. Errors: Invalid "availability.note" with the field.
func (n *Note) check() error {
	e := errs.New(errs.Invalid, "availability.note", "least", noteLeast, "most", noteMost)
	for _, f := range []struct {
		name  string
		text  *string
		least int
	}{{"cause", &n.Cause, noteLeast}, {"remedy", &n.Remedy, 0}} {
		*f.text = strings.TrimSpace(*f.text)
		if c := utf8.RuneCountInString(*f.text); c < f.least || c > noteMost {
			return e.WithField(f.name, "length")
		}
	}
	return nil
}

// Explain says what was behind an incident and what was done about it; said again, it takes the place of what was said.
// Errors: Invalid "availability.note" with the field; NotFound "availability.no_incident".
func (s *Service) Explain(ctx context.Context, incidentID string, n Note) error {
	actor, err := identity.Require(ctx, identity.Operator)
	if err == nil {
		err = n.check()
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := noteTx(ctx, tx, incidentID, n, actor.PersonID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "availability.explained", "incident/"+incidentID, map[string]any{"cause": n.Cause, "remedy": n.Remedy})
	})
}

// Report is an incident that no process could see.
type Report struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Note
}

// Report writes one down; its time is counted by the minute, from the one in which it began to the one in which it ended.
// Errors: Invalid "availability.report" with the field: an end that is not after the beginning or not yet judged, a beginning
// before counting began, a time over a month's end; Invalid "availability.note"; Conflict "availability.known" when the time is part of a known incident.
func (s *Service) Report(ctx context.Context, r Report) error {
	actor, err := identity.Require(ctx, identity.Operator)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		i, err := r.incidentTx(ctx, tx)
		if err != nil {
			return err
		}
		i.notedBy, i.notedAt = actor.PersonID, tx.NowMicro()
		if err := putIncidentTx(ctx, tx, i); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "availability.reported", "incident/"+i.id, map[string]any{"began": timeOf(i.began).Format(time.RFC3339),
			"ended": timeOf(i.ended).Format(time.RFC3339), "cause": i.cause, "remedy": i.remedy})
	})
}

// incidentTx is the report as a row, if its time can be one.
func (r Report) incidentTx(ctx context.Context, tx *sqldb.Tx) (incident, error) {
	from, to := minuteOf(r.From), minuteOf(r.To.Add(time.Minute-1))
	i := incident{id: id.New(tx.Now()), kind: "reported", began: from, ended: to, down: to - from, cause: r.Cause, remedy: r.Remedy}
	wrong := errs.New(errs.Invalid, "availability.report")
	c, counted, err := countTx(ctx, tx)
	switch {
	case err != nil:
		return i, err
	case !counted || from < c.since:
		return i, wrong.WithField("from", "early")
	case to <= from, monthOf(from) != monthOf(to-1):
		return i, wrong.WithField("to", "range")
	case to > c.judged: // processes may still tell of it
		return i, wrong.WithField("to", "future")
	}
	known, err := overlapsTx(ctx, tx, from, to)
	if err == nil && known {
		err = errs.New(errs.Conflict, "availability.known")
	}
	return i, err
}

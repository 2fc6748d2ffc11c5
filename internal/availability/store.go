package availability

import (
	"context"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

func putMinuteTx(ctx context.Context, tx *sqldb.Tx, process string, m minute) error {
	_, err := tx.Exec(ctx, `INSERT INTO availability_minute (minute, process, requests, failed, took_us, spread, probes, ready) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (minute, process) DO UPDATE SET requests = excluded.requests, failed = excluded.failed, took_us = excluded.took_us, spread = excluded.spread,
		probes = excluded.probes, ready = excluded.ready`, m.at, process, m.Requests, m.Failed, m.TookUS, m.Spread.String(), m.probes, m.ready)
	return err
}

func scanMinute(row sqldb.Scanner) (m minute, err error) {
	var spread string
	err = row.Scan(&m.at, &m.Requests, &m.Failed, &m.TookUS, &spread, &m.probes, &m.ready)
	m.Spread = readSpread(spread)
	return m, err
}

// minutesTx is what all processes together told of the minutes between two.
func minutesTx(ctx context.Context, tx *sqldb.Tx, from, to int64) (map[int64]minute, error) {
	rows, err := sqldb.Rows(ctx, tx, scanMinute, `SELECT minute, requests, failed, took_us, spread, probes, ready FROM availability_minute WHERE minute >= $1 AND minute < $2`, from, to)
	told := make(map[int64]minute, to-from)
	for _, r := range rows {
		m := told[r.at]
		m.at = r.at
		m.add(r.Figures)
		m.probes += r.probes
		m.ready += r.ready
		told[r.at] = m
	}
	return told, err
}

// count says which minutes have been judged: from since to before judged.
type count struct{ since, judged int64 }

func scanCount(row sqldb.Scanner) (c count, err error) {
	err = row.Scan(&c.since, &c.judged)
	return c, err
}

func countTx(ctx context.Context, tx *sqldb.Tx) (count, bool, error) {
	return sqldb.One(ctx, tx, scanCount, `SELECT since, judged FROM availability_count WHERE id = 1`)
}

// beginTx is the count; a new one begins with the minute that is running.
func beginTx(ctx context.Context, tx *sqldb.Tx, now int64) (count, error) {
	c, found, err := countTx(ctx, tx)
	if err != nil || found {
		return c, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO availability_count (id, since, judged) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`, now, now)
	return count{now, now}, err
}

// advanceTx takes the minutes up to to for this turn; false = another process has taken them.
func advanceTx(ctx context.Context, tx *sqldb.Tx, from, to int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE availability_count SET judged = $1 WHERE id = 1 AND judged = $2`, to, from)
	return n == 1, err
}

// incident is a row; began and ended are minutes, ended the first that is not part of it.
type incident struct {
	id, kind     string
	began, ended int64
	down, failed int64
	cause        string
	remedy       string
	notedBy      string
	notedAt      int64
}

func newIncident(kind string, at, failed int64) incident {
	return incident{id: id.New(timeOf(at)), kind: kind, began: at, ended: at + 1, down: 1, failed: failed}
}

const incidentColumns = `i.id, i.kind, i.began, i.ended, i.down, i.failed, i.cause, i.remedy, i.noted_by, i.noted_at FROM availability_incident i`

func scanIncident(row sqldb.Scanner) (i incident, err error) {
	err = row.Scan(&i.id, &i.kind, &i.began, &i.ended, &i.down, &i.failed, &i.cause, &i.remedy, &i.notedBy, &i.notedAt)
	return i, err
}

// lastIncidentTx is the last that a process found and that ended at a minute or later.
func lastIncidentTx(ctx context.Context, tx *sqldb.Tx, ended int64) (incident, bool, error) {
	return sqldb.One(ctx, tx, scanIncident, `SELECT `+incidentColumns+` WHERE i.ended >= $1 AND i.kind <> 'reported' ORDER BY i.began DESC LIMIT 1`, ended)
}

// putIncidentTx writes what was found; what people have said of it stays.
func putIncidentTx(ctx context.Context, tx *sqldb.Tx, i incident) error {
	_, err := tx.Exec(ctx, `INSERT INTO availability_incident (id, kind, began, ended, down, failed, cause, remedy, noted_by, noted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, down = excluded.down, failed = excluded.failed`,
		i.id, i.kind, i.began, i.ended, i.down, i.failed, i.cause, i.remedy, i.notedBy, i.notedAt)
	return err
}

// incidentsTx lists those that began between two minutes, the newest first.
func incidentsTx(ctx context.Context, tx *sqldb.Tx, from, to int64) ([]incident, error) {
	return sqldb.Rows(ctx, tx, scanIncident, `SELECT `+incidentColumns+` WHERE i.began >= $1 AND i.began < $2 ORDER BY i.began DESC`, from, to)
}

// overlapsTx tells whether an incident is known within two minutes.
func overlapsTx(ctx context.Context, tx *sqldb.Tx, from, to int64) (bool, error) {
	_, found, err := sqldb.One(ctx, tx, scanIncident, `SELECT `+incidentColumns+` WHERE i.ended > $1 AND i.began < $2 LIMIT 1`, from, to)
	return found, err
}

// noteTx writes what people say of an incident. Errors: NotFound "availability.no_incident".
func noteTx(ctx context.Context, tx *sqldb.Tx, incidentID string, n Note, by string) error {
	rows, err := tx.Exec(ctx, `UPDATE availability_incident SET cause = $1, remedy = $2, noted_by = $3, noted_at = $4 WHERE id = $5`, n.Cause, n.Remedy, by, tx.NowMicro(), incidentID)
	if err == nil && rows == 0 {
		err = errs.New(errs.NotFound, "availability.no_incident")
	}
	return err
}

type dayRow struct {
	day string
	dayFigures
}

func putDayTx(ctx context.Context, tx *sqldb.Tx, day string, d dayFigures) error {
	_, err := tx.Exec(ctx, `INSERT INTO availability_day (day, requests, failed, took_us, spread, peak_minute, peak_requests, peak_took_us, peak_spread)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, day, d.all.Requests, d.all.Failed, d.all.TookUS, d.all.Spread.String(),
		d.peakAt, d.peak.Requests, d.peak.TookUS, d.peak.Spread.String())
	return err
}

func scanDay(row sqldb.Scanner) (d dayRow, err error) {
	var all, peak string
	err = row.Scan(&d.day, &d.all.Requests, &d.all.Failed, &d.all.TookUS, &all, &d.peakAt, &d.peak.Requests, &d.peak.TookUS, &peak)
	d.all.Spread, d.peak.Spread = readSpread(all), readSpread(peak)
	return d, err
}

// daysTx lists the days of a month that have ended.
func daysTx(ctx context.Context, tx *sqldb.Tx, month string) ([]dayRow, error) {
	return sqldb.Rows(ctx, tx, scanDay, `SELECT day, requests, failed, took_us, spread, peak_minute, peak_requests, peak_took_us, peak_spread FROM availability_day
		WHERE day >= $1 AND day < $2 ORDER BY day`, month+"-01", month+"-99")
}

func forgetTx(ctx context.Context, tx *sqldb.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM availability_minute WHERE minute < $1`, before)
	return err
}

func instant(micro int64) *time.Time {
	if micro == 0 {
		return nil
	}
	at := time.UnixMicro(micro).UTC()
	return &at
}

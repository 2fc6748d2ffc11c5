// Package civil knows calendar days in an organisation's time zone. Instants are UTC everywhere else.
package civil

import (
	"fmt"
	"time"
)

// Shanghai is the default zone of every organisation. China has had no daylight saving time since 1991,
// so a fixed offset is exact and needs no zone database on the machine.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// Date is a calendar day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day on which t falls in zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// Parse reads "2026-11-24".
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("civil.Parse(%q): %w", s, err)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// String is "2026-11-24".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Start is the first instant of the day in zone.
func (d Date) Start(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone).UTC()
}

// End is the first instant after the day in zone ("by the end of the 17th" means before End).
func (d Date) End(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, zone).UTC()
}

// DaysUntil counts the days from d to o; negative when o lies before d.
func (d Date) DaysUntil(o Date) int {
	return int(o.Start(time.UTC).Sub(d.Start(time.UTC)).Hours() / 24)
}

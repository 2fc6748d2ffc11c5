package supervision

import (
	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/kernel/civil"
)

// counts is what a standing adds to its tally.
type counts struct {
	learners, courses, completed, public, professional int64
}

func (c counts) plus(o counts, sign int64) counts {
	return counts{c.learners + sign*o.learners, c.courses + sign*o.courses, c.completed + sign*o.completed, c.public + sign*o.public, c.professional + sign*o.professional}
}

// standing is a learner's year about something: "" in all, "provider/x" or "course/x".
type standing struct {
	about, region string
	doneMonth     int64 // yyyymm in which the year's hours were complete; 0 = not yet
	counts
}

// cell is where a standing is counted.
type cell struct {
	year          int64
	about, region string
	doneMonth     int64
}

func (s standing) cell(year int64) cell { return cell{year, s.about, s.region, s.doneMonth} }

// standingsOf is the pure rule: a learner's year from the enrolments and the ledger rows, in ledger order.
// providerOf names the provider of a course or, for history without a course here, of the short name in the row.
func standingsOf(region string, rule credit.Rule, enrolments []enrolment.Enrolment, records []credit.Record, providerOf func(courseID, name string) string) []standing {
	if len(enrolments) == 0 && len(records) == 0 {
		return nil
	}
	sums, order := map[string]counts{}, []string{""}
	add := func(about string, c counts) {
		if _, seen := sums[about]; !seen && about != "" {
			order = append(order, about)
		}
		sums[about] = sums[about].plus(c, 1)
	}
	for _, e := range enrolments {
		c := counts{courses: 1}
		if e.State == "completed" {
			c.completed = 1
		}
		add("", c)
		add("course/"+e.CourseID, c)
		if p := providerOf(e.CourseID, ""); p != "" {
			add("provider/"+p, c)
		}
	}
	for _, r := range records {
		c := counts{professional: r.HoursTenths}
		if r.Subject == "public" {
			c = counts{public: r.HoursTenths}
		}
		add("", c)
		if p := providerOf(r.CourseID, r.Provider); p != "" {
			add("provider/"+p, c)
		}
	}
	done := doneMonth(rule, records)
	out := make([]standing, 0, len(order))
	for _, about := range order {
		s := standing{about: about, region: region, doneMonth: done, counts: sums[about]}
		s.learners = 1
		if len(about) > 7 && about[:7] == "course/" {
			s.doneMonth = 0 // whether the course is done stands in completed
		}
		out = append(out, s)
	}
	return out
}

// doneMonth is the month of the row that completed the year, 0 when it is not complete, or no more after a correction.
func doneMonth(rule credit.Rule, records []credit.Record) (month int64) {
	var public, professional int64
	for _, r := range records {
		if r.Subject == "public" {
			public += r.HoursTenths
		} else {
			professional += r.HoursTenths
		}
		switch missing := credit.Missing(rule, public, professional); {
		case missing > 0:
			month = 0
		case month == 0:
			d := civil.DateOf(r.CompletedAt, civil.Shanghai)
			month = int64(d.Year*100) + int64(d.Month)
		}
	}
	return month
}

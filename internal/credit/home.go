package credit

import (
	"cmp"
	"context"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

// Summary is a year's standing, hours in tenths.
type Summary struct {
	Year               int64      `json:"year"`
	NeedTenths         int64      `json:"need_tenths"`
	PublicNeed         int64      `json:"public_need_tenths"`
	ProfessionalNeed   int64      `json:"professional_need_tenths"`
	PublicTenths       int64      `json:"public_tenths"`
	ProfessionalTenths int64      `json:"professional_tenths"`
	MissingTenths      int64      `json:"missing_tenths" doc:"Hours still missing; surplus public hours do not replace professional ones"`
	ExpectedTenths     int64      `json:"expected_tenths" doc:"Where an even pace would stand today"`
	DaysLeft           int        `json:"days_left"`
	MinutesADay        int64      `json:"minutes_a_day"`
	ProvisionalMS      int64      `json:"provisional_ms" doc:"Studied since the last passed check, not yet confirmed"`
	LegalSource        string     `json:"legal_source"`
	State              string     `json:"state" enum:"future,open,makeup,closed" doc:"Of the year: makeup = its own time is over, one may still study for it"`
	EndsAt             *time.Time `json:"ends_at" doc:"Until when one may study for the year, exclusive"`
}

// CourseCard is one of the learner's courses.
type CourseCard struct {
	Course      catalog.Course `json:"course"`
	State       string         `json:"state" enum:"active,completed"`
	CreditedMS  int64          `json:"credited_ms"`
	DurationMS  int64          `json:"duration_ms"`
	DoneLessons int            `json:"done_lessons"`
	NextLesson  string         `json:"next_lesson_id"`
	NextTitle   string         `json:"next_title"`
	LastAt      *time.Time     `json:"last_at"`
}

// Resume is where to go on with one click.
type Resume struct {
	LessonID    string    `json:"lesson_id"`
	LessonTitle string    `json:"lesson_title"`
	CourseID    string    `json:"course_id"`
	CourseTitle string    `json:"course_title"`
	Chapter     string    `json:"chapter"`
	Year        int64     `json:"year" doc:"Credit year the course counts for"`
	MediaID     string    `json:"media_id"`
	ResumeMS    int64     `json:"resume_ms"`
	DurationMS  int64     `json:"duration_ms"`
	DeviceName  string    `json:"device_name"`
	At          time.Time `json:"at"`
}

// Home is everything the learner's first page shows.
type Home struct {
	Name    string           `json:"name"`
	Summary Summary          `json:"summary"`
	Resume  *Resume          `json:"resume"`
	Courses []CourseCard     `json:"courses"`
	Picks   []catalog.Course `json:"picks"`
	Records []Record         `json:"records"`
	Now     time.Time        `json:"now"`
}

// Lasts finds where a learner studied last; playback.Service is it.
type Lasts interface {
	LastTx(ctx context.Context, tx *sqldb.Tx, learnerID string) (playback.Last, bool, error)
}

// Home reads the actor's first page for a credit year; year 0 is the present one.
func (s *Service) Home(ctx context.Context, year int64, lasts Lasts) (h Home, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return h, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		h = Home{Now: tx.Now(), Courses: []CourseCard{}, Picks: []catalog.Course{}, Records: []Record{}}
		if year == 0 {
			year = int64(civil.DateOf(tx.Now(), civil.Shanghai).Year)
		}
		p, err := identity.PersonTx(ctx, tx, actor.PersonID)
		if err != nil {
			return err
		}
		h.Name = p.Name
		if h.Summary, h.Records, err = summaryTx(ctx, tx, actor.PersonID, year); err != nil {
			return err
		}
		if h.Courses, err = cardsTx(ctx, tx, actor.PersonID, year); err != nil {
			return err
		}
		if h.Resume, err = resumeTx(ctx, tx, actor.PersonID, lasts); h.Resume != nil && h.Summary.State == "makeup" && h.Resume.Year != year {
			h.Resume = nil // a make-up year's page leads to that year's courses only
		}
		return err
	})
	return h, err
}

// summaryTx adds up a year from the ledger.
func summaryTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) (sum Summary, records []Record, err error) {
	rule, err := RuleTx(ctx, tx, personID, year)
	if err != nil {
		return sum, nil, err
	}
	if records, err = RecordsTx(ctx, tx, personID, year); err != nil {
		return sum, nil, err
	}
	sum = Summary{Year: year, State: "closed", NeedTenths: rule.TotalTenths, ProfessionalNeed: rule.ProfessionalNeed, PublicNeed: rule.TotalTenths - rule.ProfessionalNeed, LegalSource: rule.LegalSource}
	for _, r := range records {
		if r.Subject == "public" {
			sum.PublicTenths += r.HoursTenths
		} else {
			sum.ProfessionalTenths += r.HoursTenths
		}
	}
	sum.MissingTenths = Missing(rule, sum.PublicTenths, sum.ProfessionalTenths)
	if sum.ProvisionalMS, err = playback.ProvisionalMS(ctx, tx, personID, year); err != nil {
		return sum, nil, err
	}
	w, found, err := enrolment.WindowTx(ctx, tx, year)
	if err != nil || !found {
		return sum, records, err
	}
	end := w.EndsAt()
	sum.State, sum.EndsAt = w.State, &end
	sum.pace(rule, tx.Now(), end)
	return sum, records, nil
}

// Missing is what a learner still lacks, in tenths: professional hours may stand in for public ones, never the other way (Order 25, Art. 8).
func Missing(rule Rule, public, professional int64) int64 {
	lackProfessional := max(0, rule.ProfessionalNeed-professional)
	lackTotal := max(0, rule.TotalTenths-public-professional)
	return max(lackProfessional, lackTotal)
}

// pace compares with an even pace over the calendar year and says what a day must bring until end, make-up time included.
func (s *Summary) pace(rule Rule, now, end time.Time) {
	today, last := civil.DateOf(now, civil.Shanghai), civil.DateOf(end.Add(-time.Second), civil.Shanghai)
	first, newYearsEve := civil.Date{Year: int(s.Year), Month: time.January, Day: 1}, civil.Date{Year: int(s.Year), Month: time.December, Day: 31}
	all := first.DaysUntil(newYearsEve) + 1
	gone := min(max(first.DaysUntil(today)+1, 0), all)
	s.ExpectedTenths = rule.TotalTenths * int64(gone) / int64(all)
	s.DaysLeft = max(0, today.DaysUntil(last)+1)
	if s.DaysLeft > 0 {
		minutes := s.MissingTenths * rule.MinutesPerHour
		s.MinutesADay = (minutes + int64(s.DaysLeft)*10 - 1) / (int64(s.DaysLeft) * 10)
	}
}

func cardsTx(ctx context.Context, tx *sqldb.Tx, personID string, year int64) ([]CourseCard, error) {
	enrolments, err := enrolment.OfTx(ctx, tx, personID, year)
	if err != nil {
		return nil, err
	}
	cards := make([]CourseCard, 0, len(enrolments))
	for _, e := range enrolments {
		card, err := cardTx(ctx, tx, personID, e)
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func cardTx(ctx context.Context, tx *sqldb.Tx, personID string, e enrolment.Enrolment) (card CourseCard, err error) {
	if card.Course, err = catalog.CourseTx(ctx, tx, e.CourseID); err != nil {
		return card, err
	}
	lessons, err := catalog.LessonsTx(ctx, tx, e.CourseID)
	if err != nil {
		return card, err
	}
	progress, err := playback.ProgressTx(ctx, tx, personID, e.CourseID)
	if err != nil {
		return card, err
	}
	card.State = e.State
	for _, l := range lessons {
		p := progress[l.ID]
		card.DurationMS += cmp.Or(p.DurationMS, l.DurationMS)
		card.CreditedMS += p.CreditedMS
		if p.Full {
			card.DoneLessons++
		} else if card.NextLesson == "" {
			card.NextLesson, card.NextTitle = l.ID, l.Title
		}
		if at := p.UpdatedAt; !at.IsZero() && (card.LastAt == nil || at.After(*card.LastAt)) {
			card.LastAt = &at
		}
	}
	if card.NextLesson == "" && len(lessons) > 0 {
		card.NextLesson, card.NextTitle = lessons[0].ID, lessons[0].Title
	}
	return card, nil
}

func resumeTx(ctx context.Context, tx *sqldb.Tx, personID string, lasts Lasts) (*Resume, error) {
	last, found, err := lasts.LastTx(ctx, tx, personID)
	if err != nil || !found {
		return nil, err
	}
	l, err := catalog.LessonTx(ctx, tx, last.LessonID)
	if err != nil {
		return nil, err
	}
	c, err := catalog.CourseTx(ctx, tx, l.CourseID)
	if err != nil {
		return nil, err
	}
	return &Resume{LessonID: l.ID, LessonTitle: l.Title, CourseID: c.ID, CourseTitle: c.Title, Chapter: l.Chapter, Year: c.Year, MediaID: l.MediaID,
		ResumeMS: last.ResumeMS, DurationMS: l.DurationMS, DeviceName: last.DeviceName, At: last.At}, nil
}

// Archive is a learner's file of a year (R1.5c).
type Archive struct {
	Name         string   `json:"name"`
	IDNumberMask string   `json:"id_number_mask"`
	Unit         string   `json:"unit"`
	Summary      Summary  `json:"summary"`
	Records      []Record `json:"records"`
}

// Archive reads the actor's own file.
func (s *Service) Archive(ctx context.Context, year int64) (a Archive, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return a, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if year == 0 {
			year = int64(civil.DateOf(tx.Now(), civil.Shanghai).Year)
		}
		p, err := identity.PersonTx(ctx, tx, actor.PersonID)
		if err != nil {
			return err
		}
		a.Name, a.IDNumberMask = p.Name, p.IDNumberMask
		unit, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[string], `SELECT name FROM unit WHERE id = $1`, p.UnitID)
		if err != nil {
			return err
		}
		a.Unit = unit
		a.Summary, a.Records, err = summaryTx(ctx, tx, actor.PersonID, year)
		if a.Records == nil {
			a.Records = []Record{}
		}
		return err
	})
	return a, err
}

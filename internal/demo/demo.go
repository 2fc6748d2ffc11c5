// Package demo makes the demo city: 17 branches of Xinzhou, providers with courses of real media, units, and people of
// every role. It may be run again at any time and changes nothing that is there.
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/id"
	"xueshi/internal/media"
	"xueshi/internal/org"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

// Deps is what seeding works on.
type Deps struct {
	DB       *sqldb.DB
	Store    blob.Store
	Identity *identity.Service
	Source   fs.FS // the demo folder: courses.json, city.json, media/
	// Population adds the further learners with seeded history that fill the bureau's figures; tests leave them out.
	Population bool
}

// Login is one account of the demo city. Its password is made at seeding: there is no default password anywhere.
type Login struct {
	Name, Phone, Password string
	Roles                 []string
}

type question struct {
	Text    string   `json:"q"`
	Options []string `json:"o"`
	Answer  int      `json:"a"`
	Slide   int      `json:"slide"`
}

type lessonSource struct {
	ID        string     `json:"id"`
	Chapter   string     `json:"chapter"`
	Title     string     `json:"title"`
	Points    []string   `json:"points"`
	Questions []question `json:"questions"`
	Handout   handout    `json:"handout"`
	Media     string     `json:"media"` // folder of the media, if it is not named as the lesson
}

type courseSource struct {
	ID       string         `json:"id"`
	Code     string         `json:"code"`
	Provider string         `json:"provider"`
	Subject  string         `json:"subject"`
	Title    string         `json:"title"`
	Tenths   int64          `json:"hours_tenths"`
	Teacher  string         `json:"teacher"`
	Bio      string         `json:"bio"`
	Summary  string         `json:"summary"`
	Lessons  []lessonSource `json:"lessons"`
}

type coursesFile struct {
	Providers []org.Provider  `json:"providers"`
	Courses   []courseSource  `json:"courses"`
	Headings  handoutHeadings `json:"handout_headings"`
}

type cityFile struct {
	City    org.Region   `json:"city"`
	Regions []org.Region `json:"regions"`
	Units   []org.Unit   `json:"units"`
	People  []struct {
		Name  string   `json:"name"`
		Unit  string   `json:"unit"`
		Roles []string `json:"roles"` // role, role:scope or role:scope:duty; provider staff without a duty have all but the administrator's
	} `json:"people"`
	Settings map[string]string `json:"settings"`
	History  []struct {
		Person  int    `json:"person"`
		Subject string `json:"subject"`
		Tenths  int64  `json:"tenths"`
		Content string `json:"content"`
		Month   int    `json:"month"`
	} `json:"history"`
	LegalSource string           `json:"legal_source"`
	LastYear    []lastYearCourse `json:"last_year"`
	Population  population       `json:"population"`
	Sites       []siteSource     `json:"sites"`
}

// Seed makes the city if it is not there yet; made is false, and no logins come back, when it was.
func Seed(ctx context.Context, d Deps) (logins []Login, made bool, err error) {
	ctx = identity.SystemContext(ctx, "demo")
	var courses coursesFile
	var city cityFile
	if err := readCourses(d.Source, &courses); err != nil {
		return nil, false, err
	}
	if err := readJSON(d.Source, "city.json", &city); err != nil {
		return nil, false, err
	}
	passwords := make([]string, len(city.People))
	hashes := make([]string, len(city.People))
	for i := range passwords {
		passwords[i] = id.Secret(8)
	}
	err = d.DB.Write(ctx, func(tx *sqldb.Tx) error {
		logins, made = nil, false
		n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM region`)
		if err != nil || n > 0 {
			return err
		}
		for i, p := range passwords {
			if hashes[i] == "" {
				if hashes[i], err = identity.HashPassword(ctx, p); err != nil {
					return err
				}
			}
		}
		made = true
		if err := seedOrg(ctx, tx, city, courses.Providers); err != nil {
			return err
		}
		if err := seedSites(ctx, tx, city.Sites); err != nil {
			return err
		}
		year := civil.DateOf(tx.Now(), civil.Shanghai).Year
		if err := seedCourses(ctx, tx, d, year, courses.Courses); err != nil {
			return err
		}
		if err := seedCourses(ctx, tx, d, year-1, lastYear(city.LastYear, courses.Courses, year-1)); err != nil {
			return err
		}
		if logins, err = seedPeople(ctx, tx, d, city, passwords, hashes); err != nil || !d.Population {
			return err
		}
		return seedPopulation(ctx, tx, d, city, courses)
	})
	return logins, made, err
}

func readJSON(src fs.FS, name string, v any) error {
	raw, err := fs.ReadFile(src, name)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("demo/%s: %w", name, err)
	}
	return nil
}

func seedOrg(ctx context.Context, tx *sqldb.Tx, city cityFile, providers []org.Provider) error {
	for i, r := range append([]org.Region{city.City}, city.Regions...) {
		if _, err := tx.Exec(ctx, `INSERT INTO region (id, parent, name, kind, rank) VALUES ($1, $2, $3, $4, $5)`, r.ID, r.Parent, r.Name, r.Kind, i); err != nil {
			return err
		}
	}
	for _, u := range city.Units {
		if _, err := tx.Exec(ctx, `INSERT INTO unit (id, region_id, name) VALUES ($1, $2, $3)`, u.ID, u.RegionID, u.Name); err != nil {
			return err
		}
	}
	for _, p := range providers {
		if _, err := tx.Exec(ctx, `INSERT INTO provider (id, name, short_name, state) VALUES ($1, $2, $3, 'active')`, p.ID, p.Name, p.ShortName); err != nil {
			return err
		}
	}
	for k, v := range city.Settings {
		if err := org.PutTx(ctx, tx, org.Setting{Key: k, Value: v, Source: "demo"}, "demo"); err != nil {
			return err
		}
	}
	return seedYears(ctx, tx, city)
}

// seedYears opens last year for make-up study, this year, and the next.
func seedYears(ctx context.Context, tx *sqldb.Tx, city cityFile) error {
	this := civil.DateOf(tx.Now(), civil.Shanghai).Year
	for y := this - 1; y <= this+1; y++ {
		first := civil.Date{Year: y, Month: time.January, Day: 1}.Start(civil.Shanghai)
		end := civil.Date{Year: y, Month: time.December, Day: 31}.End(civil.Shanghai)
		makeUp := civil.Date{Year: y + 1, Month: time.December, Day: 31}.End(civil.Shanghai)
		if _, err := tx.Exec(ctx, `INSERT INTO year_window (year, opens_at, study_end_at, makeup_end_at) VALUES ($1, $2, $3, $4)`,
			y, first.UnixMicro(), end.UnixMicro(), makeUp.UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO rule_set (region_id, year, version, total_tenths, professional_num, professional_den, minutes_per_hour, legal_source)
			VALUES ($1, $2, 1, 900, 2, 3, 45, $3)`, city.City.ID, y, city.LegalSource); err != nil {
			return err
		}
	}
	return nil
}

func readCourses(source fs.FS, f *coursesFile) error {
	if err := readJSON(source, "courses.json", f); err != nil {
		return err
	}
	for _, c := range f.Courses {
		for i := range c.Lessons {
			c.Lessons[i].Handout.headings = f.Headings
		}
	}
	return nil
}

func seedCourses(ctx context.Context, tx *sqldb.Tx, d Deps, year int, courses []courseSource) error {
	for _, c := range courses {
		var total int64
		var all []*media.Media
		for _, l := range c.Lessons {
			dir, err := fs.Sub(d.Source, "media/"+l.folder())
			if err != nil {
				return err
			}
			m, err := media.ImportTx(ctx, tx, d.Store, dir, l.ID)
			if err != nil {
				return fmt.Errorf("lesson %s: %w", l.ID, err)
			}
			total += m.DurationMS
			all = append(all, m)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO course (id, provider_id, code, title, summary, subject, year, hours_tenths, minutes, teacher, teacher_bio, price_fen, sequential, state)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 'draft')`,
			c.ID, c.Provider, c.Code, c.Title, c.Summary, c.Subject, year, c.Tenths, total/60_000, c.Teacher, c.Bio); err != nil {
			return err
		}
		for i, l := range c.Lessons {
			if err := seedLesson(ctx, tx, c.ID, i+1, l, all[i]); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE course SET state = 'published' WHERE id = $1`, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func seedLesson(ctx context.Context, tx *sqldb.Tx, courseID string, number int, l lessonSource, m *media.Media) error {
	points, err := json.Marshal(l.Points)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO lesson (id, course_id, chapter, number, title, media_id, media_rev, points, handout) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)`,
		l.ID, courseID, l.Chapter, number, l.Title, m.ID, string(points), l.Handout.text()); err != nil {
		return err
	}
	if err := catalog.ImportedTx(ctx, tx, l.ID, m.Rev); err != nil {
		return err
	}
	for no, q := range l.Questions {
		options, err := json.Marshal(q.Options)
		if err != nil {
			return err
		}
		at := m.Slides[min(q.Slide, len(m.Slides)-1)].EndMS
		if _, err := tx.Exec(ctx, `INSERT INTO content_question (lesson_id, no, at_ms, text, options, answer) VALUES ($1, $2, $3, $4, $5, $6)`,
			l.ID, no, at, q.Text, string(options), q.Answer); err != nil {
			return err
		}
	}
	return nil
}

func seedPeople(ctx context.Context, tx *sqldb.Tx, d Deps, city cityFile, passwords, hashes []string) ([]Login, error) {
	units := map[string]org.Unit{}
	for _, u := range city.Units {
		units[u.ID] = u
	}
	var logins []Login
	ids := make([]string, len(city.People))
	for i, p := range city.People {
		phone := fmt.Sprintf("139350%05d", 10001+i)
		n := identity.NewPerson{Name: p.Name, IDNumber: demoIDNumber(i), Phone: phone, RegionID: units[p.Unit].RegionID, UnitID: p.Unit, PasswordHash: hashes[i], Agreed: identity.FirstVersion}
		for _, r := range p.Roles {
			n.Grants = append(n.Grants, grantOf(r))
		}
		var err error
		if ids[i], err = d.Identity.CreatePersonTx(ctx, tx, n); err != nil {
			return nil, err
		}
		logins = append(logins, Login{p.Name, phone, passwords[i], p.Roles})
	}
	for _, i := range []int{0, 1} {
		for _, course := range []string{"c01", "c04"} {
			if _, err := enrolment.GrantTx(ctx, tx, ids[i], course, int64(civil.DateOf(tx.Now(), civil.Shanghai).Year), "seed"); err != nil {
				return nil, err
			}
		}
	}
	return logins, seedHistory(ctx, tx, city, ids)
}

// grantOf reads a role of city.json.
func grantOf(text string) identity.Grant {
	role, scope, _ := strings.Cut(text, ":")
	scope, duty, found := strings.Cut(scope, ":")
	g := identity.Grant{Role: identity.Role(role), Scope: scope}
	switch {
	case found:
		g.Duties = []string{duty}
	case g.Role == identity.ProviderStaff:
		g.Duties = []string{identity.DutyCourse, identity.DutyExam, identity.DutyFinance, identity.DutyService}
	}
	return g
}

// seedHistory gives demo learners earlier hours as what they are: seeded history, with a source of its own.
func seedHistory(ctx context.Context, tx *sqldb.Tx, city cityFile, ids []string) error {
	year := civil.DateOf(tx.Now(), civil.Shanghai).Year
	for _, h := range city.History {
		at := civil.Date{Year: year, Month: time.Month(h.Month), Day: 15}.Start(civil.Shanghai)
		if err := credit.AppendTx(ctx, tx, credit.Record{PersonID: ids[h.Person], Year: int64(year), Subject: h.Subject, Form: "distance", Source: "seed",
			CourseID: fmt.Sprintf("seed-%d-%s", h.Month, h.Subject), Content: h.Content, HoursTenths: h.Tenths, Minutes: h.Tenths * 45 / 10, StartedAt: at, CompletedAt: at,
			Result: "completed", Evidence: "seed"}); err != nil {
			return err
		}
	}
	return nil
}

// demoIDNumber makes a number of the right form that belongs to nobody: region 140900 with sequence numbers of the demo.
func demoIDNumber(i int) string {
	return checked(fmt.Sprintf("140900%d0101%03d", 1970+i, 900+i))
}

// checked adds the check digit of GB 11643.
func checked(body string) string {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for k, w := range weights {
		sum += int(body[k]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

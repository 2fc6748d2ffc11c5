package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"xueshi/internal/credit"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/civil"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// population is the city's further learners. They have no password and log in by SMS code, as imported learners do.
type population struct {
	Learners int      `json:"learners"`
	Surnames string   `json:"surnames"`
	Given    []string `json:"given"`
}

// seedPopulation gives them hours of this and last year as what they are: seeded history. The dice are loaded with a fixed
// seed, so the demo city looks the same on every machine.
func seedPopulation(ctx context.Context, tx *sqldb.Tx, d Deps, city cityFile, courses coursesFile) error {
	dice := rand.New(rand.NewPCG(1409, 2018))
	surnames := []rune(city.Population.Surnames)
	today := civil.DateOf(tx.Now(), civil.Shanghai)
	for i := range city.Population.Learners {
		// Branches differ in size and in diligence, so that the bureau has something to compare.
		k := dice.IntN(len(city.Units))
		if dice.IntN(3) == 0 {
			k /= 3
		}
		unit := city.Units[k]
		name := string(surnames[dice.IntN(len(surnames))]) + city.Population.Given[dice.IntN(len(city.Population.Given))]
		personID, err := d.Identity.CreatePersonTx(ctx, tx, identity.NewPerson{Name: name, IDNumber: populationIDNumber(i), Phone: fmt.Sprintf("139360%05d", 10001+i),
			RegionID: unit.RegionID, UnitID: unit.ID, Agreed: identity.FirstVersion, Grants: []identity.Grant{{Role: identity.Learner}}})
		if err != nil {
			return err
		}
		slow := (k * 7) % 5
		for back, chance := range []int{92 - 9*slow, 78 - 8*slow} {
			if err := seedYearOf(ctx, tx, dice, personID, today.Year-back, today, chance, courses.Providers[dice.IntN(len(courses.Providers))]); err != nil {
				return err
			}
		}
		for k := range 1 + dice.IntN(2) {
			c := courses.Courses[(i+k*2)%len(courses.Courses)]
			if _, err := enrolment.GrantTx(ctx, tx, personID, c.ID, int64(today.Year), "seed"); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedYearOf books a year in four parts of together 90 hours, ending in a month of its own; later parts are still to come.
func seedYearOf(ctx context.Context, tx *sqldb.Tx, dice *rand.Rand, personID string, year int, today civil.Date, chance int, provider org.Provider) error {
	last := 4 + dice.IntN(9) // the month of the last part
	parts := []struct {
		subject string
		tenths  int64
		content string
	}{{"public", 300, "公需科目（往期）"}, {"professional", 200, "专业科目（往期）"}, {"professional", 200, "专业科目（往期）"}, {"professional", 200, "专业科目（往期）"}}
	if dice.IntN(100) >= chance {
		parts = parts[:1+dice.IntN(3)]
	}
	for n, p := range parts {
		month := max(1, last-2*(len(parts)-1-n))
		if year == today.Year && month >= int(today.Month) {
			return nil
		}
		at := civil.Date{Year: year, Month: time.Month(month), Day: 5 + 3*n}.Start(civil.Shanghai)
		if err := credit.AppendTx(ctx, tx, credit.Record{PersonID: personID, Year: int64(year), Subject: p.subject, Form: "distance", Source: "seed", CourseID: fmt.Sprintf("seed-%d-%d", year, n),
			Content: p.content, Provider: provider.ShortName, HoursTenths: p.tenths, Minutes: p.tenths * 45 / 10, StartedAt: at, CompletedAt: at, Result: "completed", Evidence: "seed"}); err != nil {
			return err
		}
	}
	return nil
}

// populationIDNumber makes numbers of the right form that belong to nobody, apart from demoIDNumber's.
func populationIDNumber(i int) string {
	return checked(fmt.Sprintf("140900%d0202%03d", 1960+i%30, 100+i/30))
}

package supervision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// tally is a sum of standings.
type tally struct {
	about, region string
	doneMonth     int64
	counts
}

func scanTally(row sqldb.Scanner) (t tally, err error) {
	return t, row.Scan(&t.about, &t.region, &t.doneMonth, &t.learners, &t.courses, &t.completed, &t.public, &t.professional)
}

const tallyColumns = `about, region_id, done_month, learners, courses, completed, public_tenths, professional_tenths`

// talliesTx reads the tallies about one thing in an area.
func talliesTx(ctx context.Context, tx *sqldb.Tx, year int64, about string, area []org.Region) ([]tally, error) {
	where, args := in("region_id", 3, area)
	return sqldb.Rows(ctx, tx, scanTally, `SELECT `+tallyColumns+` FROM tally WHERE year = $1 AND about = $2 AND `+where, append([]any{year, about}, args...)...)
}

// asOfTx is when the last fold ran; nil before the first.
func asOfTx(ctx context.Context, tx *sqldb.Tx) (*time.Time, error) {
	at, found, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT at FROM tally_run WHERE id = 1`)
	if err != nil || !found {
		return nil, err
	}
	t := time.UnixMicro(at).UTC()
	return &t, nil
}

// providerLinesTx lists the active providers with an area's figures.
func providerLinesTx(ctx context.Context, tx *sqldb.Tx, year int64, area []org.Region) ([]ProviderLine, error) {
	out, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p ProviderLine, err error) {
		return p, row.Scan(&p.ID, &p.Name, &p.ShortName, &p.Host, &p.Published)
	}, `SELECT p.id, p.name, p.short_name, coalesce((SELECT min(s.host) FROM site s WHERE s.provider_id = p.id), ''),
		(SELECT count(*) FROM course c WHERE c.provider_id = p.id AND c.state = 'published' AND c.year = $1)
		FROM provider p WHERE p.state = 'active' ORDER BY p.id LIMIT 200`, year)
	if err != nil {
		return nil, err
	}
	appeals, err := appealsTx(ctx, tx, area)
	if err != nil {
		return nil, err
	}
	for i := range out {
		p := &out[i]
		all, err := talliesTx(ctx, tx, year, "provider/"+p.ID, area)
		if err != nil {
			return nil, err
		}
		for _, t := range all {
			p.Learners, p.Courses, p.Completed, p.Tenths = p.Learners+t.learners, p.Courses+t.courses, p.Completed+t.completed, p.Tenths+t.public+t.professional
			if t.doneMonth != 0 {
				p.Complete += t.learners
			}
		}
		p.AppealsOpen = appeals[p.ID]
	}
	return out, nil
}

// appealsTx counts the open appeals of an area by provider; the index on state keeps it to those that are open.
func appealsTx(ctx context.Context, tx *sqldb.Tx, area []org.Region) (map[string]int64, error) {
	where, args := in("p.region_id", 1, area)
	out := map[string]int64{}
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		var provider string
		var n int64
		err := row.Scan(&provider, &n)
		out[provider] = n
		return struct{}{}, err
	}, `SELECT c.provider_id, count(*) FROM appeal a JOIN person p ON p.id = a.person_id JOIN lesson l ON l.id = a.lesson_id
		JOIN course c ON c.id = l.course_id WHERE a.state = 'submitted' AND `+where+` GROUP BY c.provider_id`, args...)
	return out, err
}

const learnerColumns = `p.id, p.name, p.id_number_mask, coalesce(r.name, ''), coalesce(u.name, ''), coalesce(s.courses, 0), coalesce(s.completed, 0),
	coalesce(s.public_tenths, 0), coalesce(s.professional_tenths, 0), coalesce(s.done_month, 0)`

const learnerFrom = ` FROM person p LEFT JOIN region r ON r.id = p.region_id LEFT JOIN unit u ON u.id = p.unit_id
	LEFT JOIN standing s ON s.person_id = p.id AND s.year = $1 AND s.about = '' WHERE `

func scanLearner(row sqldb.Scanner) (l LearnerLine, err error) {
	var done int64
	err = row.Scan(&l.ID, &l.Name, &l.IDNumberMask, &l.Region, &l.Unit, &l.Courses, &l.Completed, &l.PublicTenths, &l.ProfessionalTenths, &done)
	l.Name, l.Complete = identity.MaskName(l.Name), done != 0
	return l, err
}

const isLearner = `EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.role = 'learner')`

// learnersTx lists learners of an area after an id. Each region is walked along its own index and the walks are merged:
// one statement over all regions would sort every learner for each page.
func learnersTx(ctx context.Context, tx *sqldb.Tx, year int64, area []org.Region, text, after string, n int) ([]LearnerLine, error) {
	var ids []string
	for _, r := range area {
		where, args := `p.region_id = $1 AND p.id > $2 AND p.state <> 'closed'`, []any{r.ID, after}
		if text != "" {
			args = append(args, sqldb.EscapeLike(text)+"%", "%"+sqldb.EscapeLike(text)+"%")
			where += ` AND (p.name LIKE $3 ESCAPE '\' OR p.unit_id IN (SELECT id FROM unit WHERE name LIKE $4 ESCAPE '\'))`
		}
		args = append(args, n)
		some, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT p.id FROM person p WHERE `+where+` AND `+isLearner+
			fmt.Sprintf(` ORDER BY p.id LIMIT $%d`, len(args)), args...)
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.Sort(ids)
	chosen, args := oneOf("p.id", 2, ids[:min(n, len(ids))])
	return sqldb.Rows(ctx, tx, scanLearner, `SELECT `+learnerColumns+learnerFrom+chosen+` ORDER BY p.id`, append([]any{year}, args...)...)
}

// learnerTx reads one learner of an area.
func learnerTx(ctx context.Context, tx *sqldb.Tx, year int64, area []org.Region, personID string) (LearnerLine, bool, error) {
	where, regions := in("p.region_id", 2, area)
	args := append([]any{year}, regions...)
	args = append(args, personID)
	return sqldb.One(ctx, tx, scanLearner, `SELECT `+learnerColumns+learnerFrom+where+` AND `+isLearner+fmt.Sprintf(` AND p.id = $%d`, len(args)), args...)
}

package demo

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// siteSource is a provider's site.
type siteSource struct {
	ID       string            `json:"id"`
	Provider string            `json:"provider"`
	Host     string            `json:"host"`
	Settings map[string]string `json:"settings"`
}

func seedSites(ctx context.Context, tx *sqldb.Tx, sites []siteSource) error {
	for _, s := range sites {
		if err := org.AddSiteTx(ctx, tx, org.Site{ID: s.ID, Host: s.Host, ProviderID: s.Provider}); err != nil {
			return err
		}
		for k, v := range s.Settings {
			if err := org.PutSiteTx(ctx, tx, s.ID, org.Setting{Key: k, Value: v, Source: "demo"}, "demo"); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastYearCourse names a course of last year's plan that is made of the same films as one of this year's.
type lastYearCourse struct {
	ID   string `json:"id"`
	Of   string `json:"of"`
	Code string `json:"code"` // {year} stands for last year
}

// lastYear makes last year's courses. Their media get ids of their own: credited media is credited once per learner (PB-I2),
// and last year's film is another item than this year's.
func lastYear(list []lastYearCourse, courses []courseSource, year int) (out []courseSource) {
	for _, l := range list {
		i := slices.IndexFunc(courses, func(c courseSource) bool { return c.ID == l.Of })
		if i < 0 {
			continue
		}
		c := courses[i]
		c.ID, c.Code = l.ID, strings.ReplaceAll(l.Code, "{year}", strconv.Itoa(year))
		c.Lessons = slices.Clone(c.Lessons)
		for k := range c.Lessons {
			c.Lessons[k].Media = c.Lessons[k].folder()
			c.Lessons[k].ID = l.ID + "-" + strconv.Itoa(k+1)
		}
		out = append(out, c)
	}
	return out
}

// folder is where the lesson's media lies under media/.
func (l lessonSource) folder() string {
	if l.Media != "" {
		return l.Media
	}
	return l.ID
}

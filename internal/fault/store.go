package fault

import (
	"context"
	"fmt"
	"strings"
	"time"

	"xueshi/internal/catalog"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

const ownColumns = `f.id, f.lesson_id, f.rev, f.kind, f.at_ms, f.note, f.state, f.answer, f.at, f.answered_at FROM courseware_fault f`

func scanOwn(row sqldb.Scanner) (o Own, err error) {
	var at, answered int64
	err = row.Scan(&o.ID, &o.LessonID, &o.Rev, &o.Kind, &o.AtMS, &o.Note, &o.State, &o.Answer, &at, &answered)
	o.At, o.AnsweredAt = time.UnixMicro(at).UTC(), instant(answered)
	return o, err
}

func instant(micro int64) *time.Time {
	if micro == 0 {
		return nil
	}
	at := time.UnixMicro(micro).UTC()
	return &at
}

// ownOpenTx is the person's open report of what the draft tells.
func ownOpenTx(ctx context.Context, tx *sqldb.Tx, personID string, d Draft) (Own, bool, error) {
	return sqldb.One(ctx, tx, scanOwn, `SELECT `+ownColumns+` WHERE f.person_id = $1 AND f.lesson_id = $2 AND f.rev = $3 AND f.kind = $4 AND f.at_ms = $5
		AND f.state = 'open' AND f.source = 'learner'`, personID, d.LessonID, d.Rev, d.Kind, d.AtMS)
}

// joinTx counts one more at the open place of a draft, if there is one, and gives its head.
func joinTx(ctx context.Context, tx *sqldb.Tx, d Draft) (head string, found bool, err error) {
	return sqldb.One(ctx, tx, sqldb.ScanValue[string], `UPDATE courseware_fault SET people = people + 1 WHERE lesson_id = $1 AND rev = $2 AND kind = $3
		AND at_ms = $4 AND state = 'open' AND source = 'learner' AND place = id RETURNING id`, d.LessonID, d.Rev, d.Kind, d.AtMS)
}

// insertTx writes a fault under a head, or, with head empty, as a place of its own; "" = the same is there already.
func insertTx(ctx context.Context, tx *sqldb.Tx, d Draft, l catalog.Lesson, source, personID, head string) (string, error) {
	faultID, people := id.New(tx.Now()), int64(0)
	if head == "" {
		head, people = faultID, 1
	}
	n, err := tx.Exec(ctx, `INSERT INTO courseware_fault (id, lesson_id, rev, source, kind, at_ms, note, person_id, state, answer, answered_by, at, answered_at,
		provider_id, place, people, captions, mended_rev)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'open', '', '', $9, 0, c.provider_id, $10, $11, $12, 0 FROM course c WHERE c.id = $13 ON CONFLICT DO NOTHING`,
		faultID, d.LessonID, d.Rev, source, d.Kind, d.AtMS, d.Note, personID, tx.NowMicro(), head, people, l.Captions, l.CourseID)
	if err != nil || n == 0 {
		return "", err
	}
	return faultID, nil
}

const placeColumns = `f.id, f.lesson_id, l.title, c.id, c.title, f.rev, l.media_rev, f.source, f.kind, f.at_ms, f.people, f.state,
	CASE WHEN l.media_rev > f.rev OR f.kind = 'captions' AND l.captions <> f.captions THEN 1 ELSE 0 END, f.answer, f.mended_rev, f.at, f.answered_at,
	coalesce((SELECT p.name FROM person p WHERE p.id = f.answered_by), '')
	FROM courseware_fault f JOIN lesson l ON l.id = f.lesson_id JOIN course c ON c.id = l.course_id`

func scanPlace(row sqldb.Scanner) (p Place, err error) {
	var mendable, at, answered int64
	err = row.Scan(&p.ID, &p.LessonID, &p.Lesson, &p.CourseID, &p.Course, &p.Rev, &p.Playing, &p.Source, &p.Kind, &p.AtMS, &p.People, &p.State,
		&mendable, &p.Answer, &p.MendedRev, &at, &answered, &p.AnsweredBy)
	p.Mendable, p.At, p.AnsweredAt, p.Notes = mendable == 1, time.UnixMicro(at).UTC(), instant(answered), []string{}
	return p, err
}

// placeTx is one place of a provider. Errors: NotFound "fault.no_fault".
func placeTx(ctx context.Context, tx *sqldb.Tx, providerID, placeID string) (Place, error) {
	p, found, err := sqldb.One(ctx, tx, scanPlace, `SELECT `+placeColumns+` WHERE f.id = $1 AND f.place = f.id AND f.provider_id = $2`, placeID, providerID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "fault.no_fault")
	}
	if err == nil {
		err = p.readTx(ctx, tx)
	}
	return p, err
}

// readTx adds what people wrote.
func (p *Place) readTx(ctx context.Context, tx *sqldb.Tx) error {
	notes, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT note FROM courseware_fault WHERE place = $1 AND note <> '' ORDER BY id LIMIT $2`, p.ID, notesShown)
	p.Notes = append(p.Notes, notes...)
	return err
}

// clauses are conditions with their arguments, numbered as they come.
type clauses struct {
	all  []string
	args []any
}

// add puts a condition with one place for an argument, $%d.
func (c *clauses) add(cond string, v any) {
	c.args = append(c.args, v)
	c.all = append(c.all, fmt.Sprintf(cond, len(c.args)))
}

func (c *clauses) String() string { return strings.Join(c.all, " AND ") }

// queueTx lists places of a provider: open ones by age, others from the newest down.
func queueTx(ctx context.Context, tx *sqldb.Tx, providerID string, f Filter, after string, limit int) ([]Place, error) {
	w := clauses{all: []string{"f.place = f.id"}}
	w.add("f.provider_id = $%d", providerID)
	for _, x := range []struct{ cond, value string }{{"f.state = $%d", f.State}, {"f.source = $%d", f.Source}, {"l.course_id = $%d", f.CourseID}, {"f.lesson_id = $%d", f.LessonID}} {
		if x.value != "" {
			w.add(x.cond, x.value)
		}
	}
	switch {
	case f.Rev != 0 && f.OrOpen:
		w.add("(f.rev = $%d OR f.state = 'open')", f.Rev)
	case f.Rev != 0:
		w.add("f.rev = $%d", f.Rev)
	}
	order := " ORDER BY f.id"
	switch {
	case f.State != "open":
		order = " ORDER BY f.id DESC"
		if after != "" {
			w.add("f.id < $%d", after)
		}
	case after != "":
		w.add("f.id > $%d", after)
	}
	where := w.String() + order
	out, err := sqldb.Rows(ctx, tx, scanPlace, `SELECT `+placeColumns+` WHERE `+where+fmt.Sprintf(" LIMIT $%d", len(w.args)+1), append(w.args, limit)...)
	for i := range out {
		if err == nil {
			err = out[i].readTx(ctx, tx)
		}
	}
	if out == nil {
		out = []Place{}
	}
	return out, err
}

// within keeps a statement about courses c to a jurisdiction: the courses that somebody of it studies, by supervision's counts
// (a minute old at most); the whole city's is every course. An empty jurisdiction sees nothing.
func (c *clauses) within(area []org.Region) {
	if len(area) == 0 {
		c.all = append(c.all, "1 = 0")
		return
	}
	var places []string
	for _, r := range area {
		if r.Parent == "" {
			return
		}
		c.args = append(c.args, r.ID)
		places = append(places, fmt.Sprintf("$%d", len(c.args)))
	}
	c.all = append(c.all, "EXISTS (SELECT 1 FROM tally t WHERE t.year = c.year AND t.about = 'course/' || c.id AND t.region_id IN ("+strings.Join(places, ", ")+") AND t.learners > 0)")
}

// shown narrows a bureau's list to what one looks for.
var shown = map[string]string{
	"failing":     "r.verdict = 'fail'",
	"waived":      "EXISTS (SELECT 1 FROM waiver v WHERE v.lesson_id = w.lesson_id AND v.rev = w.rev AND v.report_id = w.report_id)",
	"faults":      "EXISTS (SELECT 1 FROM courseware_fault f WHERE f.lesson_id = l.id AND f.state = 'open')",
	"uninspected": "w.report_id = ''",
}

const lineColumns = `l.id, l.title, c.id, c.title, p.id, p.short_name, w.rev, w.origin, coalesce(r.verdict, ''), coalesce(r.failing, 0),
	(SELECT count(*) FROM waiver v WHERE v.lesson_id = w.lesson_id AND v.rev = w.rev AND v.report_id = w.report_id),
	(SELECT count(*) FROM courseware_fault f WHERE f.lesson_id = l.id AND f.state = 'open' AND f.source = 'learner' AND f.place = f.id),
	(SELECT count(*) FROM courseware_fault f WHERE f.lesson_id = l.id AND f.state = 'open' AND f.source = 'bureau'), w.published_at
	FROM lesson l JOIN course c ON c.id = l.course_id JOIN provider p ON p.id = c.provider_id JOIN courseware w ON w.lesson_id = l.id AND w.rev = l.media_rev
	LEFT JOIN inspection_report r ON r.id = w.report_id`

func scanLine(row sqldb.Scanner) (l Line, err error) {
	var published int64
	err = row.Scan(&l.LessonID, &l.Lesson, &l.CourseID, &l.Course, &l.ProviderID, &l.Provider, &l.Rev, &l.Origin, &l.Verdict, &l.Failing,
		&l.Waived, &l.Faults, &l.Objections, &published)
	l.PublishedAt = instant(published)
	return l, err
}

// linesTx lists the lessons of a jurisdiction that are played, by id.
func linesTx(ctx context.Context, tx *sqldb.Tx, area []org.Region, f LineFilter, after string, limit int) ([]Line, error) {
	w := clauses{all: []string{"c.state IN ('published', 'withdrawn') AND w.state = 'published'"}}
	w.within(area)
	w.add("l.id > $%d", after)
	if f.ProviderID != "" {
		w.add("c.provider_id = $%d", f.ProviderID)
	}
	if cond := shown[f.Show]; cond != "" {
		w.all = append(w.all, cond)
	}
	where := w.String()
	return sqldb.Rows(ctx, tx, scanLine, `SELECT `+lineColumns+` WHERE `+where+fmt.Sprintf(" ORDER BY l.id LIMIT $%d", len(w.args)+1), append(w.args, limit)...)
}

// providerOfTx is the provider of a lesson within a jurisdiction; a course that was never published is in none.
func providerOfTx(ctx context.Context, tx *sqldb.Tx, area []org.Region, lessonID string) (org.Provider, bool, error) {
	w := clauses{all: []string{"c.state IN ('published', 'withdrawn')"}}
	w.within(area)
	w.add("l.id = $%d", lessonID)
	where := w.String()
	return sqldb.One(ctx, tx, func(row sqldb.Scanner) (p org.Provider, err error) { return p, row.Scan(&p.ID, &p.Name, &p.ShortName) },
		`SELECT p.id, p.name, p.short_name FROM lesson l JOIN course c ON c.id = l.course_id JOIN provider p ON p.id = c.provider_id WHERE `+where, w.args...)
}

// filesBase is where the bureau's page gets the files of a revision.
func filesBase(lessonID string, rev int64) string {
	return fmt.Sprintf("/api/bureau/lessons/%s/courseware/%d/files/", lessonID, rev)
}

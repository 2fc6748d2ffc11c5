package identity

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// StaffMember is somebody who works for a provider, as its administrators see them: the name, the phone masked, and nothing
// else of the person.
type StaffMember struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	PhoneMask string    `json:"phone_mask"`
	Duties    []string  `json:"duties" enum:"admin,course,exam,finance,service,teacher"`
	Since     time.Time `json:"since"`
	Usable    bool      `json:"usable" doc:"False while the account is locked or being closed"`
	Self      bool      `json:"self" doc:"The reader"`
}

// Post is what somebody does for a provider, as they see it themselves.
type Post struct {
	ProviderID string    `json:"provider_id"`
	Provider   string    `json:"provider"`
	Duties     []string  `json:"duties" enum:"admin,course,exam,finance,service,teacher"`
	Since      time.Time `json:"since"`
}

// duties is every duty in the order in which it is stored and shown.
var duties = []string{DutyAdmin, DutyCourse, DutyExam, DutyFinance, DutyService, DutyTeacher}

// inOrder puts duties in order, each once, without those that are none.
func inOrder(held []string) []string {
	return slices.DeleteFunc(slices.Clone(duties), func(d string) bool { return !slices.Contains(held, d) })
}

// orderedDuties is inOrder for what somebody asks for. Errors: Invalid "identity.staff_duties" for none or an unknown one.
func orderedDuties(wanted []string) ([]string, error) {
	out := inOrder(wanted)
	if len(out) == 0 || slices.ContainsFunc(wanted, func(d string) bool { return !slices.Contains(duties, d) }) {
		return nil, errs.New(errs.Invalid, "identity.staff_duties").WithField("duties", "invalid")
	}
	return out, nil
}

// dutiesFit tells whether a grant has the duties its role has: provider staff at least one, everybody else none.
func dutiesFit(g Grant) bool {
	if g.Role != ProviderStaff {
		return len(g.Duties) == 0
	}
	ordered, err := orderedDuties(g.Duties)
	return err == nil && len(ordered) == len(g.Duties) && !slices.Contains(g.Duties, DutyTeacher)
}

const memberColumns = `SELECT p.id, p.name, p.phone_mask, p.state, coalesce(s.duties, ''), CASE WHEN t.person_id IS NULL THEN 0 ELSE 1 END, w.since
	FROM (SELECT person_id, min(granted_at) AS since FROM role_grant WHERE scope = $1 AND scope <> '' AND role IN ('provider_staff', 'teacher') GROUP BY person_id) w
	JOIN person p ON p.id = w.person_id
	LEFT JOIN role_grant s ON s.person_id = w.person_id AND s.role = 'provider_staff' AND s.scope = $2
	LEFT JOIN role_grant t ON t.person_id = w.person_id AND t.role = 'teacher' AND t.scope = $3 WHERE `

func scanMember(row sqldb.Scanner) (m StaffMember, err error) {
	var state, staff string
	var teacher, since int64
	err = row.Scan(&m.ID, &m.Name, &m.PhoneMask, &state, &staff, &teacher, &since)
	m.Since, m.Usable = time.UnixMicro(since).UTC(), state == "active"
	m.Duties = dutiesOf(staff, teacher == 1)
	return m, err
}

// dutiesOf puts the stored duties of a grant, and teaching, in order.
func dutiesOf(staff string, teacher bool) []string {
	held := strings.Split(staff, ",")
	if teacher {
		held = append(held, DutyTeacher)
	}
	return inOrder(held)
}

// Staff lists a provider's people, who came first first. next is the cursor of the page after, empty at the end.
// Errors: those of RequireDuty; Invalid "identity.staff_page".
func (s *Service) Staff(ctx context.Context, provider, after string, limit int) (out []StaffMember, next string, err error) {
	actor, err := RequireDuty(ctx, provider, DutyAdmin)
	if err != nil {
		return nil, "", err
	}
	at, id, _ := strings.Cut(after, ".")
	since, bad := strconv.ParseInt(at, 10, 64)
	if after != "" && bad != nil {
		return nil, "", errs.New(errs.Invalid, "identity.staff_page").WithField("after", "invalid")
	}
	if after == "" {
		since = -1
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanMember, memberColumns+`(w.since > $4 OR w.since = $5 AND p.id > $6) ORDER BY w.since, p.id LIMIT $7`,
			provider, provider, provider, since, since, id, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		last := out[limit-1]
		next = strconv.FormatInt(last.Since.UnixMicro(), 10) + "." + last.ID
	}
	for i := range out {
		out[i].Self = out[i].ID == actor.PersonID
	}
	return out, next, err
}

// memberTx reads one of a provider's people. Errors: NotFound "identity.no_staff".
func memberTx(ctx context.Context, tx *sqldb.Tx, provider, personID string) (StaffMember, error) {
	m, found, err := sqldb.One(ctx, tx, scanMember, memberColumns+`p.id = $4`, provider, provider, provider, personID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "identity.no_staff")
	}
	return m, err
}

// postsTx lists what a person does for which provider, by the provider's name.
func postsTx(ctx context.Context, tx *sqldb.Tx, personID string) ([]Post, error) {
	posts, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p Post, err error) {
		var staff string
		var teacher, since int64
		err = row.Scan(&p.ProviderID, &p.Provider, &staff, &teacher, &since)
		p.Duties, p.Since = dutiesOf(staff, teacher == 1), time.UnixMicro(since).UTC()
		return p, err
	}, `SELECT v.id, v.name, max(CASE WHEN g.role = 'provider_staff' THEN g.duties ELSE '' END), max(CASE WHEN g.role = 'teacher' THEN 1 ELSE 0 END), min(g.granted_at)
		FROM role_grant g JOIN provider v ON v.id = g.scope WHERE g.person_id = $1 AND g.role IN ('provider_staff', 'teacher')
		GROUP BY v.id, v.name ORDER BY v.name LIMIT 100`, personID)
	if posts == nil {
		posts = []Post{}
	}
	return posts, err
}

// otherAdminTx holds unless personID is the provider's only administrator who can act.
// Errors: Conflict "identity.last_admin".
func otherAdminTx(ctx context.Context, tx *sqldb.Tx, provider, personID string) error {
	type row struct{ own, others int64 }
	r, _, err := sqldb.One(ctx, tx, func(sc sqldb.Scanner) (r row, err error) { return r, sc.Scan(&r.own, &r.others) },
		`SELECT coalesce(sum(CASE WHEN g.person_id = $1 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN g.person_id <> $2 AND p.state = 'active' THEN 1 ELSE 0 END), 0)
			FROM role_grant g JOIN person p ON p.id = g.person_id WHERE g.scope = $3 AND g.scope <> '' AND g.role = 'provider_staff' AND ',' || g.duties || ',' LIKE '%,admin,%'`,
		personID, personID, provider)
	if err == nil && r.own > 0 && r.others == 0 {
		err = errs.New(errs.Conflict, "identity.last_admin")
	}
	return err
}

package fault

import (
	"context"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Filter narrows a provider's list; empty fields do not.
type Filter struct {
	State, Source, CourseID, LessonID string
	Rev                               int64
	OrOpen                            bool // with Rev: also what is open of other revisions
}

// Queue lists the places of a provider: the longest open first, or the newest answered first; with State empty all, the
// newest first.
func (s *Service) Queue(ctx context.Context, providerID string, f Filter, after string, limit int) (out []Place, next string, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = queueTx(ctx, tx, providerID, f, after, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID
	}
	return out, next, err
}

// Waiting is how much of a provider's is open.
type Waiting struct {
	Places     int64 `json:"places" doc:"Open places in all"`
	Objections int64 `json:"objections" doc:"Open objections of a bureau among them"`
}

// Waiting counts it.
func (s *Service) Waiting(ctx context.Context, providerID string) (w Waiting, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return w, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		w, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (w Waiting, err error) { return w, row.Scan(&w.Places, &w.Objections) },
			`SELECT count(*), coalesce(sum(CASE WHEN source = 'bureau' THEN 1 ELSE 0 END), 0) FROM courseware_fault
			WHERE provider_id = $1 AND state = 'open' AND place = id`, providerID)
		return err
	})
	return w, err
}

// Answer answers a place and tells everybody who has told it. Errors: NotFound "fault.no_fault", also for another provider's;
// Conflict "fault.answered" (somebody was first), "fault.not_mended" {rev}; Invalid "fault.answer" with the field.
func (s *Service) Answer(ctx context.Context, providerID, placeID string, a Answer) (p Place, err error) {
	actor, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return p, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		before, err := placeTx(ctx, tx, providerID, placeID)
		if err != nil {
			return err
		}
		if before.State != "open" {
			return errs.New(errs.Conflict, "fault.answered")
		}
		if err := a.check(before); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE courseware_fault SET state = $1, answer = $2, mended_rev = $3, answered_by = $4, answered_at = $5
			WHERE place = $6 AND state = 'open'`, a.Verdict, a.Note, a.by(before), actor.PersonID, tx.NowMicro(), placeID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.New(errs.Conflict, "fault.answered")
		}
		if err := s.tellTx(ctx, tx, before, a); err != nil {
			return err
		}
		if err := identity.AuditTx(ctx, tx, "fault."+a.Verdict, "fault/"+placeID, map[string]any{"lesson": before.LessonID, "rev": before.Rev,
			"at_ms": before.AtMS, "kind": before.Kind, "source": before.Source, "people": n, "by": a.by(before)}); err != nil {
			return err
		}
		p, err = placeTx(ctx, tx, providerID, placeID)
		return err
	})
	return p, err
}

// tellTx tells the people of a place that it is answered: where and how, without anybody's words.
func (s *Service) tellTx(ctx context.Context, tx *sqldb.Tx, p Place, a Answer) error {
	template, key, params := "fault."+a.Verdict, "fault/"+p.ID, map[string]any{"lesson": p.Lesson, "lesson_id": p.LessonID}
	if p.Source == "bureau" {
		template, key, params["rev"] = "fault.objection_answered", "objection/"+p.ID, p.Rev
	} else {
		params["minutes"], params["seconds"] = p.AtMS/60_000, p.AtMS/1000%60
	}
	people, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT f.person_id FROM courseware_fault f JOIN person p ON p.id = f.person_id
		WHERE f.place = $1 AND p.state <> 'closed' ORDER BY f.id`, p.ID)
	for _, personID := range people {
		if err == nil {
			err = s.notices.SendTx(ctx, tx, personID, template, params, key)
		}
	}
	return err
}

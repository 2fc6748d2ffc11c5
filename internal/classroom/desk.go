package classroom

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Desk lists the questions in a state to all providers the actor teaches or works for: the longest waiting first while open,
// otherwise the newest first.
func (s *Service) Desk(ctx context.Context, state, after string, n int) (out []Question, next string, err error) {
	actor, err := identity.Require(ctx, identity.Teacher, identity.ProviderStaff)
	if err != nil {
		return nil, "", err
	}
	providers := append(actor.Scopes(identity.Teacher), actor.Scopes(identity.ProviderStaff)...)
	if len(providers) == 0 {
		return []Question{}, "", nil
	}
	slices.Sort(providers)
	args := []any{state}
	for _, p := range slices.Compact(providers) {
		args = append(args, p)
	}
	order := `q.id > $%d ORDER BY q.id LIMIT $%d`
	if state != "open" {
		order, after = `q.id < $%d ORDER BY q.id DESC LIMIT $%d`, newest(after)
	}
	query := `SELECT ` + questionColumns + ` WHERE q.state = $1 AND q.provider_id IN (` + sqldb.Places(2, len(args)-1) + `) AND ` +
		fmt.Sprintf(order, len(args)+1, len(args)+2)
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = questionsTx(ctx, tx, query, append(args, after, n+1)...)
		return err
	})
	for i := range out {
		out[i] = out[i].seenBy(actor)
	}
	return cut(out, n, func(x Question) string { return x.ID }, err)
}

// Answer answers a question to the actor's provider, or, with change, puts a better answer in place of the one given; the
// asker is told of the first. Errors: NotFound "classroom.no_question"; Invalid "classroom.answer";
// Conflict "classroom.answered" (somebody was first), "classroom.not_answered", "classroom.hidden".
func (s *Service) Answer(ctx context.Context, questionID, text string, change bool) (q Question, err error) {
	actor, err := identity.Require(ctx, identity.Teacher, identity.ProviderStaff)
	if err != nil {
		return q, err
	}
	if text, err = clean(text, errs.New(errs.Invalid, "classroom.answer", "least", answerLeast, "most", answerMost), answerLeast, answerMost); err != nil {
		return q, err
	}
	return s.change(ctx, actor, questionID, func(tx *sqldb.Tx, q Question, as identity.Role) error {
		action := "classroom.answered"
		switch {
		case q.State == "hidden":
			return errs.New(errs.Conflict, "classroom.hidden")
		case change && q.State == "open":
			return errs.New(errs.Conflict, "classroom.not_answered")
		case !change && q.State == "answered":
			return errs.New(errs.Conflict, "classroom.answered")
		case change:
			action = "classroom.answer_changed"
		}
		if _, err := tx.Exec(ctx, `UPDATE lesson_question SET state = 'answered', answer = $1, answered_by = $2, answered_as = $3, answered_at = $4 WHERE id = $5`,
			text, actor.AccountID, string(as), tx.NowMicro(), q.ID); err != nil {
			return err
		}
		if err := s.notices.SendTx(ctx, tx, q.personID, "classroom.answered", map[string]any{"lesson": q.Lesson, "lesson_id": q.LessonID}, "answered/"+q.ID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, action, "question/"+q.ID, nil)
	})
}

// Hide takes a question out of the other learners' sight, with the reason its asker reads.
// Errors: NotFound "classroom.no_question"; Invalid "classroom.reason"; Conflict "classroom.hidden".
func (s *Service) Hide(ctx context.Context, questionID, reason string) (q Question, err error) {
	actor, err := identity.Require(ctx, identity.Teacher, identity.ProviderStaff)
	if err != nil {
		return q, err
	}
	if reason, err = clean(reason, errs.New(errs.Invalid, "classroom.reason", "least", reasonLeast, "most", reasonMost), reasonLeast, reasonMost); err != nil {
		return q, err
	}
	return s.change(ctx, actor, questionID, func(tx *sqldb.Tx, q Question, _ identity.Role) error {
		if q.State == "hidden" {
			return errs.New(errs.Conflict, "classroom.hidden")
		}
		if _, err := tx.Exec(ctx, `UPDATE lesson_question SET state = 'hidden', hidden_reason = $1, hidden_by = $2, hidden_at = $3 WHERE id = $4`,
			reason, actor.AccountID, tx.NowMicro(), q.ID); err != nil {
			return err
		}
		if err := s.notices.SendTx(ctx, tx, q.personID, "classroom.hidden", map[string]any{"lesson": q.Lesson, "lesson_id": q.LessonID}, "hidden/"+q.ID+"/"+strconv.FormatInt(tx.NowMicro(), 10)); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "classroom.hidden", "question/"+q.ID, map[string]any{"reason": reason})
	})
}

// Restore shows a hidden question again, as it was. Errors: NotFound "classroom.no_question"; Conflict "classroom.not_hidden".
func (s *Service) Restore(ctx context.Context, questionID string) (q Question, err error) {
	actor, err := identity.Require(ctx, identity.Teacher, identity.ProviderStaff)
	if err != nil {
		return q, err
	}
	return s.change(ctx, actor, questionID, func(tx *sqldb.Tx, q Question, _ identity.Role) error {
		if q.State != "hidden" {
			return errs.New(errs.Conflict, "classroom.not_hidden")
		}
		if _, err := tx.Exec(ctx, `UPDATE lesson_question SET state = CASE WHEN answered_at > 0 THEN 'answered' ELSE 'open' END, hidden_reason = '', hidden_by = '',
			hidden_at = 0 WHERE id = $1`, q.ID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "classroom.restored", "question/"+q.ID, nil)
	})
}

// change reads a question to one of the actor's providers, acts on it, and reads it again. Another provider's question is not
// found. as is the role by which the actor acts: the teacher's, if they hold it.
func (s *Service) change(ctx context.Context, actor identity.Actor, questionID string, act func(tx *sqldb.Tx, q Question, as identity.Role) error) (q Question, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var found bool
		if q, found, err = one(questionsTx(ctx, tx, `SELECT `+questionColumns+` WHERE q.id = $1`, questionID)); err != nil {
			return err
		}
		as := identity.ProviderStaff
		if actor.Has(identity.Teacher, q.providerID) {
			as = identity.Teacher
		}
		if !found || !actor.Has(as, q.providerID) {
			return errs.New(errs.NotFound, "classroom.no_question")
		}
		if err := act(tx, q, as); err != nil {
			return err
		}
		q, _, err = one(questionsTx(ctx, tx, `SELECT `+questionColumns+` WHERE q.id = $1`, questionID))
		return err
	})
	return q.seenBy(actor), err
}

package credit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"xueshi/internal/catalog"
	"xueshi/internal/enrolment"
	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

// Appeal is a learner's "the time is wrong" about a part of a lesson, decided by a person (V8).
//
//	submitted ──grant──▶ granted (the missing part is credited by hand)
//	          └─refuse─▶ refused (with the reason)
type Appeal struct {
	ID          string     `json:"id"`
	PersonID    string     `json:"-"`
	Name        string     `json:"name" doc:"Masked for everybody but the learner"`
	LessonID    string     `json:"lesson_id"`
	Lesson      string     `json:"lesson"`
	FromMS      int64      `json:"from_ms"`
	ToMS        int64      `json:"to_ms"`
	Text        string     `json:"text"`
	State       string     `json:"state" enum:"submitted,granted,refused"`
	SubmittedAt time.Time  `json:"submitted_at"`
	DecidedAt   *time.Time `json:"decided_at"`
	Answer      string     `json:"answer"`
	Digest      string     `json:"digest" doc:"SHA-256 of the evidence that was attached"`
	Evidence    string     `json:"evidence,omitempty" doc:"The attached evidence, JSON; for the deciding person"`
	rev         int64      // of the media: where from_ms and to_ms are
}

// Granter credits media by hand; playback.Service is it.
type Granter interface {
	GrantTx(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string, rev int64, claim playback.Range, appealID, actor string) (int64, error)
}

const appealEvidenceRows = 200

// Submit files an appeal with the learner's evidence, frozen as it stands. The part is of revision rev of the lesson's media, as
// the page that shows it has it; 0 = the one that is played now.
// Errors: Invalid "credit.appeal" with fields; Forbidden "playback.not_enrolled"; Limited "credit.appeal_limit" (five a day).
func (s *Service) Submit(ctx context.Context, lessonID string, rev, fromMS, toMS int64, text string) (a Appeal, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return a, err
	}
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < 4 || n > 500 {
		return a, errs.New(errs.Invalid, "credit.appeal").WithField("text", "length")
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		l, err := catalog.LessonAtTx(ctx, tx, lessonID, rev)
		if err != nil {
			return err
		}
		// What was watched may be appealed after the year has closed; what was never bought or chosen may not.
		if _, err := enrolment.MayStudyTx(ctx, tx, actor.PersonID, l.CourseID); err != nil && !errs.Has(err, "enrolment.year_closed") {
			return err
		}
		if fromMS < 0 || toMS > l.DurationMS || toMS <= fromMS {
			return errs.New(errs.Invalid, "credit.appeal").WithField("from_ms", "range")
		}
		if err := limit.AllowTx(ctx, tx, "credit.appeal_limit", "appeal/"+actor.PersonID, 5, 24*time.Hour); err != nil {
			return err
		}
		evidence, err := playback.EvidenceTx(ctx, tx, actor.PersonID, appealEvidenceRows)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(evidence)
		if err != nil {
			return err
		}
		a = Appeal{ID: id.New(tx.Now()), LessonID: lessonID, Lesson: l.Title, FromMS: fromMS, ToMS: toMS, Text: text, State: "submitted", SubmittedAt: tx.Now(), Digest: digest(string(raw))}
		_, err = tx.Exec(ctx, `INSERT INTO appeal (id, person_id, lesson_id, media_rev, from_ms, to_ms, text, evidence, state, submitted_at, decided_at, decided_by, answer)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'submitted', $9, 0, '', '')`, a.ID, actor.PersonID, lessonID, l.MediaRev, fromMS, toMS, text, string(raw), tx.NowMicro())
		return err
	})
	return a, err
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

const appealColumns = `a.id, a.person_id, p.name, a.lesson_id, l.title, a.media_rev, a.from_ms, a.to_ms, a.text, a.evidence, a.state, a.submitted_at, a.decided_at, a.answer`

func scanAppeal(row sqldb.Scanner) (a Appeal, err error) {
	var submitted, decided int64
	err = row.Scan(&a.ID, &a.PersonID, &a.Name, &a.LessonID, &a.Lesson, &a.rev, &a.FromMS, &a.ToMS, &a.Text, &a.Evidence, &a.State, &submitted, &decided, &a.Answer)
	a.SubmittedAt, a.Digest = time.UnixMicro(submitted).UTC(), digest(a.Evidence)
	if decided > 0 {
		at := time.UnixMicro(decided).UTC()
		a.DecidedAt = &at
	}
	return a, err
}

// OwnAppeals lists the actor's appeals, the newest first.
func (s *Service) OwnAppeals(ctx context.Context) (out []Appeal, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanAppeal, `SELECT `+appealColumns+` FROM appeal a JOIN person p ON p.id = a.person_id JOIN lesson l ON l.id = a.lesson_id
			WHERE a.person_id = $1 ORDER BY a.submitted_at DESC LIMIT 100`, actor.PersonID)
		return err
	})
	for i := range out {
		out[i].Evidence = ""
	}
	return out, err
}

// Appeals lists appeals in a state for the deciding person, the oldest first, keyset-paged by id.
func (s *Service) Appeals(ctx context.Context, state, after string, n int) (out []Appeal, next string, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanAppeal, `SELECT `+appealColumns+` FROM appeal a JOIN person p ON p.id = a.person_id JOIN lesson l ON l.id = a.lesson_id
			WHERE a.state = $1 AND a.id > $2 ORDER BY a.id LIMIT $3`, state, after, n+1)
		return err
	})
	for i := range out {
		out[i].Name = identity.MaskName(out[i].Name)
	}
	if len(out) > n {
		out = out[:n]
		next = out[n-1].ID
	}
	return out, next, err
}

// AppealsWaiting tells an operator how many appeals wait for a decision.
func (s *Service) AppealsWaiting(ctx context.Context) (w identity.Waiting, err error) {
	if _, err := identity.Require(ctx, identity.Operator); err != nil {
		return w, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		w, _, err = sqldb.One(ctx, tx, func(row sqldb.Scanner) (identity.Waiting, error) {
			var count, oldest int64
			err := row.Scan(&count, &oldest)
			return identity.WaitingSince(count, oldest), err
		}, `SELECT count(*), coalesce(min(submitted_at), 0) FROM appeal WHERE state = 'submitted'`)
		return err
	})
	return w, err
}

// Decide answers an appeal. Granting credits the missing part by hand and books the course if that completes it.
// Errors: NotFound "credit.no_appeal"; Conflict "credit.appeal_decided"; Forbidden "credit.own_record"; Invalid "credit.appeal".
func (s *Service) Decide(ctx context.Context, appealID string, grant bool, answer string, granter Granter) (granted int64, err error) {
	actor, err := identity.Require(ctx, identity.Operator)
	if err != nil {
		return 0, err
	}
	answer = strings.TrimSpace(answer)
	if n := utf8.RuneCountInString(answer); n < 4 || n > 500 {
		return 0, errs.New(errs.Invalid, "credit.appeal").WithField("answer", "length")
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		a, found, err := sqldb.One(ctx, tx, scanAppeal, `SELECT `+appealColumns+` FROM appeal a JOIN person p ON p.id = a.person_id JOIN lesson l ON l.id = a.lesson_id WHERE a.id = $1`, appealID)
		if err != nil {
			return err
		}
		switch {
		case !found:
			return errs.New(errs.NotFound, "credit.no_appeal")
		case a.State != "submitted":
			return errs.New(errs.Conflict, "credit.appeal_decided")
		case a.PersonID == actor.PersonID:
			return errs.New(errs.Forbidden, "credit.own_record")
		}
		state := "refused"
		if grant {
			state = "granted"
			if granted, err = granter.GrantTx(ctx, tx, a.PersonID, a.LessonID, a.rev, playback.Range{From: a.FromMS, To: a.ToMS}, a.ID, actor.AccountID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE appeal SET state = $1, decided_at = $2, decided_by = $3, answer = $4 WHERE id = $5 AND state = 'submitted'`,
			state, tx.NowMicro(), actor.AccountID, answer, a.ID); err != nil {
			return err
		}
		params := map[string]any{"lesson": a.Lesson, "lesson_id": a.LessonID}
		if grant {
			params["minutes"], params["seconds"] = granted/60_000, granted/1000%60
		}
		if err := s.notices.SendTx(ctx, tx, a.PersonID, "credit.appeal_"+state, params, "appeal/"+a.ID); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "credit.appeal_"+state, "appeal/"+a.ID, map[string]any{"granted_ms": granted})
	})
	return granted, err
}

package identity

import (
	"context"
	"encoding/json"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/org"
	"xueshi/internal/platform/sqldb"
)

// Kinds of requests that an administrator decides.
const (
	Correction = "correction"
	Transfer   = "transfer"
)

// Wish is what a person asks: another name or ID number with proof, or another unit.
type Wish struct {
	Name     string `json:"name,omitempty"`
	IDNumber string `json:"id_number,omitempty"`
	Proof    string `json:"proof,omitempty" doc:"What the person says about it"`
	ProofRef string `json:"proof_ref,omitempty" doc:"The uploaded file that proves it"`
	UnitID   string `json:"unit_id,omitempty"`
}

// Request is one request as lists show it; the ID number in the wish is masked.
type Request struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind" enum:"correction,transfer"`
	PersonID   string    `json:"person_id"`
	PersonName string    `json:"person_name" doc:"Masked"`
	IDMask     string    `json:"id_number_mask" doc:"Of the present ID number"`
	FromUnit   string    `json:"from_unit" doc:"Name of the person's present unit"`
	UnitID     string    `json:"unit_id" doc:"The unit whose administrator decides"`
	UnitName   string    `json:"unit_name"`
	State      string    `json:"state" enum:"pending,approved,refused,withdrawn"`
	Wish       Wish      `json:"wish"`
	CreatedAt  time.Time `json:"created_at"`
	DecidedAt  time.Time `json:"decided_at" doc:"Epoch while it waits"`
	Answer     string    `json:"answer"`
	seal       []byte
}

// AskCorrection asks for another name or ID number; the person's unit administrator or an operator decides.
// Errors: Invalid "identity.correction" with fields; Invalid "identity.no_proof"; Conflict "identity.request_pending".
func (s *Service) AskCorrection(ctx context.Context, w Wish) (string, error) {
	actor, err := Require(ctx)
	if err != nil {
		return "", err
	}
	w.UnitID, w.IDNumber = "", NormalIDNumber(w.IDNumber)
	e := errs.New(errs.Invalid, "identity.correction")
	if w.Name == "" && w.IDNumber == "" || w.Name != "" && !ValidName(w.Name) {
		e = e.WithField("name", "invalid")
	}
	if w.IDNumber != "" && !ValidIDNumber(w.IDNumber, s.db.Clock().Now()) {
		e = e.WithField("id_number", "invalid")
	}
	if w.ProofRef == "" {
		e = e.WithField("proof_ref", "missing")
	}
	if len(e.Fields) > 0 {
		return "", e
	}
	return s.ask(ctx, actor, Correction, actor.UnitID, w)
}

// AskTransfer asks the administrator of another unit to take the actor in; one may be pending at a time.
// Errors: NotFound "org.no_unit"; Conflict "identity.same_unit", "identity.request_pending".
func (s *Service) AskTransfer(ctx context.Context, unitID string) (string, error) {
	actor, err := Require(ctx, Learner)
	if err != nil {
		return "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := org.UnitTx(ctx, tx, unitID)
		return err
	})
	if err != nil {
		return "", err
	}
	if unitID == actor.UnitID {
		return "", errs.New(errs.Conflict, "identity.same_unit")
	}
	return s.ask(ctx, actor, Transfer, unitID, Wish{UnitID: unitID})
}

func (s *Service) ask(ctx context.Context, actor Actor, kind, unitID string, w Wish) (requestID string, err error) {
	body, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		requestID = id.New(tx.Now())
		seal, err := s.keys.Seal(string(body), "request/"+requestID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO identity_request (id, kind, person_id, unit_id, wish_seal, state, created_at, decided_at, decided_by, answer)
			VALUES ($1, $2, $3, $4, $5, 'pending', $6, 0, '', '')`, requestID, kind, actor.PersonID, unitID, seal, tx.NowMicro()); err != nil {
			return err
		}
		if w.ProofRef != "" {
			if err := attachTx(ctx, tx, actor.PersonID, w.ProofRef, requestID); err != nil {
				return err
			}
		}
		return AuditTx(ctx, tx, "identity.asked_"+kind, "person/"+actor.PersonID, map[string]any{"request": requestID})
	})
	if sqldb.IsUnique(err) {
		err = errs.New(errs.Conflict, "identity.request_pending")
	}
	return requestID, err
}

// WithdrawRequest takes the actor's own pending request back. Errors: NotFound "identity.no_request".
func (s *Service) WithdrawRequest(ctx context.Context, requestID string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE identity_request SET state = 'withdrawn', decided_at = $1 WHERE id = $2 AND person_id = $3 AND state = 'pending'`,
			tx.NowMicro(), requestID, actor.PersonID)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "identity.no_request")
		}
		if err != nil {
			return err
		}
		return releaseTx(ctx, tx, requestID, 0)
	})
}

// OwnRequests lists what the actor has asked, newest first.
func (s *Service) OwnRequests(ctx context.Context) ([]Request, error) {
	actor, err := Require(ctx)
	if err != nil {
		return nil, err
	}
	return s.requests(ctx, `r.person_id = $1 ORDER BY r.id DESC LIMIT 50`, actor.PersonID)
}

// PendingRequests lists what waits for the actor's decision, oldest first: a unit's for its administrator; all of them,
// with unitID "", for an operator.
func (s *Service) PendingRequests(ctx context.Context, unitID, kind, after string, limit int) ([]Request, error) {
	if unitID == "" {
		if _, err := Require(ctx, Operator); err != nil {
			return nil, err
		}
		return s.requests(ctx, `r.state = 'pending' AND r.kind = $1 AND r.id > $2 ORDER BY r.id LIMIT $3`, kind, after, limit)
	}
	if _, err := RequireIn(ctx, unitID, UnitAdmin); err != nil {
		return nil, err
	}
	return s.requests(ctx, `r.state = 'pending' AND r.unit_id = $1 AND r.kind = $2 AND r.id > $3 ORDER BY r.id LIMIT $4`, unitID, kind, after, limit)
}

// Waiting is how much waits for a decision, and since when.
type Waiting struct {
	Count int64      `json:"count"`
	Since *time.Time `json:"since,omitempty" doc:"When the oldest came; absent when nothing waits"`
}

// WaitingSince makes a Waiting of a count and the oldest's instant in microseconds.
func WaitingSince(count, oldest int64) Waiting {
	if count == 0 {
		return Waiting{}
	}
	at := time.UnixMicro(oldest).UTC()
	return Waiting{count, &at}
}

// RequestsWaiting tells an operator how many requests wait, by kind.
func (s *Service) RequestsWaiting(ctx context.Context) (map[string]Waiting, error) {
	if _, err := Require(ctx, Operator); err != nil {
		return nil, err
	}
	out := map[string]Waiting{}
	err := s.db.Read(ctx, func(tx *sqldb.Tx) error {
		_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (kind string, err error) {
			var count, oldest int64
			err = row.Scan(&kind, &count, &oldest)
			out[kind] = WaitingSince(count, oldest)
			return kind, err
		}, `SELECT kind, count(*), min(created_at) FROM identity_request WHERE state = 'pending' GROUP BY kind`)
		return err
	})
	return out, err
}

func (s *Service) requests(ctx context.Context, where string, args ...any) (out []Request, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanRequest, requestColumns+where, args...)
		return err
	})
	for i := range out {
		if out[i].Wish, err = s.openWish(out[i]); err != nil {
			return nil, err
		}
		out[i].PersonName = MaskName(out[i].PersonName)
		out[i].Wish.IDNumber = MaskIDNumber(out[i].Wish.IDNumber)
	}
	return out, err
}

const requestColumns = `SELECT r.id, r.kind, r.person_id, p.name, p.id_number_mask, coalesce(f.name, ''), r.unit_id, coalesce(u.name, ''),
	r.state, r.wish_seal, r.created_at, r.decided_at, r.answer
	FROM identity_request r JOIN person p ON p.id = r.person_id LEFT JOIN unit u ON u.id = r.unit_id LEFT JOIN unit f ON f.id = p.unit_id WHERE `

func scanRequest(row sqldb.Scanner) (r Request, err error) {
	var created, decided int64
	err = row.Scan(&r.ID, &r.Kind, &r.PersonID, &r.PersonName, &r.IDMask, &r.FromUnit, &r.UnitID, &r.UnitName,
		&r.State, &r.seal, &created, &decided, &r.Answer)
	r.CreatedAt, r.DecidedAt = time.UnixMicro(created).UTC(), time.UnixMicro(decided).UTC()
	return r, err
}

func (s *Service) openWish(r Request) (w Wish, err error) {
	if len(r.seal) == 0 { // shredded with the account
		return w, nil
	}
	body, err := s.keys.Unseal(r.seal, "request/"+r.ID)
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal([]byte(body), &w)
}

// Decide approves or refuses a request: the unit's administrator or an operator, never the person who asked.
// Errors: NotFound "identity.no_request"; Forbidden "identity.own_request"; Conflict "identity.request_decided", "identity.taken";
// Invalid "identity.answer_missing" for a refusal without a reason.
func (s *Service) Decide(ctx context.Context, requestID string, approve bool, answer string) error {
	actor, err := Require(ctx, UnitAdmin, Operator)
	if err != nil {
		return err
	}
	if !approve && answer == "" {
		return errs.New(errs.Invalid, "identity.answer_missing").WithField("answer", "missing")
	}
	state := map[bool]string{true: "approved", false: "refused"}[approve]
	var r Request
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		var ok bool
		if r, ok, err = sqldb.One(ctx, tx, scanRequest, requestColumns+`r.id = $1`, requestID); err != nil {
			return err
		}
		if !ok || !decides(actor, r) {
			return errs.New(errs.NotFound, "identity.no_request")
		}
		if r.PersonID == actor.PersonID {
			return errs.New(errs.Forbidden, "identity.own_request")
		}
		n, err := tx.Exec(ctx, `UPDATE identity_request SET state = $1, decided_at = $2, decided_by = $3, answer = $4 WHERE id = $5 AND state = 'pending'`,
			state, tx.NowMicro(), actor.AccountID, answer, requestID)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "identity.request_decided")
		}
		if err == nil && approve {
			err = s.fulfilTx(ctx, tx, r)
		}
		if err == nil {
			err = releaseTx(ctx, tx, requestID, proofAfter)
		}
		if err != nil {
			return err
		}
		if err := s.notices.SendTx(ctx, tx, r.PersonID, "identity."+r.Kind+"_"+state, nil, "request/"+requestID); err != nil {
			return err
		}
		return AuditTx(ctx, tx, "identity."+r.Kind+"_"+state, "person/"+r.PersonID, map[string]any{"request": requestID})
	})
	if sqldb.IsUnique(err) {
		err = errs.New(errs.Conflict, "identity.taken")
	}
	s.forgetPerson(r.PersonID, "")
	return err
}

// decides tells whether the actor may decide r: an operator, or the administrator of the unit it was sent to.
func decides(actor Actor, r Request) bool {
	return actor.System || actor.Has(Operator, "") || r.UnitID != "" && actor.Has(UnitAdmin, r.UnitID)
}

// fulfilTx does what was asked.
func (s *Service) fulfilTx(ctx context.Context, tx *sqldb.Tx, r Request) error {
	w, err := s.openWish(r)
	if err != nil {
		return err
	}
	if r.Kind == Transfer {
		u, err := org.UnitTx(ctx, tx, w.UnitID)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE person SET unit_id = $1, region_id = $2 WHERE id = $3`, u.ID, u.RegionID, r.PersonID)
		return err
	}
	if w.Name != "" {
		if _, err := tx.Exec(ctx, `UPDATE person SET name = $1 WHERE id = $2`, w.Name, r.PersonID); err != nil {
			return err
		}
	}
	if w.IDNumber == "" {
		return nil
	}
	if err := s.reusableTx(ctx, tx, w.IDNumber); err != nil {
		return err
	}
	index, err := s.keys.Index("id_number", w.IDNumber)
	if err != nil {
		return err
	}
	seal, err := s.keys.Seal(w.IDNumber, "person/"+r.PersonID+"/id_number")
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE person SET id_number_seal = $1, id_number_index = $2, id_number_mask = $3 WHERE id = $4`,
		seal, index, MaskIDNumber(w.IDNumber), r.PersonID)
	return err
}

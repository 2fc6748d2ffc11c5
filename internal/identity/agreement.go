package identity

import (
	"context"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Agreements is one version each of the user agreement and the privacy text.
type Agreements struct {
	Agreement string `json:"agreement" maxLength:"40" doc:"Version of the user agreement"`
	Privacy   string `json:"privacy" maxLength:"40" doc:"Version of the privacy text, with the separate consent to the ID number (PIPL)"`
	Agreed    string `json:"agreed" maxLength:"81" doc:"What a consent to both sends back"`
}

// AgreementVersions is what somebody who registers now must agree to: the newest published texts (legal.go).
func (s *Service) AgreementVersions(ctx context.Context) (a Agreements, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		a, err = agreementsTx(ctx, tx)
		return err
	})
	return a, err
}

func agreementsTx(ctx context.Context, tx *sqldb.Tx) (Agreements, error) {
	a := Agreements{Agreement: FirstVersion, Privacy: FirstVersion}
	type newest struct{ document, version string }
	rows, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (n newest, err error) { return n, row.Scan(&n.document, &n.version) },
		`SELECT document, version FROM legal_text t WHERE no = (SELECT max(no) FROM legal_text o WHERE o.document = t.document)`)
	for _, n := range rows {
		if n.document == UserAgreement {
			a.Agreement = n.version
		} else {
			a.Privacy = n.version
		}
	}
	a.Agreed = a.Agreement
	if a.Privacy != a.Agreement {
		a.Agreed += "/" + a.Privacy
	}
	return a, err
}

// agreeTx records what a person agreed to.
func (s *Service) agreeTx(ctx context.Context, tx *sqldb.Tx, personID, agreed string) error {
	agreement, privacy, two := strings.Cut(agreed, "/")
	if !two {
		privacy = agreement
	}
	for _, d := range []struct{ document, version string }{{"agreement", agreement}, {"privacy", privacy}} {
		if _, err := tx.Exec(ctx, `INSERT INTO consent (person_id, document, version, agreed_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (person_id, document, version) DO NOTHING`, personID, d.document, d.version, tx.NowMicro()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE person SET agreed_version = $1 WHERE id = $2`, agreed, personID)
	return err
}

// Agree records the actor's consent: at the first login of an invited account and after a new version.
// Errors: Conflict "identity.agreement_version" when other versions stand now.
func (s *Service) Agree(ctx context.Context, agreed string) error {
	actor, err := Require(ctx)
	if err != nil {
		return err
	}
	now, err := s.AgreementVersions(ctx)
	if err != nil {
		return err
	}
	if agreed != now.Agreed {
		return errs.New(errs.Conflict, "identity.agreement_version")
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.agreeTx(ctx, tx, actor.PersonID, agreed) })
}

// ConsentNeeded tells whether the actor has yet to agree to the present versions.
func (s *Service) ConsentNeeded(ctx context.Context) (needed bool, err error) {
	actor, err := Require(ctx)
	if err != nil {
		return false, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		needed, err = consentNeededTx(ctx, tx, actor.PersonID)
		return err
	})
	return needed, err
}

// ConsentedTx holds back what would gather more about a person who has not agreed to the present texts (PIPL articles 13 and 14):
// enrolment and study. What was begun under the texts before goes on. Errors: Precondition "identity.consent_required".
func ConsentedTx(ctx context.Context, tx *sqldb.Tx, personID string) error {
	needed, err := consentNeededTx(ctx, tx, personID)
	if err == nil && needed {
		err = errs.New(errs.Precondition, "identity.consent_required")
	}
	return err
}

func consentNeededTx(ctx context.Context, tx *sqldb.Tx, personID string) (bool, error) {
	now, err := agreementsTx(ctx, tx)
	if err != nil {
		return false, err
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM consent WHERE person_id = $1
		AND (document = 'agreement' AND version = $2 OR document = 'privacy' AND version = $3)`, personID, now.Agreement, now.Privacy)
	return n < 2, err
}

package identity

import (
	"context"
	"embed"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Documents that people agree to.
const (
	UserAgreement = "agreement"
	PrivacyText   = "privacy"
)

// FirstVersion is the version of the texts that the program brings; it stands until an operator publishes another.
const FirstVersion = "2026-1"

//go:embed legal/*.txt
var firstTexts embed.FS

// LegalText is one version of a document. The bodies are light text: "# " and "## " begin headings, "- " and "1. " list
// items, an empty line ends a paragraph; {site_name}, {hotline} and {supervision_phone} stand for settings. There is no HTML.
type LegalText struct {
	Document        string     `json:"document" enum:"agreement,privacy"`
	No              int64      `json:"no" doc:"0 is the text the program brings"`
	Version         string     `json:"version"`
	BodyZH          string     `json:"body_zh"`
	BodyEN          string     `json:"body_en" doc:"Empty where there is no translation"`
	Reason          string     `json:"reason" doc:"What changed"`
	PublishedBy     string     `json:"published_by"`
	PublishedByName string     `json:"published_by_name" doc:"Masked"`
	PublishedAt     *time.Time `json:"published_at"`
}

// firstText is version 0 of a document.
func firstText(document string) (LegalText, error) {
	t := LegalText{Document: document, Version: FirstVersion}
	for lang, body := range map[string]*string{"zh-CN": &t.BodyZH, "en": &t.BodyEN} {
		raw, err := firstTexts.ReadFile("legal/" + document + "." + lang + ".txt")
		if err != nil {
			return t, errs.New(errs.NotFound, "identity.no_text")
		}
		*body = strings.TrimSpace(string(raw))
	}
	return t, nil
}

const legalSelect = `SELECT t.document, t.no, t.version, t.body_zh, t.body_en, t.reason, t.published_by, coalesce(p.name, ''), t.published_at
	FROM legal_text t LEFT JOIN person p ON p.id = t.published_by `

func scanLegal(row sqldb.Scanner) (t LegalText, err error) {
	var at int64
	err = row.Scan(&t.Document, &t.No, &t.Version, &t.BodyZH, &t.BodyEN, &t.Reason, &t.PublishedBy, &t.PublishedByName, &at)
	when := time.UnixMicro(at).UTC()
	t.PublishedByName, t.PublishedAt = MaskName(t.PublishedByName), &when
	return t, err
}

// LegalText is a version of a document for everybody to read; version "" is the newest.
// Errors: NotFound "identity.no_text".
func (s *Service) LegalText(ctx context.Context, document, version string) (t LegalText, err error) {
	first, err := firstText(document)
	if err != nil {
		return t, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		t, err = legalTx(ctx, tx, first, version)
		return err
	})
	return t, err
}

func legalTx(ctx context.Context, tx *sqldb.Tx, first LegalText, version string) (LegalText, error) {
	where, arg := `WHERE t.document = $1 AND t.version = $2`, []any{first.Document, version}
	if version == "" {
		where, arg = `WHERE t.document = $1`, arg[:1]
	}
	t, found, err := sqldb.One(ctx, tx, scanLegal, legalSelect+where+` ORDER BY t.no DESC LIMIT 1`, arg...)
	switch {
	case err != nil || found:
		return t, err
	case version == "" || version == first.Version:
		return first, nil
	}
	return t, errs.New(errs.NotFound, "identity.no_text")
}

// LegalHistory lists the published versions of a document, the newest first: those before number before. Bodies are left
// out. The text the program brings (number 0) comes last.
func (s *Service) LegalHistory(ctx context.Context, document string, before int64, limit int) (out []LegalText, err error) {
	if _, err := Require(ctx, Operator); err != nil {
		return nil, err
	}
	first, err := firstText(document)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = sqldb.Rows(ctx, tx, scanLegal, legalSelect+`WHERE t.document = $1 AND t.no < $2 ORDER BY t.no DESC LIMIT $3`, document, before, limit)
		return err
	})
	if err == nil && before > 0 && len(out) < limit {
		out = append(out, first)
	}
	for i := range out {
		out[i].BodyZH, out[i].BodyEN = "", ""
	}
	return out, err
}

// readable accepts light text of a sensible length without control characters.
func readable(body string) bool {
	n := utf8.RuneCountInString(body)
	return utf8.ValidString(body) && n >= 100 && n <= 50_000 &&
		!strings.ContainsFunc(body, func(r rune) bool { return r != '\n' && unicode.IsControl(r) })
}

// PublishText makes a new version of a document stand; everybody is asked to agree to it. It needs step-up.
// Errors: Invalid "identity.text" with fields; Conflict "identity.text_same"; Precondition "identity.step_up_required"; NotFound "identity.no_text".
func (s *Service) PublishText(ctx context.Context, document, bodyZH, bodyEN, reason string) (t LegalText, err error) {
	actor, err := Require(ctx, Operator)
	if err != nil {
		return t, err
	}
	if err := s.RequireStepUp(ctx); err != nil {
		return t, err
	}
	first, err := firstText(document)
	if err != nil {
		return t, err
	}
	tidy := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	bodyZH, bodyEN, reason = tidy(bodyZH), tidy(bodyEN), strings.TrimSpace(reason)
	e := errs.New(errs.Invalid, "identity.text")
	if !readable(bodyZH) {
		e = e.WithField("body_zh", "invalid")
	}
	if bodyEN != "" && !readable(bodyEN) {
		e = e.WithField("body_en", "invalid")
	}
	if utf8.RuneCountInString(reason) < 4 {
		e = e.WithField("reason", "missing")
	}
	if len(e.Fields) > 0 {
		return t, e
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		t, err = publishTx(ctx, tx, first, LegalText{Document: document, BodyZH: bodyZH, BodyEN: bodyEN, Reason: reason, PublishedBy: actor.AccountID})
		return err
	})
	return t, err
}

func publishTx(ctx context.Context, tx *sqldb.Tx, first, t LegalText) (LegalText, error) {
	now, err := legalTx(ctx, tx, first, "")
	if err != nil {
		return t, err
	}
	if now.BodyZH == t.BodyZH && now.BodyEN == t.BodyEN {
		return t, errs.New(errs.Conflict, "identity.text_same")
	}
	at := tx.Now()
	t.No, t.PublishedAt = now.No+1, &at
	t.Version = strconv.Itoa(civil.DateOf(at, civil.Shanghai).Year) + "-" + strconv.FormatInt(t.No+1, 10)
	if _, err := tx.Exec(ctx, `INSERT INTO legal_text (document, no, version, body_zh, body_en, reason, published_by, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Document, t.No, t.Version, t.BodyZH, t.BodyEN, t.Reason, t.PublishedBy, tx.NowMicro()); err != nil {
		return t, err
	}
	return t, AuditTx(ctx, tx, "identity.text_published", "text/"+t.Document, map[string]any{"document": t.Document, "version": t.Version, "before": now.Version, "reason": t.Reason})
}

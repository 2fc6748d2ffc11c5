package media

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"xueshi/internal/kernel/civil"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

var shanghai = civil.Shanghai

func insertUploadTx(ctx context.Context, tx *sqldb.Tx, u Upload) error {
	_, err := tx.Exec(ctx, `INSERT INTO upload (id, provider_id, lesson_id, profile, content, name, bytes, state, code, params, original_id, uploaded_by, created_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'receiving', '', '{}', '', $8, $9, 0)`,
		u.ID, u.ProviderID, u.LessonID, u.Profile, u.Content, u.Name, u.Bytes, u.uploadedBy, tx.NowMicro())
	return err
}

const uploadColumns = `u.id, u.provider_id, u.lesson_id, u.profile, u.content, u.name, u.bytes, u.state, u.code, u.params, u.original_id, u.uploaded_by, u.created_at`

func scanUpload(row sqldb.Scanner) (u Upload, err error) {
	var params string
	var at int64
	err = row.Scan(&u.ID, &u.ProviderID, &u.LessonID, &u.Profile, &u.Content, &u.Name, &u.Bytes, &u.State, &u.Code, &params, &u.OriginalID, &u.uploadedBy, &at)
	if err == nil {
		err = json.Unmarshal([]byte(params), &u.Params)
	}
	if u.Params == nil {
		u.Params = map[string]any{}
	}
	u.CreatedAt = time.UnixMicro(at).UTC()
	return u, err
}

func uploadTx(ctx context.Context, tx *sqldb.Tx, uploadID string) (Upload, error) {
	u, found, err := sqldb.One(ctx, tx, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.id = $1`, uploadID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_upload")
	}
	return u, err
}

func uploadsTx(ctx context.Context, tx *sqldb.Tx, providerID, before string, limit int) ([]Upload, error) {
	if before == "" {
		before = "~" // above every id
	}
	return sqldb.Rows(ctx, tx, scanUpload, `SELECT `+uploadColumns+` FROM upload u WHERE u.provider_id = $1 AND u.id < $2 ORDER BY u.id DESC LIMIT $3`,
		providerID, before, limit)
}

const originalColumns = `o.id, o.provider_id, o.hash, o.bytes, o.name, o.made_from, o.repair, o.uploaded_by, o.uploaded_at,
	(SELECT count(*) FROM courseware w WHERE w.original_id = o.id)`

func scanOriginal(row sqldb.Scanner) (o Original, err error) {
	var at int64
	err = row.Scan(&o.ID, &o.ProviderID, &o.Hash, &o.Bytes, &o.Name, &o.MadeFrom, &o.repair, &o.uploadedBy, &at, &o.Lessons)
	o.UploadedAt = time.UnixMicro(at).UTC()
	return o, err
}

// OriginalTx reads an original. Errors: NotFound "media.no_original".
func OriginalTx(ctx context.Context, tx *sqldb.Tx, originalID string) (Original, error) {
	o, found, err := sqldb.One(ctx, tx, scanOriginal, `SELECT `+originalColumns+` FROM original o WHERE o.id = $1`, originalID)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_original")
	}
	return o, err
}

func originalsTx(ctx context.Context, tx *sqldb.Tx, providerID, before string, limit int) ([]Original, error) {
	if before == "" {
		before = "~"
	}
	list, err := sqldb.Rows(ctx, tx, scanOriginal, `SELECT `+originalColumns+` FROM original o WHERE o.provider_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3`,
		providerID, before, limit)
	for i := range list {
		r, found, err := sqldb.One(ctx, tx, scanHead, `SELECT r.id, r.profile, r.verdict, r.failing, r.at FROM inspection_report r
			WHERE r.original_id = $1 ORDER BY r.id DESC LIMIT 1`, list[i].ID)
		if err != nil {
			return nil, err
		}
		if found {
			list[i].Report = &r
		}
	}
	return list, err
}

func scanHead(row sqldb.Scanner) (h ReportHead, err error) {
	var at int64
	err = row.Scan(&h.ID, &h.Profile, &h.Verdict, &h.Failing, &at)
	h.At = time.UnixMicro(at).UTC()
	return h, err
}

const reportColumns = `r.id, r.original_id, r.profile, r.policy_version, r.policy, r.verdict, r.failing, r.measured, r.findings, r.took_ms, r.at`

func scanReport(row sqldb.Scanner) (*Report, error) {
	r := &Report{}
	var policy, measured, findings string
	var at int64
	if err := row.Scan(&r.ID, &r.OriginalID, &r.Profile, &r.PolicyVersion, &policy, &r.Verdict, &r.Failing, &measured, &findings, &r.TookMS, &at); err != nil {
		return nil, err
	}
	r.At = time.UnixMicro(at).UTC()
	err := json.Unmarshal([]byte(policy), &r.Policy)
	if err == nil {
		err = json.Unmarshal([]byte(measured), &r.Measured)
	}
	if err == nil {
		err = json.Unmarshal([]byte(findings), &r.Findings)
	}
	return r, err
}

func insertReportTx(ctx context.Context, tx *sqldb.Tx, r *Report) error {
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	var texts [3]string
	for i, v := range []any{r.Policy, r.Measured, r.Findings} {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		texts[i] = string(raw)
	}
	voice := Compared("", &r.Measured)
	_, err := tx.Exec(ctx, `INSERT INTO inspection_report (id, original_id, profile, policy_version, policy, verdict, failing, measured, findings, took_ms, at, loudness_milli, pitch_milli)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.OriginalID, r.Profile, r.PolicyVersion, texts[0], r.Verdict, r.Failing, texts[1], texts[2], r.TookMS, tx.NowMicro(),
		int64(math.Round(voice.Loudness*1000)), int64(math.Round(voice.Pitch*1000)))
	return err
}

// ReportOfTx is the newest report of an original under a profile, if there is one.
func ReportOfTx(ctx context.Context, tx *sqldb.Tx, originalID string, profile Profile) (ReportHead, bool, error) {
	return sqldb.One(ctx, tx, scanHead, `SELECT r.id, r.profile, r.verdict, r.failing, r.at FROM inspection_report r
		WHERE r.original_id = $1 AND r.profile = $2 ORDER BY r.id DESC LIMIT 1`, originalID, profile)
}

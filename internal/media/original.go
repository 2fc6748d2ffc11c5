package media

import (
	"context"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// Original is an uploaded or repaired file, named by the hash of its bytes; it is never changed.
type Original struct {
	ID         string      `json:"id"`
	ProviderID string      `json:"provider_id"`
	Hash       string      `json:"hash" doc:"SHA-256 of its bytes"`
	Bytes      int64       `json:"bytes"`
	Name       string      `json:"name"`
	MadeFrom   string      `json:"made_from" doc:"The original it is a repair of; empty for an upload"`
	UploadedAt time.Time   `json:"uploaded_at"`
	Report     *ReportHead `json:"report" doc:"The newest report"`
	Inspection jobs.Status `json:"inspection" doc:"How far its inspection is"`
	Lessons    int64       `json:"lessons" doc:"Revisions of lessons made from it"`
	repair     string
	uploadedBy string
}

// ReportHead is a report in a list.
type ReportHead struct {
	ID      string    `json:"id"`
	Profile Profile   `json:"profile" enum:"video,slides"`
	Verdict string    `json:"verdict" enum:"pass,fail"`
	Failing int64     `json:"failing" doc:"Findings that keep it from being published"`
	At      time.Time `json:"at"`
}

// Originals lists a provider's media library, the newest first.
func (s *Service) Originals(ctx context.Context, providerID, after string, limit int) (out []Original, next string, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		if out, err = originalsTx(ctx, tx, providerID, after, limit+1); err != nil {
			return err
		}
		for i := range out {
			if out[i].Inspection, err = inspectionOfTx(ctx, tx, out[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID
	}
	return out, next, err
}

// keepOriginalTx inserts an original, or gives the one of the same provider and bytes. Its file is stored and held.
// Errors: Unavailable "media.original_erasing" when it may be gone since: to be stored again.
func keepOriginalTx(ctx context.Context, tx *sqldb.Tx, o Original) (Original, error) {
	if err := heldTx(ctx, tx, o.Hash); err != nil {
		return o, err
	}
	o.ID = id.New(tx.Now())
	if _, err := tx.Exec(ctx, `INSERT INTO original (id, provider_id, hash, bytes, name, made_from, repair, uploaded_by, uploaded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (provider_id, hash) DO NOTHING`,
		o.ID, o.ProviderID, o.Hash, o.Bytes, o.Name, o.MadeFrom, o.repair, o.uploadedBy, tx.NowMicro()); err != nil {
		return o, err
	}
	kept, _, err := sqldb.One(ctx, tx, scanOriginal, `SELECT `+originalColumns+` FROM original o WHERE o.provider_id = $1 AND o.hash = $2`, o.ProviderID, o.Hash)
	return kept, err
}

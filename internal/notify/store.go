package notify

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// maxExport is no bound: an export holds everything.
const maxExport = math.MaxInt32

func insert(ctx context.Context, tx *sqldb.Tx, personID, name, kind, params, key string) error {
	_, err := tx.Exec(ctx, `INSERT INTO message (id, person_id, template, params, dedupe_key, created_at, read_at)
		SELECT $1, $2, $3, $4, $5, $6, 0 WHERE NOT EXISTS (SELECT 1 FROM message_mute WHERE person_id = $7 AND kind = $8)
		ON CONFLICT (person_id, dedupe_key) DO NOTHING`, id.New(tx.Now()), personID, name, params, key, tx.NowMicro(), personID, kind)
	return err
}

func scanMessage(row sqldb.Scanner) (m Message, err error) {
	var params string
	var created, read int64
	if err = row.Scan(&m.ID, &m.Template, &params, &created, &read); err != nil {
		return m, err
	}
	m.Kind, m.CreatedAt = templates[m.Template].Kind, time.UnixMicro(created).UTC()
	if read > 0 {
		at := time.UnixMicro(read).UTC()
		m.ReadAt = &at
	}
	return m, json.Unmarshal([]byte(params), &m.Params)
}

// page lists a person's messages older than the cursor ("" = from the newest on).
func page(ctx context.Context, tx *sqldb.Tx, personID, after string, n int) ([]Message, error) {
	if after == "" {
		after = "z" // sorts after every id, in every collation
	}
	out, err := sqldb.Rows(ctx, tx, scanMessage, `SELECT id, template, params, created_at, read_at FROM message
		WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, personID, after, n)
	if out == nil {
		out = []Message{}
	}
	return out, err
}

func unread(ctx context.Context, tx *sqldb.Tx, personID string) (int64, error) {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM (SELECT 1 FROM message WHERE person_id = $1 AND read_at = 0 LIMIT 100) u`, personID)
	return n, err
}

// markRead reports whether the person has such a message.
func markRead(ctx context.Context, tx *sqldb.Tx, personID, messageID string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE message SET read_at = CASE WHEN read_at = 0 THEN $1 ELSE read_at END WHERE id = $2 AND person_id = $3`,
		tx.NowMicro(), messageID, personID)
	return n > 0, err
}

func markAllRead(ctx context.Context, tx *sqldb.Tx, personID, until string) error {
	_, err := tx.Exec(ctx, `UPDATE message SET read_at = $1 WHERE person_id = $2 AND read_at = 0 AND id <= $3`, tx.NowMicro(), personID, until)
	return err
}

func muted(ctx context.Context, tx *sqldb.Tx, personID, kind string) (bool, error) {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM message_mute WHERE person_id = $1 AND kind = $2`, personID, kind)
	return n > 0, err
}

func setMuted(ctx context.Context, tx *sqldb.Tx, personID, kind string, off bool) error {
	if !off {
		_, err := tx.Exec(ctx, `DELETE FROM message_mute WHERE person_id = $1 AND kind = $2`, personID, kind)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO message_mute (person_id, kind, muted_at) VALUES ($1, $2, $3) ON CONFLICT (person_id, kind) DO NOTHING`,
		personID, kind, tx.NowMicro())
	return err
}

func erase(ctx context.Context, tx *sqldb.Tx, personID string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM message WHERE person_id = $1`, personID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM message_mute WHERE person_id = $1`, personID)
	return err
}

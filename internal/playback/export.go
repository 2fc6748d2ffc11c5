package playback

import (
	"context"
	"encoding/hex"
	"math"

	"xueshi/internal/platform/sqldb"
)

// exportTables are what the engine holds of a learner beside the evidence, with the columns that mean something outside it.
// What proves an answer of a check (its nonce and MAC) is the engine's own secret and stays here.
var exportTables = []struct{ name, columns, from string }{
	{"study", "session_id, device_name, course_id, lesson_id, epoch, window_no, since_check_ms, acquired_at, last_contact, expires_at", "study WHERE learner_id = $1"},
	{"carried", "chain_seq, lesson_id, from_media, from_rev, media_id, media_rev, maps, watched_ms, watched_sure_ms, credited_ms, confirmed_ms, at, chain_hash", "carried WHERE learner_id = $1 ORDER BY chain_seq"},
	{"progress", "lesson_id, course_id, media_rev, credited_ms, confirmed_ms, full_credit, full_confirm, take, updated_at", "lesson_progress WHERE learner_id = $1 ORDER BY lesson_id"},
	{"checks", "id, window_no, lesson_id, state, late, issued_at, deadline_at, tries, swaps, answered_at", "presence_check WHERE learner_id = $1 ORDER BY id"},
	{"refusals", "lesson_id, session_id, media_from, media_to, reason, at", "refusal WHERE learner_id = $1 ORDER BY at, id"},
	{"manual_credits", "chain_seq, lesson_id, media_from, media_to, appeal_id, at, chain_hash", "manual_credit WHERE learner_id = $1 ORDER BY chain_seq"},
	{"deliveries", "session_id, segment_no, finished_at, bytes", "delivery WHERE session_id IN (SELECT id FROM playback_session WHERE learner_id = $1) ORDER BY session_id, segment_no"},
	{"folded_deliveries", "chain_seq, session_id, segments, bytes, list, chain_hash", "delivery_fold WHERE learner_id = $1 ORDER BY chain_seq"},
}

// Export implements identity.Exporter: the evidence in full and everything else the engine holds of the learner.
func (s *Service) Export(ctx context.Context, tx *sqldb.Tx, personID string) (string, any, error) {
	evidence, err := EvidenceTx(ctx, tx, personID, math.MaxInt32)
	if err != nil {
		return "", nil, err
	}
	out := map[string]any{"evidence": evidence}
	for _, t := range exportTables {
		if out[t.name], err = exportRows(ctx, tx, `SELECT `+t.columns+` FROM `+t.from, personID); err != nil {
			return "", nil, err
		}
	}
	return "playback", out, nil
}

// exportRows reads rows as maps from column to value: texts, numbers, and hashes in hex; times are microseconds UTC.
func exportRows(ctx context.Context, tx *sqldb.Tx, query, personID string) (out []map[string]any, err error) {
	rows, err := tx.QueryContext(ctx, query, personID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, ptrs := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			ptrs[i] = &values[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		line := make(map[string]any, len(columns))
		for i, c := range columns {
			if b, ok := values[i].([]byte); ok {
				values[i] = hex.EncodeToString(b)
			}
			line[c] = values[i]
		}
		out = append(out, line)
	}
	return out, rows.Err()
}

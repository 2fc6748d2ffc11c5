package playback

import (
	"context"
	"encoding/hex"
	"time"

	"xueshi/internal/platform/sqldb"
)

// Evidence is everything a learner's credited time rests on, for the learner's own eyes and for anybody they show it to.
type Evidence struct {
	Sessions []EvidenceSession `json:"sessions"`
	Spans    []EvidenceSpan    `json:"spans"`
	Windows  []EvidenceWindow  `json:"windows"`
	ChainSeq int64             `json:"chain_seq"`
	Chain    string            `json:"chain_head"`
}

// EvidenceSession is one acquisition of the lease.
type EvidenceSession struct {
	ID         string    `json:"id"`
	Epoch      int64     `json:"epoch"`
	LessonID   string    `json:"lesson_id"`
	Device     string    `json:"device"`
	AcquiredAt time.Time `json:"acquired_at"`
	Signature  string    `json:"signature" doc:"By the device key, over the request"`
	ChainSeq   int64     `json:"chain_seq"`
	Chain      string    `json:"chain_hash"`
}

// EvidenceSpan is one credited piece.
type EvidenceSpan struct {
	ChainSeq  int64     `json:"chain_seq"`
	SessionID string    `json:"session_id"`
	Epoch     int64     `json:"epoch"`
	LessonID  string    `json:"lesson_id"`
	Window    int64     `json:"window"`
	MediaFrom int64     `json:"media_from_ms"`
	MediaTo   int64     `json:"media_to_ms"`
	WallFrom  time.Time `json:"wall_from"`
	WallTo    time.Time `json:"wall_to"`
	Chain     string    `json:"chain_hash"`
}

// EvidenceWindow is how a presence check ended.
type EvidenceWindow struct {
	Window   int64     `json:"window"`
	Result   string    `json:"result" enum:"confirmed,reopened"`
	At       time.Time `json:"at"`
	ChainSeq int64     `json:"chain_seq"`
	Chain    string    `json:"chain_hash"`
}

// EvidenceTx reads a learner's evidence: at most limit rows of each kind, the newest first.
func EvidenceTx(ctx context.Context, tx *sqldb.Tx, learnerID string, limit int) (e Evidence, err error) {
	e.Sessions, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s EvidenceSession, err error) {
		var at int64
		var hash []byte
		err = row.Scan(&s.ID, &s.Epoch, &s.LessonID, &s.Device, &at, &s.Signature, &s.ChainSeq, &hash)
		s.AcquiredAt, s.Chain = time.UnixMicro(at).UTC(), hex.EncodeToString(hash)
		return s, err
	}, `SELECT id, epoch, lesson_id, device_name, acquired_at, signature, chain_seq, chain_hash FROM playback_session
		WHERE learner_id = $1 ORDER BY acquired_at DESC LIMIT $2`, learnerID, limit)
	if err != nil {
		return e, err
	}
	e.Spans, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s EvidenceSpan, err error) {
		var from, to int64
		var hash []byte
		err = row.Scan(&s.ChainSeq, &s.SessionID, &s.Epoch, &s.LessonID, &s.Window, &s.MediaFrom, &s.MediaTo, &from, &to, &hash)
		s.WallFrom, s.WallTo, s.Chain = time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC(), hex.EncodeToString(hash)
		return s, err
	}, `SELECT chain_seq, session_id, epoch, lesson_id, window_no, media_from, media_to, wall_from, wall_to, chain_hash FROM span
		WHERE learner_id = $1 ORDER BY wall_from DESC LIMIT $2`, learnerID, limit)
	if err != nil {
		return e, err
	}
	e.Windows, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (w EvidenceWindow, err error) {
		var at int64
		var hash []byte
		err = row.Scan(&w.Window, &w.Result, &at, &w.ChainSeq, &hash)
		w.At, w.Chain = time.UnixMicro(at).UTC(), hex.EncodeToString(hash)
		return w, err
	}, `SELECT window_no, result, at, chain_seq, chain_hash FROM window_result WHERE learner_id = $1 ORDER BY window_no DESC LIMIT $2`, learnerID, limit)
	if err != nil {
		return e, err
	}
	st, found, err := loadStudy(ctx, tx, learnerID)
	if err == nil && found {
		e.ChainSeq, e.Chain = st.ChainSeq, hex.EncodeToString(st.ChainHash)
	}
	return e, err
}

// Head is a learner's chain head that the evidence log does not hold yet.
type Head struct {
	LearnerID string
	Seq       int64
	Hash      []byte
}

// UnanchoredTx lists chain heads that have moved since they were last put into the log.
func UnanchoredTx(ctx context.Context, tx *sqldb.Tx, limit int) ([]Head, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (h Head, err error) { return h, row.Scan(&h.LearnerID, &h.Seq, &h.Hash) },
		`SELECT learner_id, chain_seq, chain_hash FROM study WHERE chain_seq > anchored_seq ORDER BY learner_id LIMIT $1`, limit)
}

// AnchoredTx notes that the log holds a head.
func AnchoredTx(ctx context.Context, tx *sqldb.Tx, h Head) error {
	_, err := tx.Exec(ctx, `UPDATE study SET anchored_seq = $1 WHERE learner_id = $2 AND anchored_seq < $3`, h.Seq, h.LearnerID, h.Seq)
	return err
}

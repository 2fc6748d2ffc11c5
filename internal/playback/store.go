package playback

import (
	"context"
	"crypto/sha256"

	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

const studyColumns = `learner_id, session_id, login_session_id, device_id, device_name, course_id, lesson_id, media_id,
	media_rev, take, final, acquired_at, threshold_ms, window_no, epoch, prev, chain_hash, chain_seq, check_id,
	run_no, run_from, run_pay_from, run_floor, run_state, run_open, open_media_from, open_wall_from, version,
	expires_at, last_contact, last_seq, wall_cursor, skew, since_check_ms, run_pos, open_media_to, open_wall_to`

func scanStudy(row sqldb.Scanner) (s *Study, err error) {
	s = &Study{}
	var final, open int64
	err = row.Scan(&s.LearnerID, &s.SessionID, &s.LoginSessionID, &s.DeviceID, &s.DeviceName, &s.CourseID, &s.LessonID, &s.MediaID,
		&s.MediaRev, &s.Take, &final, &s.AcquiredAt, &s.Threshold, &s.WindowNo, &s.Epoch, &s.Prev, &s.ChainHash, &s.ChainSeq, &s.CheckID,
		&s.Run.No, &s.Run.From, &s.Run.PayFrom, &s.Run.Floor, &s.Run.State, &open, &s.Open.MediaFrom, &s.Open.WallFrom, &s.Version,
		&s.ExpiresAt, &s.LastContact, &s.LastSeq, &s.Cursor, &s.Skew, &s.SinceCheck, &s.Run.Pos, &s.Open.MediaTo, &s.Open.WallTo)
	s.Final, s.Run.Open = final != 0, open != 0
	return s, err
}

func loadStudy(ctx context.Context, tx *sqldb.Tx, learnerID string) (*Study, bool, error) {
	return sqldb.One(ctx, tx, scanStudy, `SELECT `+studyColumns+` FROM study WHERE learner_id = $1`, learnerID)
}

// saveStudy stores the whole row by compare-and-swap; false means another process was first.
func saveStudy(ctx context.Context, tx *sqldb.Tx, s *Study) (bool, error) {
	args := []any{s.LearnerID, s.SessionID, s.LoginSessionID, s.DeviceID, s.DeviceName, s.CourseID, s.LessonID, s.MediaID,
		s.MediaRev, s.Take, flag(s.Final), s.AcquiredAt, s.Threshold, s.WindowNo, s.Epoch, s.Prev, s.ChainHash, s.ChainSeq, s.CheckID,
		s.Run.No, s.Run.From, s.Run.PayFrom, s.Run.Floor, string(s.Run.State), flag(s.Run.Open), s.Open.MediaFrom, s.Open.WallFrom, s.Version + 1,
		s.ExpiresAt, s.LastContact, s.LastSeq, s.Cursor, s.Skew, s.SinceCheck, s.Run.Pos, s.Open.MediaTo, s.Open.WallTo}
	n, err := tx.Exec(ctx, `INSERT INTO study (`+studyColumns+`) VALUES (`+sqldb.Places(1, len(args))+`)
		ON CONFLICT (learner_id) DO UPDATE SET session_id = excluded.session_id, login_session_id = excluded.login_session_id,
		device_id = excluded.device_id, device_name = excluded.device_name, course_id = excluded.course_id, lesson_id = excluded.lesson_id,
		media_id = excluded.media_id, media_rev = excluded.media_rev, take = excluded.take, final = excluded.final,
		acquired_at = excluded.acquired_at, threshold_ms = excluded.threshold_ms, window_no = excluded.window_no, epoch = excluded.epoch,
		prev = excluded.prev, chain_hash = excluded.chain_hash, chain_seq = excluded.chain_seq, check_id = excluded.check_id,
		run_no = excluded.run_no, run_from = excluded.run_from, run_pay_from = excluded.run_pay_from, run_floor = excluded.run_floor,
		run_state = excluded.run_state, run_open = excluded.run_open, open_media_from = excluded.open_media_from,
		open_wall_from = excluded.open_wall_from, version = excluded.version, expires_at = excluded.expires_at,
		last_contact = excluded.last_contact, last_seq = excluded.last_seq, wall_cursor = excluded.wall_cursor, skew = excluded.skew,
		since_check_ms = excluded.since_check_ms, run_pos = excluded.run_pos, open_media_to = excluded.open_media_to,
		open_wall_to = excluded.open_wall_to
		WHERE study.version = excluded.version - 1`, args...)
	if err != nil || n == 0 {
		return false, err
	}
	s.Version++
	return true, nil
}

// chain extends the learner's hash chain by one row and returns its sequence number and hash.
func (s *Study) chain(kind string, fields ...any) (int64, []byte) {
	var prev ledger.Hash
	copy(prev[:], s.ChainHash)
	s.ChainSeq++
	next := ledger.Next(prev, kind, append([]any{s.LearnerID, s.ChainSeq}, fields...)...)
	s.ChainHash = next[:]
	return s.ChainSeq, s.ChainHash
}

// bookSpan puts a closed span into the learner's chain; insert stores it once the study row's swap has held.
func (s *Study) bookSpan(p placed, now int64) func(ctx context.Context, tx *sqldb.Tx) error {
	seq, hash := s.chain("span", p.session, p.epoch, p.lesson, p.media, p.rev, p.take, p.window,
		p.MediaFrom, p.MediaTo, p.WallFrom, p.WallTo, now)
	return func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO span (learner_id, chain_seq, session_id, epoch, lesson_id, media_id, media_rev, take, window_no,
			media_from, media_to, wall_from, wall_to, booked_at, chain_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			s.LearnerID, seq, p.session, p.epoch, p.lesson, p.media, p.rev, p.take, p.window,
			p.MediaFrom, p.MediaTo, p.WallFrom, p.WallTo, now, hash)
		return err
	}
}

// placed is a span with where it belongs.
type placed struct {
	Span
	session, lesson, media   string
	epoch, rev, take, window int64
}

func (s *Study) place(sp Span) placed {
	return placed{sp, s.SessionID, s.LessonID, s.MediaID, s.Epoch, s.MediaRev, s.Take, s.WindowNo}
}

func insertRefusal(ctx context.Context, tx *sqldb.Tx, s *Study, r Refusal) error {
	_, err := tx.Exec(ctx, `INSERT INTO refusal (id, learner_id, lesson_id, session_id, run_no, media_from, media_to, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id.New(tx.Now()), s.LearnerID, s.LessonID, s.SessionID, s.Run.No, r.From, r.To, string(r.Reason), tx.NowMicro())
	return err
}

// takeOf is how often the lesson's media was reopened for the learner: the generation of the media exclusion.
func takeOf(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (int64, error) {
	take, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT take FROM lesson_progress WHERE learner_id = $1 AND lesson_id = $2`, learnerID, lessonID)
	return take, err
}

// stand is the folded row of a lesson as far as its revision goes.
type stand struct {
	at              Revision // in which its totals are counted
	full, confirmed bool     // credited and confirmed in full there
}

func standOf(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (stand, bool, error) {
	return sqldb.One(ctx, tx, func(row sqldb.Scanner) (s stand, err error) {
		var full, confirmed int64
		err = row.Scan(&s.at.MediaID, &s.at.Rev, &full, &confirmed)
		s.full, s.confirmed = full != 0, confirmed != 0
		return s, err
	}, `SELECT media_id, media_rev, full_credit, full_confirm FROM lesson_progress WHERE learner_id = $1 AND lesson_id = $2`, learnerID, lessonID)
}

// foldProgress recomputes the folded row of a lesson from what was watched: in the row's own revision, whichever one is
// played; a new row stands in l.
func foldProgress(ctx context.Context, tx *sqldb.Tx, lessons Lessons, learnerID string, l Lesson, takeStep int64, p *Policy) (confirmed bool, err error) {
	row, found, err := standOf(ctx, tx, learnerID, l.ID)
	if err == nil && found && row.at != l.At() {
		l, err = lessons.RevisionTx(ctx, tx, l.ID, row.at)
	}
	if err != nil {
		return false, err
	}
	w, err := watchedOf(ctx, tx, learnerID, l.ID)
	if err != nil {
		return false, err
	}
	credited, sure, err := w.in(ctx, tx, lessons, l.At())
	if err != nil {
		return false, err
	}
	full := credited.Complete(l.DurationMS, p.GapMS, p.TotalMS)
	confirmed = sure.Complete(l.DurationMS, p.GapMS, p.TotalMS)
	_, err = tx.Exec(ctx, `INSERT INTO lesson_progress (learner_id, lesson_id, course_id, credited_ms, confirmed_ms, full_credit, full_confirm, take, updated_at, media_id, media_rev)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (learner_id, lesson_id) DO UPDATE SET credited_ms = excluded.credited_ms, confirmed_ms = excluded.confirmed_ms,
		full_credit = excluded.full_credit, full_confirm = excluded.full_confirm, take = lesson_progress.take + excluded.take, updated_at = excluded.updated_at`,
		learnerID, l.ID, l.CourseID, credited.Total(), sure.Total(), flag(full), flag(confirmed), takeStep, tx.NowMicro(), l.MediaID, l.MediaRev)
	return confirmed, err
}

// sent is a segment and the instant its last byte was written, µs.
type sent struct{ segment, at int64 }

// deliveredSegments is every segment sent to a playback session, in rows of its own or folded.
func deliveredSegments(ctx context.Context, tx *sqldb.Tx, learnerID, sessionID string) ([]sent, error) {
	all, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s sent, err error) { return s, row.Scan(&s.segment, &s.at) },
		`SELECT segment_no, finished_at FROM delivery WHERE session_id = $1 ORDER BY segment_no`, sessionID)
	if err != nil {
		return nil, err
	}
	lists, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[[]byte], `SELECT list FROM delivery_fold WHERE learner_id = $1 AND session_id = $2`, learnerID, sessionID)
	if err != nil {
		return nil, err
	}
	for _, list := range lists {
		folded, err := ofList(list)
		if err != nil {
			return nil, err
		}
		all = append(all, folded...)
	}
	return all, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func mac(key []byte, parts ...any) []byte {
	h := ledger.Next(sha256.Sum256(key), "mac", parts...)
	return h[:]
}

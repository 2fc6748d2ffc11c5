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
	expires_at, last_contact, last_seq, wall_cursor, since_check_ms, run_pos, open_media_to, open_wall_to`

func scanStudy(row sqldb.Scanner) (s *Study, err error) {
	s = &Study{}
	var final, open int64
	err = row.Scan(&s.LearnerID, &s.SessionID, &s.LoginSessionID, &s.DeviceID, &s.DeviceName, &s.CourseID, &s.LessonID, &s.MediaID,
		&s.MediaRev, &s.Take, &final, &s.AcquiredAt, &s.Threshold, &s.WindowNo, &s.Epoch, &s.Prev, &s.ChainHash, &s.ChainSeq, &s.CheckID,
		&s.Run.No, &s.Run.From, &s.Run.PayFrom, &s.Run.Floor, &s.Run.State, &open, &s.Open.MediaFrom, &s.Open.WallFrom, &s.Version,
		&s.ExpiresAt, &s.LastContact, &s.LastSeq, &s.Cursor, &s.SinceCheck, &s.Run.Pos, &s.Open.MediaTo, &s.Open.WallTo)
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
		s.ExpiresAt, s.LastContact, s.LastSeq, s.Cursor, s.SinceCheck, s.Run.Pos, s.Open.MediaTo, s.Open.WallTo}
	n, err := tx.Exec(ctx, `INSERT INTO study (`+studyColumns+`) VALUES (`+sqldb.Places(1, len(args))+`)
		ON CONFLICT (learner_id) DO UPDATE SET session_id = excluded.session_id, login_session_id = excluded.login_session_id,
		device_id = excluded.device_id, device_name = excluded.device_name, course_id = excluded.course_id, lesson_id = excluded.lesson_id,
		media_id = excluded.media_id, media_rev = excluded.media_rev, take = excluded.take, final = excluded.final,
		acquired_at = excluded.acquired_at, threshold_ms = excluded.threshold_ms, window_no = excluded.window_no, epoch = excluded.epoch,
		prev = excluded.prev, chain_hash = excluded.chain_hash, chain_seq = excluded.chain_seq, check_id = excluded.check_id,
		run_no = excluded.run_no, run_from = excluded.run_from, run_pay_from = excluded.run_pay_from, run_floor = excluded.run_floor,
		run_state = excluded.run_state, run_open = excluded.run_open, open_media_from = excluded.open_media_from,
		open_wall_from = excluded.open_wall_from, version = excluded.version, expires_at = excluded.expires_at,
		last_contact = excluded.last_contact, last_seq = excluded.last_seq, wall_cursor = excluded.wall_cursor,
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

// creditedSet is all of a lesson that is credited and not reopened, the open span left out.
func creditedSet(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID, mediaID string, rev int64) (set Set, err error) {
	return rangesOf(ctx, tx, `SELECT s.media_from, s.media_to FROM span s
		LEFT JOIN window_result w ON w.learner_id = s.learner_id AND w.window_no = s.window_no
		WHERE s.learner_id = $1 AND s.lesson_id = $2 AND s.media_id = $3 AND s.media_rev = $4 AND (w.result IS NULL OR w.result = 'confirmed')
		UNION ALL SELECT media_from, media_to FROM manual_credit WHERE learner_id = $5 AND lesson_id = $6 AND media_id = $7 AND media_rev = $8
		ORDER BY 1`, learnerID, lessonID, mediaID, rev, learnerID, lessonID, mediaID, rev)
}

// confirmedSet is the part of a lesson whose windows have passed.
func confirmedSet(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID, mediaID string, rev int64) (Set, error) {
	return rangesOf(ctx, tx, `SELECT s.media_from, s.media_to FROM span s
		JOIN window_result w ON w.learner_id = s.learner_id AND w.window_no = s.window_no
		WHERE s.learner_id = $1 AND s.lesson_id = $2 AND s.media_id = $3 AND s.media_rev = $4 AND w.result = 'confirmed'
		UNION ALL SELECT media_from, media_to FROM manual_credit WHERE learner_id = $5 AND lesson_id = $6 AND media_id = $7 AND media_rev = $8
		ORDER BY 1`, learnerID, lessonID, mediaID, rev, learnerID, lessonID, mediaID, rev)
}

func rangesOf(ctx context.Context, tx *sqldb.Tx, query string, args ...any) (set Set, err error) {
	ranges, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r Range, err error) { return r, row.Scan(&r.From, &r.To) }, query, args...)
	for _, r := range ranges {
		set = set.Add(r)
	}
	return set, err
}

// takeOf is how often the lesson's media was reopened for the learner: the generation of the media exclusion.
func takeOf(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (int64, error) {
	take, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT take FROM lesson_progress WHERE learner_id = $1 AND lesson_id = $2`, learnerID, lessonID)
	return take, err
}

// foldProgress recomputes the folded row of a lesson from spans and window results.
func foldProgress(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson, takeStep int64, p *Policy) (confirmed bool, err error) {
	credited, err := creditedSet(ctx, tx, learnerID, l.ID, l.MediaID, l.MediaRev)
	if err != nil {
		return false, err
	}
	sure, err := confirmedSet(ctx, tx, learnerID, l.ID, l.MediaID, l.MediaRev)
	if err != nil {
		return false, err
	}
	full := credited.Complete(l.DurationMS, p.GapMS, p.TotalMS)
	confirmed = sure.Complete(l.DurationMS, p.GapMS, p.TotalMS)
	_, err = tx.Exec(ctx, `INSERT INTO lesson_progress (learner_id, lesson_id, course_id, credited_ms, confirmed_ms, full_credit, full_confirm, take, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (learner_id, lesson_id) DO UPDATE SET credited_ms = excluded.credited_ms, confirmed_ms = excluded.confirmed_ms,
		full_credit = excluded.full_credit, full_confirm = excluded.full_confirm, take = lesson_progress.take + excluded.take, updated_at = excluded.updated_at`,
		learnerID, l.ID, l.CourseID, credited.Total(), sure.Total(), flag(full), flag(confirmed), takeStep, tx.NowMicro())
	return confirmed, err
}

// deliveredSegments is every segment sent to a playback session.
func deliveredSegments(ctx context.Context, tx *sqldb.Tx, sessionID string) ([]int64, error) {
	return sqldb.Rows(ctx, tx, sqldb.ScanValue[int64], `SELECT segment_no FROM delivery WHERE session_id = $1 ORDER BY segment_no`, sessionID)
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

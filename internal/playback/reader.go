package playback

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/platform/sqldb"
)

// Progress is what a learner has of one lesson, for lists.
type Progress struct {
	LessonID    string
	CreditedMS  int64
	ConfirmedMS int64
	Full        bool // credited in full
	Confirmed   bool // confirmed in full
	UpdatedAt   time.Time
}

// ProgressTx is the learner's progress in each lesson of a course, the open span of the present play included.
func ProgressTx(ctx context.Context, tx *sqldb.Tx, learnerID, courseID string) (map[string]Progress, error) {
	rows, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p Progress, err error) {
		var full, confirmed, at int64
		err = row.Scan(&p.LessonID, &p.CreditedMS, &p.ConfirmedMS, &full, &confirmed, &at)
		p.Full, p.Confirmed, p.UpdatedAt = full != 0, confirmed != 0, time.UnixMicro(at).UTC()
		return p, err
	}, `SELECT lesson_id, credited_ms, confirmed_ms, full_credit, full_confirm, updated_at FROM lesson_progress
		WHERE learner_id = $1 AND course_id = $2`, learnerID, courseID)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Progress, len(rows)+1)
	for _, p := range rows {
		out[p.LessonID] = p
	}
	st, found, err := loadStudy(ctx, tx, learnerID)
	if err != nil || !found || st.CourseID != courseID {
		return out, err
	}
	p := out[st.LessonID]
	p.LessonID, p.CreditedMS = st.LessonID, p.CreditedMS+st.Open.MediaTo-st.Open.MediaFrom
	if at := time.UnixMicro(st.LastContact).UTC(); at.After(p.UpdatedAt) {
		p.UpdatedAt = at
	}
	out[st.LessonID] = p
	return out, nil
}

// Last is where the learner studied last, on any device.
type Last struct {
	LessonID, CourseID, DeviceName string
	ResumeMS                       int64
	At                             time.Time
}

// LastTx finds it; found is false for somebody who has never studied.
func (s *Service) LastTx(ctx context.Context, tx *sqldb.Tx, learnerID string) (last Last, found bool, err error) {
	st, found, err := loadStudy(ctx, tx, learnerID)
	if err != nil || !found {
		return last, false, err
	}
	e, err := s.beats.load(ctx, tx, learnerID)
	if err != nil {
		return last, false, err
	}
	return Last{st.LessonID, st.CourseID, st.DeviceName, e.credited.FirstGap(e.lesson.DurationMS), time.UnixMicro(st.LastContact).UTC()}, true, nil
}

// ProvisionalMS is what the learner has studied since the last passed check, if the course on now counts for the year.
func ProvisionalMS(ctx context.Context, tx *sqldb.Tx, learnerID string, year int64) (int64, error) {
	ms, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT s.since_check_ms FROM study s JOIN course c ON c.id = s.course_id
		WHERE s.learner_id = $1 AND c.year = $2`, learnerID, year)
	return ms, err
}

// Page is the playback part of the lesson page.
type Page struct {
	Lesson      Lesson
	Credited    Set
	Confirmed   Set
	Passed      []int64 // media positions at which a presence check was passed, ms
	Lease       string  // free, mine or elsewhere
	DeviceName  string
	Since       time.Time
	Nonce       string
	Check       *Check
	NextCheckMS int64
	Policy      Policy // what an acquisition now would go by
}

// PageTx reads the lesson page for the actor.
func (s *Service) PageTx(ctx context.Context, tx *sqldb.Tx, actor identity.Actor, lessonID string) (p Page, err error) {
	if p.Lesson, err = s.lessons.MayStudyTx(ctx, tx, actor.PersonID, lessonID); err != nil {
		return p, err
	}
	l := p.Lesson
	if p.Credited, err = creditedSet(ctx, tx, actor.PersonID, l.ID, l.MediaID, l.MediaRev); err != nil {
		return p, err
	}
	if p.Confirmed, err = confirmedSet(ctx, tx, actor.PersonID, l.ID, l.MediaID, l.MediaRev); err != nil {
		return p, err
	}
	if p.Passed, err = passedAt(ctx, tx, actor.PersonID, l); err != nil {
		return p, err
	}
	policy, err := s.policy.atTx(ctx, tx, actor.PersonID, tx.NowMicro())
	if err != nil {
		return p, err
	}
	p.Policy = *policy
	p.Lease, p.NextCheckMS, p.Nonce = "free", policy.CheckMaxMS, s.nonce(actor.SessionID, 0)
	st, found, err := loadStudy(ctx, tx, actor.PersonID)
	if err != nil || !found {
		return p, err
	}
	p.Nonce, p.NextCheckMS = s.nonce(actor.SessionID, st.Epoch), max(0, policy.CheckMaxMS-st.SinceCheck)
	if st.LessonID == l.ID {
		p.Credited = p.Credited.Add(Range{st.Open.MediaFrom, st.Open.MediaTo})
	}
	if st.ExpiresAt > tx.NowMicro() {
		p.Lease, p.DeviceName, p.Since = "elsewhere", st.DeviceName, time.UnixMicro(st.AcquiredAt).UTC()
		if st.LoginSessionID == actor.SessionID {
			p.Lease = "mine"
		}
	}
	if st.CheckID != "" {
		if c, found, err := loadCheck(ctx, tx, st.CheckID, st.LearnerID); err != nil {
			return p, err
		} else if found {
			p.Check = c.public()
		}
	}
	return p, nil
}

// passedAt is where the windows confirmed in a lesson ended: the marks on its ruler.
func passedAt(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson) ([]int64, error) {
	return sqldb.Rows(ctx, tx, sqldb.ScanValue[int64], `SELECT s.media_to FROM span s
		JOIN window_result w ON w.learner_id = s.learner_id AND w.window_no = s.window_no AND w.result = 'confirmed'
		WHERE s.learner_id = $1 AND s.lesson_id = $2 AND s.media_id = $3 AND s.media_rev = $4
		AND s.chain_seq = (SELECT max(e.chain_seq) FROM span e WHERE e.learner_id = s.learner_id AND e.window_no = s.window_no)
		ORDER BY s.media_to`, learnerID, l.ID, l.MediaID, l.MediaRev)
}

// Stretch is a piece of a lesson with its status and, where nothing was credited, why (V8).
type Stretch struct {
	From, To int64
	Status   string // confirmed, provisional, uncredited
	Reason   string // of uncredited stretches: a State, or "not_watched"
}

// StretchesTx covers a whole lesson: every second with its status and reason.
func (s *Service) StretchesTx(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson, credited, confirmed Set) (out []Stretch, err error) {
	type refused struct {
		Range
		reason string
	}
	refusals, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r refused, err error) {
		return r, row.Scan(&r.From, &r.To, &r.reason)
	}, `SELECT media_from, media_to, reason FROM refusal WHERE learner_id = $1 AND lesson_id = $2 ORDER BY at DESC LIMIT 500`, learnerID, l.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range confirmed {
		out = append(out, Stretch{r.From, r.To, "confirmed", ""})
	}
	for _, c := range credited {
		for _, r := range confirmed.Minus(c) {
			out = append(out, Stretch{r.From, r.To, "provisional", ""})
		}
	}
	done := append(Set(nil), credited...)
	for _, f := range refusals { // the newest reason wins
		for _, gap := range done.Minus(f.Range) {
			out = append(out, Stretch{gap.From, gap.To, "uncredited", f.reason})
			done = done.Add(gap)
		}
	}
	for _, gap := range done.Minus(Range{0, l.DurationMS}) {
		out = append(out, Stretch{gap.From, gap.To, "uncredited", "not_watched"})
	}
	sortStretches(out)
	return out, nil
}

func sortStretches(s []Stretch) {
	slices.SortFunc(s, func(a, b Stretch) int { return cmpInt(a.From, b.From) })
}

// ChainHeadTx is the head of the learner's study chain: it stands for every span, check result and lease before it.
func ChainHeadTx(ctx context.Context, tx *sqldb.Tx, learnerID string) (string, error) {
	hash, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[[]byte], `SELECT chain_hash FROM study WHERE learner_id = $1`, learnerID)
	return hex.EncodeToString(hash), err
}

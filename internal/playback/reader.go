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
	DurationMS  int64 // of the revision in which both are counted; 0 = nothing is counted yet
	Full        bool  // credited in full
	Confirmed   bool  // confirmed in full
	UpdatedAt   time.Time
}

// ProgressTx is the learner's progress in each lesson of a course, the open span of the present play included.
func ProgressTx(ctx context.Context, tx *sqldb.Tx, learnerID, courseID string) (map[string]Progress, error) {
	rows, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p Progress, err error) {
		var full, confirmed, at int64
		err = row.Scan(&p.LessonID, &p.CreditedMS, &p.ConfirmedMS, &p.DurationMS, &full, &confirmed, &at)
		p.Full, p.Confirmed, p.UpdatedAt = full != 0, confirmed != 0, time.UnixMicro(at).UTC()
		return p, err
	}, `SELECT g.lesson_id, g.credited_ms, g.confirmed_ms, coalesce(m.duration_ms, 0), g.full_credit, g.full_confirm, g.updated_at FROM lesson_progress g
		LEFT JOIN media m ON m.id = g.media_id AND m.rev = g.media_rev WHERE g.learner_id = $1 AND g.course_id = $2`, learnerID, courseID)
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
	if p.LessonID = st.LessonID; !p.Full {
		p.CreditedMS += st.Open.MediaTo - st.Open.MediaFrom
	}
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
	l, err := s.lessons.LessonTx(ctx, tx, st.LessonID)
	if err != nil {
		return last, false, err
	}
	credited, _, err := s.creditedIn(ctx, tx, st, learnerID, l)
	return Last{st.LessonID, st.CourseID, st.DeviceName, credited.FirstGap(l.DurationMS), time.UnixMicro(st.LastContact).UTC()}, true, err
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
	Finished    bool    // credited in full, in this revision or in the one in which it was studied
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
	st, found, err := loadStudy(ctx, tx, actor.PersonID)
	if err != nil {
		return p, err
	}
	if p.Credited, p.Confirmed, err = s.creditedIn(ctx, tx, st, actor.PersonID, l); err != nil {
		return p, err
	}
	row, _, err := standOf(ctx, tx, actor.PersonID, l.ID)
	if err != nil {
		return p, err
	}
	if p.Passed, err = s.passedAt(ctx, tx, actor.PersonID, l); err != nil {
		return p, err
	}
	policy, err := s.policy.atTx(ctx, tx, actor.PersonID, tx.NowMicro())
	if err != nil {
		return p, err
	}
	p.Policy = *policy
	p.Finished = row.full || p.Credited.Complete(l.DurationMS, policy.GapMS, policy.TotalMS)
	p.Lease, p.NextCheckMS, p.Nonce = "free", policy.CheckMaxMS, s.nonce(actor.SessionID, 0, l.At())
	if !found {
		return p, nil
	}
	p.Nonce, p.NextCheckMS = s.nonce(actor.SessionID, st.Epoch, l.At()), max(0, policy.CheckMaxMS-st.SinceCheck)
	if st.ExpiresAt > st.at(tx.NowMicro()) {
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
func (s *Service) passedAt(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson) (out []int64, err error) {
	ends, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p piece, err error) { return p, row.Scan(&p.at.MediaID, &p.at.Rev, &p.To) },
		`SELECT s.media_id, s.media_rev, s.media_to FROM span s
		JOIN window_result w ON w.learner_id = s.learner_id AND w.window_no = s.window_no AND w.result = 'confirmed'
		WHERE s.learner_id = $1 AND s.lesson_id = $2
		AND s.chain_seq = (SELECT max(e.chain_seq) FROM span e WHERE e.learner_id = s.learner_id AND e.window_no = s.window_no)`, learnerID, l.ID)
	for _, p := range ends {
		last, err := movedTx(ctx, tx, s.lessons, Set{{p.To - 1, p.To}}, p.at, l.At())
		if err != nil {
			return nil, err
		}
		if len(last) > 0 {
			out = append(out, last.End())
		}
	}
	slices.Sort(out)
	return out, err
}

// Stretch is a piece of a lesson with its status and, where nothing was credited, why (V8).
type Stretch struct {
	From, To int64
	Status   string // confirmed, provisional, uncredited
	Reason   string // of uncredited stretches: a State, or "not_watched"
}

// StretchesTx covers a whole lesson: every second with its status and reason.
func (s *Service) StretchesTx(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson, credited, confirmed Set) (out []Stretch, err error) {
	refusals, err := s.refusals(ctx, tx, learnerID, l)
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
		for _, gap := range done.Minus(Range{f.From, f.To}) {
			out = append(out, Stretch{gap.From, gap.To, "uncredited", f.Reason})
			done = done.Add(gap)
		}
	}
	for _, gap := range done.Minus(Range{0, l.DurationMS}) {
		out = append(out, Stretch{gap.From, gap.To, "uncredited", "not_watched"})
	}
	sortStretches(out)
	return out, nil
}

// refusals are what earned nothing in a lesson, the newest first, where it stands in revision l.
func (s *Service) refusals(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson) (out []Stretch, err error) {
	type refused struct {
		piece
		reason string
	}
	rows, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (r refused, err error) {
		return r, row.Scan(&r.From, &r.To, &r.reason, &r.at.MediaID, &r.at.Rev)
	}, `SELECT r.media_from, r.media_to, r.reason, p.media_id, p.media_rev FROM refusal r JOIN playback_session p ON p.id = r.session_id
		WHERE r.learner_id = $1 AND r.lesson_id = $2 ORDER BY r.at DESC LIMIT 500`, learnerID, l.ID)
	for _, r := range rows {
		set, err := movedTx(ctx, tx, s.lessons, Set{r.Range}, r.at, l.At())
		if err != nil {
			return nil, err
		}
		for _, x := range set {
			out = append(out, Stretch{x.From, x.To, "uncredited", r.reason})
		}
	}
	return out, err
}

func sortStretches(s []Stretch) {
	slices.SortFunc(s, func(a, b Stretch) int { return cmpInt(a.From, b.From) })
}

// ChainHeadTx is the head of the learner's study chain: it stands for every span, check result and lease before it.
func ChainHeadTx(ctx context.Context, tx *sqldb.Tx, learnerID string) (string, error) {
	hash, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[[]byte], `SELECT chain_hash FROM study WHERE learner_id = $1`, learnerID)
	return hex.EncodeToString(hash), err
}

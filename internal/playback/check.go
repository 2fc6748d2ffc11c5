package playback

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// Kinds of tasks; each has a text and an audio or touch form.
const (
	KindCode     = "code"     // type the digits seen in the picture or heard in the recording
	KindQuestion = "question" // a content question on what was just taught
	KindSlide    = "slide"    // which slide was just shown
	KindSequence = "sequence" // touch, click or key the numbers in ascending order
)

const (
	triesInTime = 3 // wrong answers before a new task is drawn
	triesLate   = 3 // wrong answers after which a late window reopens
	maxSwaps    = 12
	codeLength  = 4
)

// Check is a presence check as the page sees it. What it takes to pass never leaves the server.
type Check struct {
	ID         string    `json:"id"`
	Nonce      string    `json:"nonce" doc:"Single use; changes with every wrong answer and every other task"`
	Late       bool      `json:"late" doc:"The deadline has passed: two tasks are asked"`
	IssuedAt   time.Time `json:"issued_at"`
	DeadlineAt time.Time `json:"deadline_at" doc:"Nothing is lost by missing it"`
	TriesLeft  int64     `json:"tries_left"`
	Tasks      []Task    `json:"tasks"`
}

// Task is one thing to do.
type Task struct {
	No       int      `json:"no"`
	Kind     string   `json:"kind" enum:"code,question,slide,sequence"`
	Text     string   `json:"text" doc:"The question, for content questions"`
	ImageURL string   `json:"image_url" doc:"Picture of the code"`
	AudioURL string   `json:"audio_url" doc:"Recording of the code"`
	Length   int      `json:"length" doc:"Digits of the code"`
	Options  []Option `json:"options"`
}

// Option is one thing to choose or touch.
type Option struct {
	Key      string `json:"key"`
	Text     string `json:"text"`
	ImageURL string `json:"image_url"`
}

// checkRow is the stored check.
type checkRow struct {
	id, learnerID, lessonID, state, nonce, answerMAC string
	windowNo, epoch, late, tries, swaps              int64
	issuedAt, deadlineAt, answeredAt                 int64
	tasks                                            []Task
}

func newCheckID(tx *sqldb.Tx) string { return id.New(tx.Now()) }

func (c *checkRow) public() *Check {
	limit := int64(triesInTime)
	if c.late != 0 {
		limit = triesLate
	}
	return &Check{ID: c.id, Nonce: c.nonce, Late: c.late != 0, IssuedAt: time.UnixMicro(c.issuedAt).UTC(),
		DeadlineAt: time.UnixMicro(c.deadlineAt).UTC(), TriesLeft: limit - c.tries, Tasks: c.tasks}
}

// DueCheck is the learner's due check, or nil.
func (s *Service) DueCheck(ctx context.Context) (*Check, error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, err
	}
	return s.dueCheck(ctx, actor.PersonID)
}

func (s *Service) dueCheck(ctx context.Context, learnerID string) (check *Check, err error) {
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		check = nil
		st, found, err := loadStudy(ctx, tx, learnerID)
		if err != nil || !found || st.CheckID == "" {
			return err
		}
		row, err := s.ensureCheck(ctx, tx, st)
		if err == nil {
			check = row.public()
		}
		return err
	})
	return check, err
}

// ensureCheck reads the due check, draws it if the beat that made it due could not, and turns it late after its deadline.
func (s *Service) ensureCheck(ctx context.Context, tx *sqldb.Tx, st *Study) (*checkRow, error) {
	c, found, err := loadCheck(ctx, tx, st.CheckID, st.LearnerID)
	if err != nil {
		return nil, err
	}
	if !found {
		policy, err := s.policy.atTx(ctx, tx, st.LearnerID, st.AcquiredAt)
		if err != nil {
			return nil, err
		}
		c = &checkRow{id: st.CheckID, learnerID: st.LearnerID, lessonID: st.LessonID, state: "due", windowNo: st.WindowNo, epoch: st.Epoch,
			issuedAt: tx.NowMicro(), deadlineAt: tx.NowMicro() + policy.AnswerMS*1000}
		if err := s.draw(ctx, tx, c, st, ""); err != nil {
			return nil, err
		}
		return c, insertCheck(ctx, tx, c)
	}
	if c.late == 0 && tx.NowMicro() > c.deadlineAt {
		c.late, c.tries = 1, 0
		if err := s.draw(ctx, tx, c, st, ""); err != nil {
			return nil, err
		}
		return c, updateCheck(ctx, tx, c)
	}
	return c, nil
}

// draw gives the check new tasks and a new nonce; avoid is a kind the learner asked not to get again.
func (s *Service) draw(ctx context.Context, tx *sqldb.Tx, c *checkRow, st *Study, avoid string) error {
	n := 1
	if c.late != 0 {
		n = 2
	}
	c.nonce, c.tasks = id.Secret(16), nil
	answers := make([]string, 0, n)
	for no := range n {
		t, answer, err := s.task(ctx, tx, c, st, avoid, no)
		if err != nil {
			return err
		}
		t.No = no
		c.tasks, answers = append(c.tasks, t), append(answers, answer)
	}
	c.answerMAC = s.answerMAC(c, answers)
	return nil
}

// answerMAC binds the right answers to this check, learner, epoch and nonce: a solved token works for nobody else (T20).
func (s *Service) answerMAC(c *checkRow, answers []string) string {
	norm := make([]any, 0, len(answers)+4)
	norm = append(norm, c.id, c.learnerID, c.epoch, c.nonce)
	for _, a := range answers {
		norm = append(norm, strings.Join(strings.Fields(a), ""))
	}
	return b64(mac(s.key, append([]any{"answer"}, norm...)...))
}

func (s *Service) task(ctx context.Context, tx *sqldb.Tx, c *checkRow, st *Study, avoid string, no int) (Task, string, error) {
	kinds := []string{KindCode, KindQuestion, KindSlide, KindSequence}
	if i := slices.Index(kinds, avoid); i >= 0 {
		kinds = append(kinds[i+1:], kinds[:i]...) // who asks for another meets every kind in at most three steps
	} else {
		shuffle(kinds)
	}
	for _, kind := range kinds {
		if kind == avoid || no > 0 && kind == c.tasks[0].Kind && kind != KindSequence {
			continue
		}
		t, answer, ok, err := s.make(ctx, tx, kind, c, st, no)
		if err != nil || ok {
			return t, answer, err
		}
	}
	t, answer := sequenceTask()
	return t, answer, nil
}

// make builds a task of a kind; ok is false where the lesson has no material for it.
func (s *Service) make(ctx context.Context, tx *sqldb.Tx, kind string, c *checkRow, st *Study, no int) (t Task, answer string, ok bool, err error) {
	switch kind {
	case KindCode:
		t, answer = s.codeTask(c, no)
		return t, answer, true, nil
	case KindSequence:
		t, answer = sequenceTask()
		return t, answer, true, nil
	case KindQuestion:
		qs, err := s.content.QuestionsTx(ctx, tx, st.LessonID, st.Run.Pos)
		if err != nil || len(qs) == 0 {
			return t, "", false, err
		}
		t, answer = questionTask(qs[pick(len(qs))])
		return t, answer, true, nil
	default:
		slides, err := s.content.SlidesTx(ctx, tx, st.Revision())
		if err != nil {
			return t, "", false, err
		}
		t, answer, ok = slideTask(slides, st.Run.Pos)
		return t, answer, ok, nil
	}
}

// codeTask: the digits derive from the nonce, so the picture and the recording need no stored answer.
func (s *Service) codeTask(c *checkRow, no int) (Task, string) {
	base := "/api/learner/playback/check/" + c.id + "/" + strconv.Itoa(no)
	t := Task{Kind: KindCode, Length: codeLength, ImageURL: base + ".png?n=" + c.nonce}
	if s.digits != nil {
		t.AudioURL = base + ".wav?n=" + c.nonce
	}
	return t, s.code(c.id, c.nonce, no)
}

func (s *Service) code(checkID, nonce string, no int) string {
	h := mac(s.key, "code", checkID, nonce, no)
	b := make([]byte, codeLength)
	for i := range b {
		b[i] = '0' + h[i]%10
	}
	return string(b)
}

func questionTask(q Question) (Task, string) {
	t := Task{Kind: KindQuestion, Text: q.Text}
	order := permutation(len(q.Options))
	answer := ""
	for i, o := range order {
		key := strconv.Itoa(i + 1)
		t.Options = append(t.Options, Option{Key: key, Text: q.Options[o]})
		if o == q.Answer {
			answer = key
		}
	}
	return t, answer
}

// slideTask asks which slide was just shown, among up to three others of the lesson.
func slideTask(slides []Slide, pos int64) (Task, string, bool) {
	now := slices.IndexFunc(slides, func(sl Slide) bool { return sl.From <= max(0, pos-1) && pos-1 < sl.To })
	if now < 0 || len(slides) < 3 {
		return Task{}, "", false
	}
	var others []int
	for i, sl := range slides {
		if sl.Title != slides[now].Title && (i < now-1 || i > now+1) {
			others = append(others, i)
		}
	}
	if len(others) < 2 {
		return Task{}, "", false
	}
	shuffle(others)
	chosen := append([]int{now}, others[:min(3, len(others))]...)
	shuffle(chosen)
	t, answer := Task{Kind: KindSlide}, ""
	for i, n := range chosen {
		key := strconv.Itoa(i + 1)
		t.Options = append(t.Options, Option{Key: key, Text: slides[n].Title, ImageURL: slides[n].PictureURL})
		if n == now {
			answer = key
		}
	}
	return t, answer, true
}

// sequenceTask asks for four different numbers in ascending order; the answer is their keys joined by commas.
func sequenceTask() (Task, string) {
	t := Task{Kind: KindSequence}
	seen := map[int]bool{}
	type pair struct {
		n   int
		key string
	}
	var all []pair
	for len(all) < 4 {
		n := 10 + pick(90)
		if seen[n] {
			continue
		}
		seen[n] = true
		key := string(rune('a' + len(all)))
		all = append(all, pair{n, key})
		t.Options = append(t.Options, Option{Key: key, Text: strconv.Itoa(n)})
	}
	slices.SortFunc(all, func(a, b pair) int { return a.n - b.n })
	keys := make([]string, len(all))
	for i, p := range all {
		keys[i] = p.key
	}
	return t, strings.Join(keys, ",")
}

// Another draws a task of another kind: nobody must be stuck with one they cannot see, hear or touch.
// Errors: NotFound "playback.check_gone"; Limited "playback.check_swaps".
func (s *Service) Another(ctx context.Context, checkID string) (check *Check, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		st, c, err := s.due(ctx, tx, actor.PersonID, checkID)
		if err != nil {
			return err
		}
		if c.swaps >= maxSwaps {
			return errs.New(errs.Limited, "playback.check_swaps")
		}
		c.swaps++
		if err := s.draw(ctx, tx, c, st, c.tasks[0].Kind); err != nil {
			return err
		}
		check = c.public()
		return updateCheck(ctx, tx, c)
	})
	return check, err
}

// due loads the learner's due check and holds it against the id the page named.
func (s *Service) due(ctx context.Context, tx *sqldb.Tx, learnerID, checkID string) (*Study, *checkRow, error) {
	st, found, err := loadStudy(ctx, tx, learnerID)
	if err != nil {
		return nil, nil, err
	}
	if !found || st.CheckID == "" || st.CheckID != checkID {
		return nil, nil, errs.New(errs.NotFound, "playback.check_gone")
	}
	c, err := s.ensureCheck(ctx, tx, st)
	return st, c, err
}

// CheckAnswer is an answer as the page sends it.
type CheckAnswer struct {
	CheckID, Nonce string
	Answers        []string
	Signature      string
}

// CheckResult is what an answer led to: passed, wrong (with the check as it stands now), or reopened.
type CheckResult struct {
	Result string
	Check  *Check
}

// AnswerCheck takes an answer (playback.md 2.8). In time and right: the window is confirmed. After the deadline two
// tasks are asked; three wrong answers then reopen the window for watching. Nothing else is ever lost.
// Errors: NotFound "playback.check_gone"; Conflict "playback.check_nonce"; Unauthenticated "playback.device_unproven".
func (s *Service) AnswerCheck(ctx context.Context, a CheckAnswer) (res CheckResult, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return res, err
	}
	message := "xueshi-check-v1\n" + a.CheckID + "\n" + a.Nonce + "\n" + strings.Join(a.Answers, "\n")
	if err := s.devices.VerifyDevice(ctx, actor, message, a.Signature); err != nil {
		return res, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		res, err = s.answerCheckTx(ctx, tx, actor.PersonID, a)
		return err
	})
	s.forget(actor.PersonID)
	return res, err
}

func (s *Service) answerCheckTx(ctx context.Context, tx *sqldb.Tx, learnerID string, a CheckAnswer) (CheckResult, error) {
	st, c, err := s.due(ctx, tx, learnerID, a.CheckID)
	if err != nil {
		return CheckResult{}, err
	}
	if !equal(a.Nonce, c.nonce) {
		if c.late != 0 { // the deadline passed while the learner was answering: show the two tasks
			return CheckResult{Result: "wrong", Check: c.public()}, nil
		}
		return CheckResult{}, errs.New(errs.Conflict, "playback.check_nonce")
	}
	if len(a.Answers) == len(c.tasks) && equal(s.answerMAC(c, a.Answers), c.answerMAC) {
		c.state = map[bool]string{false: "passed", true: "late_passed"}[c.late != 0]
		return CheckResult{Result: "passed"}, s.settle(ctx, tx, st, c, "confirmed")
	}
	c.tries++
	if c.late != 0 && c.tries >= triesLate {
		c.state = "reopened"
		return CheckResult{Result: "reopened"}, s.settle(ctx, tx, st, c, "reopened")
	}
	if c.late == 0 && c.tries >= triesInTime {
		c.tries = 0
	}
	if err := s.draw(ctx, tx, c, st, ""); err != nil {
		return CheckResult{}, err
	}
	return CheckResult{Result: "wrong", Check: c.public()}, updateCheck(ctx, tx, c)
}

// settle ends the window: confirms or reopens it, folds the progress of its lessons and tells credit.
func (s *Service) settle(ctx context.Context, tx *sqldb.Tx, st *Study, c *checkRow, result string) error {
	now := st.passes(tx.NowMicro())
	st.spend(now)                                         // the time in which the check was due pays for nothing
	if _, err := bookOpen(ctx, tx, st, now); err != nil { // what is open belongs to the window that ends
		return err
	}
	seq, hash := st.chain("window", st.WindowNo, result, c.id, tx.NowMicro())
	if _, err := tx.Exec(ctx, `INSERT INTO window_result (learner_id, window_no, result, check_id, at, chain_seq, chain_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, st.LearnerID, st.WindowNo, result, c.id, tx.NowMicro(), seq, hash); err != nil {
		return err
	}
	lessons, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT DISTINCT lesson_id FROM span WHERE learner_id = $1 AND window_no = $2 ORDER BY lesson_id`,
		st.LearnerID, st.WindowNo)
	if err != nil {
		return err
	}
	policy, err := s.policy.atTx(ctx, tx, st.LearnerID, st.AcquiredAt)
	if err != nil {
		return err
	}
	st.WindowNo, st.SinceCheck, st.CheckID, st.Threshold = st.WindowNo+1, 0, "", threshold(policy)
	takeStep := flag(result == "reopened")
	if slices.Contains(lessons, st.LessonID) && takeStep > 0 {
		st.Take += takeStep
		if err := s.unfinished(ctx, tx, st, policy, now); err != nil {
			return err
		}
	}
	c.answered(tx)
	if err := updateCheck(ctx, tx, c); err != nil {
		return err
	}
	if ok, err := saveStudy(ctx, tx, st); err != nil || !ok {
		if err == nil {
			err = errs.New(errs.Conflict, "playback.check_gone")
		}
		return err
	}
	return s.foldAll(ctx, tx, st, policy, lessons, takeStep)
}

// unfinished takes the present lesson over into the revision that is played, when the window that reopened has unfinished
// it in the revision in which it had been finished.
func (s *Service) unfinished(ctx context.Context, tx *sqldb.Tx, st *Study, policy *Policy, now int64) error {
	l, err := s.lessons.RevisionTx(ctx, tx, st.LessonID, st.Revision())
	if err == nil {
		_, err = s.carry(ctx, tx, st, l, policy, now)
	}
	return err
}

// foldAll folds the window's lessons and reports those now confirmed in full.
func (s *Service) foldAll(ctx context.Context, tx *sqldb.Tx, st *Study, policy *Policy, lessons []string, takeStep int64) error {
	var confirmed []string
	for _, lessonID := range lessons {
		l, err := s.lessons.LessonTx(ctx, tx, lessonID)
		if err != nil {
			return err
		}
		full, err := foldProgress(ctx, tx, s.lessons, st.LearnerID, l, takeStep, policy)
		if err != nil {
			return err
		}
		if full {
			confirmed = append(confirmed, lessonID)
		}
	}
	if len(confirmed) == 0 || s.done == nil {
		return nil
	}
	return s.done.ConfirmedTx(ctx, tx, st.LearnerID, confirmed)
}

func pick(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0
	}
	return int(v.Int64())
}

func shuffle[T any](s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := pick(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

func permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	shuffle(p)
	return p
}

func marshalTasks(t []Task) (string, error) {
	raw, err := json.Marshal(t)
	return string(raw), err
}

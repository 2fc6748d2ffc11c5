package playback

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"math/big"
	"strconv"
	"strings"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/limit"
	"xueshi/internal/platform/sqldb"
)

// Service is the face of the engine.
type Service struct {
	db      *sqldb.DB
	key     []byte // secret of this installation: lease keys, tokens, nonces and check answers derive from it
	lessons Lessons
	content Contents
	devices Devices
	done    Completion
	policy  policies
	digits  Digits
	beats   *committer
}

// Deps is what the engine stands on.
type Deps struct {
	DB         *sqldb.DB
	Key        []byte
	Lessons    Lessons
	Contents   Contents
	Devices    Devices
	Completion Completion
	Policy     *Policy // nil = the versions operators have set, and DefaultPolicy beneath them; tests inject one for everybody
	Digits     Digits  // spoken digits for the audio form of a check; nil = no audio
}

// New starts the engine; Close stops it after everything waiting has been committed.
func New(d Deps) *Service {
	policy := policies{d.Policy}
	return &Service{db: d.DB, key: d.Key, lessons: d.Lessons, content: d.Contents, devices: d.Devices, done: d.Completion,
		policy: policy, digits: d.Digits, beats: newCommitter(d.DB, d.Lessons, policy)}
}

// Stats is what this process has stored.
func (s *Service) Stats() *Stats { return &s.beats.stats }

// Waiting is how many beats and segments wait for their batch.
func (s *Service) Waiting() int { return len(s.beats.in) }

// Close waits for the last commit.
func (s *Service) Close() { s.beats.close() }

// Acquire is a request for the lease.
type Acquire struct {
	LessonID  string
	Nonce     string
	Takeover  bool
	Signature string
}

// Lease is what the holder gets.
type Lease struct {
	SessionID string
	Epoch     int64
	Key       []byte // HMAC key of this epoch's heartbeats
	Token     string // path element of the media URLs
	Policy    Policy // the numbers of this lease
	Answer    Answer
}

const (
	takeoverLimit    = 6
	takeoverWindow   = 10 * time.Minute
	takeoverCooldown = 5 * time.Minute
	acquireLimit     = 60 // acquisitions of one learner in takeoverWindow, wherever they come from
)

// Acquire takes the study lease for a lesson (R1.10d–h): one active play per person, and per device key.
// Errors: Conflict "playback.lease_held" {device_name, since_ms} unless Takeover; Conflict "playback.device_busy";
// Limited "playback.takeover_cooldown"; Conflict "playback.nonce_stale"; Unauthenticated "playback.device_unproven";
// and those of identity.ConsentedTx and Lessons.MayStudyTx.
func (s *Service) Acquire(ctx context.Context, a Acquire) (lease Lease, err error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return lease, err
	}
	message := "xueshi-acquire-v1\n" + a.Nonce + "\n" + a.LessonID + "\n" + strconv.FormatInt(flag(a.Takeover), 10)
	if err := s.devices.VerifyDevice(ctx, actor, message, a.Signature); err != nil {
		return lease, err
	}
	name, err := s.devices.DeviceName(ctx, actor)
	if err != nil {
		return lease, err
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		lease, err = s.acquireTx(ctx, tx, actor, name, a)
		return err
	})
	s.forget(actor.PersonID)
	if sqldb.IsUnique(err) { // another place took this epoch in the same instant
		err = errs.New(errs.Conflict, "playback.nonce_stale")
	}
	return lease, err
}

func (s *Service) acquireTx(ctx context.Context, tx *sqldb.Tx, actor identity.Actor, deviceName string, a Acquire) (lease Lease, err error) {
	if err := identity.ConsentedTx(ctx, tx, actor.PersonID); err != nil {
		return lease, err
	}
	lesson, err := s.lessons.MayStudyTx(ctx, tx, actor.PersonID, a.LessonID)
	if err != nil {
		return lease, err
	}
	st, found, err := loadStudy(ctx, tx, actor.PersonID)
	if err != nil {
		return lease, err
	}
	if !found {
		st = &Study{LearnerID: actor.PersonID, ChainHash: []byte{}}
	}
	now := st.passes(tx.NowMicro())
	policy, err := s.policy.atTx(ctx, tx, actor.PersonID, now)
	if err != nil {
		return lease, err
	}
	if !found {
		st.Threshold = threshold(policy)
	}
	if !equal(a.Nonce, s.nonce(actor.SessionID, st.Epoch, lesson.At())) {
		return lease, errs.New(errs.Conflict, "playback.nonce_stale")
	}
	// A page that comes back to its own lease (a reload, a second window of one login) is no move between devices.
	moved := a.Takeover && st.ExpiresAt > now && st.LoginSessionID != actor.SessionID
	if err := s.mayHold(ctx, tx, st, actor, a.Takeover, moved, now); err != nil {
		return lease, err
	}
	if err := s.endHolder(ctx, tx, st, now); err != nil {
		return lease, err
	}
	if err := s.begin(ctx, tx, st, acquisition{lesson, policy, actor, deviceName, a.Signature, moved}, now); err != nil {
		return lease, err
	}
	e, err := s.beats.load(ctx, tx, st.LearnerID)
	if err != nil {
		return lease, err
	}
	lease = Lease{SessionID: st.SessionID, Epoch: st.Epoch, Key: s.leaseKey(st.SessionID, st.Epoch), Token: s.token(st), Policy: *policy}
	lease.Answer, err = s.answerTx(ctx, tx, Outcome{State: st.state()}, e.view(now))
	return lease, err
}

// mayHold refuses while another place plays, unless the learner takes over; and while the device key plays for another account (T24).
func (s *Service) mayHold(ctx context.Context, tx *sqldb.Tx, st *Study, actor identity.Actor, takeover, moved bool, now int64) error {
	if st.ExpiresAt > now && !takeover {
		return errs.New(errs.Conflict, "playback.lease_held", "device_name", st.DeviceName, "since_ms", st.AcquiredAt/1000,
			"same_device", st.LoginSessionID == actor.SessionID)
	}
	busy, err := deviceBusy(ctx, tx, actor.DeviceID, st.LearnerID, now)
	if err != nil {
		return err
	}
	if busy {
		return errs.New(errs.Conflict, "playback.device_busy")
	}
	if err := limit.AllowTx(ctx, tx, "playback.takeover_cooldown", "acquire/"+actor.PersonID, acquireLimit, takeoverWindow); err != nil || !moved {
		return err
	}
	return s.coolDown(ctx, tx, st.LearnerID, time.UnixMicro(now))
}

// deviceBusy reports whether the device key holds a live lease of another account. Until the transaction ends nobody else can
// take or renew one of this device: a study row of another account is no part of the caller's compare-and-swap.
func deviceBusy(ctx context.Context, tx *sqldb.Tx, deviceID, learnerID string, now int64) (bool, error) {
	if _, err := tx.Exec(ctx, `INSERT INTO device_play (device_id, claimed_at) VALUES ($1, $2) ON CONFLICT (device_id) DO UPDATE SET claimed_at = excluded.claimed_at`,
		deviceID, now); err != nil {
		return false, err
	}
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM study WHERE device_id = $1 AND learner_id <> $2 AND expires_at > $3`,
		deviceID, learnerID, now)
	return n > 0, err
}

// coolDown limits ping-pong between devices: more than six takeovers in ten minutes, then a pause of five.
func (s *Service) coolDown(ctx context.Context, tx *sqldb.Tx, learnerID string, now time.Time) error {
	times, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[int64], `SELECT acquired_at FROM playback_session
		WHERE learner_id = $1 AND takeover = 1 AND acquired_at > $2 ORDER BY acquired_at DESC LIMIT 7`,
		learnerID, now.Add(-takeoverWindow-takeoverCooldown).UnixMicro())
	if err != nil || len(times) <= takeoverLimit {
		return err
	}
	newest, oldest := time.UnixMicro(times[0]), time.UnixMicro(times[takeoverLimit])
	if wait := newest.Add(takeoverCooldown).Sub(now); wait > 0 && newest.Sub(oldest) <= takeoverWindow {
		return errs.New(errs.Limited, "playback.takeover_cooldown").WithRetry(int(wait/time.Second) + 1)
	}
	return nil
}

// endHolder closes what the present holder has open and remembers what it may still claim.
func (s *Service) endHolder(ctx context.Context, tx *sqldb.Tx, st *Study, now int64) error {
	if st.SessionID == "" {
		return nil
	}
	if st.CheckID != "" {
		st.spend(now) // a late beat must not be paid for time in which a check was due
	}
	if err := st.supersede(now); err != nil {
		return err
	}
	if closed, err := bookOpen(ctx, tx, st, now); err != nil || !closed {
		return err
	}
	lesson, err := s.lessons.RevisionTx(ctx, tx, st.LessonID, st.Revision())
	if err != nil {
		return err
	}
	policy, err := s.policy.atTx(ctx, tx, st.LearnerID, st.AcquiredAt)
	if err != nil {
		return err
	}
	_, err = foldProgress(ctx, tx, s.lessons, st.LearnerID, lesson, 0, policy)
	return err
}

// bookOpen appends the open span, if there is one.
func bookOpen(ctx context.Context, tx *sqldb.Tx, st *Study, now int64) (closed bool, err error) {
	var out Outcome
	st.closeSpan(&out)
	if len(out.Closed) == 0 {
		return false, nil
	}
	all, err := deliveredSegments(ctx, tx, st.LearnerID, st.SessionID)
	if err != nil {
		return false, err
	}
	for _, s := range all { // nothing is booked before what it rests on (PB-I3)
		now = max(now, s.at)
	}
	for _, sp := range out.Closed {
		if err := st.bookSpan(st.place(sp), now)(ctx, tx); err != nil {
			return false, err
		}
	}
	return true, nil
}

// acquisition is everything a new epoch begins with.
type acquisition struct {
	lesson     Lesson
	policy     *Policy
	actor      identity.Actor
	deviceName string
	signature  string // of the request, by the device key
	moved      bool   // taken over from another login
}

// begin gives the lease to the actor's device under the next epoch.
func (s *Service) begin(ctx context.Context, tx *sqldb.Tx, st *Study, a acquisition, now int64) (err error) {
	l := a.lesson
	st.Epoch++
	st.SessionID, st.LoginSessionID, st.DeviceID, st.DeviceName = id.New(tx.Now()), a.actor.SessionID, a.actor.DeviceID, a.deviceName
	st.CourseID, st.LessonID, st.MediaID, st.MediaRev = l.CourseID, l.ID, l.MediaID, l.MediaRev
	st.AcquiredAt, st.LastContact, st.ExpiresAt = now, now, now+a.policy.LeaseTTLMS*1000
	st.LastSeq, st.Run, st.Open = 0, Run{}, Span{}
	if st.Threshold > a.policy.CheckMaxMS { // drawn under a policy that allowed more
		st.Threshold = max(threshold(a.policy), st.SinceCheck)
	}
	st.Cursor = max(st.Cursor, now) // nothing before this instant belongs to this epoch (PB-I5)
	if st.Take, err = takeOf(ctx, tx, st.LearnerID, l.ID); err != nil {
		return err
	}
	if st.Final, err = s.isFinal(ctx, tx, st.LearnerID, l); err != nil {
		return err
	}
	carried, err := s.carry(ctx, tx, st, l, a.policy, now)
	if err != nil {
		return err
	}
	seq, hash := st.chain("lease", st.SessionID, st.Epoch, l.ID, l.MediaID, l.MediaRev, st.DeviceID, a.moved, now, a.signature)
	if _, err := tx.Exec(ctx, `INSERT INTO playback_session (id, learner_id, epoch, lesson_id, media_id, media_rev, device_id, device_name,
		signature, acquired_at, takeover, chain_seq, chain_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		st.SessionID, st.LearnerID, st.Epoch, l.ID, l.MediaID, l.MediaRev, st.DeviceID, a.deviceName,
		a.signature, now, flag(a.moved), seq, hash); err != nil {
		return err
	}
	ok, err := saveStudy(ctx, tx, st)
	switch {
	case err != nil:
		return err
	case !ok:
		return errs.New(errs.Conflict, "playback.nonce_stale")
	case carried:
		return s.foldAll(ctx, tx, st, a.policy, []string{l.ID}, 0)
	}
	return nil
}

// isFinal reports whether l is the only lesson of its course that is not fully credited yet.
func (s *Service) isFinal(ctx context.Context, tx *sqldb.Tx, learnerID string, l Lesson) (bool, error) {
	all, err := s.lessons.OfCourseTx(ctx, tx, l.CourseID)
	if err != nil {
		return false, err
	}
	full, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT lesson_id FROM lesson_progress
		WHERE learner_id = $1 AND course_id = $2 AND full_credit = 1`, learnerID, l.CourseID)
	if err != nil {
		return false, err
	}
	have := map[string]bool{l.ID: true}
	for _, f := range full {
		have[f] = true
	}
	for _, o := range all {
		if !have[o.ID] {
			return false, nil
		}
	}
	return true, nil
}

// forget drops the cached learner, so that the next beat reads what was just stored.
func (s *Service) forget(learnerID string) {
	s.beats.cache.drop(learnerID)
}

// threshold draws the credited time after which the next check falls due: uniform in [min, max], never above 900 s.
func threshold(p *Policy) int64 {
	n, err := rand.Int(rand.Reader, big.NewInt(p.CheckMaxMS-p.CheckMinMS+1))
	if err != nil {
		return p.CheckMinMS
	}
	return p.CheckMinMS + n.Int64()
}

// nonce is what the next acquisition of this login must sign; it is worth nothing once the epoch has moved, or once the
// lesson has another revision than the page that is shown.
func (s *Service) nonce(loginSession string, epoch int64, at Revision) string {
	return b64(mac(s.key, "nonce", loginSession, epoch, at.MediaID, at.Rev)[:16])
}

// leaseKey is the heartbeat key of one epoch; it is derived, so any process can check it.
func (s *Service) leaseKey(sessionID string, epoch int64) []byte {
	return mac(s.key, "lease", sessionID, epoch)
}

// LeaseKey is the key under which a session's heartbeats are signed.
func (s *Service) LeaseKey(sessionID string, epoch int64) []byte { return s.leaseKey(sessionID, epoch) }

// token binds media URLs to a session: "session.learner.lesson.epoch.mac".
func (s *Service) token(st *Study) string {
	body := strings.Join([]string{st.SessionID, st.LearnerID, st.LessonID, strconv.FormatInt(st.Epoch, 10)}, ".")
	return body + "." + b64(mac(s.key, "media", body)[:16])
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

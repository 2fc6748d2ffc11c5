package playback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Answer is what a player is told after a heartbeat. Credited is the server's word on the lesson; the page shows nothing else.
type Answer struct {
	Seq           int64      `json:"seq" doc:"Sequence number this answers"`
	State         State      `json:"state" enum:"ok,check,superseded,expired,overspeed,not_delivered,ahead,hidden" doc:"How the beat was taken"`
	GrantedMS     int64      `json:"granted_ms" doc:"Milliseconds credited by this beat"`
	CreditedMS    int64      `json:"credited_ms" doc:"Credited milliseconds of the lesson, provisional ones included"`
	ConfirmedMS   int64      `json:"confirmed_ms" doc:"Confirmed milliseconds of the lesson"`
	ProvisionalMS int64      `json:"provisional_ms" doc:"Credited since the last passed check, over all lessons"`
	Credited      [][2]int64 `json:"credited" doc:"Credited ranges of the lesson, ms"`
	FrontierMS    int64      `json:"frontier_ms" doc:"Furthest credited position: forward seeks end here"`
	ResumeMS      int64      `json:"resume_ms" doc:"First uncredited position"`
	Complete      bool       `json:"complete" doc:"The lesson is credited in full (gaps within tolerance)"`
	NextCheckMS   int64      `json:"next_check_ms" doc:"At most this much credit until the next presence check"`
	PauseAtMS     int64      `json:"pause_at_ms" doc:"Position at which the next check falls due, when it is near; 0 otherwise. The player pauses there by itself"`
	RetryAfterMS  int64      `json:"retry_after_ms" doc:"When to send the next beat"`
	Check         *Check     `json:"check" doc:"The presence check that is due, if any"`
	Missing       []int      `json:"missing_segments" doc:"Segments claimed but never delivered to this session; fetch them again"`
	ServerTime    time.Time  `json:"server_time"`
}

// Submit takes one heartbeat and answers when it is durable. proof is the HMAC of body under the lease key.
// Errors: Unauthenticated "playback.proof_invalid"; Invalid "playback.beat_invalid"; Conflict "playback.no_lease".
func (s *Service) Submit(ctx context.Context, b Beat, body []byte, proof string) (Answer, error) {
	actor, err := identity.Require(ctx, identity.Learner)
	if err != nil {
		return Answer{}, err
	}
	if !s.proven(b, body, proof) {
		return Answer{}, errs.New(errs.Unauthenticated, "playback.proof_invalid")
	}
	if b.From < 0 || b.To < b.From || b.Seq < 1 || b.Run < 0 || b.To > maxMediaMS || b.Seq > maxMediaMS {
		return Answer{}, errs.New(errs.Invalid, "playback.beat_invalid")
	}
	b.LearnerID = actor.PersonID
	it := &item{beat: &b}
	if err := s.beats.submit(ctx, it); err != nil {
		return Answer{}, err
	}
	if it.view.study.CheckID == "" {
		return s.answer(it.out, it.view, b.Seq, nil), nil
	}
	var check *Check
	if it.out.State != StateSuperseded {
		if check, err = s.dueCheck(ctx, actor.PersonID); err != nil {
			return Answer{}, err
		}
	}
	return s.answer(it.out, it.view, b.Seq, check), nil
}

// maxMediaMS bounds positions a player may name: a day.
const maxMediaMS = 24 * 3600 * 1000

func (s *Service) proven(b Beat, body []byte, proof string) bool {
	want, err := base64.RawURLEncoding.DecodeString(proof)
	return err == nil && hmac.Equal(want, hmacSum(s.leaseKey(b.SessionID, b.Epoch), body))
}

// answerTx is answer with the confirmed figure and the due check read in tx.
func (s *Service) answerTx(ctx context.Context, tx *sqldb.Tx, out Outcome, v view) (Answer, error) {
	var check *Check
	if v.study.CheckID != "" {
		row, err := s.ensureCheck(ctx, tx, &v.study)
		if err != nil {
			return Answer{}, err
		}
		check = row.public()
	}
	return s.answer(out, v, v.study.LastSeq, check), nil
}

func (s *Service) answer(out Outcome, v view, seq int64, check *Check) Answer {
	p := v.policy
	total := v.credited.Total()
	a := Answer{
		Seq: seq, State: out.State, GrantedMS: out.Granted, CreditedMS: total, ConfirmedMS: v.confirmed,
		ProvisionalMS: v.study.SinceCheck, Credited: pairs(v.credited), FrontierMS: v.credited.End(),
		ResumeMS: v.credited.FirstGap(v.lesson.DurationMS), Complete: v.finished || v.credited.Complete(v.lesson.DurationMS, p.GapMS, p.TotalMS),
		NextCheckMS: max(0, p.CheckMaxMS-v.study.SinceCheck), RetryAfterMS: p.BeatMS, PauseAtMS: v.study.PauseAt(v.credited, v.lesson.DurationMS, p), Check: check, Missing: out.Missing,
		ServerTime: time.UnixMicro(v.now).UTC(),
	}
	if a.Complete {
		a.ResumeMS = 0
	}
	return a
}

func pairs(s Set) [][2]int64 {
	out := make([][2]int64, len(s))
	for i, r := range s {
		out[i] = [2]int64{r.From, r.To}
	}
	return out
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func hmacSum(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)
}

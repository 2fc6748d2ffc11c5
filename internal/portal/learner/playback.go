package learner

import (
	"context"
	"encoding/base64"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/httpx"
	"xueshi/internal/playback"
	"xueshi/internal/portal/session"
)

// LessonPages composes the lesson page over catalogue, media and playback.
type LessonPages interface {
	Page(ctx context.Context, lessonID string) (LessonPage, error)
	Stretches(ctx context.Context, lessonID string) ([]Stretch, error)
}

// LessonPage is everything the lesson page needs.
type LessonPage struct {
	Lesson      LessonInfo      `json:"lesson"`
	Course      CourseInfo      `json:"course"`
	Media       MediaInfo       `json:"media"`
	Progress    ProgressInfo    `json:"progress"`
	Lease       LeaseInfo       `json:"lease"`
	Nonce       string          `json:"nonce" doc:"To be signed when acquiring"`
	Check       *playback.Check `json:"check"`
	NextCheckMS int64           `json:"next_check_ms"`
}

// LessonInfo is the lesson itself.
type LessonInfo struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Chapter    string   `json:"chapter"`
	Number     int64    `json:"number"`
	DurationMS int64    `json:"duration_ms"`
	Points     []string `json:"points"`
	Handout    string   `json:"handout"`
}

// CourseInfo is the course with its outline.
type CourseInfo struct {
	ID      string        `json:"id"`
	Title   string        `json:"title"`
	Subject string        `json:"subject" enum:"public,professional"`
	Hours   string        `json:"hours"`
	Teacher string        `json:"teacher"`
	Bio     string        `json:"teacher_bio"`
	Outline []OutlineItem `json:"outline"`
}

// OutlineItem is one lesson of the outline.
type OutlineItem struct {
	ID         string `json:"id"`
	Chapter    string `json:"chapter"`
	Title      string `json:"title"`
	DurationMS int64  `json:"duration_ms"`
	State      string `json:"state" enum:"done,learning,new,locked"`
}

// MediaInfo is where captions and pictures are.
type MediaInfo struct {
	Rev         int64       `json:"rev" doc:"Revision: positions mean something in one only"`
	CaptionsURL string      `json:"captions_url"`
	PosterURL   string      `json:"poster_url"`
	ThumbsURL   string      `json:"thumbs_url" doc:"WebVTT of small pictures for the timeline; empty when there are none"`
	Slides      []SlideInfo `json:"slides"`
	Renditions  []Rendition `json:"renditions" doc:"Lowest picture first, the sound alone last; empty when there is one encoding only"`
}

// Rendition is a folder beside the playlist, for whoever wants to choose.
type Rendition struct {
	Name      string `json:"name"`
	AudioOnly bool   `json:"audio_only"`
}

// SlideInfo is a slide on the timeline.
type SlideInfo struct {
	Title   string `json:"title"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
}

// ProgressInfo is the server's word on the lesson.
type ProgressInfo struct {
	Credited    [][2]int64 `json:"credited"`
	CreditedMS  int64      `json:"credited_ms"`
	ConfirmedMS int64      `json:"confirmed_ms"`
	FrontierMS  int64      `json:"frontier_ms"`
	ResumeMS    int64      `json:"resume_ms"`
	Complete    bool       `json:"complete"`
	Checks      []int64    `json:"checks_ms" doc:"Positions at which a presence check was passed"`
}

// LeaseInfo says where the account is playing now.
type LeaseInfo struct {
	State      string     `json:"state" enum:"free,mine,elsewhere"`
	DeviceName string     `json:"device_name"`
	Since      *time.Time `json:"since"`
}

// Stretch is a piece of a lesson with its status and reason.
type Stretch struct {
	FromMS int64  `json:"from_ms"`
	ToMS   int64  `json:"to_ms"`
	Status string `json:"status" enum:"confirmed,provisional,uncredited"`
	Reason string `json:"reason" enum:"check,overspeed,not_delivered,ahead,hidden,not_watched,"`
}

// Acquired is the lease as its holder gets it.
type Acquired struct {
	SessionID   string          `json:"session_id"`
	Epoch       int64           `json:"epoch"`
	LeaseKey    string          `json:"lease_key" doc:"base64url HMAC-SHA256 key for X-Lease-Proof"`
	PlaylistURL string          `json:"playlist_url"`
	BeatMS      int64           `json:"beat_ms"`
	TTLMS       int64           `json:"ttl_ms"`
	Answer      playback.Answer `json:"answer"`
}

type lessonIn struct {
	ID string `path:"id" maxLength:"40"`
}

type acquireIn struct {
	Body struct {
		LessonID  string `json:"lesson_id" maxLength:"40"`
		Nonce     string `json:"nonce" maxLength:"60"`
		Takeover  bool   `json:"takeover"`
		Signature string `json:"signature" maxLength:"120"`
	}
}

type answerIn struct {
	Body struct {
		CheckID   string   `json:"check_id" maxLength:"40"`
		Nonce     string   `json:"nonce" maxLength:"60"`
		Answers   []string `json:"answers" maxItems:"2"`
		Signature string   `json:"signature" maxLength:"120"`
	}
}

// Answered is what an answer to a check led to.
type Answered struct {
	Result string          `json:"result" enum:"passed,wrong,reopened"`
	Check  *playback.Check `json:"check"`
}

// Due is the due check, or null.
type Due struct {
	Check *playback.Check `json:"check"`
}

func (s Services) playback(mux *http.ServeMux, api huma.API) {
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/lessons/{id}", Summary: "Everything the lesson page needs"},
		func(ctx context.Context, in *lessonIn) (*httpx.Body[LessonPage], error) {
			p, err := s.Lessons.Page(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return httpx.OK(p)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/lessons/{id}/stretches", Summary: "Every second of a lesson with its status and reason"},
		func(ctx context.Context, in *lessonIn) (*httpx.Body[httpx.Page[Stretch]], error) {
			st, err := s.Lessons.Stretches(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return httpx.OK(httpx.Page[Stretch]{Items: st})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/learner/playback/acquire", Summary: "Take the study lease for a lesson"}, s.acquire)
	httpx.Handle(api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/playback/check", Summary: "The presence check that is due"},
		func(ctx context.Context, _ *struct{}) (*httpx.Body[Due], error) {
			c, err := s.Playback.DueCheck(ctx)
			if err != nil {
				return nil, err
			}
			return httpx.OK(Due{c})
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/learner/playback/check/another", Summary: "Another kind of task"},
		func(ctx context.Context, in *struct {
			Body struct {
				CheckID string `json:"check_id" maxLength:"40"`
			}
		}) (*httpx.Body[playback.Check], error) {
			c, err := s.Playback.Another(ctx, in.Body.CheckID)
			if err != nil {
				return nil, err
			}
			return httpx.OK(*c)
		})
	httpx.Handle(api, huma.Operation{Method: http.MethodPost, Path: "/api/learner/playback/check/answer", Summary: "Answer a presence check"},
		func(ctx context.Context, in *answerIn) (*httpx.Body[Answered], error) {
			r, err := s.Playback.AnswerCheck(ctx, playback.CheckAnswer{CheckID: in.Body.CheckID, Nonce: in.Body.Nonce, Answers: in.Body.Answers, Signature: in.Body.Signature})
			if err != nil {
				return nil, err
			}
			return httpx.OK(Answered{r.Result, r.Check})
		})
	httpx.Plain(mux, api, huma.Operation{Method: http.MethodGet, Path: "/api/learner/playback/check/{id}/{file}", Summary: "Picture (N.png) or recording (N.wav) of a code task",
		Responses: httpx.FileAnswer("The picture or the recording", "image/png", "audio/wav")}, s.code)
	httpx.Plain(mux, api, beatOperation(api), s.beat)
}

func (s Services) acquire(ctx context.Context, in *acquireIn) (*httpx.Body[Acquired], error) {
	l, err := s.Playback.Acquire(ctx, playback.Acquire{LessonID: in.Body.LessonID, Nonce: in.Body.Nonce, Takeover: in.Body.Takeover, Signature: in.Body.Signature})
	if err != nil {
		return nil, err
	}
	return httpx.OK(Acquired{SessionID: l.SessionID, Epoch: l.Epoch, LeaseKey: base64.RawURLEncoding.EncodeToString(l.Key),
		PlaylistURL: "/media/" + l.Token + "/index.m3u8", BeatMS: l.Policy.BeatMS, TTLMS: l.Policy.LeaseTTLMS, Answer: l.Answer})
}

// Beat is a heartbeat on the wire. Nothing in it is authority: no duration, no percentage, no wall-clock time.
type Beat struct {
	SessionID  string `json:"session_id" maxLength:"40"`
	Epoch      int64  `json:"epoch"`
	Seq        int64  `json:"seq"`
	Run        int64  `json:"run"`
	FromMS     int64  `json:"from_ms"`
	ToMS       int64  `json:"to_ms"`
	State      string `json:"state" enum:"playing,paused,seeking,stalled,ended,hidden,closed"`
	Visible    bool   `json:"visible"`
	BufferedMS int64  `json:"buffered_ms"`
	StalledMS  int64  `json:"stalled_ms"`
	MonoMS     int64  `json:"mono_ms"`
}

const beatLimit = 1024

// beat is the hot path: a plain handler, decoded strictly.
func (s Services) beat(w http.ResponseWriter, r *http.Request) {
	buf := buffers.Get().(*[2 * beatLimit]byte)
	defer buffers.Put(buf)
	body, err := readBeat(r.Body, buf[:beatLimit+1])
	if err != nil {
		httpx.WriteProblem(w, r, errs.New(errs.Invalid, "request.too_large").WithCause(err))
		return
	}
	b, err := decodeBeat(body)
	if err != nil || !states[b.State] || len(b.SessionID) > 40 {
		httpx.WriteProblem(w, r, errs.New(errs.Invalid, "playback.beat_invalid").WithCause(err))
		return
	}
	a, err := s.Playback.Submit(r.Context(), playback.Beat{SessionID: b.SessionID, Epoch: b.Epoch, Seq: b.Seq, Run: b.Run, From: b.FromMS, To: b.ToMS,
		State: b.State, Visible: b.Visible}, body, r.Header.Get("X-Lease-Proof"))
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	out := a.AppendJSON(buf[:0]) // the body has been used
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(out))}
	_, _ = w.Write(out)
}

var jsonType = []string{"application/json"}

var states = map[string]bool{playback.Playing: true, playback.Paused: true, playback.Seeking: true, playback.Stalled: true, playback.Ended: true, playback.Hidden: true, playback.Closed: true}

// beatOperation describes the heartbeat with the types it uses.
func beatOperation(api huma.API) huma.Operation {
	reg := api.OpenAPI().Components.Schemas
	body := func(schema *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	return huma.Operation{OperationID: "post-beat", Method: http.MethodPost, Path: session.BeatPath, Summary: "One heartbeat",
		Parameters: []*huma.Param{{Name: "X-Lease-Proof", In: "header", Required: true, Schema: &huma.Schema{Type: "string"},
			Description: "base64url HMAC-SHA256 of the body under the lease key"}},
		RequestBody: &huma.RequestBody{Required: true, Content: body(reg.Schema(reflect.TypeFor[Beat](), true, "Beat"))},
		Responses: map[string]*huma.Response{
			"200":     {Description: "How it was taken", Content: body(reg.Schema(reflect.TypeFor[playback.Answer](), true, "Answer"))},
			"default": {Description: "A problem (RFC 9457)"},
		}}
}

// code serves the picture or the recording of a code task.
func (s Services) code(w http.ResponseWriter, r *http.Request) {
	name, kind, _ := strings.Cut(r.PathValue("file"), ".")
	no, err := strconv.Atoi(name)
	var body []byte
	switch {
	case err != nil:
		err = errs.New(errs.NotFound, "playback.check_gone")
	case kind == "png":
		w.Header().Set("Content-Type", "image/png")
		body, err = s.Playback.CodeImage(r.Context(), r.PathValue("id"), no)
	case kind == "wav":
		w.Header().Set("Content-Type", "audio/wav")
		body, err = s.Playback.CodeAudio(r.Context(), r.PathValue("id"), no)
	default:
		err = errs.New(errs.NotFound, "playback.check_gone")
	}
	if err != nil {
		httpx.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

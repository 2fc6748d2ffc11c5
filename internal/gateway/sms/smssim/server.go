package smssim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"xueshi/internal/kernel/clock"
	"xueshi/internal/kernel/id"
)

// Message is one that the service took.
type Message struct {
	Phone      string    `json:"phone"`
	SignName   string    `json:"sign_name"`
	Template   string    `json:"template"`
	Purpose    string    `json:"purpose"`
	Code       string    `json:"code"`
	OutID      string    `json:"out_id"`
	BizID      string    `json:"biz_id"`
	AcceptedAt time.Time `json:"accepted_at"`
}

// Options of a server.
type Options struct {
	Clock     clock.Clock
	Keys      map[string]string // access key id → secret
	SignName  string
	Templates map[string]string // template code → the purpose it stands for; each has the one variable ${code}
	// Limits of one sign name and phone; zero is no limit. The real service gives codes 1 a minute, 5 an hour, 10 a day.
	PerMinute, PerHour, PerDay int
	Log                        bool // write codes to the log: only the demo city does
}

// Server is the service.
type Server struct {
	Options
	clk  clock.Clock
	keys map[string]string
	http *http.Server
	url  string
	quit chan struct{}

	mu     sync.Mutex
	nonces map[string]time.Time
	inbox  []Message
	faults []Fault
	calls  map[string]int
}

// Listen starts a server on a loopback port of its own.
func Listen(o Options) (*Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Options: o, clk: o.Clock, keys: o.Keys, url: "http://" + ln.Addr().String(), nonces: map[string]time.Time{}, calls: map[string]int{}, quit: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serve)
	mux.HandleFunc("GET /_sim/inbox", s.showInbox)
	mux.HandleFunc("POST /_sim/faults", s.takeFaults)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			slog.Error("sms simulator", "error", err.Error())
		}
	}()
	return s, nil
}

// URL is the endpoint.
func (s *Server) URL() string { return s.url }

// Close ends it; calls that are being delayed are cut off.
func (s *Server) Close() error {
	close(s.quit)
	return s.http.Close()
}

// serve is the front door: identification first, then the fault that was ordered, then the action.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		return
	}
	if bad := s.verify(r, body); bad != nil {
		s.reply(w, bad.status, map[string]any{"Code": bad.code, "Message": bad.message, "HostId": r.Host})
		return
	}
	params := r.URL.Query()
	if form, err := url.ParseQuery(string(body)); err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		for k, v := range form {
			params[k] = v
		}
	}
	action := r.Header.Get("X-Acs-Action")
	if r.Header.Get("X-Acs-Version") != "2017-05-25" {
		action = ""
	}
	act := map[string]func(url.Values) (int, map[string]any){"SendSms": s.sendSMS, "QuerySendDetails": s.querySendDetails}[action]
	if act == nil {
		s.reply(w, 404, map[string]any{"Code": "InvalidAction.NotFound", "Message": "Specified api is not found, please check your url and method.", "HostId": r.Host})
		return
	}
	f := s.nextFault(action)
	if f.Kind != "" && !f.AfterAccepting {
		s.misbehave(w, r.Context(), f)
		return
	}
	status, out := act(params)
	if f.Kind != "" {
		s.misbehave(w, r.Context(), f)
		return
	}
	s.reply(w, status, out)
}

func (s *Server) reply(w http.ResponseWriter, status int, out map[string]any) {
	out["RequestId"] = strings.ToUpper(id.New(s.clk.Now()))
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

// take puts a message into the inbox.
func (s *Server) take(m Message) {
	s.inbox = append(s.inbox, m)
	if s.Log {
		slog.InfoContext(context.Background(), "simulated sms", "to", m.Phone, "purpose", m.Purpose, "code", m.Code)
	}
}

// Inbox is everything that was sent, oldest first.
func (s *Server) Inbox() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message{}, s.inbox...)
}

// Code is the last code sent to phone for purpose.
func (s *Server) Code(phone, purpose string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.inbox) - 1; i >= 0; i-- {
		if m := s.inbox[i]; m.Phone == phone && m.Purpose == purpose {
			return m.Code
		}
	}
	return ""
}

// Calls counts the calls of an action that passed the front door.
func (s *Server) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[action]
}

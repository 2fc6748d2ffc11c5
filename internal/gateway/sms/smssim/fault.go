package smssim

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Fault is an ordered misbehaviour for the next calls.
type Fault struct {
	// Kind: error (HTTP 500), throttle, balance, garbage, empty, cut (the connection ends without an answer), delay, hang.
	Kind string `json:"kind"`
	// Times is for how many calls; 0 counts as 1.
	Times int `json:"times"`
	// AfterAccepting does the work first: the message is sent, and the caller does not hear of it.
	AfterAccepting bool `json:"after_accepting"`
	// Action narrows it to SendSms or QuerySendDetails; empty is both.
	Action string `json:"action"`
	// DelayMS is how long "delay" waits before it answers with an error.
	DelayMS int `json:"delay_ms"`
}

// Fail orders faults, replacing those that still stand.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	for _, f := range faults {
		f.Times = max(1, f.Times)
		s.faults = append(s.faults, f)
	}
}

// nextFault counts the call and takes the fault that is meant for it.
func (s *Server) nextFault(action string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[action]++
	for i := range s.faults {
		if f := &s.faults[i]; f.Times > 0 && (f.Action == "" || f.Action == action) {
			f.Times--
			return *f
		}
	}
	return Fault{}
}

func (s *Server) misbehave(w http.ResponseWriter, ctx context.Context, f Fault) {
	switch f.Kind {
	case "throttle":
		s.reply(w, 400, map[string]any{"Code": "Throttling.User", "Message": "Request was denied due to user flow control."})
	case "balance":
		s.reply(w, 200, map[string]any{"Code": "isv.AMOUNT_NOT_ENOUGH", "Message": "账户余额不足"})
	case "garbage":
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>gateway login</body></html>"))
	case "empty":
		w.WriteHeader(http.StatusOK)
	case "cut":
		panic(http.ErrAbortHandler)
	case "hang", "delay":
		wait := time.Duration(f.DelayMS) * time.Millisecond
		if f.Kind == "hang" {
			wait = time.Hour
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		case <-s.quit:
		}
		fallthrough
	default:
		s.reply(w, 500, map[string]any{"Code": "InternalError", "Message": "The request processing has failed due to some unknown error."})
	}
}

// takeFaults orders faults over HTTP. The header keeps other sites' pages in a browser on this machine out.
func (s *Server) takeFaults(w http.ResponseWriter, r *http.Request) {
	var faults []Fault
	if r.Header.Get("X-Requested-With") != "xueshi" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<10)).Decode(&faults); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.Fail(faults...)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) showInbox(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Requested-With") != "xueshi" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.Inbox())
}

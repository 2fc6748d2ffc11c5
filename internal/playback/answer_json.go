package playback

import (
	"encoding/json"
	"strconv"
	"time"
)

// AppendJSON appends the answer as encoding/json writes it, with a line end. It is written by hand because every
// heartbeat has one; a test holds it against encoding/json.
func (a *Answer) AppendJSON(b []byte) []byte {
	num := func(name string, n int64) {
		b = strconv.AppendInt(append(b, name...), n, 10)
	}
	num(`{"seq":`, a.Seq)
	b = append(append(append(b, `,"state":"`...), a.State...), '"') // a State is one of ours: nothing to escape
	num(`,"granted_ms":`, a.GrantedMS)
	num(`,"credited_ms":`, a.CreditedMS)
	num(`,"confirmed_ms":`, a.ConfirmedMS)
	num(`,"provisional_ms":`, a.ProvisionalMS)
	b = appendPairs(append(b, `,"credited":`...), a.Credited)
	num(`,"frontier_ms":`, a.FrontierMS)
	num(`,"resume_ms":`, a.ResumeMS)
	b = strconv.AppendBool(append(b, `,"complete":`...), a.Complete)
	num(`,"next_check_ms":`, a.NextCheckMS)
	num(`,"pause_at_ms":`, a.PauseAtMS)
	num(`,"retry_after_ms":`, a.RetryAfterMS)
	b = append(b, `,"check":`...)
	if a.Check == nil {
		b = append(b, "null"...)
	} else {
		check, err := json.Marshal(a.Check)
		if err != nil {
			panic(err) // texts, numbers and times of our own: they always encode
		}
		b = append(b, check...)
	}
	b = appendInts(append(b, `,"missing_segments":`...), a.Missing)
	b = a.ServerTime.AppendFormat(append(b, `,"server_time":"`...), time.RFC3339Nano)
	return append(b, '"', '}', '\n')
}

func appendPairs(b []byte, pairs [][2]int64) []byte {
	if pairs == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), p[0], 10)
		b = append(strconv.AppendInt(append(b, ','), p[1], 10), ']')
	}
	return append(b, ']')
}

func appendInts(b []byte, ints []int) []byte {
	if ints == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, n := range ints {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, ']')
}

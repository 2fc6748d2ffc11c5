package notify

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Message is one thing a person was told.
type Message struct {
	ID        string         `json:"id"`
	Template  string         `json:"template" doc:"Name of the sentence in the reader's catalogue"`
	Kind      string         `json:"kind" enum:"study,account,question,reminder"`
	Params    map[string]any `json:"params" doc:"Texts and whole numbers the sentence needs"`
	CreatedAt time.Time      `json:"created_at"`
	ReadAt    *time.Time     `json:"read_at"`
}

// Reminder is the kind of message a person may switch off.
const Reminder = "reminder"

// template says what a message of its name is about and needs.
type template struct {
	Kind   string   `json:"kind"`
	Params []string `json:"params"`
}

//go:embed templates.json
var templatesJSON []byte

var templates = func() (t map[string]template) {
	if err := json.Unmarshal(templatesJSON, &t); err != nil {
		panic(err) // embedded at build time; any test finds it
	}
	return t
}()

// maxText bounds a text parameter: a long title is cut, it must not undo the act the message tells of.
const maxText = 200

// encode checks params against the template and writes them as JSON. A wrong call is a mistake in the program, not in a request.
func (t template) encode(name string, params map[string]any) (string, error) {
	if t.Kind == "" {
		return "", fmt.Errorf("notify: no template %q", name)
	}
	out := make(map[string]any, len(t.Params))
	for _, p := range t.Params {
		switch v := params[p].(type) {
		case string:
			if utf8.RuneCountInString(v) > maxText {
				v = string([]rune(v)[:maxText-1]) + "…"
			}
			out[p] = v
		case int, int64:
			out[p] = v
		default:
			return "", fmt.Errorf("notify: template %s wants %s as a text or a whole number, got %T", name, p, v)
		}
	}
	if len(params) != len(out) {
		return "", fmt.Errorf("notify: template %s takes %v and nothing else", name, t.Params)
	}
	raw, err := json.Marshal(out)
	return string(raw), err
}

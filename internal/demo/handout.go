package demo

import (
	"fmt"
	"strings"
)

// handout is a lesson's own summary, not its speech: what to keep, a list to work by, and questions to ask oneself.
type handout struct {
	Points    []string `json:"points"`
	ListTitle string   `json:"list_title"`
	List      []string `json:"list"`
	Test      []struct {
		Question string `json:"q"`
		Answer   string `json:"a"`
	} `json:"test"`
}

// text is the handout as the lesson page shows it: lines, with a blank line between the parts.
func (h handout) text() string {
	var b strings.Builder
	b.WriteString("要点\n")
	for _, p := range h.Points {
		fmt.Fprintf(&b, "· %s\n", p)
	}
	fmt.Fprintf(&b, "\n%s\n", h.ListTitle)
	for n, step := range h.List {
		fmt.Fprintf(&b, "%d. %s\n", n+1, step)
	}
	b.WriteString("\n自测\n")
	for _, t := range h.Test {
		fmt.Fprintf(&b, "问：%s\n答：%s\n", t.Question, t.Answer)
	}
	return strings.TrimSpace(b.String())
}

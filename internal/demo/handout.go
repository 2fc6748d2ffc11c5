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
	headings handoutHeadings
}

// handoutHeadings are the words between the parts of every handout.
type handoutHeadings struct {
	Points   string `json:"points"`
	Test     string `json:"test"`
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

// text is the handout as the lesson page shows it: lines, with a blank line between the parts.
func (h handout) text() string {
	var b strings.Builder
	b.WriteString(h.headings.Points + "\n")
	for _, p := range h.Points {
		fmt.Fprintf(&b, "· %s\n", p)
	}
	fmt.Fprintf(&b, "\n%s\n", h.ListTitle)
	for n, step := range h.List {
		fmt.Fprintf(&b, "%d. %s\n", n+1, step)
	}
	b.WriteString("\n" + h.headings.Test + "\n")
	for _, t := range h.Test {
		fmt.Fprintf(&b, "%s%s\n%s%s\n", h.headings.Question, t.Question, h.headings.Answer, t.Answer)
	}
	return strings.TrimSpace(b.String())
}

// Command check proves that the demo city's media belong together: what the manifests, captions, slides and questions say
// against what ffprobe and ffmpeg find in the files, and against what eSpeak NG says when it is given the captions again.
// It shares no code with the maker. The part that needs no tools is also a Go test of this package.
//
//	go run ./demo/check [-root demo] [lesson …]
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

// report gathers what is wrong; every check goes on after a failure, so that one run tells everything.
type report struct {
	where string
	lines []string
}

func (r *report) fail(format string, args ...any) {
	r.lines = append(r.lines, r.where+": "+fmt.Sprintf(format, args...))
}

// expect fails unless ok.
func (r *report) expect(ok bool, format string, args ...any) {
	if !ok {
		r.fail(format, args...)
	}
}

// most are the first faults and how many follow: a lesson whose frames are off has one fault for each.
func (r *report) most() []string {
	const show = 20
	if len(r.lines) <= show {
		return r.lines
	}
	return append(r.lines[:show:show], fmt.Sprintf("%s: … and %d more", r.where, len(r.lines)-show))
}

func main() {
	root := flag.String("root", "demo", "folder with courses.json, media and audio")
	flag.Parse()
	r := &report{where: "sources"}
	src := load(r, os.DirFS(*root))
	checkSources(r, src)
	for _, c := range src.Courses {
		for _, l := range c.Lessons {
			if flag.NArg() > 0 && !slices.Contains(flag.Args(), l.ID) {
				continue
			}
			one := &report{where: l.ID}
			measured := checkMedia(one, *root, l, src)
			fmt.Printf("%s %s\n", l.ID, measured)
			r.lines = append(r.lines, one.most()...)
		}
	}
	for _, line := range r.lines {
		fmt.Fprintln(os.Stderr, line)
	}
	if len(r.lines) > 0 {
		fmt.Fprintf(os.Stderr, "%d faults\n", len(r.lines))
		os.Exit(1)
	}
	fmt.Println("the media belong together")
}

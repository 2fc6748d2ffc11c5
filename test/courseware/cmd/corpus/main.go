// Command corpus makes the defect corpus of courseware, has the inspector look at every clip, and writes what came of it.
//
//	corpus [-dir CACHE] [-quick | -only "CLIP;CLIP"] [-v] [-out bench/courseware] [-speed] [-hours]
//	corpus -costs            only how long files are measured, as JSON
//	corpus -measure FILE     used by the command itself
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"xueshi/internal/gateway/ffmpeg"
	"xueshi/internal/media"
	"xueshi/test/courseware"
)

var (
	dir     = flag.String("dir", "", "where clips are kept; empty = XUESHI_COURSEWARE, or the user's cache")
	only    = flag.String("only", "", "clips to check, separated by semicolons; empty = all")
	quick   = flag.Bool("quick", false, "only the clips that every test run checks")
	verbose = flag.Bool("v", false, "print what was measured of clips that went wrong, or of those named")
	out     = flag.String("out", "", "write the table here, with .md and .json behind it")
	speed   = flag.Bool("speed", false, "measure a lesson of 10 minutes too")
	hours   = flag.Bool("hours", false, "measure a lesson of 3 hours too; it is made for it (3.5 GB) and removed")
	costs   = flag.Bool("costs", false, "print the cost of -speed and -hours as JSON, and do nothing else")
	measure = flag.String("measure", "", "measure this file, print what it cost as JSON, and do nothing else")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if *measure != "" {
		c, err := courseware.Measure(ctx, ffmpeg.NewInspector(), *measure)
		return errors.Join(err, json.NewEncoder(os.Stdout).Encode(c))
	}
	if *costs {
		rep := report{}
		return errors.Join(rep.measureLong(ctx), json.NewEncoder(os.Stdout).Encode(rep.Long))
	}
	var names []string
	if *quick {
		names = courseware.QuickNames()
	}
	if *only != "" {
		names = strings.Split(*only, ";")
	}
	r, err := courseware.Run(ctx, ffmpeg.NewInspector(), media.Judge, *dir, names...)
	if err != nil {
		return err
	}
	rep := newReport(r)
	if err := rep.measureLong(ctx); err != nil {
		return err
	}
	tell(r)
	fmt.Print(rep.head())
	if *out != "" {
		if err := rep.write(*out); err != nil {
			return err
		}
	}
	if len(rep.Problems) > 0 {
		return errors.New(strings.Join(rep.Problems, "\n"))
	}
	return nil
}

// tell prints the clips that went wrong, and those asked for by name.
func tell(r *courseware.Result) {
	for i := range r.Clips {
		c := &r.Clips[i]
		if c.Good() && *only == "" {
			continue
		}
		fmt.Println(c.Story())
		if *verbose {
			raw, _ := json.Marshal(c.Measured)
			fmt.Printf("\t%s\n", raw)
		}
	}
}

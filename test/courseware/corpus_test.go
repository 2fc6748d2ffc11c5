package courseware

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"xueshi/internal/gateway/ffmpeg"
	"xueshi/internal/media"
)

// TestCorpus holds the inspector to the corpus: a subset in every run, all of it with XUESHI_SOAK.
func TestCorpus(t *testing.T) {
	if !ffmpeg.Installed() {
		t.Fatal("ffmpeg, ffprobe or prlimit is missing: scripts/install-test-tools.sh installs them")
	}
	names := QuickNames()
	if os.Getenv("XUESHI_SOAK") != "" {
		names = nil
	}
	began := time.Now()
	r, err := Run(context.Background(), ffmpeg.NewInspector(), media.Judge, "", names...)
	if err != nil {
		t.Fatalf("%v (scripts/install-test-tools.sh installs what is needed)", err)
	}
	f := r.Figures()
	t.Logf("%d clips in %s: %+v", len(r.Clips), time.Since(began).Round(time.Second), f)
	for i := range r.Clips {
		if c := &r.Clips[i]; !c.Good() {
			t.Log(c.Story())
		}
	}
	for _, p := range f.Problems() {
		t.Error(p)
	}
}

// TestCorpusIsLargeEnough holds the corpus to what it has to be.
func TestCorpusIsLargeEnough(t *testing.T) {
	names, kinds := map[string]bool{}, map[string]int{}
	defective, clean, quick := 0, 0, 0
	for _, c := range Clips() {
		if names[c.Name] {
			t.Errorf("two clips are called %q", c.Name)
		}
		names[c.Name] = true
		if len(c.Must) == 0 {
			clean++
		} else {
			defective++
		}
		if c.Quick {
			quick++
		}
		for _, d := range c.Must {
			kinds[d.Kind]++
		}
	}
	if defective < LeastDefective || clean < LeastClean || quick < 20 {
		t.Errorf("%d clips with a defect, %d without, %d quick ones", defective, clean, quick)
	}
	for _, k := range media.Kinds {
		if strings.HasSuffix(k.Name, "_spread") { // of a course, not of a clip
			continue
		}
		if kinds[k.Name] == 0 {
			t.Errorf("no clip has a %s", k.Name)
		}
		delete(kinds, k.Name)
	}
	for k := range kinds {
		if !strings.HasSuffix(k, "_spread") {
			t.Errorf("no finding is called %q", k)
		}
	}
}

package courseware

import (
	"context"
	"fmt"
	"strings"

	"xueshi/internal/media"
)

// Clip is one file of the corpus: how it is made, and what is wrong with it.
type Clip struct {
	Name    string
	Profile media.Profile // empty: video
	Seconds float64       // 0: 12
	Picture Picture
	Sound   Sound
	Mux     Mux
	Policy  func(*media.InspectionPolicy) // what differs from the corpus's policy; nil: nothing

	Must  []Defect // what was put in; all of it has to be found
	May   []string // kinds that the recipe brings along; neither finding them nor missing them counts
	Sync  *float64 // offset that sync marks were made with, ms, + = sound early; nil: without marks
	Quick bool     // in the subset that every test run checks
}

// Defect is a finding that has to be there.
type Defect struct {
	Kind         string
	Severity     media.Severity // empty: either
	FromMS, ToMS int64          // both 0: the whole file, or wherever it is
	ToleranceMS  int64
}

// Mux is how picture and sound come together.
type Mux struct {
	Ext          string  // empty: mp4
	Options      string  // of the muxer, bitstream filters among them; no option holds a space
	Loop         int     // how often both are repeated, copied as they are
	SoundLaterMS float64 // the sound's stream begins later than the picture's, cut at the same end
	Joined       string  // a second file of the same recipe joined behind, byte by byte: options of its muxer
}

func whole(kinds ...string) (out []Defect) {
	for _, k := range kinds {
		out = append(out, Defect{Kind: k})
	}
	return out
}

// at is a defect in a piece of the time line, ms; edges are found to a fifth of a second.
func at(kind string, from, to int64) []Defect {
	return []Defect{{Kind: kind, FromMS: from, ToMS: to, ToleranceMS: 200}}
}

// roughly is a defect of a curve that is measured by seconds.
func roughly(kind string, from, to int64) []Defect {
	return []Defect{{Kind: kind, FromMS: from, ToMS: to, ToleranceMS: 1500}}
}

func (c *Clip) seconds() float64 {
	if c.Seconds == 0 {
		return 12
	}
	return c.Seconds
}

func (c *Clip) profile() media.Profile {
	if c.Profile == "" {
		return media.Video
	}
	return c.Profile
}

// policy is the default one but for the shortest duration: a corpus of lessons of three minutes would take hours to make, and
// clips that are about duration ask for their own.
func (c *Clip) policy() *media.InspectionPolicy {
	p := media.DefaultInspectionPolicy
	p.Video.DurationMinS, p.Slides.DurationMinS = 5, 5
	if c.Policy != nil {
		c.Policy(&p)
	}
	return &p
}

// Make gives the path of the clip, which is made unless it is there already.
func (c *Clip) Make(ctx context.Context, w *Workshop) (string, error) {
	j := &job{ctx: ctx, w: w}
	name := c.Mux.make(j, c)
	if j.err != nil {
		return "", fmt.Errorf("clip %q: %w", c.Name, j.err)
	}
	return w.Path(name), nil
}

func (m Mux) make(j *job, c *Clip) string {
	args := []string{"-stream_loop", fmt.Sprint(m.Loop), "-i", c.Picture.make(j, c.seconds())}
	streams := []string{"-map", "0:v"}
	if !c.Sound.None {
		args = append(args, "-itsoffset", fmt.Sprint(m.SoundLaterMS/1000), "-stream_loop", fmt.Sprint(m.Loop), "-i", c.Sound.make(j, c.seconds()-m.SoundLaterMS/1000))
		streams = append(streams, "-map", "1:a")
	}
	args = append(append(args, streams...), "-c", "copy")
	first := j.ffmpeg(or(m.Ext, "mp4"), append(args, strings.Fields(m.Options)...)...)
	if m.Joined == "" {
		return first
	}
	second := j.ffmpeg(or(m.Ext, "mp4"), append(args, strings.Fields(m.Joined)...)...)
	return j.joined(first, second)
}

// Package signal measures decoded pictures and sound: pure functions of what comes through a pipe. It keeps a few numbers a
// frame, so that a lesson of hours needs megabytes.
package signal

import (
	"math"
	"slices"

	"xueshi/internal/media"
)

// The size of the pictures it looks at, whatever the lesson's shape: small enough to be quick, large enough to see a pointer move.
const (
	Width      = 320
	Height     = 180
	FrameBytes = Width * Height * 3 / 2 // planes of luma and, at half the size, chroma; 8-bit video levels
)

const (
	blackLevel  = 32   // luma of a pixel that looks black
	blackShare  = 0.98 // of a picture that is black
	blackColour = 6    // mean distance from neutral: a dark blue slide is no black
	stillLevel  = 1.2  // how much a block may differ by the encoder's noise while nothing moves, levels
	grainLevel  = 0.2  // what a camera's grain changes from frame to frame though nothing moves (freezedetect: 0.001 of 255)
	minBlackMS  = 100
	minFreezeMS = 2000
)

// frame is what is kept of a picture.
type frame struct {
	luma, contrast, saturation, gamut, cast float32
	dx, dy                                  float32 // movement since the frame before, pixels of the small picture
	change                                  float32 // of the block that changed most since the frame before, levels
	black, still                            bool    // still: no block differs from the frame at which the picture stopped
}

// Picture looks at a lesson's pictures as they come.
type Picture struct {
	frames    []frame
	prev, ref []byte
	motion    motion
}

// NewPicture begins with a file.
func NewPicture() *Picture { return &Picture{} }

// Frames is how many it has seen.
func (p *Picture) Frames() int { return len(p.frames) }

// Write takes the next picture of FrameBytes.
func (p *Picture) Write(yuv []byte) {
	f := colours(yuv)
	luma := yuv[:Width*Height]
	if p.prev == nil {
		p.prev, p.ref = slices.Clone(luma), slices.Clone(luma)
		p.frames = append(p.frames, f)
		return
	}
	f.change = largestChange(p.prev, luma)
	f.still = largestChange(p.ref, luma) < stillLevel
	if !f.still {
		copy(p.ref, luma)
	}
	if f.change >= stillLevel/2 {
		f.dx, f.dy = p.motion.between(p.prev, luma)
	}
	copy(p.prev, luma)
	p.frames = append(p.frames, f)
}

// The blocks in which change is looked for.
const (
	blockWidth  = 16
	blockHeight = 15
)

// largestChange is the mean difference of the block that differs most.
func largestChange(a, b []byte) float32 {
	worst := 0
	for y := 0; y < Height; y += blockHeight {
		var sums [Width / blockWidth]int
		for row := y; row < y+blockHeight; row++ {
			ra, rb := a[row*Width:(row+1)*Width], b[row*Width:(row+1)*Width]
			for i := range sums {
				sums[i] += rowDifference(ra[i*blockWidth:(i+1)*blockWidth], rb[i*blockWidth:(i+1)*blockWidth])
			}
		}
		worst = max(worst, slices.Max(sums[:]))
	}
	return float32(worst) / (blockWidth * blockHeight)
}

func rowDifference(a, b []byte) (sum int) {
	b = b[:len(a)]
	for i, x := range a {
		d := int(x) - int(b[i])
		sum += max(d, -d)
	}
	return sum
}

// Finish fills what pictures and their times say. at are the times of the frames and endMS the end of the last one, ms.
func (p *Picture) Finish(at []float64, endMS float64, out *media.Picture) {
	n := min(len(at), len(p.frames))
	out.Gaps, out.Repeats, out.Blacks, out.Freezes = []media.Span{}, []media.Span{}, []media.Span{}, []media.Span{}
	if n == 0 {
		return
	}
	c := clip{frames: p.frames[:n], at: at[:n], endMS: max(endMS, at[n-1])}
	c.timeLine(out)
	c.duplicates(out)
	out.Blacks = c.spans(minBlackMS, 0, func(f *frame) bool { return f.black })
	out.Freezes = c.freezes()
	c.curves(out)
}

// clip is a lesson's frames with their times.
type clip struct {
	frames []frame
	at     []float64
	endMS  float64
}

// until is when a frame gives way to the next.
func (c *clip) until(i int) float64 {
	if i+1 < len(c.at) {
		return c.at[i+1]
	}
	return c.endMS
}

// spans are the runs of frames that are so, of at least minMS. before are frames in front of a run that belong to it: a picture
// stands still from the frame on that is then repeated.
func (c *clip) spans(minMS float64, before int, is func(*frame) bool) []media.Span {
	out := []media.Span{}
	for i := 0; i < len(c.frames); {
		if !is(&c.frames[i]) {
			i++
			continue
		}
		from := max(0, i-before)
		for i < len(c.frames) && is(&c.frames[i]) {
			i++
		}
		if to := c.until(i - 1); to-c.at[from] >= minMS {
			out = append(out, media.Span{FromMS: int64(math.Round(c.at[from])), ToMS: int64(math.Round(to))})
		}
	}
	return out
}

// freezes are the runs in which the picture stands. Before a camera that rests on a thing it only seems to: its grain goes on.
func (c *clip) freezes() []media.Span {
	return slices.DeleteFunc(c.spans(minFreezeMS, 1, func(f *frame) bool { return f.still }), func(s media.Span) bool {
		var changes []float32
		first, _ := slices.BinarySearch(c.at, float64(s.FromMS)+1)
		for i := first; i < len(c.at) && c.at[i] < float64(s.ToMS)-1; i++ {
			changes = append(changes, c.frames[i].change)
		}
		slices.Sort(changes)
		return len(changes) > 0 && changes[len(changes)/2] >= grainLevel
	})
}

// timeLine says how regularly frames follow each other.
func (c *clip) timeLine(out *media.Picture) {
	out.Frames = int64(len(c.frames))
	out.StartMS, out.EndMS = int64(math.Round(c.at[0])), int64(math.Round(c.endMS))
	usual := c.interval()
	if usual <= 0 {
		return
	}
	uneven, sum := 0, 0.0
	for i := 1; i < len(c.at); i++ {
		gap := c.at[i] - c.at[i-1]
		switch {
		case gap > 1.5*usual+1:
			out.Lost += max(1, int64(math.Round(gap/usual))-1)
			out.Gaps = append(out.Gaps, media.Span{FromMS: int64(math.Round(c.at[i-1])), ToMS: int64(math.Round(c.at[i]))})
		case math.Abs(gap-usual) > usual/10+1:
			uneven++
			fallthrough
		default:
			sum += gap
		}
	}
	out.Uneven = percent(uneven, len(c.at)-1)
	// Containers of whole milliseconds turn 33.3 into 33 and 34: the rate is counted over many frames. Where times jitter, no
	// interval is the usual one, and the rate is that of all that are no gap.
	if n := len(c.at) - 1 - len(out.Gaps); n > 0 && out.Uneven > 33 {
		usual = sum / float64(n)
	}
	out.FPS = math.Round(100000/usual) / 100
}

// interval is the median time between two frames, made exact by the mean of those near it.
func (c *clip) interval() float64 {
	if len(c.at) < 2 {
		return 0
	}
	gaps := make([]float64, 0, len(c.at)-1)
	for i := 1; i < len(c.at); i++ {
		gaps = append(gaps, c.at[i]-c.at[i-1])
	}
	slices.Sort(gaps)
	middle := gaps[len(gaps)/2]
	sum, n := 0.0, 0
	for _, g := range gaps {
		if math.Abs(g-middle) <= max(1.01, middle/10) {
			sum, n = sum+g, n+1
		}
	}
	return sum / float64(n)
}

func percent(n, of int) float64 {
	if of <= 0 {
		return 0
	}
	return math.Round(10000*float64(n)/float64(of)) / 100
}

// Duplicates count where something moves: most frames of the window change a block visibly. A frame that does not, between
// frames that do, is a repetition; one among others that hardly change is a pause, or the turn of a movement.
const (
	movingLevel   = 2.0
	repeatLevel   = 0.6
	repeatRatio   = 0.25 // of the changes before and after
	longestRepeat = 4    // frames in a row that repeat one: 5 pictures a second shown 25 times
	window        = 25   // frames
	repeatsShown  = 0.1
)

// duplicates fills Duplicated and Repeats.
func (c *clip) duplicates(out *media.Picture) {
	moving, repeats := 0, 0
	repeated := c.repeated()
	var changes [window]float32
	for from := 0; from+window <= len(c.frames); from += window {
		here := 0
		for i := range changes {
			changes[i] = c.frames[from+i].change
			if repeated[from+i] {
				here++
			}
		}
		slices.Sort(changes[:])
		// Where every frame is shown twice, half of the changes are none: the usual one stands in the upper part.
		if changes[window*7/10] < movingLevel {
			continue
		}
		moving, repeats = moving+window, repeats+here
		if float64(here) > repeatsShown*window {
			out.Repeats = joined(out.Repeats, media.Span{FromMS: int64(c.at[from]), ToMS: int64(c.until(from + window - 1))})
		}
	}
	out.Duplicated = percent(repeats, moving)
}

// repeated tells of each frame whether it only repeats another.
func (c *clip) repeated() []bool {
	out := make([]bool, len(c.frames))
	for i := 1; i < len(c.frames); {
		to, most := i, float32(0)
		for to < len(c.frames) && c.frames[to].change < repeatLevel {
			most = max(most, c.frames[to].change)
			to++
		}
		if to > i && to < len(c.frames) && to-i <= longestRepeat {
			if around := min(c.frames[i-1].change, c.frames[to].change); around >= movingLevel && most < repeatRatio*around {
				for k := i; k < to; k++ {
					out[k] = true
				}
			}
		}
		i = max(to, i+1)
	}
	return out
}

// joined adds a span, as part of the last one when they touch.
func joined(spans []media.Span, s media.Span) []media.Span {
	if n := len(spans); n > 0 && s.FromMS <= spans[n-1].ToMS+1 {
		spans[n-1].ToMS = s.ToMS
		return spans
	}
	return append(spans, s)
}

// curves fills one value a second.
func (c *clip) curves(out *media.Picture) {
	seconds := int(math.Ceil(c.endMS / 1000))
	for s, i := 0, 0; s < seconds; s++ {
		from := i
		for i < len(c.frames) && c.at[i] < float64(s+1)*1000 {
			i++
		}
		frames := c.frames[from:i]
		if len(frames) == 0 { // the picture before is still shown
			frames = c.frames[max(0, from-1):max(1, from)]
		}
		mean := func(of func(*frame) float32) float64 { return meanOf(frames, of) }
		out.Luma = append(out.Luma, mean(func(f *frame) float32 { return f.luma }))
		out.Contrast = append(out.Contrast, mean(func(f *frame) float32 { return f.contrast }))
		out.Saturation = append(out.Saturation, mean(func(f *frame) float32 { return f.saturation }))
		out.OffGamut = append(out.OffGamut, mean(func(f *frame) float32 { return f.gamut }))
		out.Shake = append(out.Shake, shake(frames))
		cast := 0.0
		if slices.ContainsFunc(frames, func(f frame) bool { return f.change >= stillLevel }) {
			cast = mean(func(f *frame) float32 { return f.cast })
		}
		out.Cast = append(out.Cast, cast)
	}
}

func meanOf(frames []frame, of func(*frame) float32) float64 {
	sum := 0.0
	for i := range frames {
		sum += float64(of(&frames[i]))
	}
	return math.Round(10*sum/float64(len(frames))) / 10
}

package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Shapes of an evening, after domain figures: most learners come between 19 and 23 h, and on the last day of a year everybody who is late.
const (
	Steady   = "steady"   // all are there from the first tenth on
	Evening  = "evening"  // they come and go, most in the middle
	Deadline = "deadline" // more and more come, and nobody leaves before the end
)

// stay is when a learner comes and goes, counted from the beginning.
type stay struct{ from, to time.Duration }

// stays spreads n learners over a time. The dice are loaded with a fixed seed, so that two runs have the same load.
func stays(shape string, n int, long time.Duration) ([]stay, error) {
	dice := rand.New(rand.NewPCG(19, 23)) //nolint:gosec // for repeatable runs
	part := func(x float64) time.Duration { return time.Duration(x * float64(long)) }
	all := make([]stay, n)
	for i := range all {
		switch x := dice.Float64(); shape {
		case Steady:
			all[i] = stay{part(x / 10), long}
		case Evening: // the sum of two dice is a triangle, as the curve of an evening is
			from := (x + dice.Float64()) / 3
			all[i] = stay{part(from), part(from + 1./3)}
		case Deadline: // two thirds of them in the last half
			all[i] = stay{part(math.Sqrt(x) * .9), long}
		default:
			return nil, fmt.Errorf("no shape %q: choose %s, %s or %s", shape, Steady, Evening, Deadline)
		}
	}
	return all, nil
}

// most is how many are there at the busiest moment.
func most(all []stay) (peak int) {
	for _, at := range all {
		n := 0
		for _, s := range all {
			if s.from <= at.from && at.from < s.to {
				n++
			}
		}
		peak = max(peak, n)
	}
	return peak
}

package signal

import (
	"math"
	"slices"
)

// motion finds how the whole picture moves, by blocks that vote: a teacher who walks moves a few blocks, a hand that holds the
// camera moves all.
type motion struct {
	lastX, lastY int // the vote before, where the search begins
}

const (
	matched      = 16  // pixels a side of a block
	reach        = 14  // how far a block is looked for
	textureLevel = 2.5 // mean step from pixel to pixel, both ways, of a block whose place can be told
	minVotes     = 6
	agreed       = 0.4 // share of the votes near the median
)

// between gives the movement in pixels; 0, 0 when the blocks do not agree.
func (m *motion) between(before, now []byte) (dx, dy float32) {
	var xs, ys []float64
	for y := reach + 2; y+matched+reach+2 <= Height; y += matched + 10 {
		for x := reach + 2; x+matched+reach+2 <= Width; x += matched + 10 {
			if textured(before, x, y) {
				vx, vy := m.search(before, now, x, y)
				xs, ys = append(xs, vx), append(ys, vy)
			}
		}
	}
	if len(xs) < minVotes {
		return 0, 0
	}
	x, y := median(xs), median(ys)
	votes, sumX, sumY := 0, 0.0, 0.0
	for i := range xs {
		if math.Abs(xs[i]-x) < 0.75 && math.Abs(ys[i]-y) < 0.75 {
			votes, sumX, sumY = votes+1, sumX+xs[i], sumY+ys[i]
		}
	}
	if votes < minVotes || float64(votes) < agreed*float64(len(xs)) {
		m.lastX, m.lastY = 0, 0
		return 0, 0
	}
	m.lastX, m.lastY = int(math.Round(x)), int(math.Round(y))
	return float32(sumX / float64(votes)), float32(sumY / float64(votes))
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}

func textured(picture []byte, x, y int) bool {
	across, down := 0, 0
	for row := y; row < y+matched; row++ {
		line, next := picture[row*Width+x:row*Width+x+matched+1], picture[(row+1)*Width+x:(row+1)*Width+x+matched]
		across += rowDifference(line[:matched], line[1:])
		down += rowDifference(line[:matched], next)
	}
	return float64(min(across, down)) >= textureLevel*matched*matched
}

// cost is how badly a block fits at a shift.
func cost(before, now []byte, x, y, dx, dy int) (sum int) {
	for row := range matched {
		from, to := (y+row)*Width+x, (y+row+dy)*Width+x+dx
		sum += rowDifference(before[from:from+matched], now[to:to+matched])
	}
	return sum
}

// search goes downhill from where the picture moved last, or from rest, whichever fits better, and then between the pixels.
func (m *motion) search(before, now []byte, x, y int) (vx, vy float64) {
	bx, by, best := 0, 0, cost(before, now, x, y, 0, 0)
	if c := cost(before, now, x, y, m.lastX, m.lastY); c < best {
		bx, by, best = m.lastX, m.lastY, c
	}
	for step := 4; step >= 1; step /= 2 {
		for moved := true; moved; {
			moved = false
			for _, d := range [4][2]int{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
				nx, ny := bx+d[0], by+d[1]
				if max(nx, -nx) > reach || max(ny, -ny) > reach {
					continue
				}
				if c := cost(before, now, x, y, nx, ny); c < best {
					bx, by, best, moved = nx, ny, c, true
				}
			}
		}
	}
	vx = float64(bx) + vertex(cost(before, now, x, y, bx-1, by), best, cost(before, now, x, y, bx+1, by))
	vy = float64(by) + vertex(cost(before, now, x, y, bx, by-1), best, cost(before, now, x, y, bx, by+1))
	return vx, vy
}

// vertex is where the lowest point lies between three that stand in a row; differences grow straight, not squared.
func vertex(left, middle, right int) float64 {
	steep := max(left, right) - middle
	if steep <= 0 {
		return 0
	}
	return math.Max(-0.5, math.Min(0.5, float64(left-right)/float64(2*steep)))
}

// shake is how far the picture strays from a steady path, % of its width: the RMS of its place around the straight line that fits
// the second best, so that panning is none.
func shake(frames []frame) float64 {
	n := len(frames)
	if n < 5 {
		return 0
	}
	px, py := make([]float64, n), make([]float64, n)
	x, y := 0.0, 0.0
	for i := range frames {
		if i > 0 {
			x, y = x+float64(frames[i].dx), y+float64(frames[i].dy)
		}
		px[i], py[i] = x, y
	}
	return math.Round(1e4*math.Sqrt((strays(px)+strays(py))/float64(n))/Width) / 100
}

// strays is the sum of squares around the best straight line.
func strays(v []float64) (sum float64) {
	n := float64(len(v))
	mean, slope, spread := 0.0, 0.0, 0.0
	for i, y := range v {
		t := float64(i) - (n-1)/2
		mean += y / n
		slope += t * y
		spread += t * t
	}
	for i, y := range v {
		d := y - mean - slope/spread*(float64(i)-(n-1)/2)
		sum += d * d
	}
	return sum
}

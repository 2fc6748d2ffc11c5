package signal

import "math"

// distance is how far a pair of chroma levels is from neutral; legal the luma levels at which an RGB screen can show the pair,
// with a margin for what encoding does at edges.
var distance, legal = colourTables()

type bounds struct{ low, high uint8 }

const gamutMargin = 12 // levels of R, G and B

// matrices turn chroma into R, G and B: BT.709 and BT.601. Files say which is theirs, and many say it wrongly: a colour that either
// can show is no fault.
var matrices = [2][4]float64{{1.793, 0.213, 0.533, 2.112}, {1.596, 0.392, 0.813, 2.017}}

func colourTables() (d [1 << 16]uint8, legal [1 << 16]bounds) {
	for u := range 256 {
		for v := range 256 {
			cb, cr := float64(u)-128, float64(v)-128
			d[u<<8|v] = uint8(min(255, math.Round(math.Hypot(cb, cr))))
			a, b := shownBy(matrices[0], cb, cr), shownBy(matrices[1], cb, cr)
			legal[u<<8|v] = bounds{min(a.low, b.low), max(a.high, b.high)}
		}
	}
	return d, legal
}

// shownBy are the luma levels at which a pair of chroma can be shown; low above high when none is.
func shownBy(m [4]float64, cb, cr float64) bounds {
	low, high := 0.0, 255.0
	for _, chroma := range []float64{m[0] * cr, -m[1]*cb - m[2]*cr, m[3] * cb} {
		low = max(low, 16+(-gamutMargin-chroma)/1.164)
		high = min(high, 16+(255+gamutMargin-chroma)/1.164)
	}
	if high < low {
		return bounds{255, 0}
	}
	return bounds{uint8(math.Ceil(low)), uint8(max(0, math.Floor(high)))}
}

// colours measures one picture.
func colours(yuv []byte) (f frame) {
	luma := yuv[:Width*Height]
	var levels [256]int
	sum := 0
	for _, y := range luma {
		levels[y]++
		sum += int(y)
	}
	f.luma = float32(sum) / (Width * Height)
	f.contrast = float32(percentile(&levels, Width*Height, 0.99) - percentile(&levels, Width*Height, 0.01))
	f.chroma(yuv)
	dark := 0
	for _, n := range levels[:blackLevel+1] {
		dark += n
	}
	f.black = float64(dark) >= blackShare*Width*Height && f.saturation < blackColour
	return f
}

func percentile(levels *[256]int, of int, share float64) int {
	left := int(math.Ceil(share * float64(of)))
	for v, n := range levels {
		if left -= n; left <= 0 {
			return v
		}
	}
	return 255
}

const (
	chromaWidth = Width / 2
	chromaSites = Width * Height / 4
)

// chroma measures saturation, impossible colours and cast.
func (f *frame) chroma(yuv []byte) {
	luma, us, vs := yuv[:Width*Height], yuv[Width*Height:Width*Height+chromaSites], yuv[Width*Height+chromaSites:FrameBytes]
	var count, sumU, sumV [256]int // by luma
	far, off := 0, 0
	for i, u := range us {
		at := i/chromaWidth*2*Width + i%chromaWidth*2
		y := uint8((int(luma[at]) + int(luma[at+1]) + int(luma[at+Width]) + int(luma[at+Width+1]) + 2) / 4)
		pair := int(u)<<8 | int(vs[i])
		far += int(distance[pair])
		if b := legal[pair]; y < b.low || y > b.high {
			off++
		}
		count[y]++
		sumU[y] += int(u) - 128
		sumV[y] += int(vs[i]) - 128
	}
	f.saturation = float32(far) / chromaSites
	f.gamut = 100 * float32(off) / chromaSites
	f.cast = cast(&count, &sumU, &sumV)
}

// cast compares the brightest quarter, where white things are, with the rest: light of a wrong colour turns both the same way,
// the brighter the more; a coloured wall turns the rest only, and a bright coloured thing the brightest quarter only.
func cast(count, sumU, sumV *[256]int) float32 {
	bright := percentile(count, chromaSites, 0.75)
	var n, u, v [2]float64
	for y := range 256 {
		part := 0
		if y >= bright {
			part = 1
		}
		n[part] += float64(count[y])
		u[part] += float64(sumU[y])
		v[part] += float64(sumV[y])
	}
	if n[0] == 0 || n[1] == 0 {
		return 0
	}
	length := math.Hypot(u[1]/n[1], v[1]/n[1])
	if length == 0 {
		return 0
	}
	along := (u[0]*u[1] + v[0]*v[1]) / (n[0] * n[1]) / length
	return float32(max(0, min(length, 2.5*along)))
}

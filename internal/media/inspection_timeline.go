package media

// timeLine judges what is shown when: black, standing, missing, repeated and disordered frames.
func (j *judge) timeLine() {
	p := &j.m.Picture
	for _, b := range j.blacks {
		j.black(b)
	}
	j.longer("freeze", without(j.tidy(p.Freezes, 0), j.blacks), j.l.FreezeS, 1000)
	j.longer("gap", j.tidy(p.Gaps, 0), j.l.GapMS, 1)
	if all := p.Frames + p.Lost; all > 0 {
		j.above("dropped_frames", 100*float64(p.Lost)/float64(all), j.l.Lost)
	}
	if j.l.Duplicated > 0 && p.Duplicated > j.l.Duplicated {
		j.add("duplicated_frames", hull(j.tidy(p.Repeats, 0)), p.Duplicated, j.l.Duplicated)
	}
	j.above("out_of_order", float64(p.OutOfOrder), j.l.OutOfOrder)
}

// black judges one black piece by where it is; what touches an end of the picture within a frame is a head or a tail. A tail
// is found from its limit on, and a picture that is black from head to tail is one finding that no trimming mends.
func (j *judge) black(b Span) {
	length := float64(b.Length())
	head, tail := b.FromMS <= j.m.Picture.StartMS+j.frame, b.ToMS >= j.pictureEnd()-j.frame
	switch {
	case head && tail:
		if length >= j.l.BlackTailMS {
			j.add("black_inside", Span{}, length, j.l.BlackMS)
		}
	case tail:
		if length >= j.l.BlackTailMS {
			j.add("black_tail", b, length, j.l.BlackTailMS)
		}
	case head:
		j.longer("black_head", []Span{b}, j.l.BlackHeadMS, 1)
	default:
		j.longer("black_inside", []Span{b}, j.l.BlackMS, 1)
	}
}

// pictureEnd is when the last frame is gone.
func (j *judge) pictureEnd() int64 {
	if e := j.m.Picture.EndMS; e > 0 && e < j.m.DurationMS {
		return e
	}
	return j.m.DurationMS
}

// without is what is left of spans outside others; both are in order. What is black stands still too, and is said once.
func without(spans, others []Span) []Span {
	var out []Span
	for _, s := range spans {
		for _, o := range others {
			if o.ToMS <= s.FromMS || o.FromMS >= s.ToMS {
				continue
			}
			if o.FromMS > s.FromMS {
				out = append(out, Span{s.FromMS, o.FromMS})
			}
			s.FromMS = o.ToMS
		}
		if s.Length() > 0 {
			out = append(out, s)
		}
	}
	return out
}

// hull is from the first span's begin to the last one's end; empty without spans.
func hull(spans []Span) Span {
	if len(spans) == 0 {
		return Span{}
	}
	return Span{spans[0].FromMS, spans[len(spans)-1].ToMS}
}

package playback

import "encoding/binary"

// kept is an entry as the cache keeps it: packed into a few hundred bytes, since a process keeps one for each learner who
// studies. Lesson and policy are shared.
type kept struct {
	lesson *Lesson
	policy *Policy
	body   string
}

// segments is a set of segment numbers.
type segments []uint64

func (s segments) has(n int64) bool {
	return n >= 0 && n/64 < int64(len(s)) && s[n/64]&(1<<(n%64)) != 0
}

// add returns s with n in it; it may change s in place. Numbers a lesson cannot have are left out.
func (s segments) add(n int64) segments {
	if n < 0 || n > maxMediaMS/1000 {
		return s
	}
	for n/64 >= int64(len(s)) {
		s = append(s, 0)
	}
	s[n/64] |= 1 << (n % 64)
	return s
}

// codec visits the fields of an entry, to write them or to read them back.
type codec interface {
	text(*string)
	num(*int64)
}

// fields is everything of an entry that belongs to one learner, the learner's id left out: it is the key. A test fills
// every field of a Study and finds one that is missing here.
func (e *entry) fields(c codec) {
	s := &e.study
	for _, t := range []*string{&s.SessionID, &s.LoginSessionID, &s.DeviceID, &s.DeviceName, &s.CourseID, &s.LessonID, &s.MediaID,
		&s.Prev, &s.CheckID, (*string)(&s.Run.State)} {
		c.text(t)
	}
	hash, final, open, finished := string(s.ChainHash), flag(s.Final), flag(s.Run.Open), flag(e.finished)
	c.text(&hash)
	for _, n := range []*int64{&s.Version, &s.Epoch, &s.MediaRev, &s.Take, &final, &s.AcquiredAt, &s.Threshold, &s.WindowNo, &s.ExpiresAt,
		&s.LastContact, &s.LastSeq, &s.Cursor, &s.Skew, &s.SinceCheck, &s.Run.No, &s.Run.From, &s.Run.Pos, &s.Run.PayFrom, &s.Run.Floor, &open,
		&s.Open.MediaFrom, &s.Open.MediaTo, &s.Open.WallFrom, &s.Open.WallTo, &s.ChainSeq, &e.confirmed, &finished, &e.sentAt} {
		c.num(n)
	}
	s.ChainHash, s.Final, s.Run.Open, e.finished = []byte(hash), final != 0, open != 0, finished != 0
	ranges, words := int64(len(e.credited)), int64(len(e.delivered))
	c.num(&ranges)
	c.num(&words)
	e.credited, e.delivered = sized(e.credited, ranges), sized(e.delivered, words)
	for i := range e.credited {
		c.num(&e.credited[i].From)
		c.num(&e.credited[i].To)
	}
	for i := range e.delivered {
		n := int64(e.delivered[i])
		c.num(&n)
		e.delivered[i] = uint64(n)
	}
}

// sized is s when it has n elements, which it has when it is written, and a new one of n with room to grow when it is read.
func sized[S ~[]E, E any](s S, n int64) S {
	if int64(len(s)) == n {
		return s
	}
	return make(S, n, n+2)
}

// packer writes.
type packer struct{ b []byte }

func (p *packer) text(s *string) { p.b = append(binary.AppendUvarint(p.b, uint64(len(*s))), *s...) }
func (p *packer) num(n *int64)   { p.b = binary.AppendVarint(p.b, *n) }

// unpacker reads; texts share the packed string.
type unpacker struct{ s string }

func (u *unpacker) uvarint() (v uint64) {
	for i, shift := 0, 0; i < len(u.s); i, shift = i+1, shift+7 {
		c := u.s[i]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			u.s = u.s[i+1:]
			return v
		}
	}
	return v
}

func (u *unpacker) text(s *string) {
	n := u.uvarint()
	*s, u.s = u.s[:n], u.s[n:]
}

func (u *unpacker) num(n *int64) {
	v := u.uvarint()
	*n = int64(v>>1) ^ -int64(v&1)
}

// pack keeps e; what it shares with others is for the cache to fill in.
func (e *entry) pack() string {
	var room [512]byte
	p := &packer{room[:0]}
	e.fields(p)
	return string(p.b)
}

func (k kept) unpack(learnerID string) *entry {
	e := &entry{study: Study{LearnerID: learnerID}, lesson: *k.lesson, policy: k.policy, cached: true}
	e.fields(&unpacker{k.body})
	return e
}

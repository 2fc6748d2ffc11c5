package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"

	"xueshi/internal/platform/sqldb"
)

// link is one row of a learner's chain with the fields that were hashed.
type link struct {
	seq    int64
	kind   string
	hash   []byte
	fields []any
}

type span struct {
	session, lesson, media                       string
	epoch, rev, take, window                     int64
	mediaFrom, mediaTo, wallFrom, wallTo, booked int64
	seq                                          int64
}

// window is how a presence check ended, and at which row of the chain.
type window struct {
	result string
	seq    int64
}

// place is a revision of a lesson's media.
type place struct {
	lesson, media string
	rev           int64
}

// grant is media that a person has credited by hand.
type grant struct {
	place
	seq, from, to int64
}

// carried is a lesson that went on in another revision.
type carried struct {
	seq                              int64
	from, to                         place
	maps                             []mapped
	watched, sure, credited, confirm int64
}

type mapped struct {
	Media string `json:"media"`
	Rev   int64  `json:"rev"`
	Map   []edge `json:"map"`
}

// evidence is all of one learner's rows.
type evidence struct {
	links     []link
	spans     []span // in the order of wall time
	windows   map[int64]window
	grants    []grant
	carried   []carried         // in the order of the chain
	begun     map[place]bool    // by a lease or a grant
	sent      map[segment]int64 // when each had gone out first, µs
	forgotten map[string]bool   // sessions whose delivery records were kept as long as the policy asks
}

// segment is a piece of media that went to a playback session.
type segment struct {
	session string
	no      int64
}

func read(ctx context.Context, tx *sqldb.Tx, id string) (e evidence, err error) {
	e.begun, e.sent = map[place]bool{}, map[segment]int64{}
	e.forgotten = map[string]bool{}
	for _, part := range []func(context.Context, *sqldb.Tx, string) error{e.readSpans, e.readWindows, e.readLeases, e.readGrants, e.readCarried, e.readSent, e.readFolded} {
		if err := part(ctx, tx, id); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (e *evidence) readSpans(ctx context.Context, tx *sqldb.Tx, id string) (err error) {
	e.spans, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s span, err error) {
		l := link{kind: "span"}
		err = row.Scan(&s.seq, &s.session, &s.epoch, &s.lesson, &s.media, &s.rev, &s.take, &s.window, &s.mediaFrom, &s.mediaTo, &s.wallFrom, &s.wallTo, &s.booked, &l.hash)
		l.seq, l.fields = s.seq, []any{s.session, s.epoch, s.lesson, s.media, s.rev, s.take, s.window, s.mediaFrom, s.mediaTo, s.wallFrom, s.wallTo, s.booked}
		e.links = append(e.links, l)
		return s, err
	}, `SELECT chain_seq, session_id, epoch, lesson_id, media_id, media_rev, take, window_no, media_from, media_to, wall_from, wall_to, booked_at, chain_hash
		FROM span WHERE learner_id = $1 ORDER BY wall_from`, id)
	return err
}

func (e *evidence) readWindows(ctx context.Context, tx *sqldb.Tx, id string) error {
	e.windows = map[int64]window{}
	links, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l link, err error) {
		var no, at int64
		var result, check string
		err = row.Scan(&l.seq, &no, &result, &check, &at, &l.hash)
		e.windows[no] = window{result, l.seq}
		l.kind, l.fields = "window", []any{no, result, check, at}
		return l, err
	}, `SELECT chain_seq, window_no, result, check_id, at, chain_hash FROM window_result WHERE learner_id = $1`, id)
	e.links = append(e.links, links...)
	return err
}

func (e *evidence) readLeases(ctx context.Context, tx *sqldb.Tx, id string) error {
	links, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l link, err error) {
		var session, lesson, media, device, signature string
		var epoch, rev, takeover, at int64
		err = row.Scan(&l.seq, &session, &epoch, &lesson, &media, &rev, &device, &takeover, &at, &signature, &l.hash)
		e.begun[place{lesson, media, rev}] = true
		l.kind, l.fields = "lease", []any{session, epoch, lesson, media, rev, device, takeover != 0, at, signature}
		return l, err
	}, `SELECT chain_seq, id, epoch, lesson_id, media_id, media_rev, device_id, takeover, acquired_at, signature, chain_hash FROM playback_session WHERE learner_id = $1`, id)
	e.links = append(e.links, links...)
	return err
}

func (e *evidence) readGrants(ctx context.Context, tx *sqldb.Tx, id string) error {
	links, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l link, err error) {
		var g grant
		var appeal, actor string
		var at int64
		err = row.Scan(&l.seq, &g.lesson, &g.media, &g.rev, &g.from, &g.to, &appeal, &actor, &at, &l.hash)
		g.seq = l.seq
		e.grants = append(e.grants, g)
		e.begun[g.place] = true
		l.kind, l.fields = "manual", []any{g.lesson, g.media, g.rev, g.from, g.to, appeal, actor, at}
		return l, err
	}, `SELECT chain_seq, lesson_id, media_id, media_rev, media_from, media_to, appeal_id, actor, at, chain_hash FROM manual_credit WHERE learner_id = $1`, id)
	e.links = append(e.links, links...)
	return err
}

func (e *evidence) readCarried(ctx context.Context, tx *sqldb.Tx, id string) error {
	links, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l link, err error) {
		var c carried
		var maps string
		var at int64
		err = row.Scan(&c.seq, &c.from.lesson, &c.from.media, &c.from.rev, &c.to.media, &c.to.rev, &maps, &c.watched, &c.sure, &c.credited, &c.confirm, &at, &l.hash)
		c.to.lesson = c.from.lesson
		l.seq, l.kind = c.seq, "carried"
		l.fields = []any{c.from.lesson, c.from.media, c.from.rev, c.to.media, c.to.rev, maps, c.watched, c.sure, c.credited, c.confirm, at}
		if err == nil && json.Unmarshal([]byte(maps), &c.maps) != nil {
			c.maps = nil // then they are not those of the revisions
		}
		e.carried = append(e.carried, c)
		return l, err
	}, `SELECT chain_seq, lesson_id, from_media, from_rev, media_id, media_rev, maps, watched_ms, watched_sure_ms, credited_ms, confirmed_ms, at, chain_hash
		FROM carried WHERE learner_id = $1 ORDER BY chain_seq`, id)
	e.links = slices.Concat(e.links, links)
	return err
}

// stretch is media that is credited and was not reopened, as far as the chain goes to a row.
type stretch struct {
	place
	from, to int64
	sure     bool
}

// standing is what of a lesson is credited before row seq of the chain.
func (e *evidence) standing(lesson string, seq int64) (out []stretch) {
	for _, s := range e.spans {
		w, ended := e.windows[s.window]
		ended = ended && w.seq < seq
		if s.lesson == lesson && s.seq < seq && !(ended && w.result == "reopened") {
			out = append(out, stretch{place{s.lesson, s.media, s.rev}, s.mediaFrom, s.mediaTo, ended})
		}
	}
	for _, g := range e.grants {
		if g.lesson == lesson && g.seq < seq {
			out = append(out, stretch{g.place, g.from, g.to, true})
		}
	}
	return out
}

func (e *evidence) readSent(ctx context.Context, tx *sqldb.Tx, id string) error {
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (_ struct{}, err error) {
		var s segment
		var at int64
		err = row.Scan(&s.session, &s.no, &at)
		e.went(s, at)
		return struct{}{}, err
	}, `SELECT d.session_id, d.segment_no, d.finished_at FROM playback_session p JOIN delivery d ON d.session_id = p.id WHERE p.learner_id = $1`, id)
	return err
}

func (e *evidence) readFolded(ctx context.Context, tx *sqldb.Tx, id string) error {
	links, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (l link, err error) {
		var session string
		var segments, size int64
		var list, hash []byte
		err = row.Scan(&l.seq, &session, &segments, &size, &list, &hash, &l.hash)
		if sum := sha256.Sum256(list); len(list) == 0 {
			e.forgotten[session] = true
		} else if !bytes.Equal(sum[:], hash) {
			hash = nil // so the link does not hold
		}
		e.unfold(session, list)
		l.kind, l.fields = "delivery", []any{session, segments, size, hash}
		return l, err
	}, `SELECT chain_seq, session_id, segments, bytes, list, list_hash, chain_hash FROM delivery_fold WHERE learner_id = $1`, id)
	e.links = append(e.links, links...)
	return err
}

// unfold reads a folded list of deliveries: triples of varints, from which segment on (counted from the end of the triple before), how many,
// and by which instant in µs (after the one before). What cannot be read is no evidence.
func (e *evidence) unfold(session string, list []byte) {
	var end, at int64
	for len(list) > 0 {
		var v [3]int64
		for i := range v {
			n := 0
			if v[i], n = binary.Varint(list); n <= 0 {
				return
			}
			list = list[n:]
		}
		first := end + v[0]
		if end, at = first+v[1], at+v[2]; v[1] < 1 || v[1] > mostSegments {
			return
		}
		for no := first; no < end; no++ {
			e.went(segment{session, no}, at)
		}
	}
}

// mostSegments is more than any medium has.
const mostSegments = 1 << 20

func (e *evidence) went(s segment, at int64) {
	if before, known := e.sent[s]; !known || at < before {
		e.sent[s] = at
	}
}

package verify

import (
	"context"
	"math"
	"slices"

	"xueshi/internal/platform/sqldb"
)

// sums are lengths in one revision, ms.
type sums struct{ credited, confirmed int64 }

// view lays stretches into a revision and adds them up; twice is what lies there more than once.
func (r *Report) view(ctx context.Context, tx *sqldb.Tx, all []stretch, to place) (s sums, twice int64, err error) {
	type part struct{ from, to int64 }
	var parts []part
	for _, x := range all {
		edges := []edge{{0, 0, math.MaxInt32}}
		if x.place != to {
			if edges, err = r.followed(ctx, tx, x.place, to); err != nil {
				return s, 0, err
			}
		}
		for _, e := range step([]edge{{0, x.from, x.to - x.from}}, edges) {
			parts = append(parts, part{e.ToMS, e.ToMS + e.LengthMS})
			s.credited += e.LengthMS
			if x.sure {
				s.confirmed += e.LengthMS
			}
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return int(a.from - b.from) })
	end := int64(0)
	for _, p := range parts {
		twice += max(0, min(end, p.to)-p.from)
		end = max(end, p.to)
	}
	return s, twice, nil
}

// stand is a folded row.
type stand struct {
	place
	sums
	confirmed bool
}

// lessons recomputes what stands of each lesson (PB-I2, PB-I6), follows it through its revisions, and holds every platform
// credit against it.
func (r *Report) lessons(ctx context.Context, tx *sqldb.Tx, id string, e evidence) error {
	rows, err := sqldb.Rows(ctx, tx, func(sc sqldb.Scanner) (x stand, err error) {
		var confirmed int64
		err = sc.Scan(&x.lesson, &x.media, &x.rev, &x.sums.credited, &x.sums.confirmed, &confirmed)
		x.confirmed = confirmed != 0
		return x, err
	}, `SELECT lesson_id, media_id, media_rev, credited_ms, confirmed_ms, full_confirm FROM lesson_progress WHERE learner_id = $1`, id)
	if err != nil {
		return err
	}
	stands := map[string]stand{}
	for _, x := range rows {
		stands[x.lesson] = x
		if err := r.folded(ctx, tx, id, e, x); err != nil {
			return err
		}
	}
	if err := r.once(ctx, tx, id, e, stands); err != nil {
		return err
	}
	if err := r.carries(ctx, tx, id, e, stands); err != nil {
		return err
	}
	return r.earned(ctx, tx, id, stands)
}

// folded holds a row against the spans, in the revision of the row.
func (r *Report) folded(ctx context.Context, tx *sqldb.Tx, id string, e evidence, x stand) error {
	got, _, err := r.view(ctx, tx, e.standing(x.lesson, math.MaxInt64), x.place)
	if err != nil {
		return err
	}
	if got != x.sums {
		r.find("learner %s: PB-I6: %s shows %d/%d ms, spans give %d/%d", id, x.lesson, x.sums.credited, x.sums.confirmed, got.credited, got.confirmed)
	}
	length, err := r.length(ctx, tx, x.place)
	if x.confirmed && length-got.confirmed > totalMS {
		r.find("learner %s: %s is called finished with %d of %d ms confirmed", id, x.lesson, got.confirmed, length)
	}
	return err
}

// once holds PB-I2 in every revision that was begun: nothing is credited twice, by whatever revisions it came.
func (r *Report) once(ctx context.Context, tx *sqldb.Tx, id string, e evidence, stands map[string]stand) error {
	for at := range e.begun {
		all := e.standing(at.lesson, math.MaxInt64)
		_, twice, err := r.view(ctx, tx, all, at)
		if err != nil {
			return err
		}
		if twice > 0 {
			r.find("learner %s: PB-I2: %d ms of %s are credited twice (revision %d)", id, twice, at.lesson, at.rev)
		}
		if _, there := stands[at.lesson]; !there && len(all) > 0 {
			r.find("learner %s: PB-I6: %s has spans and no progress row", id, at.lesson)
		}
	}
	for _, s := range e.spans {
		if !e.begun[place{s.lesson, s.media, s.rev}] {
			r.find("learner %s: span %d is of a revision that was never begun", id, s.seq)
		}
	}
	return nil
}

// carries recomputes every step from one revision to another with the rows that stood before it, and holds the revision of
// the totals against the last.
func (r *Report) carries(ctx context.Context, tx *sqldb.Tx, id string, e evidence, stands map[string]stand) error {
	last := map[string]place{}
	for _, c := range e.carried {
		if at, more := last[c.from.lesson]; more && at != c.from || !more && !e.begun[c.from] {
			r.find("learner %s: row %d carries %s over from revision %d, where it was not", id, c.seq, c.from.lesson, c.from.rev)
		}
		last[c.from.lesson] = c.to
		if err := r.carry(ctx, tx, id, e, c); err != nil {
			return err
		}
	}
	for lesson, x := range stands {
		if at, more := last[lesson]; more && at != x.place || !more && !e.begun[x.place] && len(e.standing(lesson, math.MaxInt64)) > 0 {
			r.find("learner %s: %s stands in revision %d, and nothing has brought it there", id, lesson, x.rev)
		}
	}
	return nil
}

func (r *Report) carry(ctx context.Context, tx *sqldb.Tx, id string, e evidence, c carried) error {
	before := e.standing(c.from.lesson, c.seq)
	var watched, sure int64
	want := map[place]bool{}
	for _, x := range before {
		watched += x.to - x.from
		if x.sure {
			sure += x.to - x.from
		}
		if x.place != c.to {
			want[x.place] = true
		}
	}
	for _, m := range c.maps {
		at := place{c.from.lesson, m.Media, m.Rev}
		edges, err := r.followed(ctx, tx, at, c.to)
		if err != nil {
			return err
		}
		if !want[at] || !slices.Equal(edges, m.Map) {
			r.find("learner %s: row %d carries %s over by a time map that revision %d does not have", id, c.seq, c.from.lesson, m.Rev)
		}
		delete(want, at)
	}
	got, _, err := r.view(ctx, tx, before, c.to)
	if len(want) > 0 || watched != c.watched || sure != c.sure || got != (sums{c.credited, c.confirm}) {
		r.find("learner %s: row %d carries %d/%d of %d/%d ms of %s over, spans give %d/%d of %d/%d", id, c.seq, c.credited, c.confirm, c.watched, c.sure,
			c.from.lesson, got.credited, got.confirmed, watched, sure)
	}
	return err
}

func (r *Report) length(ctx context.Context, tx *sqldb.Tx, at place) (int64, error) {
	t, err := r.timeline(ctx, tx, at.media)
	return t[at.rev].length, err
}

// earned: a platform credit record needs every lesson of its course confirmed but the tolerance (RQ-I4), each in the revision
// in which the learner has it.
func (r *Report) earned(ctx context.Context, tx *sqldb.Tx, id string, stands map[string]stand) error {
	type need struct {
		course string
		place
	}
	needs, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (n need, err error) {
		return n, row.Scan(&n.course, &n.lesson, &n.media, &n.rev)
	},
		`SELECT c.course_id, l.id, l.media_id, l.media_rev FROM credit_record c JOIN lesson l ON l.course_id = c.course_id WHERE c.person_id = $1 AND c.source = 'platform'`, id)
	for _, n := range needs {
		x, there := stands[n.lesson]
		if there {
			n.place = x.place
		}
		length, err := r.length(ctx, tx, n.place)
		if err != nil {
			return err
		}
		if length-x.sums.confirmed > totalMS {
			r.find("learner %s: credit for %s, but %s has only %d of %d ms confirmed", id, n.course, n.lesson, x.sums.confirmed, length)
		}
	}
	return err
}

package media

import (
	"context"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/sqldb"
)

// Stem is what a revision was made from.
type Stem struct {
	BaseRev        int64 // learners play it, or have played it; 0 = nothing was played
	HeadMS, TailMS int64 // what repairs have cut off since
	Uploaded       bool  // a file came in since: that it holds the same content is somebody's word
	Same           bool  // that word
}

// timeMap is the map from a base of before ms to a revision of now ms. A word that the content is the same does not hold
// against a length that differs by more than a segment: nobody is credited what they may not have seen.
func (s Stem) timeMap(before, now, segmentMS int64) TimeMap {
	if differs := now + s.HeadMS + s.TailMS - before; s.Uploaded && (!s.Same || max(differs, -differs) > segmentMS) {
		return TimeMap{}
	}
	return Trimmed(s.HeadMS, min(now, before-s.HeadMS))
}

// grow gives m its base and the map from there.
func (m *Media) grow(ctx context.Context, tx *sqldb.Tx, s Stem) error {
	m.BaseRev, m.TimeMap = s.BaseRev, nil
	if s.BaseRev == 0 {
		return nil
	}
	base, err := Tx(ctx, tx, m.ID, s.BaseRev)
	if errs.Has(err, "media.no_media") { // what was played came under another name: nothing is known of it
		m.BaseRev = 0
		return nil
	}
	if err == nil {
		m.TimeMap = s.timeMap(base.DurationMS, m.DurationMS, m.SegmentMS)
	}
	return err
}

// RootTx writes a revision's base and map anew, as its stem is known when learners get it. After that they stay.
// Errors: NotFound "media.no_media".
func RootTx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64, s Stem) error {
	m, err := Tx(ctx, tx, mediaID, rev)
	if err != nil {
		return err
	}
	if err := m.grow(ctx, tx, s); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE media SET base_rev = $1, time_map = $2 WHERE id = $3 AND rev = $4`, m.BaseRev, m.TimeMap.String(), mediaID, rev)
	return err
}

// revision is a media row as far as its place in the timeline goes.
type revision struct {
	durationMS, baseRev int64
	timeMap             TimeMap
}

func revisionsTx(ctx context.Context, tx *sqldb.Tx, mediaID string) (map[int64]revision, error) {
	out := map[int64]revision{}
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (struct{}, error) {
		var r revision
		var no int64
		var text string
		err := row.Scan(&no, &r.durationMS, &r.baseRev, &text)
		if err == nil {
			r.timeMap, err = ParseTimeMap(text)
		}
		out[no] = r
		return struct{}{}, err
	}, `SELECT rev, duration_ms, base_rev, time_map FROM media WHERE id = $1`, mediaID)
	return out, err
}

// MovedTx says where the content of one revision stands in another, in pieces: back to the base that both have grown from,
// and out again. What has no base in common has no content in common. Errors: NotFound "media.no_media".
func MovedTx(ctx context.Context, tx *sqldb.Tx, mediaID string, from, to int64) (TimeMap, error) {
	all, err := revisionsTx(ctx, tx, mediaID)
	if err != nil {
		return nil, err
	}
	for _, rev := range []int64{from, to} {
		if _, known := all[rev]; !known {
			return nil, errs.New(errs.NotFound, "media.no_media")
		}
	}
	return moved(all, from, to), nil
}

// WouldMoveTx is MovedTx for a revision that nobody has played yet, had it grown from another stem.
func WouldMoveTx(ctx context.Context, tx *sqldb.Tx, mediaID string, from, to int64, s Stem) (TimeMap, error) {
	all, err := revisionsTx(ctx, tx, mediaID)
	if err != nil {
		return nil, err
	}
	m, err := Tx(ctx, tx, mediaID, to)
	if err == nil {
		err = m.grow(ctx, tx, s)
	}
	if err != nil {
		return nil, err
	}
	all[to] = revision{m.DurationMS, m.BaseRev, m.TimeMap}
	return moved(all, from, to), nil
}

func moved(all map[int64]revision, from, to int64) TimeMap {
	back, way := map[int64]TimeMap{}, TimeMap(nil).Over(all[from].durationMS, all[from].durationMS)
	for rev := from; ; {
		back[rev] = way
		r, base, grown := edge(all, rev)
		if _, seen := back[base]; !grown || seen {
			break
		}
		way, rev = way.Then(r.Inverse()), base
	}
	out := TimeMap(nil).Over(all[to].durationMS, all[to].durationMS)
	for rev, steps := to, 0; steps <= len(all); steps++ {
		if start, common := back[rev]; common {
			return start.Then(out)
		}
		r, base, grown := edge(all, rev)
		if !grown {
			break
		}
		out, rev = r.Then(out), base
	}
	return TimeMap{}
}

// edge is the map from a revision's base to it, in pieces.
func edge(all map[int64]revision, rev int64) (t TimeMap, base int64, grown bool) {
	r := all[rev]
	b, grown := all[r.baseRev]
	return r.timeMap.Over(b.durationMS, r.durationMS), r.baseRev, grown
}

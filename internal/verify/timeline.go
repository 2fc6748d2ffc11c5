package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"xueshi/internal/platform/sqldb"
)

// edge says that length_ms from from_ms of one revision stand at to_ms of another.
type edge struct {
	FromMS   int64 `json:"from_ms"`
	ToMS     int64 `json:"to_ms"`
	LengthMS int64 `json:"length_ms"`
}

// node is a revision of a media: what of its base stands where in it.
type node struct {
	length, base int64
	edges        []edge
}

// timeline is all revisions of a media.
type timeline map[int64]node

// timeline reads a media's revisions.
func (r *Report) timeline(ctx context.Context, tx *sqldb.Tx, media string) (timeline, error) {
	if t, known := r.timelines[media]; known {
		return t, nil
	}
	t, texts := timeline{}, map[int64]string{}
	_, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (n node, err error) {
		var rev int64
		var text string
		err = row.Scan(&rev, &n.length, &n.base, &text)
		t[rev], texts[rev] = n, text
		return n, err
	}, `SELECT rev, duration_ms, base_rev, time_map FROM media WHERE id = $1`, media)
	if err != nil {
		return nil, err
	}
	for rev, n := range t {
		if texts[rev] == "" {
			n.edges = []edge{{0, 0, min(n.length, t[n.base].length)}}
		} else if json.Unmarshal([]byte(texts[rev]), &n.edges) != nil {
			r.find("media %s, revision %d: its time map cannot be read", media, rev)
		}
		t[rev] = n
	}
	r.timelines[media] = t
	return t, nil
}

// line is a revision and what it grew from, itself first.
func (t timeline) line(rev int64) (out []int64) {
	for n, known := t[rev]; known && !slices.Contains(out, rev); n, known = t[rev] {
		out = append(out, rev)
		rev = n.base
	}
	return out
}

// follow takes all of one revision to where it stands in another: down its line to the first revision that the other has
// grown from too, then up the other's line.
func (t timeline) follow(from, to int64) []edge {
	at := []edge{{0, 0, t[from].length}}
	target := t.line(to)
	for _, rev := range t.line(from) {
		if i := slices.Index(target, rev); i >= 0 {
			for i--; i >= 0; i-- {
				at = step(at, t[target[i]].edges)
			}
			return joined(at)
		}
		at = step(at, turned(t[rev].edges))
	}
	return nil
}

func turned(edges []edge) (out []edge) {
	for _, e := range edges {
		out = append(out, edge{e.ToMS, e.FromMS, e.LengthMS})
	}
	return out
}

// step cuts what stands somewhere by the next edges and moves it on.
func step(at, edges []edge) (out []edge) {
	for _, a := range at {
		for _, e := range edges {
			skip := max(0, e.FromMS-a.ToMS)
			length := min(a.LengthMS, e.FromMS+e.LengthMS-a.ToMS) - skip
			if length > 0 {
				out = append(out, edge{a.FromMS + skip, e.ToMS + a.ToMS + skip - e.FromMS, length})
			}
		}
	}
	return out
}

// joined orders edges and joins those that go on where another ends.
func joined(edges []edge) (out []edge) {
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.FromMS, b.FromMS) })
	for _, e := range edges {
		if i := len(out) - 1; i >= 0 && out[i].FromMS+out[i].LengthMS == e.FromMS && out[i].ToMS+out[i].LengthMS == e.ToMS {
			out[i].LengthMS += e.LengthMS
			continue
		}
		out = append(out, e)
	}
	return out
}

// followed is where media of one place stands in another.
func (r *Report) followed(ctx context.Context, tx *sqldb.Tx, from, to place) ([]edge, error) {
	if from.media != to.media {
		return nil, nil
	}
	t, err := r.timeline(ctx, tx, from.media)
	return t.follow(from.rev, to.rev), err
}

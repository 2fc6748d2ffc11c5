package playback

import (
	"context"
	"encoding/json"
	"slices"

	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// Revision names one revision of media: positions mean something in one revision only.
type Revision struct {
	MediaID string `json:"media"`
	Rev     int64  `json:"rev"`
}

// At is the revision that l describes.
func (l *Lesson) At() Revision { return Revision{l.MediaID, l.MediaRev} }

// Revision is what the present lease plays: it stays with the revision it began with.
func (s *Study) Revision() Revision { return Revision{s.MediaID, s.MediaRev} }

// Moved is where a set of one revision stands in another, by the map between them. It is never longer than s.
func (s Set) Moved(m media.TimeMap) (out Set) {
	for _, r := range s {
		for _, p := range m {
			from, to := max(r.From, p.FromMS), min(r.To, p.FromMS+p.LengthMS)
			out = out.Add(Range{from + p.ToMS - p.FromMS, to + p.ToMS - p.FromMS})
		}
	}
	return out
}

// movedTx is where a set of one revision stands in another.
func movedTx(ctx context.Context, tx *sqldb.Tx, lessons Lessons, s Set, from, to Revision) (Set, error) {
	if from == to || len(s) == 0 {
		return s, nil
	}
	m, err := lessons.MovedTx(ctx, tx, from, to)
	return s.Moved(m), err
}

// watched is all of a lesson that is credited and not reopened, each piece in the revision in which it was watched; what is
// open is not in it. It is kept as it was watched for good: what it means in another revision follows from the time maps.
type watched []piece

type piece struct {
	Range
	at   Revision
	sure bool // its window has passed, or a person has credited it
}

func watchedOf(ctx context.Context, tx *sqldb.Tx, learnerID, lessonID string) (watched, error) {
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (p piece, err error) {
		var sure int64
		err = row.Scan(&p.at.MediaID, &p.at.Rev, &p.From, &p.To, &sure)
		p.sure = sure != 0
		return p, err
	}, `SELECT s.media_id, s.media_rev, s.media_from, s.media_to, CASE WHEN w.result IS NULL THEN 0 ELSE 1 END FROM span s
		LEFT JOIN window_result w ON w.learner_id = s.learner_id AND w.window_no = s.window_no
		WHERE s.learner_id = $1 AND s.lesson_id = $2 AND (w.result IS NULL OR w.result = 'confirmed')
		UNION ALL SELECT media_id, media_rev, media_from, media_to, 1 FROM manual_credit WHERE learner_id = $3 AND lesson_id = $4
		ORDER BY 3`, learnerID, lessonID, learnerID, lessonID)
}

// in is what of it stands in one revision: credited, and the part of that whose windows have passed. Every piece goes there
// straight from its own revision, so that none is lost by what lay between.
func (w watched) in(ctx context.Context, tx *sqldb.Tx, lessons Lessons, to Revision) (credited, sure Set, err error) {
	for _, p := range w {
		set, err := movedTx(ctx, tx, lessons, Set{p.Range}, p.at, to)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range set {
			credited = credited.Add(r)
			if p.sure {
				sure = sure.Add(r)
			}
		}
	}
	return credited, sure, nil
}

// total is its length, and the length of what is sure of it, ms.
func (w watched) total() (all, sure int64) {
	for _, p := range w {
		all += p.Len()
		if p.sure {
			sure += p.Len()
		}
	}
	return all, sure
}

// mapped is the time map from one revision in which something was watched, as the chain keeps it.
type mapped struct {
	Revision
	Map media.TimeMap `json:"map"`
}

// maps are the time maps by which w stands in another revision.
func (w watched) maps(ctx context.Context, tx *sqldb.Tx, lessons Lessons, to Revision) (string, error) {
	all := []mapped{}
	for _, p := range w {
		if p.at == to || slices.ContainsFunc(all, func(m mapped) bool { return m.Revision == p.at }) {
			continue
		}
		m, err := lessons.MovedTx(ctx, tx, p.at, to)
		if err != nil {
			return "", err
		}
		all = append(all, mapped{p.at, m})
	}
	slices.SortFunc(all, func(a, b mapped) int { return cmpInt(a.Rev, b.Rev) })
	raw, err := json.Marshal(all)
	return string(raw), err
}

// carry takes an unfinished lesson over into revision l, which is being begun: its totals stand there from now on, and the
// chain says what became of what was watched. A lesson that is finished in the revision of its totals stays finished there.
// The caller stores the study row, then folds the lesson.
func (s *Service) carry(ctx context.Context, tx *sqldb.Tx, st *Study, l Lesson, p *Policy, now int64) (carried bool, err error) {
	row, found, err := standOf(ctx, tx, st.LearnerID, l.ID)
	if err != nil || !found || row.at == l.At() || row.confirmed {
		return false, err
	}
	w, err := watchedOf(ctx, tx, st.LearnerID, l.ID)
	if err != nil {
		return false, err
	}
	before, err := s.lessons.RevisionTx(ctx, tx, l.ID, row.at)
	if err != nil {
		return false, err
	}
	if had, _, err := w.in(ctx, tx, s.lessons, row.at); err != nil || had.Complete(before.DurationMS, p.GapMS, p.TotalMS) {
		return false, err
	}
	if err := s.book(ctx, tx, st, w, row.at, l, now); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE lesson_progress SET media_id = $1, media_rev = $2 WHERE learner_id = $3 AND lesson_id = $4`, l.MediaID, l.MediaRev, st.LearnerID, l.ID)
	return true, err
}

// book appends what was carried, with the maps, to the learner's chain.
func (s *Service) book(ctx context.Context, tx *sqldb.Tx, st *Study, w watched, from Revision, l Lesson, now int64) error {
	credited, sure, err := w.in(ctx, tx, s.lessons, l.At())
	if err != nil {
		return err
	}
	maps, err := w.maps(ctx, tx, s.lessons, l.At())
	if err != nil {
		return err
	}
	all, allSure := w.total()
	seq, hash := st.chain("carried", l.ID, from.MediaID, from.Rev, l.MediaID, l.MediaRev, maps, all, allSure, credited.Total(), sure.Total(), now)
	_, err = tx.Exec(ctx, `INSERT INTO carried (learner_id, chain_seq, lesson_id, from_media, from_rev, media_id, media_rev, maps, watched_ms, watched_sure_ms,
		credited_ms, confirmed_ms, at, chain_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		st.LearnerID, seq, l.ID, from.MediaID, from.Rev, l.MediaID, l.MediaRev, maps, all, allSure, credited.Total(), sure.Total(), now, hash)
	return err
}

// creditedIn is what of a lesson stands in revision l, what the present lease has open included, and what is sure of it. st
// may be nil.
func (s *Service) creditedIn(ctx context.Context, tx *sqldb.Tx, st *Study, learnerID string, l Lesson) (credited, sure Set, err error) {
	w, err := watchedOf(ctx, tx, learnerID, l.ID)
	if err != nil {
		return nil, nil, err
	}
	if credited, sure, err = w.in(ctx, tx, s.lessons, l.At()); err != nil || st == nil || st.LessonID != l.ID {
		return credited, sure, err
	}
	open, err := movedTx(ctx, tx, s.lessons, Set{}.Add(Range{st.Open.MediaFrom, st.Open.MediaTo}), st.Revision(), l.At())
	for _, r := range open {
		credited = credited.Add(r)
	}
	return credited, sure, err
}

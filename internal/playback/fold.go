package playback

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

const (
	foldQuiet = 6 * time.Hour // how long nothing was sent to a session before its deliveries are folded
	foldBatch = 100           // sessions a turn
)

// errOvertaken undoes a fold whose learner's chain has moved meanwhile.
var errOvertaken = errors.New("the learner's chain has moved")

// FoldDeliveries makes one row of all deliveries to a session that has been silent: nine tenths of what study leaves would be rows that
// nobody reads again. Nothing of the evidence is lost, and the row is a link of the learner's chain, which the rows were not: from then
// on an edit shows. A session that is heard of again finds its deliveries there. more = there may be others at once.
func (s *Service) FoldDeliveries(ctx context.Context) (more bool, err error) {
	due, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) ([]silent, error) { return silentTx(ctx, tx, foldBatch) })
	if err != nil {
		return false, err
	}
	folded := 0
	for _, d := range due {
		err := s.db.WriteCAS(ctx, func(tx *sqldb.Tx) error { return foldTx(ctx, tx, d) })
		s.forget(d.learnerID)
		switch {
		case err == nil:
			folded++
		case !errors.Is(err, errOvertaken):
			return false, err
		}
	}
	return len(due) == foldBatch && folded > 0, nil
}

// silent is a session whose deliveries are due to be folded.
type silent struct{ learnerID, sessionID string }

// silentTx finds them, the oldest first: superseded or no longer held, and nothing sent for foldQuiet. It hops from session to session
// along delivery's key.
func silentTx(ctx context.Context, tx *sqldb.Tx, limit int) ([]silent, error) {
	before := tx.Now().Add(-foldQuiet)
	return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (d silent, err error) { return d, row.Scan(&d.learnerID, &d.sessionID) },
		`WITH RECURSIVE hop (session_id) AS (
			SELECT min(session_id) FROM delivery
			UNION ALL
			SELECT (SELECT min(d.session_id) FROM delivery d WHERE d.session_id > hop.session_id) FROM hop WHERE hop.session_id < $1
		)
		SELECT p.learner_id, p.id FROM hop JOIN playback_session p ON p.id = hop.session_id JOIN study s ON s.learner_id = p.learner_id
		WHERE p.id < $2 AND (p.epoch < s.epoch OR s.expires_at < $3)
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.session_id = p.id AND d.finished_at >= $4) LIMIT $5`,
		id.Floor(before), id.Floor(before), before.UnixMicro(), before.UnixMicro(), limit)
}

// foldTx moves a session's deliveries into one row. What is delivered to it meanwhile stays a row, for another fold.
func foldTx(ctx context.Context, tx *sqldb.Tx, d silent) error {
	var bytes int64
	all, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s sent, err error) {
		var n int64
		err = row.Scan(&s.segment, &s.at, &n)
		bytes += n
		return s, err
	}, `DELETE FROM delivery WHERE session_id = $1 RETURNING segment_no, finished_at, bytes`, d.sessionID)
	if err != nil || len(all) == 0 { // another process was first
		return err
	}
	st, _, err := loadStudy(ctx, tx, d.learnerID)
	if err != nil {
		return err
	}
	booked, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[int64], `SELECT booked_at FROM span WHERE learner_id = $1 AND session_id = $2`, d.learnerID, d.sessionID)
	if err != nil {
		return err
	}
	list := listOf(stretchesOf(all, booked))
	listHash := sha256.Sum256(list)
	seq, hash := st.chain("delivery", d.sessionID, len(all), bytes, listHash[:])
	if ok, err := saveStudy(ctx, tx, st); err != nil || !ok {
		return cmp.Or(err, errOvertaken)
	}
	_, err = tx.Exec(ctx, `INSERT INTO delivery_fold (learner_id, chain_seq, session_id, segments, bytes, list, list_hash, chain_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, d.learnerID, seq, d.sessionID, len(all), bytes, list, listHash[:], hash)
	return err
}

// ForgetDeliveries empties the lists of sessions that began before an instant, at most limit a call: delivery records are kept as long as
// the policy of retention asks. The chain holds their hash, so it verifies as before; PB-I3 of those spans cannot be recomputed any more.
func ForgetDeliveries(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (n int64, err error) {
	return tx.Exec(ctx, `UPDATE delivery_fold SET list = $1 WHERE (learner_id, session_id, chain_seq) IN
		(SELECT learner_id, session_id, chain_seq FROM delivery_fold WHERE length(list) > 0 AND session_id < $2 ORDER BY session_id LIMIT $3)`,
		[]byte{}, id.Floor(before), limit)
}

// stretch is segments from first on that had all gone out by an instant, µs; the earliest of them at most foldSpan before.
type stretch struct{ first, count, at int64 }

// foldSpan is how exactly a fold tells when a segment went out.
const foldSpan = int64(time.Minute / time.Microsecond)

// stretchesOf joins deliveries that lie close together. None is joined across the instant at which a span of the session was booked, so
// what had been delivered by then (PB-I3) is told as exactly as by rows of their own.
func stretchesOf(all []sent, booked []int64) (out []stretch) {
	slices.SortFunc(all, func(a, b sent) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.segment, b.segment)) })
	slices.Sort(booked)
	bookings := func(at int64) int { n, _ := slices.BinarySearch(booked, at); return n } // how many before at
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].at-all[from].at <= foldSpan && bookings(all[to].at) == bookings(all[from].at) {
			to++
		}
		out = append(out, runs(all[from:to])...)
		from = to
	}
	return out
}

// runs are the stretches of consecutive segments in a group of deliveries.
func runs(group []sent) (out []stretch) {
	at := group[len(group)-1].at
	numbers := make([]int64, len(group))
	for i, s := range group {
		numbers[i] = s.segment
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		if last := len(out) - 1; last >= 0 && out[last].first+out[last].count == n {
			out[last].count++
		} else {
			out = append(out, stretch{n, 1, at})
		}
	}
	return out
}

// listOf writes each stretch as three zigzag varints: where it begins after the end of the one before, how many segments, and how many µs
// after the one before; the first after 0 and the year 1970. A minute of study takes six bytes.
func listOf(all []stretch) (list []byte) {
	var end, at int64
	for _, s := range all {
		for _, n := range []int64{s.first - end, s.count, s.at - at} {
			list = binary.AppendVarint(list, n)
		}
		end, at = s.first+s.count, s.at
	}
	return list
}

// ofList reads what listOf has written, as deliveries.
func ofList(list []byte) (all []sent, err error) {
	var end, at int64
	for len(list) > 0 {
		var v [3]int64
		for i := range v {
			n := 0
			if v[i], n = binary.Varint(list); n <= 0 {
				return nil, errDamaged
			}
			list = list[n:]
		}
		if v[1] < 1 || v[1] > maxMediaMS/1000 {
			return nil, errDamaged
		}
		first := end + v[0]
		end, at = first+v[1], at+v[2]
		for n := first; n < end; n++ {
			all = append(all, sent{n, at})
		}
	}
	return all, nil
}

var errDamaged = errors.New("a folded list of deliveries is damaged")

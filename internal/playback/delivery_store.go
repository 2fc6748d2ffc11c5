package playback

import (
	"context"
	"slices"
	"time"

	"xueshi/internal/platform/sqldb"
)

// lingerFor is how long a delivery that nobody waits for may wait for company: a commit for each segment would cost more
// than sending it.
const lingerFor = 100 * time.Millisecond

// linger waits for company as long as a batch holds nothing but such deliveries. A heartbeat ends the wait, and finds in
// its own transaction everything this process has sent before it.
func (c *committer) linger(batch []*item) []*item {
	waited := func(it *item) bool { return it.settled != nil }
	if slices.ContainsFunc(batch, waited) {
		return batch
	}
	t := time.NewTimer(lingerFor)
	defer t.Stop()
	for len(batch) < maxBatch {
		select {
		case it := <-c.in:
			if batch = append(batch, it); waited(it) {
				return batch
			}
		case <-c.stop:
			return batch
		case <-t.C:
			return batch
		}
	}
	return batch
}

// settle tells whoever waits.
func (it *item) settle() {
	if it.settled != nil {
		close(it.settled)
	}
}

// deliveries is the finished segments of a batch, one row a session and segment.
type deliveries struct {
	sessions        []string
	segments, bytes []int64
	at              map[deliveryKey]int
}

type deliveryKey struct {
	session string
	segment int64
}

func (d *deliveries) add(s *delivered) {
	key := deliveryKey{s.sessionID, s.segment}
	if i, seen := d.at[key]; seen {
		d.bytes[i] += s.bytes
		return
	}
	if d.at == nil {
		d.at = map[deliveryKey]int{}
	}
	d.at[key] = len(d.sessions)
	d.sessions, d.segments, d.bytes = append(d.sessions, s.sessionID), append(d.segments, s.segment), append(d.bytes, s.bytes)
}

const onDelivered = ` ON CONFLICT (session_id, segment_no) DO UPDATE SET bytes = delivery.bytes + excluded.bytes`

// store adds the rows, or the bytes of a segment sent again to its row.
func (d *deliveries) store(ctx context.Context, tx *sqldb.Tx) error {
	if len(d.sessions) == 0 {
		return nil
	}
	if tx.Engine() == sqldb.Postgres {
		_, err := tx.Exec(ctx, `INSERT INTO delivery (session_id, segment_no, finished_at, bytes)
			SELECT s.session_id, s.segment_no, $1::bigint, s.bytes FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS s(session_id, segment_no, bytes)`+onDelivered,
			tx.NowMicro(), d.sessions, d.segments, d.bytes)
		return err
	}
	stmt, err := tx.Prepared(ctx, `INSERT INTO delivery (session_id, segment_no, finished_at, bytes) VALUES ($1, $2, $3, $4)`+onDelivered)
	if err != nil {
		return err
	}
	for i, session := range d.sessions {
		if _, err := stmt.ExecContext(ctx, session, d.segments[i], tx.NowMicro(), d.bytes[i]); err != nil {
			return err
		}
	}
	return nil
}

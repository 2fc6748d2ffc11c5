// Package verify recomputes every total from evidence and fails on any edit of any row. It shares no rule with the engine
// it checks: it reads rows only, learner by learner, in bounded memory.
package verify

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	xid "xueshi/internal/kernel/id"
	"xueshi/internal/platform/ledger"
	"xueshi/internal/platform/sqldb"
)

// Report is what was read and what was found.
type Report struct {
	Learners, Spans, Windows, Carried, Records int
	Aged                                       int // spans whose delivery records were kept for keepMonths and are gone
	Findings                                   []string

	timelines map[string]timeline // of one learner's media
}

const maxFindings = 100

// tolerances of completeness (settled.md), ms, and the longest credit between two checks (R1.10c).
const (
	totalMS  = 5_000
	windowMS = 900_000
)

// keepMonths is how long delivery records are kept at least (settled.md).
const keepMonths = 24

func (r *Report) find(format string, args ...any) {
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

// Run verifies everything; signer holds the key that checkpoints must carry.
func Run(ctx context.Context, db *sqldb.DB, signer *ledger.Signer) (*Report, error) {
	r := &Report{}
	if err := r.log(ctx, db, signer); err != nil {
		return r, err
	}
	after := ""
	for {
		var ids []string
		err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
			ids, err = sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT id FROM person WHERE id > $1 ORDER BY id LIMIT 500`, after)
			return err
		})
		if err != nil || len(ids) == 0 {
			return r, err
		}
		if err := r.learners(ctx, db, ids); err != nil {
			return r, err
		}
		after = ids[len(ids)-1]
	}
}

// Sample verifies the evidence log, and n learners chosen at random.
func Sample(ctx context.Context, db *sqldb.DB, signer *ledger.Signer, n int) (*Report, error) {
	r := &Report{}
	if err := r.log(ctx, db, signer); err != nil {
		return r, err
	}
	ids, err := sqldb.ReadValue(ctx, db, func(tx *sqldb.Tx) ([]string, error) {
		return sqldb.Rows(ctx, tx, sqldb.ScanValue[string], `SELECT learner_id FROM study ORDER BY random() LIMIT $1`, n)
	})
	if err != nil {
		return r, err
	}
	return r, r.learners(ctx, db, ids)
}

// log recomputes the evidence log.
func (r *Report) log(ctx context.Context, db *sqldb.DB, signer *ledger.Signer) error {
	return db.Read(ctx, func(tx *sqldb.Tx) error {
		findings, err := ledger.CheckTx(ctx, tx, signer)
		for _, f := range findings {
			r.find("%s", f)
		}
		return err
	})
}

func (r *Report) learners(ctx context.Context, db *sqldb.DB, ids []string) error {
	for _, id := range ids {
		if err := db.Read(ctx, func(tx *sqldb.Tx) error { return r.learner(ctx, tx, id) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) learner(ctx context.Context, tx *sqldb.Tx, id string) error {
	if err := r.ledger(ctx, tx, id); err != nil {
		return err
	}
	r.timelines = map[string]timeline{} // what a snapshot of another learner saw may have been published since
	e, err := read(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(e.links) > 0 {
		r.Learners++
	}
	r.Spans += len(e.spans)
	r.Windows += len(e.windows)
	r.Carried += len(e.carried)
	if err := r.chain(ctx, tx, id, e.links); err != nil {
		return err
	}
	r.disjoint(id, e.spans)
	r.checked(id, e.spans)
	if err := r.delivered(ctx, tx, id, &e); err != nil {
		return err
	}
	return r.lessons(ctx, tx, id, e)
}

// chain recomputes the learner's hash chain and holds its head against the study row.
func (r *Report) chain(ctx context.Context, tx *sqldb.Tx, id string, links []link) error {
	slices.SortFunc(links, func(a, b link) int { return int(a.seq - b.seq) })
	var prev ledger.Hash
	for i, l := range links {
		if l.seq != int64(i)+1 {
			r.find("learner %s: chain has no row %d", id, i+1)
			return nil
		}
		prev = ledger.Next(prev, l.kind, append([]any{id, l.seq}, l.fields...)...)
		if !bytes.Equal(prev[:], l.hash) {
			r.find("learner %s: chain row %d (%s) was edited", id, l.seq, l.kind)
			return nil
		}
	}
	if err := r.logged(ctx, tx, "study", id, func(seq int64) []byte {
		if seq < 1 || seq > int64(len(links)) {
			return nil
		}
		return links[seq-1].hash
	}); err != nil {
		return err
	}
	type head struct {
		seq  int64
		hash []byte
	}
	h, _, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (h head, err error) { return h, row.Scan(&h.seq, &h.hash) },
		`SELECT chain_seq, chain_hash FROM study WHERE learner_id = $1`, id)
	if err == nil && len(links) == 0 && h.seq == 0 {
		return nil // never studied: there is no head to hold against
	}
	if err == nil && (h.seq != int64(len(links)) || !bytes.Equal(h.hash, prev[:])) {
		r.find("learner %s: the chain ends at row %d, the study row says %d", id, len(links), h.seq)
	}
	return err
}

// logged holds the leaves of an owner's chain against the rows they commit to.
func (r *Report) logged(ctx context.Context, tx *sqldb.Tx, kind, owner string, hashOf func(seq int64) []byte) error {
	seqs, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[int64], `SELECT l.seq FROM merkle_leaf l JOIN merkle_salt s ON s.no = l.no WHERE l.kind = $1 AND l.owner = $2`, kind, owner)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		fits, err := ledger.OpensTx(ctx, tx, kind, owner, seq, hashOf(seq))
		if err != nil {
			return err
		}
		if !fits {
			r.find("%s chain of %s: row %d is not the one in the evidence log", kind, owner, seq)
		}
	}
	return nil
}

// disjoint checks PB-I1 and PB-I5, and the equal length of media and wall time.
func (r *Report) disjoint(id string, spans []span) {
	for i, s := range spans {
		if s.wallTo-s.wallFrom != 1000*(s.mediaTo-s.mediaFrom) || s.mediaTo <= s.mediaFrom || s.wallTo > s.booked {
			r.find("learner %s: span %d has %d ms of media in %d µs of wall time", id, s.seq, s.mediaTo-s.mediaFrom, s.wallTo-s.wallFrom)
		}
		if i > 0 && spans[i-1].wallTo > s.wallFrom {
			r.find("learner %s: PB-I1: spans %d and %d share wall time", id, spans[i-1].seq, s.seq)
		}
		if i > 0 && spans[i-1].epoch > s.epoch {
			r.find("learner %s: PB-I5: span %d of epoch %d follows epoch %d", id, s.seq, s.epoch, spans[i-1].epoch)
		}
	}
}

// checked holds PB-I4: at most 900 s of credit in any window between two passed checks.
func (r *Report) checked(id string, spans []span) {
	sum := map[int64]int64{}
	for _, s := range spans {
		sum[s.window] += s.mediaTo - s.mediaFrom
	}
	for w, ms := range sum {
		if ms > windowMS {
			r.find("learner %s: PB-I4: window %d holds %d ms without a check", id, w, ms)
		}
	}
}

// delivered holds PB-I3: every span lies in segments that went to its session before it was booked.
func (r *Report) delivered(ctx context.Context, tx *sqldb.Tx, id string, e *evidence) error {
	for _, s := range e.spans {
		type size struct{ length, count int64 }
		of, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (m size, err error) { return m, row.Scan(&m.length, &m.count) },
			`SELECT segment_ms, segments FROM media WHERE id = $1 AND rev = $2`, s.media, s.rev)
		if err != nil {
			return err
		}
		if !found || of.length == 0 {
			r.find("learner %s: span %d of unknown media %s", id, s.seq, s.media)
			continue
		}
		first := s.mediaFrom / of.length
		end := min((s.mediaTo-1)/of.length+1, of.count)
		got := int64(0)
		for n := first; n < end; n++ {
			if at, sent := e.sent[segment{s.session, n}]; sent && at <= s.booked {
				got++
			}
		}
		if e.forgotten[s.session] && got < end-first {
			r.Aged++
			if began, ok := xid.Time(s.session); !ok || began.After(tx.Now().AddDate(0, -keepMonths, 0)) {
				r.find("learner %s: the delivery records of span %d were erased before their time", id, s.seq)
			}
			continue
		}
		if got < end-first {
			r.find("learner %s: PB-I3: span %d claims %d segments, %d were delivered before", id, s.seq, end-first, got)
		}
	}
	return nil
}

// ledger recomputes a person's credit chain.
func (r *Report) ledger(ctx context.Context, tx *sqldb.Tx, id string) error {
	type record struct {
		no             int64
		hash, prevHash []byte
		fields         []any
	}
	records, err := sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (c record, err error) {
		var recID, person, subject, form, source, course, content, provider, result, evidence, corrects, actor, reason string
		var year, tenths, minutes, started, completed, rule int64
		err = row.Scan(&recID, &person, &c.no, &year, &subject, &form, &source, &course, &content, &provider, &tenths, &minutes, &started, &completed,
			&result, &rule, &evidence, &corrects, &actor, &reason, &c.prevHash, &c.hash)
		c.fields = []any{recID, person, c.no, year, subject, form, source, course, content, provider, tenths, minutes, started, completed, result, rule, evidence, corrects, actor, reason}
		return c, err
	}, `SELECT id, person_id, no, year, subject, form, source, course_id, content, provider, hours_tenths, minutes_studied, started_at, completed_at,
		result, rule_version, evidence, corrects, actor, reason, prev_hash, hash FROM credit_record WHERE person_id = $1 ORDER BY no`, id)
	if err != nil {
		return err
	}
	var prev ledger.Hash
	for i, c := range records {
		r.Records++
		next := ledger.Next(prev, "credit", c.fields...)
		if c.no != int64(i)+1 || !bytes.Equal(c.prevHash, prev[:]) || !bytes.Equal(next[:], c.hash) {
			r.find("person %s: credit record %d was edited or removed", id, i+1)
			return nil
		}
		prev = next
	}
	return r.logged(ctx, tx, "credit", id, func(seq int64) []byte {
		if seq < 1 || seq > int64(len(records)) {
			return nil
		}
		return records[seq-1].hash
	})
}

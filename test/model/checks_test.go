package model

import (
	"context"

	"pgregory.net/rapid"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/playback"
)

func (m *machine) dueOrSkip(rt *rapid.T) {
	if !m.ref.due {
		rt.Skip("no check is due")
	}
}

func (m *machine) answerRight(rt *rapid.T) {
	m.dueOrSkip(rt)
	seat := m.through(rt, rapid.IntRange(0, 1).Draw(rt, "tab"))
	check, right, err := seat.Right(m.check)
	if code(err) == "playback.check_swaps" {
		rt.Skip("all other tasks are used up")
	}
	if err != nil {
		rt.Fatal(err)
	}
	res, err := seat.Answer(check, right)
	if err != nil {
		rt.Fatal(err)
	}
	want(rt, "a right answer", res.Result, "passed")
	m.settle(true)
}

func (m *machine) answerWrong(rt *rapid.T) {
	m.dueOrSkip(rt)
	seat := m.through(rt, rapid.IntRange(0, 1).Draw(rt, "tab"))
	if rapid.IntRange(0, 4).Draw(rt, "nonce") == 0 {
		stale := *m.check
		stale.Nonce = "x"
		res, err := seat.Answer(&stale, []string{"x"})
		if (code(err) != "playback.check_nonce" || m.late) && res.Result != "wrong" {
			rt.Fatalf("a stale nonce: %+v, %v", res, err)
		}
		return
	}
	res, err := seat.Answer(m.check, []string{"no", "no"})
	if err != nil {
		rt.Fatal(err)
	}
	if m.tries++; m.late && m.tries == 3 {
		want(rt, "the third wrong answer after the deadline", res.Result, "reopened")
		m.settle(false)
		return
	}
	want(rt, "a wrong answer", res.Result, "wrong")
}

func (m *machine) another(rt *rapid.T) {
	m.dueOrSkip(rt)
	next, err := m.through(rt, 0).Program.Playback.Another(m.seats[0].Ctx(), m.check.ID)
	if err == nil && next.Nonce == m.check.Nonce {
		rt.Fatal("another task under the same nonce")
	}
	if err != nil && code(err) != "playback.check_swaps" {
		rt.Fatal(err)
	}
}

func (m *machine) settle(passed bool) {
	m.dues = append(m.dues, [2]int64{m.ref.dueFrom, m.ref.at(m.now())})
	m.ref.settled(m.now(), passed)
	m.check, m.late, m.tries = nil, false, 0
}

// credited is the credited cells of both lessons, as the lesson page shows them.
func (m *machine) credited(rt *rapid.T) map[string][]bool {
	out := map[string][]bool{}
	for id := range m.ref.lessons {
		p, err := m.seats[0].Page(id)
		if err != nil {
			rt.Fatal(err)
		}
		out[id] = cells(rt, p.Credited, len(m.ref.lessons[id].credited))
	}
	return out
}

func cells(rt *rapid.T, set playback.Set, n int) []bool {
	out := make([]bool, n)
	for _, r := range set {
		if r.From%cell != 0 || r.To%cell != 0 {
			rt.Fatalf("%v is off the grid: no claim and no clock step was", r)
		}
		for i := r.From / cell; i < r.To/cell; i++ {
			out[i] = true
		}
	}
	return out
}

// invariants holds what the page and the row say against the reference, after every step.
func (m *machine) invariants(rt *rapid.T) {
	if m.ref.holder == nil {
		return
	}
	for id, l := range m.ref.lessons {
		p, err := m.seats[0].Page(id)
		if err != nil {
			rt.Fatal(err)
		}
		credited, confirmed := cells(rt, p.Credited, len(l.credited)), cells(rt, p.Confirmed, len(l.credited))
		for i := range credited {
			if credited[i] != l.credited[i] || confirmed[i] != l.confirmed[i] {
				rt.Fatalf("%s at %d ms: credited %v, confirmed %v; want %v, %v", id, i*cell, credited[i], confirmed[i], l.credited[i], l.confirmed[i])
			}
			if confirmed[i] && !credited[i] {
				rt.Fatalf("%s at %d ms is confirmed and not credited", id, i*cell)
			}
		}
	}
	m.row(rt)
	if !m.ref.due {
		return
	}
	check, err := m.c.Playback.DueCheck(m.seats[0].Ctx())
	if err != nil || check == nil {
		rt.Fatalf("the due check: %v, %v", check, err)
	}
	if m.check == nil || m.check.ID != check.ID {
		m.deadline = check.DeadlineAt.UnixMicro()
	}
	if late := m.late || m.now() > m.deadline; check.Late != late {
		rt.Fatalf("late %v, want %v", check.Late, late)
	} else if late && !m.late {
		m.late, m.tries = true, 0
	}
	m.check = check
}

// row holds the study row against the reference: one holder, the epoch, since-check, check due.
func (m *machine) row(rt *rapid.T) {
	type study struct {
		session                             string
		epoch, since, window, expires, last int64
		due                                 bool
	}
	ctx := context.Background()
	var got study
	err := m.c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		var check string
		err := tx.QueryRowContext(ctx, `SELECT session_id, epoch, since_check_ms, window_no, expires_at, last_seq, check_id FROM study WHERE learner_id = $1`,
			m.person.ID).Scan(&got.session, &got.epoch, &got.since, &got.window, &got.expires, &got.last, &check)
		got.due = check != ""
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	r := m.ref
	if want := (study{r.holder.lease.SessionID, r.epoch, r.since, r.windows, r.expires, r.holder.seq, r.due}); got != want {
		rt.Fatalf("study row %+v, want %+v", got, want)
	}
}

// spans reads the rows of credit themselves: wall time and media are disjoint, no window is longer than the check allows,
// no epoch earns outside its time, and none earns while a check is due.
func (m *machine) spans(rt *rapid.T) {
	type span struct{ epoch, window, wallFrom, wallTo, mediaFrom, mediaTo int64 }
	ctx := context.Background()
	var all []span
	starts := map[int64]int64{}
	err := m.c.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (s span, err error) {
			return s, row.Scan(&s.epoch, &s.window, &s.wallFrom, &s.wallTo, &s.mediaFrom, &s.mediaTo)
		}, `SELECT epoch, window_no, wall_from, wall_to, media_from, media_to FROM span WHERE learner_id = $1
			UNION ALL SELECT epoch, window_no, open_wall_from, open_wall_to, open_media_from, open_media_to FROM study
			WHERE learner_id = $2 AND open_media_to > open_media_from ORDER BY 3`, m.person.ID, m.person.ID)
		if err != nil {
			return err
		}
		_, err = sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (e int64, err error) {
			var at int64
			err = row.Scan(&e, &at)
			starts[e] = at
			return e, err
		}, `SELECT epoch, acquired_at FROM playback_session WHERE learner_id = $1`, m.person.ID)
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	sums := map[int64]int64{}
	for i, s := range all {
		sums[s.window] += s.mediaTo - s.mediaFrom
		if s.wallTo-s.wallFrom != 1000*(s.mediaTo-s.mediaFrom) || s.wallTo > max(m.peak, m.ref.last) {
			rt.Fatalf("span %+v: more media than wall time, or time that has not come", s)
		}
		if i > 0 && all[i-1].wallTo > s.wallFrom {
			rt.Fatalf("PB-I1: %+v and %+v share wall time", all[i-1], s)
		}
		if next, ok := starts[s.epoch+1]; s.wallFrom < starts[s.epoch] || ok && s.wallTo > next {
			rt.Fatalf("PB-I5: %+v lies outside its epoch %d-%d", s, starts[s.epoch], next)
		}
		for _, d := range m.dues {
			if s.wallFrom < d[1] && s.wallTo > d[0] {
				rt.Fatalf("PB-I4: %+v was paid for time in which a check was due, %v", s, d)
			}
		}
	}
	for w, ms := range sums {
		if ms > m.ref.p.CheckMaxMS {
			rt.Fatalf("PB-I4: window %d holds %d ms", w, ms)
		}
	}
}

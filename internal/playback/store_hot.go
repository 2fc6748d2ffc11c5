package playback

import (
	"context"
	"fmt"
	"strings"

	"xueshi/internal/platform/sqldb"
)

// calm is what most beats leave as it is: a run goes on and its open span grows. Then only the steady columns are written.
type calm struct {
	chainSeq, mediaFrom, wallFrom, skew int64
	check, prev                         string
	run                                 Run
}

func (s *Study) calm() calm {
	c := calm{s.ChainSeq, s.Open.MediaFrom, s.Open.WallFrom, s.Skew, s.CheckID, s.Prev, s.Run}
	c.run.Pos = 0
	return c
}

// steady is the columns of steadyColumns; hot adds those that a beat changes now and then.
func (s *Study) steady() []any {
	return []any{s.ExpiresAt, s.LastContact, s.LastSeq, s.Cursor, s.SinceCheck, s.Run.Pos, s.Open.MediaTo, s.Open.WallTo}
}

func (s *Study) hot() []any {
	return append(s.steady(), s.ChainHash, s.ChainSeq, s.CheckID, s.Run.No, s.Run.From, s.Run.PayFrom, s.Run.Floor,
		string(s.Run.State), flag(s.Run.Open), s.Open.MediaFrom, s.Open.WallFrom, s.Skew, s.Prev)
}

var (
	steadyColumns = []string{"expires_at", "last_contact", "last_seq", "wall_cursor", "since_check_ms", "run_pos", "open_media_to", "open_wall_to"}
	hotColumns    = append(steadyColumns[:len(steadyColumns):len(steadyColumns)], "chain_hash", "chain_seq", "check_id", "run_no", "run_from", "run_pay_from", "run_floor",
		"run_state", "run_open", "open_media_from", "open_wall_from", "skew", "prev")
)

// hotTypes are the array types of the columns on PostgreSQL that are no numbers.
var hotTypes = map[string]string{"chain_hash": "bytea", "check_id": "text", "run_state": "text", "prev": "text"}

// swap is one compare-and-swap on the study row: the columns it writes, for one row and for many rows in one statement
// (SQLite pays per name, PostgreSQL per statement). Both are prepared once a connection.
type swap struct {
	columns    []string
	values     func(*Study) []any
	row, batch string
}

var (
	steadySwap = newSwap(steadyColumns, (*Study).steady)
	hotSwap    = newSwap(hotColumns, (*Study).hot)
)

func newSwap(columns []string, values func(*Study) []any) *swap {
	var sets, from, args []string
	for i, c := range columns {
		sets = append(sets, fmt.Sprintf("%s = $%d", c, i+1))
		from = append(from, c+" = b."+c)
		kind := hotTypes[c]
		if kind == "" {
			kind = "bigint"
		}
		args = append(args, fmt.Sprintf("(SELECT $%d::%s[])", i+1, kind))
	}
	n := len(columns)
	return &swap{columns: columns, values: values,
		row: fmt.Sprintf("UPDATE study SET %s, version = version + 1 WHERE learner_id = $%d AND version = $%d", strings.Join(sets, ", "), n+1, n+2),
		// A planner that sees how long the arrays are reads the whole table for them, hundreds of pages a batch, once the
		// table is a few thousand rows; behind a SELECT it cannot see, and finds each row by its key at any size.
		batch: fmt.Sprintf("UPDATE study s SET %s, version = s.version + 1 FROM unnest(%s, (SELECT $%d::text[]), (SELECT $%d::bigint[])) AS b(%s, learner_id, version)"+
			" WHERE s.learner_id = b.learner_id AND s.version = b.version RETURNING s.learner_id",
			strings.Join(from, ", "), strings.Join(args, ", "), n+1, n+2, strings.Join(columns, ", "))}
}

// HotStatements are the heartbeat's updates as an engine gets them; tests look at their plans.
func HotStatements(engine sqldb.Engine) []string {
	if engine == sqldb.Postgres {
		return []string{steadySwap.batch, hotSwap.batch}
	}
	return []string{steadySwap.row, hotSwap.row}
}

// save stores what beats changed by compare-and-swap; it adds the learners whose swap held to held.
func (w *swap) save(ctx context.Context, tx *sqldb.Tx, all []*Study, held map[string]bool) error {
	if len(all) == 0 {
		return nil
	}
	if tx.Engine() == sqldb.Postgres {
		ids, err := sqldb.Rows(ctx, tx, sqldb.ScanValue[string], w.batch, w.arrays(all)...)
		for _, id := range ids {
			held[id] = true
		}
		return err
	}
	stmt, err := tx.Prepared(ctx, w.row)
	if err != nil {
		return err
	}
	for _, s := range all {
		res, err := stmt.ExecContext(ctx, append(w.values(s), s.LearnerID, s.Version)...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		held[s.LearnerID] = n == 1
	}
	return nil
}

// arrays turns rows into one array a column.
func (w *swap) arrays(all []*Study) []any {
	n := len(w.columns)
	texts, ints, blobs := make([][]string, n+2), make([][]int64, n+2), make([][]byte, 0, len(all))
	for _, s := range all {
		for i, v := range append(w.values(s), s.LearnerID, s.Version) {
			switch v := v.(type) {
			case string:
				texts[i] = append(texts[i], v)
			case int64:
				ints[i] = append(ints[i], v)
			case []byte:
				blobs = append(blobs, v)
			}
		}
	}
	args := make([]any, n+2)
	for i := range args {
		switch {
		case texts[i] != nil:
			args[i] = texts[i]
		case ints[i] != nil:
			args[i] = ints[i]
		default:
			args[i] = blobs
		}
	}
	return args
}

// swap stores the study rows by compare-and-swap: those of beats that only moved a run on by their steady columns.
// held names the learners whose swap held.
func (b *batchRun) swap(ctx context.Context, tx *sqldb.Tx, learners []string) (held map[string]bool, err error) {
	var steady, hot []*Study
	for _, learner := range learners {
		if e := b.touched[learner]; e.study.calm() == e.stored {
			steady = append(steady, &e.study)
		} else {
			hot = append(hot, &e.study)
		}
	}
	held = make(map[string]bool, len(learners))
	if err = steadySwap.save(ctx, tx, steady, held); err == nil {
		err = hotSwap.save(ctx, tx, hot, held)
	}
	return held, err
}

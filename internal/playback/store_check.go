package playback

import (
	"context"
	"encoding/json"

	"xueshi/internal/platform/sqldb"
)

func loadCheck(ctx context.Context, tx *sqldb.Tx, checkID, learnerID string) (*checkRow, bool, error) {
	return sqldb.One(ctx, tx, func(row sqldb.Scanner) (*checkRow, error) {
		c := &checkRow{}
		var tasks string
		err := row.Scan(&c.id, &c.learnerID, &c.windowNo, &c.epoch, &c.lessonID, &c.state, &c.late, &c.issuedAt, &c.deadlineAt,
			&c.nonce, &tasks, &c.answerMAC, &c.tries, &c.swaps)
		if err == nil {
			err = json.Unmarshal([]byte(tasks), &c.tasks)
		}
		return c, err
	}, `SELECT id, learner_id, window_no, epoch, lesson_id, state, late, issued_at, deadline_at, nonce, tasks, answer_mac, tries, swaps
		FROM presence_check WHERE id = $1 AND learner_id = $2 AND state = 'due'`, checkID, learnerID)
}

func insertCheck(ctx context.Context, tx *sqldb.Tx, c *checkRow) error {
	tasks, err := marshalTasks(c.tasks)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO presence_check (id, learner_id, window_no, epoch, lesson_id, state, late, issued_at, deadline_at, nonce,
		tasks, answer_mac, tries, swaps, answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0)`,
		c.id, c.learnerID, c.windowNo, c.epoch, c.lessonID, c.state, c.late, c.issuedAt, c.deadlineAt, c.nonce, tasks, c.answerMAC, c.tries, c.swaps)
	return err
}

func updateCheck(ctx context.Context, tx *sqldb.Tx, c *checkRow) error {
	tasks, err := marshalTasks(c.tasks)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE presence_check SET state = $1, late = $2, nonce = $3, tasks = $4, answer_mac = $5, tries = $6, swaps = $7, answered_at = $8
		WHERE id = $9 AND state = 'due'`, c.state, c.late, c.nonce, tasks, c.answerMAC, c.tries, c.swaps, c.answeredAt, c.id)
	return err
}

// answered notes when the check was settled: with issued_at it gives the response latency, a review signal and never a verdict.
func (c *checkRow) answered(tx *sqldb.Tx) { c.answeredAt = tx.NowMicro() }

package sql

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// across are the statements of the playback engine that do not name the learner, by a piece of their text, with the reason: what a
// database that is distributed by the learner (Citus, YugabyteDB) has to ask every part of, or has to be told otherwise.
var across = map[string]string{
	"FROM study WHERE device_id = $1":              "T24: one device, two learners; once an acquisition. Distributed, a device's claim is a row under the device's own key",
	"INSERT INTO device_play":                      "the same",
	"FROM study WHERE chain_seq > anchored_seq":    "the evidence log anchors all learners; a job",
	"SELECT segment_no, finished_at FROM delivery": "a session is one learner's: distributed, delivery goes by the session's learner",
	"DELETE FROM delivery WHERE session_id":        "the same",
	"INSERT INTO delivery":                         "the same",
	"UPDATE delivery_fold SET list":                "delivery records that were kept long enough are erased; a job",
	"UPDATE presence_check SET state":              "by its id, which was read under its learner",
}

var tables = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)`)

// names finds the learner as a condition, or as what is inserted; a column that is only read says nothing.
var names = regexp.MustCompile(`(?s)(learner_id|person_id) (=|IN)|INSERT INTO [a-z_]+ \([^)]*(learner_id|person_id)`)

// TestPlaybackStatementsNameTheLearner: a learner is a cell's smallest part. Each statement of the playback engine over rows of learners
// names whose they are, so that one part of a distributed database answers it; those that do not are known, with their reason.
func TestPlaybackStatementsNameTheLearner(t *testing.T) {
	t.Parallel()
	env := sqltest.SQLite(t)
	keyed, err := sqldb.ReadValue(context.Background(), env.DB, func(tx *sqldb.Tx) ([]string, error) {
		return sqldb.Rows(context.Background(), tx, sqldb.ScanValue[string], `SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.name IN ('learner_id', 'person_id') ORDER BY m.name`)
	})
	if err != nil {
		t.Fatal(err)
	}
	keyed = append(keyed, "delivery", "device_play") // rows of learners without their name
	used := map[string]bool{}
	seen := 0
	for _, s := range collect(t) {
		if !strings.Contains(s.at, "internal/playback/") {
			continue
		}
		touches := slices.ContainsFunc(tables.FindAllStringSubmatch(s.text, -1), func(m []string) bool { return slices.Contains(keyed, m[1]) })
		if !touches {
			continue
		}
		seen++
		if names.MatchString(s.text) {
			continue
		}
		known := ""
		for piece := range across {
			if strings.Contains(s.text, piece) {
				known = piece
			}
		}
		if used[known] = true; known == "" {
			t.Errorf("%s: whose rows?\n%s", s.at, s.text)
		}
	}
	for piece := range across {
		if !used[piece] {
			t.Errorf("no statement needs the exception %q any more", piece)
		}
	}
	if seen < 30 {
		t.Errorf("%d statements seen: the search finds too little", seen)
	}
}

package city

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"xueshi/internal/catalog"
	"xueshi/internal/client"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
)

// Folder is a packaged lesson in one folder that only delivery looks at.
func Folder(durationMS int64) fs.FS {
	m := media.Manifest{DurationMS: durationMS, SegmentMS: client.SegmentMS, Segments: (durationMS + client.SegmentMS - 1) / client.SegmentMS}
	raw, _ := json.Marshal(m)
	dir := fstest.MapFS{"lesson.json": {Data: raw}, "init.mp4": {Data: []byte("init")}}
	for n := range m.Segments {
		dir[fmt.Sprintf("%d.m4s", n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "segment %d", n)}
	}
	return dir
}

// Replace puts another revision of a lesson before the learners: durationMS long, grown from revision base by a time map.
func (c *City) Replace(t testing.TB, lesson string, durationMS, base int64, from media.TimeMap) (rev int64) {
	t.Helper()
	ctx := context.Background()
	must(t, c.DB.Read(ctx, func(tx *sqldb.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT max(rev) + 1 FROM media WHERE id = $1`, lesson).Scan(&rev)
	}))
	m, err := media.Stage(ctx, c.Store, Folder(durationMS), lesson, rev)
	must(t, err)
	m.BaseRev, m.TimeMap = base, from
	must(t, c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := media.AddTx(ctx, tx, m); err != nil {
			return err
		}
		return catalog.ImportedTx(ctx, tx, lesson, rev)
	}))
	return rev
}

// Bring makes a published revision of a lesson the one that is played, which no use case does.
func (c *City) Bring(t testing.TB, lesson string, rev int64) {
	t.Helper()
	ctx := context.Background()
	must(t, c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE lesson SET media_rev = $1 WHERE id = $2`, rev, lesson)
		return err
	}))
}

package media

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
)

// Those who take a file in and those who erase it as an orphan run against each other: whoever has held a file until the end finds
// it there. The holder gives its word back each time, so that the file is an orphan again.
func TestHoldersAndErasersExcludeEachOther(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		hash := strings.Repeat("0", 64)
		var file atomic.Bool
		var kept, erased atomic.Int64
		write := func(f func(tx *sqldb.Tx) error) bool {
			err := env.Write(t.Context(), f)
			if err != nil && err != error(errErasing) { //nolint:errorlint // the very error
				t.Error(err)
			}
			return err == nil
		}
		hold := func() {
			if !write(func(tx *sqldb.Tx) error { return holdTx(t.Context(), tx, hash) }) {
				return
			}
			if !file.Load() {
				file.Store(true)
			}
			if !write(func(tx *sqldb.Tx) error { return heldTx(t.Context(), tx, hash) }) {
				return
			}
			if kept.Add(1); !file.Load() {
				t.Error("held to the end, and gone")
			}
			write(func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE original_hold SET until = 0 WHERE hash = $1 AND sweeping = 0`, hash)
				return err
			})
		}
		erase := func() {
			ok := false
			if write(func(tx *sqldb.Tx) (err error) {
				ok, err = eraseTx(t.Context(), tx, owner{kind: ownerOriginal, id: hash})
				return err
			}) && ok {
				file.Store(false)
				erased.Add(1)
				write(func(tx *sqldb.Tx) error { return erasedTx(t.Context(), tx, hash) })
			}
		}
		var all sync.WaitGroup
		for _, f := range []func(){hold, erase, erase} {
			all.Go(func() {
				for range 60 {
					f()
				}
			})
		}
		all.Wait()
		t.Logf("kept %d times, erased %d times", kept.Load(), erased.Load())
	})
}

func TestWhatAKeyIsStoredFor(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	for key, want := range map[string]owner{
		originalKey(hash): {kind: ownerOriginal, id: hash}, "media/l/12/720p/3.m4s": {ownerRevision, "l", 12}, "media/l/12/captions-1.vtt": {ownerRevision, "l", 12},
		reportKey("r", "00-black.jpg"): {kind: ownerReport, id: "r"},
		// Not by a name that media gives.
		"originals/cd/" + hash: {}, "originals/ab/" + hash[:62]: {}, "originals/ab/" + strings.ToUpper(hash): {}, "originals/ab/" + hash + "/x": {}, "media/l/012/x": {}, "media/l/1": {},
		"media/l/-/x": {}, "reports/r": {}, "reports/r/a/b": {}, "proof/r": {}, "proof/media/l/1/x": {}, "x": {}, "": {},
	} {
		if o, ok := ownerOf(key); ok != (want != owner{}) || ok && o != want {
			t.Errorf("%q: %+v, %v", key, o, ok)
		}
	}
}

package catalog

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb/sqltest"
)

func (a *archive) begin(bytes int64) (uploadID string) {
	a.Helper()
	uploadID, err := a.files.BeginUpload(a.as("up"), media.Upload{ProviderID: "p", Profile: media.Video, Content: media.SameContent, Name: "a.mp4", Bytes: bytes})
	a.must(err)
	return uploadID
}

func (a *archive) receive(uploadID string, at int64, what io.Reader) string {
	a.Helper()
	_, err := a.files.Receive(a.as("up"), uploadID, at, what)
	if err != nil {
		return errs.As(err).Code
	}
	return ""
}

// pieces are the files of uploads in the store.
func (a *archive) pieces() (n int) {
	a.Helper()
	for _, key := range a.keys() {
		if strings.HasPrefix(key, "uploads/") {
			n++
		}
	}
	return n
}

func TestPiecesOfAnUpload(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		id := a.begin(10)
		if code := a.receive(id, 3, strings.NewReader("xyz")); code != "media.upload_offset" {
			t.Errorf("a piece that leaves a gap: %q", code)
		}
		if _, err := a.files.Receive(a.as("up"), id, 0, io.MultiReader(strings.NewReader("abc"), broken{})); err == nil {
			t.Error("a piece whose source fails was taken")
		}
		if code := a.receive(id, 0, strings.NewReader("")); code != "" || a.pieces() != 0 {
			t.Errorf("nothing at all: %q, %d files", code, a.pieces())
		}
		if code := a.receive(id, 0, strings.NewReader("abc")); code != "" {
			t.Errorf("the first piece: %q", code)
		}
		if code := a.receive(id, 0, strings.NewReader("abc")); code != "media.upload_offset" {
			t.Errorf("the same piece again: %q", code)
		}
		n, err := a.files.Receive(a.as("up"), id, 3, strings.NewReader("defghijklmnop"))
		if err != nil || n != 7 {
			t.Errorf("more than was announced: %d bytes, %v", n, err)
		}
		if a.state(id) != "received" || a.pieces() != 2 {
			t.Errorf("after the last byte: %s, %d files", a.state(id), a.pieces())
		}
		if code := a.receive(id, 10, strings.NewReader("q")); code != "media.upload_ended" {
			t.Errorf("a piece of what has ended: %q", code)
		}
	})
}

// broken is a line that breaks.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

func TestAnUploadComesInSoManyPieces(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		id := a.begin(20_000)
		a.exec(`INSERT INTO upload_piece (upload_id, at, bytes, key, stored_at)
			WITH RECURSIVE n (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM n WHERE at < 9998) SELECT '` + id + `', at, 1, 'uploads/x/' || at, 0 FROM n`)
		if code := a.receive(id, 9999, strings.NewReader("x")); code != "" {
			t.Errorf("the ten thousandth piece: %q", code)
		}
		if code := a.receive(id, 10_000, strings.NewReader("x")); code != "media.upload_pieces" || a.pieces() != 1 {
			t.Errorf("one more: %q, %d files", code, a.pieces())
		}
	})
}

func TestWhatNobodyContinuesEnds(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		left, slow := a.begin(10), a.begin(10)
		a.receive(left, 0, strings.NewReader("ab"))
		a.receive(slow, 0, strings.NewReader("ab"))
		env.Clock.Advance(6 * 24 * time.Hour)
		a.receive(slow, 2, strings.NewReader("cd"))
		env.Clock.Advance(36 * time.Hour) // a week since the one, a day and a half since the other
		a.must(a.files.Sweep(t.Context()))
		if a.state(left) != "abandoned" || a.state(slow) != "receiving" || a.pieces() != 2 {
			t.Errorf("%s, %s, %d files", a.state(left), a.state(slow), a.pieces())
		}
		a.must(a.files.GiveUp(a.as("up"), slow))
		if rows := a.strings(`SELECT key FROM upload_piece`); a.pieces() != 0 || len(rows) != 0 {
			t.Errorf("given up: %d files, rows %q", a.pieces(), rows)
		}
	})
}

// A process that dies between a piece and its row leaves a file that the store's sweep finds; a refused upload leaves rows that the
// next turn clears.
func TestPiecesThatAreLeftGo(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		a := newArchive(t, env)
		id := a.begin(10)
		a.receive(id, 0, strings.NewReader("ab"))
		a.must(a.shelf.Put(t.Context(), "uploads/"+id+"/2-dead", strings.NewReader("cd")))
		env.Clock.Advance(49 * time.Hour)
		a.sweep()
		if a.pieces() != 1 {
			t.Errorf("%d files, want the one that has a row", a.pieces())
		}
		a.exec(`UPDATE upload SET state = 'refused', code = 'media.not_video' WHERE id = '` + id + `'`)
		a.must(a.files.Sweep(t.Context()))
		if rows := a.strings(`SELECT key FROM upload_piece`); a.pieces() != 0 || len(rows) != 0 {
			t.Errorf("refused: %d files, rows %q", a.pieces(), rows)
		}
	})
}

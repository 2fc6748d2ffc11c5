package media

import (
	"context"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"xueshi/internal/platform/sqldb"
)

// What files of the store are for, by their folder. Other folders are not media's: identity keeps its proofs in one.
const (
	ownerOriginal = "original" // originals/ab/<hash>
	ownerRevision = "revision" // media/<id>/<rev>/…
	ownerReport   = "report"   // reports/<id>/…
	ownerPiece    = "piece"    // uploads/<id>/<at>-<id>
)

// sweptFolders are all that the sweep looks into.
var sweptFolders = []string{"originals/", "media/", "reports/", "uploads/"}

// owner is the thing whose row needs a stored file.
type owner struct {
	kind string
	id   string // the hash, the media, the report or the key
	rev  int64
}

// ownerOf reads a key; ok is false for what media does not store by this name. It stays where it is.
func ownerOf(key string) (o owner, ok bool) {
	folder, rest, _ := strings.Cut(key, "/")
	id, rest, _ := strings.Cut(rest, "/")
	switch folder {
	case "originals":
		raw, err := hex.DecodeString(rest)
		return owner{kind: ownerOriginal, id: rest}, err == nil && len(raw) == 32 && originalKey(rest) == key
	case "media":
		no, name, _ := strings.Cut(rest, "/")
		rev, err := strconv.ParseInt(no, 10, 64)
		return owner{ownerRevision, id, rev}, err == nil && name != "" && (&Media{ID: id, Rev: rev}).Key(name) == key
	case "reports":
		return owner{kind: ownerReport, id: id}, id != "" && rest != "" && path.Base(rest) == rest
	case "uploads":
		return owner{kind: ownerPiece, id: key}, id != "" && rest != "" && path.Base(rest) == rest
	}
	return owner{}, false
}

// neededTx says which owners a row names: the one place that knows what the store must keep.
//
//   - An original is needed by its row, or by the word of whoever is about to write it (holdTx).
//   - All files of a revision are needed by its media row; by its courseware row too, which a packaging may still be on its way to.
//   - Pictures are needed by their report, pieces of an upload by their row.
func neededTx(ctx context.Context, tx *sqldb.Tx, owners []owner) (map[owner]bool, error) {
	ids := map[string][]any{}
	seen := map[owner]bool{}
	for _, o := range owners {
		key := owner{kind: o.kind, id: o.id}
		if !seen[key] {
			ids[o.kind] = append(ids[o.kind], o.id)
		}
		seen[key] = true
	}
	needed := map[owner]bool{}
	note := func(kind string) func(row sqldb.Scanner) (struct{}, error) {
		return func(row sqldb.Scanner) (struct{}, error) {
			o := owner{kind: kind}
			err := row.Scan(&o.id, &o.rev)
			needed[o] = true
			return struct{}{}, err
		}
	}
	var err error
	if some := ids[ownerOriginal]; len(some) > 0 {
		_, err = sqldb.Rows(ctx, tx, note(ownerOriginal), `SELECT hash, 0 FROM original WHERE hash IN (`+sqldb.Places(1, len(some))+`)`, some...)
		if err == nil {
			_, err = sqldb.Rows(ctx, tx, note(ownerOriginal), `SELECT hash, 0 FROM original_hold WHERE sweeping = 0 AND until >= $1 AND hash IN (`+
				sqldb.Places(2, len(some))+`)`, append([]any{tx.NowMicro()}, some...)...)
		}
	}
	if some := ids[ownerRevision]; err == nil && len(some) > 0 {
		_, err = sqldb.Rows(ctx, tx, note(ownerRevision), `SELECT id, rev FROM media WHERE id IN (`+sqldb.Places(1, len(some))+`)`, some...)
		if err == nil {
			_, err = sqldb.Rows(ctx, tx, note(ownerRevision), `SELECT lesson_id, rev FROM courseware WHERE lesson_id IN (`+sqldb.Places(1, len(some))+`)`, some...)
		}
	}
	if some := ids[ownerReport]; err == nil && len(some) > 0 {
		_, err = sqldb.Rows(ctx, tx, note(ownerReport), `SELECT id, 0 FROM inspection_report WHERE id IN (`+sqldb.Places(1, len(some))+`)`, some...)
	}
	if some := ids[ownerPiece]; err == nil && len(some) > 0 {
		_, err = sqldb.Rows(ctx, tx, note(ownerPiece), `SELECT key, 0 FROM upload_piece WHERE key IN (`+sqldb.Places(1, len(some))+`)`, some...)
	}
	return needed, err
}

package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"xueshi/internal/identity"
	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// MaxUpload is the largest file that is taken: three hours at 3 Mbit/s and something over.
const MaxUpload = 6 << 30

// uploadKept is how long an upload that nobody continues is kept.
const uploadKept = 7 * 24 * time.Hour

// Upload is a file on its way in.
//
//	receiving ──last byte──▶ received ──intake──▶ accepted (an original) | refused (with a code)
//	    └── not continued for a week ──▶ abandoned
type Upload struct {
	ID         string         `json:"id"`
	ProviderID string         `json:"provider_id"`
	LessonID   string         `json:"lesson_id" doc:"The lesson it is for; empty = the media library"`
	Profile    Profile        `json:"profile" enum:"video,slides"`
	Content    Content        `json:"content" enum:"same,new" doc:"Whether it holds what the lesson holds already: then learners go on where they were"`
	Name       string         `json:"name" doc:"File name as uploaded"`
	Bytes      int64          `json:"bytes"`
	State      string         `json:"state" enum:"receiving,received,accepted,refused,abandoned"`
	Code       string         `json:"code" doc:"Why it was refused, or, of a received one, what it waits for"`
	Params     map[string]any `json:"params" doc:"Numbers and names the sentence needs"`
	OriginalID string         `json:"original_id"`
	CreatedAt  time.Time      `json:"created_at"`
	uploadedBy string
}

// BeginUpload registers an upload before its first byte. Errors: Forbidden "identity.scope_required"; Invalid "media.upload_size"
// (empty, or above MaxUpload) and "media.upload_name"; NotFound from the catalogue when the lesson is not the provider's;
// Unavailable "media.tools_missing" where the server has no ffmpeg.
func (s *Service) BeginUpload(ctx context.Context, u Upload) (uploadID string, err error) {
	actor, err := identity.RequireIn(ctx, u.ProviderID, identity.ProviderStaff, identity.Teacher)
	if err != nil {
		return "", err
	}
	switch {
	case s.inspector == nil:
		return "", errs.New(errs.Unavailable, "media.tools_missing")
	case u.ProviderID == "":
		return "", errs.New(errs.Invalid, "request.invalid").WithField("provider", "required")
	case u.Bytes <= 0 || u.Bytes > MaxUpload:
		return "", errs.New(errs.Invalid, "media.upload_size", "max_gb", MaxUpload>>30)
	case u.Name == "" || len([]rune(u.Name)) > 200:
		return "", errs.New(errs.Invalid, "media.upload_name", "max", 200)
	case u.Profile != Video && u.Profile != Slides:
		return "", errs.New(errs.Invalid, "request.invalid").WithField("profile", "invalid")
	case u.Content != SameContent && u.Content != NewContent:
		return "", errs.New(errs.Invalid, "request.invalid").WithField("content", "invalid")
	}
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error {
		if u.LessonID != "" {
			if err := s.lessons.MayTakeTx(ctx, tx, u.ProviderID, u.LessonID); err != nil {
				return err
			}
		}
		u.ID, u.uploadedBy = id.New(tx.Now()), actor.PersonID
		if err := insertUploadTx(ctx, tx, u); err != nil {
			return err
		}
		return identity.AuditTx(ctx, tx, "media.upload", "upload/"+u.ID, map[string]any{"provider": u.ProviderID, "lesson": u.LessonID, "bytes": u.Bytes})
	})
	return u.ID, err
}

// MayUpload checks that the actor may go on with an upload: send bytes, ask how far it is, or give it up.
// Errors: NotFound "media.no_upload" (also for another provider's); Conflict "media.upload_ended".
func (s *Service) MayUpload(ctx context.Context, uploadID string) error {
	if _, err := identity.Require(ctx, identity.ProviderStaff, identity.Teacher); err != nil {
		return err
	}
	if uploadID == "" { // a new one: BeginUpload asks for the provider
		return nil
	}
	return s.db.Read(ctx, func(tx *sqldb.Tx) error {
		u, err := uploadTx(ctx, tx, uploadID)
		if err != nil {
			return err
		}
		if _, err := identity.RequireIn(ctx, u.ProviderID, identity.ProviderStaff, identity.Teacher); err != nil {
			return errs.New(errs.NotFound, "media.no_upload")
		}
		if u.State != "receiving" {
			return errs.New(errs.Conflict, "media.upload_ended")
		}
		return nil
	})
}

// GiveUp ends an upload at its sender's wish.
func (s *Service) GiveUp(ctx context.Context, uploadID string) error {
	if err := s.MayUpload(ctx, uploadID); err != nil {
		return err
	}
	return s.abandon(ctx, uploadID)
}

// Uploads lists a provider's uploads, the newest first: what is on its way, and what became of the rest.
func (s *Service) Uploads(ctx context.Context, providerID, after string, limit int) (out []Upload, next string, err error) {
	if _, err := identity.RequireIn(ctx, providerID, identity.ProviderStaff, identity.Teacher); err != nil {
		return nil, "", err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		out, err = uploadsTx(ctx, tx, providerID, after, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].ID
	}
	return out, next, err
}

type intakeArgs struct {
	UploadID string `json:"upload_id"`
}

// intake looks at an upload whose last byte is there: what it is by its content, whether it is harmful, its hash; then it is an original.
func (s *Service) intake(ctx context.Context, j *jobs.Job) error {
	var a intakeArgs
	if err := j.Args(&a); err != nil {
		return err
	}
	u, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) (Upload, error) { return uploadTx(ctx, tx, a.UploadID) })
	if err != nil {
		return err
	}
	if u.State != "received" { // an earlier try has finished it
		return s.clearPieces(ctx, u.ID)
	}
	f, err := s.assemble(ctx, u.ID)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := looksLikeVideo(f); err != nil {
		return err
	}
	hash, err := s.admit(ctx, f, u.Bytes)
	if err != nil {
		return errors.Join(err, s.tellWaiting(ctx, u, err))
	}
	o := Original{ID: "", ProviderID: u.ProviderID, Hash: hash, Bytes: u.Bytes, Name: u.Name, uploadedBy: u.uploadedBy}
	if err := s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.acceptTx(ctx, tx, u, o) }); err != nil {
		return err
	}
	return s.clearPieces(ctx, u.ID)
}

// whole is a file that is read more than once.
type whole interface {
	io.Reader
	Rewind() error
}

// admit has the file scanned and stored.
func (s *Service) admit(ctx context.Context, f whole, bytes int64) (hash string, err error) {
	if err := s.scan(ctx, f); err != nil {
		return "", err
	}
	return s.keep(ctx, f, bytes)
}

// tellWaiting notes why an upload is not taken in yet, where trying again will help.
func (s *Service) tellWaiting(ctx context.Context, u Upload, why error) error {
	e := errs.As(why)
	if e.Kind != errs.Unavailable || u.Code == e.Code {
		return nil
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE upload SET code = $1 WHERE id = $2 AND state = 'received'`, e.Code, u.ID)
		return err
	})
}

// acceptTx makes the upload an original, and the newest courseware of its lesson.
func (s *Service) acceptTx(ctx context.Context, tx *sqldb.Tx, u Upload, o Original) error {
	o, err := keepOriginalTx(ctx, tx, o)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE upload SET state = 'accepted', code = '', original_id = $1, ended_at = $2 WHERE id = $3 AND state = 'received'`, o.ID, tx.NowMicro(), u.ID)
	if err != nil || n == 0 {
		return err
	}
	if u.LessonID == "" {
		return s.InspectTx(ctx, tx, o.ID, u.Profile)
	}
	return s.lessons.TakeTx(ctx, tx, Handover{LessonID: u.LessonID, Original: o, Profile: u.Profile, Origin: "upload", Content: u.Content, By: u.uploadedBy})
}

// settleIntake tells a refusal to its sender.
func (s *Service) settleIntake(ctx context.Context, tx *sqldb.Tx, j *jobs.Job, work error) error {
	var a intakeArgs
	if err := j.Args(&a); err != nil {
		return err
	}
	if work != nil {
		e := errs.As(work)
		params, err := json.Marshal(e.Params)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE upload SET state = 'refused', code = $1, params = $2, ended_at = $3 WHERE id = $4 AND state = 'received'`,
			e.Code, string(params), tx.NowMicro(), a.UploadID); err != nil {
			return err
		}
	}
	return nil // what a refused one came in is removed by the next turn of Sweep
}

// keep stores the file under the hash of its bytes: the same file twice is one file. It is held for the row that will name it.
// Errors: Invalid "media.truncated"; Unavailable "media.original_erasing".
func (s *Service) keep(ctx context.Context, f whole, bytes int64) (hash string, err error) {
	h := sha256.New()
	if err := f.Rewind(); err != nil {
		return "", err
	}
	n, err := io.Copy(h, f)
	if err != nil {
		return "", err
	}
	if n != bytes {
		return "", errs.New(errs.Invalid, "media.truncated")
	}
	hash = hex.EncodeToString(h.Sum(nil))
	if err := s.db.Write(ctx, func(tx *sqldb.Tx) error { return holdTx(ctx, tx, hash) }); err != nil {
		return "", err
	}
	if old, err := s.store.Stat(ctx, originalKey(hash)); err == nil && old.Size == bytes || err != nil && !blob.Missing(err) {
		return hash, err
	}
	if err := f.Rewind(); err != nil {
		return "", err
	}
	return hash, s.store.Put(ctx, originalKey(hash), f)
}

func originalKey(hash string) string { return "originals/" + hash[:2] + "/" + hash }

// scan asks the virus scanner, if there is one. Errors: Invalid "media.infected"; any other when the scanner does not answer.
func (s *Service) scan(ctx context.Context, f whole) error {
	if s.scanner == nil {
		return nil
	}
	if err := f.Rewind(); err != nil {
		return err
	}
	name, err := s.scanner.Scan(ctx, f)
	if err == nil && name != "" {
		err = errs.New(errs.Invalid, "media.infected", "name", name)
	}
	return err
}

// magics are how the containers begin that are taken: offset and bytes.
var magics = []struct {
	at    int
	bytes string
}{{4, "ftyp"}, {4, "moov"}, {4, "mdat"}, {4, "wide"}, {4, "free"}, {4, "skip"}, {0, "\x1a\x45\xdf\xa3"}, {0, "FLV\x01"}}

// looksLikeVideo tells by the first bytes, never by the name. Errors: Invalid "media.not_video" with what it seems to be.
func looksLikeVideo(f io.Reader) error {
	head := make([]byte, 1024)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	for _, m := range magics {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			return nil
		}
	}
	if isTS(head) || len(head) > 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "AVI " {
		return nil
	}
	return errs.New(errs.Invalid, "media.not_video", "seems", seems(head))
}

// isTS finds the sync byte of MPEG transport packets.
func isTS(head []byte) bool {
	return len(head) > 377 && head[0] == 0x47 && head[188] == 0x47 && head[376] == 0x47
}

// seems names what people most often send instead.
func seems(head []byte) string {
	for _, k := range []struct{ prefix, name string }{{"PK\x03\x04", "zip"}, {"%PDF", "pdf"}, {"MZ", "program"}, {"\x7fELF", "program"}, {"\xff\xd8\xff", "picture"},
		{"\x89PNG", "picture"}, {"#EXTM3U", "playlist"}, {"ffconcat", "playlist"}, {"Rar!", "zip"}, {"ID3", "sound"}} {
		if bytes.HasPrefix(head, []byte(k.prefix)) {
			return k.name
		}
	}
	if len(head) == 0 {
		return "empty"
	}
	return "unknown"
}

// Sweep ends uploads that nobody continues, and removes what ended ones came in and what dead workers have left. It may run in every
// process at any time.
func (s *Service) Sweep(ctx context.Context) error {
	type due struct{ uploadID, state string }
	long := s.clk.Now().Add(-uploadKept).UnixMicro()
	list, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) ([]due, error) {
		return sqldb.Rows(ctx, tx, func(row sqldb.Scanner) (d due, err error) { return d, row.Scan(&d.uploadID, &d.state) },
			`SELECT u.id, u.state FROM upload u WHERE u.state = 'receiving' AND u.created_at < $1
				AND NOT EXISTS (SELECT 1 FROM upload_piece p WHERE p.upload_id = u.id AND p.stored_at >= $2)
			UNION ALL SELECT DISTINCT u.id, u.state FROM upload_piece p JOIN upload u ON u.id = p.upload_id WHERE u.state NOT IN ('receiving', 'received') LIMIT 100`,
			long, long)
	})
	for _, d := range list {
		if d.state == "receiving" {
			err = errors.Join(err, s.abandon(ctx, d.uploadID))
		} else {
			err = errors.Join(err, s.clearPieces(ctx, d.uploadID))
		}
	}
	return errors.Join(err, s.sweepWork())
}

func (s *Service) abandon(ctx context.Context, uploadID string) error {
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE upload SET state = 'abandoned', ended_at = $1 WHERE id = $2 AND state = 'receiving'`, tx.NowMicro(), uploadID)
		return err
	})
	if err != nil {
		return err
	}
	return s.clearPieces(ctx, uploadID)
}

// sweepWork removes what dead workers have left: folders and fetched files in which nothing has changed for a day.
func (s *Service) sweepWork() error {
	base := WorkDir(s.dir)
	entries, err := os.ReadDir(base)
	if os.IsNotExist(err) {
		return nil
	}
	for _, e := range entries {
		left := filepath.Join(base, e.Name())
		if s.clk.Now().Sub(newest(left)) >= 24*time.Hour {
			err = errors.Join(err, os.RemoveAll(left))
		}
	}
	return err
}

// newest is when something in a tree was last written; what vanishes meanwhile does not count.
func newest(path string) (at time.Time) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
		return nil
	})
	return at
}

package media

import (
	"context"
	"errors"
	"io"
	"strconv"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/kernel/id"
	"xueshi/internal/platform/sqldb"
)

// maxPieces is in how many pieces an upload may come: 6 GiB in pieces of 8 MiB are 768, and a line that breaks makes more.
const maxPieces = 10_000

// piece is a part of an upload, as it was sent.
type piece struct {
	at, bytes int64
	key       string
}

// Progress tells how many bytes of an upload have arrived, and of how many. Errors: as MayUpload.
func (s *Service) Progress(ctx context.Context, uploadID string) (received, total int64, err error) {
	if err := s.MayUpload(ctx, uploadID); err != nil {
		return 0, 0, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		u, err := uploadTx(ctx, tx, uploadID)
		if err != nil {
			return err
		}
		total = u.Bytes
		received, err = receivedTx(ctx, tx, uploadID)
		return err
	})
	return received, total, err
}

// Receive stores what r gives as the next piece of an upload, and returns how long it is. With the last one the upload is received,
// and the job that takes it in is put. Of two that send the same piece, through whatever processes, one is taken.
// Errors: as MayUpload; Conflict "media.upload_offset" when at is not where the last piece ends; Limited "media.upload_pieces".
func (s *Service) Receive(ctx context.Context, uploadID string, at int64, r io.Reader) (n int64, err error) {
	received, total, err := s.Progress(ctx, uploadID)
	switch {
	case err != nil:
		return 0, err
	case at != received:
		return 0, errs.New(errs.Conflict, "media.upload_offset")
	}
	count := &countingReader{r: io.LimitReader(r, total-at)}
	p := piece{at: at, key: "uploads/" + uploadID + "/" + strconv.FormatInt(at, 10) + "-" + id.New(s.clk.Now())}
	if err := s.store.Put(ctx, p.key, count); err != nil {
		return 0, err
	}
	if p.bytes = count.n; p.bytes == 0 {
		return 0, s.store.Remove(ctx, p.key)
	}
	ended := at+p.bytes == total
	err = s.db.Write(ctx, func(tx *sqldb.Tx) error { return s.receiveTx(ctx, tx, uploadID, p, ended) })
	if err != nil {
		return 0, errors.Join(err, s.store.Remove(context.WithoutCancel(ctx), p.key))
	}
	if ended {
		s.jobs.Wake()
	}
	return p.bytes, nil
}

func (s *Service) receiveTx(ctx context.Context, tx *sqldb.Tx, uploadID string, p piece, ended bool) error {
	u, err := uploadTx(ctx, tx, uploadID)
	if err != nil {
		return err
	}
	if u.State != "receiving" {
		return errs.New(errs.Conflict, "media.upload_ended")
	}
	received, err := receivedTx(ctx, tx, uploadID)
	if err == nil && received != p.at {
		err = errs.New(errs.Conflict, "media.upload_offset")
	}
	if err != nil {
		return err
	}
	pieces, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT count(*) FROM upload_piece WHERE upload_id = $1`, uploadID)
	if err == nil && pieces >= maxPieces {
		err = errs.New(errs.Limited, "media.upload_pieces", "max", maxPieces)
	}
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, `INSERT INTO upload_piece (upload_id, at, bytes, key, stored_at) VALUES ($1, $2, $3, $4, $5)`,
		uploadID, p.at, p.bytes, p.key, tx.NowMicro()); err != nil || !ended {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE upload SET state = 'received' WHERE id = $1`, uploadID); err != nil {
		return err
	}
	return s.jobs.PutTx(ctx, tx, jobIntake, uploadID, intakeArgs{uploadID})
}

func receivedTx(ctx context.Context, tx *sqldb.Tx, uploadID string) (int64, error) {
	n, _, err := sqldb.One(ctx, tx, sqldb.ScanValue[int64], `SELECT COALESCE(max(at + bytes), 0) FROM upload_piece WHERE upload_id = $1`, uploadID)
	return n, err
}

type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func scanPiece(row sqldb.Scanner) (p piece, err error) {
	err = row.Scan(&p.at, &p.bytes, &p.key)
	return p, err
}

// assembled is an upload read from its pieces, one after the other.
type assembled struct {
	ctx    context.Context
	s      *Service
	pieces []piece
	next   int
	open   io.ReadCloser
}

// assemble opens a received upload.
func (s *Service) assemble(ctx context.Context, uploadID string) (*assembled, error) {
	pieces, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) ([]piece, error) {
		return sqldb.Rows(ctx, tx, scanPiece, `SELECT at, bytes, key FROM upload_piece WHERE upload_id = $1 ORDER BY at`, uploadID)
	})
	return &assembled{ctx: ctx, s: s, pieces: pieces}, err
}

// Read implements io.Reader.
func (a *assembled) Read(p []byte) (int, error) {
	for {
		if a.open == nil {
			if a.next == len(a.pieces) {
				return 0, io.EOF
			}
			f, err := a.s.store.Open(a.ctx, a.pieces[a.next].key)
			if err != nil {
				return 0, err
			}
			a.open, a.next = f, a.next+1
		}
		n, err := a.open.Read(p)
		if errors.Is(err, io.EOF) {
			err = a.Close()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Rewind begins anew at the first byte.
func (a *assembled) Rewind() error {
	a.next = 0
	return a.Close()
}

// Close gives the open piece back.
func (a *assembled) Close() error {
	if a.open == nil {
		return nil
	}
	f := a.open
	a.open = nil
	return f.Close()
}

// clearPieces removes the pieces of an upload that has ended: files first, so that a crash leaves rows to go on from.
func (s *Service) clearPieces(ctx context.Context, uploadID string) error {
	pieces, err := sqldb.ReadValue(ctx, s.db, func(tx *sqldb.Tx) ([]piece, error) {
		return sqldb.Rows(ctx, tx, scanPiece, `SELECT p.at, p.bytes, p.key FROM upload_piece p JOIN upload u ON u.id = p.upload_id
			WHERE p.upload_id = $1 AND u.state NOT IN ('receiving', 'received')`, uploadID)
	})
	if err != nil || len(pieces) == 0 {
		return err
	}
	for _, p := range pieces {
		if err := s.store.Remove(ctx, p.key); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM upload_piece WHERE upload_id = $1`, uploadID)
		return err
	})
}

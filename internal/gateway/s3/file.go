package s3

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"xueshi/internal/platform/blob"
)

// window is how much one request asks for: a segment of a lesson comes whole with the request that opens it. Nothing of it is
// held in memory; what a reader leaves unread of it is lost.
const window = 4 << 20

// skip is how far ahead a reader may jump without a new request.
const skip = 256 << 10

// file reads an object in windows, by requests that each may be repeated.
type file struct {
	ctx   context.Context //nolint:containedctx // a File is read as long as the context of its Open lasts
	s     *Store
	key   string
	size  int64
	at    time.Time
	etag  string
	pos   int64         // of the reader
	body  io.ReadCloser // nil: none open
	next  int64         // what body gives next
	end   int64         // where it ends
	fails int           // in a row, with little between them
	got   int64         // since the last of them
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (blob.File, error) {
	if err := blob.CheckKey(key); err != nil {
		return nil, err
	}
	return s.open(ctx, key, window)
}

// open asks for the first bytes, and learns size and time with them.
func (s *Store) open(ctx context.Context, key string, first int64) (*file, error) {
	f := &file{ctx: ctx, s: s, key: key}
	body, info, header, err := s.get(ctx, key, 0, first-1, "")
	if code(err) == "InvalidRange" { // an empty file has no first byte
		body, info, header, err = s.get(ctx, key, 0, -1, "")
	}
	if err != nil {
		return nil, failed("open", key, err)
	}
	f.at, f.etag, f.body, f.end = info.LastModified, info.ETag, body, info.Size
	if f.size, err = total(header, info.Size); err != nil {
		_ = body.Close()
		return nil, failed("open", key, err)
	}
	return f, nil
}

// get asks for the bytes from…to; to < from asks for all.
func (s *Store) get(ctx context.Context, key string, from, to int64, etag string) (io.ReadCloser, minio.ObjectInfo, http.Header, error) {
	var o minio.GetObjectOptions
	if to >= from {
		if err := o.SetRange(from, to); err != nil {
			return nil, minio.ObjectInfo{}, nil, err
		}
	}
	if etag != "" {
		if err := o.SetMatchETag(etag); err != nil {
			return nil, minio.ObjectInfo{}, nil, err
		}
	}
	return s.core.GetObject(ctx, s.c.Bucket, s.c.Prefix+key, o)
}

// total is the size of the whole object, of which an answer brought n bytes.
func total(h http.Header, n int64) (int64, error) {
	_, size, ranged := strings.Cut(h.Get("Content-Range"), "/")
	if !ranged {
		return n, nil
	}
	all, err := strconv.ParseInt(size, 10, 64)
	if err == nil && all < n {
		err = errors.New("s3: an answer longer than its object")
	}
	return all, err
}

// Read implements io.Reader.
func (f *file) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if f.pos >= f.size {
			return 0, io.EOF
		}
		err := f.reach()
		if err == nil {
			var n int
			n, err = f.body.Read(p[:min(int64(len(p)), f.end-f.next)])
			f.next, f.pos, f.got = f.next+int64(n), f.pos+int64(n), f.got+int64(n)
			if f.next == f.end || err != nil { // if it was cut, the rest is asked for anew
				f.drop()
			}
			if n > 0 {
				return n, nil
			}
		}
		if f.got >= skip {
			f.fails = 0
		}
		f.got = 0
		if f.fails++; f.fails > tries || f.ctx.Err() != nil || blob.Missing(err) {
			return 0, failed("read", f.key, errors.Join(err, f.ctx.Err()))
		}
	}
}

// reach has body stand where the reader does.
func (f *file) reach() error {
	if f.body != nil && f.pos > f.next && f.pos < f.end && f.pos-f.next <= skip {
		n, err := io.CopyN(io.Discard, f.body, f.pos-f.next)
		if f.next += n; err != nil {
			f.drop()
		}
	}
	if f.body != nil && f.pos == f.next {
		return nil
	}
	f.drop()
	end := min(f.pos+window, f.size)
	body, info, header, err := f.s.get(f.ctx, f.key, f.pos, end-1, f.etag)
	if err != nil {
		return err
	}
	if size, err := total(header, info.Size); err != nil || size != f.size || info.Size != end-f.pos || info.ETag != f.etag {
		return errors.Join(errors.New("s3: the object has changed, or its server knows no ranges"), err, body.Close())
	}
	f.body, f.next, f.end = body, f.pos, end
	return nil
}

func (f *file) drop() {
	if f.body != nil {
		_ = f.body.Close()
		f.body = nil
	}
}

// Seek implements io.Seeker; it asks the store nothing.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "seek", Path: f.key, Err: fs.ErrInvalid}
	}
	f.pos = offset
	return offset, nil
}

// Close implements io.Closer.
func (f *file) Close() error {
	f.drop()
	return nil
}

// Stat implements fs.File.
func (f *file) Stat() (fs.FileInfo, error) { return stat{f}, nil }

// stat is what is known of an open file.
type stat struct{ f *file }

func (i stat) Name() string       { return path.Base(i.f.key) }
func (i stat) Size() int64        { return i.f.size }
func (i stat) Mode() fs.FileMode  { return 0o444 }
func (i stat) ModTime() time.Time { return i.f.at }
func (i stat) IsDir() bool        { return false }
func (i stat) Sys() any           { return nil }

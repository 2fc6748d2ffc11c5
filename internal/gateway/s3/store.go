package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
)

// partSize is what one request of a large Put carries, and what a Put of unknown length holds in memory; up to 160 GB an object.
const partSize = 16 << 20

const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// pageSize is how many keys one request lists.
const pageSize = 1000

// Put implements blob.Store. An object appears with its last part; what a Put that died has sent is Clean's.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	src := &source{r: r}
	body, size, err := src.sized()
	o := minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: partSize, NumThreads: 2}
	switch {
	case err != nil:
	case size == 0: // the client's signature of a stream gives it a length
		o.DisableContentSha256 = true
		_, err = s.core.PutObject(ctx, s.c.Bucket, s.c.Prefix+key, nil, 0, "", emptySHA256, o)
	default:
		_, err = s.core.Client.PutObject(ctx, s.c.Bucket, s.c.Prefix+key, body, size, o)
	}
	if own := src.failed(); own != nil {
		return own // not the store's fault
	}
	return failed("put", key, err)
}

// source notes an error of what is to be stored, so that nobody takes it for the store's.
type source struct {
	r   io.Reader
	mu  sync.Mutex
	err error
}

func (s *source) note(err error) {
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
}

func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.note(err)
	return n, err
}

// seekable is a source whose parts may be sent again.
type seekable struct {
	*source
	io.Seeker
	at io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (s seekable) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.at.ReadAt(p, off)
	s.note(err)
	return n, err
}

// sized is what to send and how long it is, −1 when only its end will tell.
func (s *source) sized() (io.Reader, int64, error) {
	seeker, ok := s.r.(io.Seeker)
	at, random := s.r.(io.ReaderAt)
	if ok && random {
		here, err := seeker.Seek(0, io.SeekCurrent)
		end := here
		if err == nil {
			end, err = seeker.Seek(0, io.SeekEnd)
		}
		if err == nil {
			_, err = seeker.Seek(here, io.SeekStart)
		}
		s.note(err)
		if here > 0 { // the client counts from the beginning of what it is given
			part := io.NewSectionReader(at, here, end-here)
			return seekable{&source{r: part}, part, part}, end - here, err
		}
		return seekable{s, seeker, at}, end, err
	}
	head, err := io.ReadAll(io.LimitReader(s, 1<<20))
	if err == nil && len(head) < 1<<20 {
		return bytes.NewReader(head), int64(len(head)), nil
	}
	return io.MultiReader(bytes.NewReader(head), s), -1, err
}

// Stat implements blob.Store. It asks for the first byte: the answer to HEAD has no body, and could not say that it is the bucket
// that is not there.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	f, err := s.open(ctx, key, 1)
	if err != nil {
		return blob.Info{}, err
	}
	return blob.Info{Key: key, Size: f.size, Modified: f.at}, f.Close()
}

// Fetch implements blob.Store: a copy in the configured folder. It waits until there is room.
func (s *Store) Fetch(ctx context.Context, key string) (string, func(), error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return "", nil, err
	}
	if info.Size > s.c.Room {
		return "", nil, errs.New(errs.Unavailable, "store.no_room")
	}
	if err := s.fetch.Acquire(ctx, info.Size); err != nil {
		return "", nil, err
	}
	path, err := s.copy(ctx, key, info.Size)
	done := sync.OnceFunc(func() {
		if path != "" {
			_ = os.Remove(path)
		}
		s.fetch.Release(info.Size)
	})
	if err != nil {
		done()
		return "", nil, err
	}
	return path, done, nil
}

// copy fetches an object of a known size. What this machine's disk refuses is no word on the object.
func (s *Store) copy(ctx context.Context, key string, size int64) (path string, err error) {
	f, err := s.open(ctx, key, window)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if err := os.MkdirAll(s.c.Dir, 0o750); err != nil {
		return "", blob.Unavailable(err)
	}
	out, err := os.CreateTemp(s.c.Dir, "fetch-*")
	if err != nil {
		return "", blob.Unavailable(err)
	}
	n, err := io.Copy(out, f)
	if err == nil && n != size {
		err = failed("fetch", key, errors.New("another length than was said"))
	}
	return out.Name(), errors.Join(err, out.Close())
}

// List implements blob.Store, a page at a time.
func (s *Store) List(ctx context.Context, folder string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := blob.CheckFolder(folder); err != nil {
			yield(blob.Info{}, err)
			return
		}
		for o := range s.objects(ctx, folder, pageSize) {
			key := strings.TrimPrefix(o.Key, s.c.Prefix)
			switch {
			case o.Err != nil:
				yield(blob.Info{}, failed("list", folder, o.Err))
				return
			case blob.CheckKey(key) != nil: // nothing of ours
			case !yield(blob.Info{Key: key, Size: o.Size, Modified: o.LastModified}, nil):
				return
			}
		}
		if err := ctx.Err(); err != nil { // the client says nothing of it
			yield(blob.Info{}, err)
		}
	}
}

func (s *Store) objects(ctx context.Context, folder string, page int) iter.Seq[minio.ObjectInfo] {
	return s.core.Client.ListObjectsIter(ctx, s.c.Bucket, minio.ListObjectsOptions{Prefix: s.c.Prefix + folder, Recursive: true, MaxKeys: page, FetchOwner: new(bool)})
}

// Remove implements blob.Store.
func (s *Store) Remove(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	err := failed("remove", key, s.core.Client.RemoveObject(ctx, s.c.Bucket, s.c.Prefix+key, minio.RemoveObjectOptions{}))
	if blob.Missing(err) {
		return nil
	}
	return err
}

// Clean implements blob.Store: it ends uploads in parts that began before the instant.
func (s *Store) Clean(ctx context.Context, before time.Time) (n int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for u := range s.core.Client.ListIncompleteUploads(ctx, s.c.Bucket, s.c.Prefix, true) {
		if code(u.Err) == "NoSuchUpload" { // how some servers say that there are none
			return n, nil
		}
		if u.Err != nil {
			return n, failed("clean", "", u.Err)
		}
		if !u.Initiated.Before(before) {
			continue
		}
		if err := s.core.AbortMultipartUpload(ctx, s.c.Bucket, u.Key, u.UploadID); err != nil && code(err) != "NoSuchUpload" {
			return n, failed("clean", "", err)
		}
		n++
	}
	return n, nil
}

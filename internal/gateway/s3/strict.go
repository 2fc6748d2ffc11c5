package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"

	"github.com/minio/minio-go/v7"

	"xueshi/internal/platform/blob"
)

// errForeign is an answer that no S3 server gives.
var errForeign = errors.New("s3: 404 of something that is no object store")

// strict lets an answer say "not found" only in S3's own words: a proxy, a wrong address or a server that is being set up
// answers 404 too, and the client would take that for a lost file.
type strict struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s strict) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.RoundTripper.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusNotFound || r.Method == http.MethodHead {
		return res, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
	if err == nil && !bytes.Contains(body, []byte("<Code>NoSuch")) {
		err = errForeign
	}
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// code is the store's own word for what is wrong; empty when it did not answer.
func code(err error) string {
	var e minio.ErrorResponse
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// failed tells what an error of the store means to us.
func failed(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if code(err) == minio.NoSuchKey {
		return &fs.PathError{Op: op, Path: key, Err: fs.ErrNotExist}
	}
	return blob.Unavailable(fmt.Errorf("s3 %s %s: %w", op, key, err))
}

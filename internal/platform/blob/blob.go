// Package blob keeps files by key. Local keeps them on this machine's disk; gateway/s3 in an object store.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
)

// Store keeps immutable files. Keys are what CheckKey takes; no key is a folder of another.
//
// That a file is not there is said by an error that Missing knows, and by no other: a store that does not answer, or refuses,
// gives Unavailable "store.unavailable", so that a failed read never looks like a lost file.
type Store interface {
	// Put stores all of r under key, for good and at once: nobody ever sees a part of it. It replaces what was there.
	Put(ctx context.Context, key string, r io.Reader) error
	// Open gives a file for reading, as long as ctx lasts.
	Open(ctx context.Context, key string) (File, error)
	// Stat tells a file's size and age.
	Stat(ctx context.Context, key string) (Info, error)
	// Fetch gives a file as a path on this machine's disk, for programs; done gives the place back. Nobody may write there.
	Fetch(ctx context.Context, key string) (path string, done func(), err error)
	// List gives the files below a folder ("originals/"; "" = all) in the order of their keys' bytes. It ends with the first error.
	List(ctx context.Context, folder string) iter.Seq2[Info, error]
	// Remove erases the file; one that is not there is no error.
	Remove(ctx context.Context, key string) error
	// Clean erases what Puts that died before the instant have left; List never shows it.
	Clean(ctx context.Context, before time.Time) (n int, err error)
}

// File is a stored file: what http.ServeContent takes, with size and time in Stat. One of Local is an *os.File beneath, by
// which net finds sendfile; nobody here asks for that.
type File interface {
	fs.File
	io.Seeker
}

// Info is what a store knows of a file.
type Info struct {
	Key      string
	Size     int64     // bytes
	Modified time.Time // when it was put, by the store's clock
}

// maxKey and maxName are what both stores take, with room for an object store's prefix; bytes.
const maxKey, maxName = 900, 200

// CheckKey refuses what is no key: keys are parts of valid UTF-8 with a slash between them, none of which begins with a dot or
// holds a backslash or a control character. So a key never leads out of its folder.
func CheckKey(key string) error {
	bad := !utf8.ValidString(key) || len(key) > maxKey || strings.ContainsRune(key, '\\') || strings.ContainsFunc(key, unicode.IsControl)
	for part := range strings.SplitSeq(key, "/") {
		bad = bad || part == "" || part[0] == '.' || len(part) > maxName
	}
	if bad {
		return fmt.Errorf("blob: key %.200q: %w", key, fs.ErrInvalid)
	}
	return nil
}

// CheckFolder refuses what List does not take: "" or a key with a slash behind it.
func CheckFolder(folder string) error {
	if folder == "" {
		return nil
	}
	key, ok := strings.CutSuffix(folder, "/")
	if !ok {
		return fmt.Errorf("blob: folder %.200q: %w", folder, fs.ErrInvalid)
	}
	return CheckKey(key)
}

// Missing tells an error that says for sure that there is no such file: also of what is no key, as nothing can lie there. What
// a store that is unavailable has met is never that, whatever it was.
func Missing(err error) bool {
	return (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid)) && errs.KindOf(err) != errs.Unavailable
}

// Unavailable is the error of a store that does not answer or does not do its work; people are asked to try again.
func Unavailable(cause error) error {
	return errs.New(errs.Unavailable, "store.unavailable").WithRetry(5).WithCause(cause)
}

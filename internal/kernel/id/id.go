// Package id makes the time-ordered 128-bit text ids of all rows.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// encoding is Crockford's alphabet in lower case: it sorts as the bytes do.
var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns a 26-character id: 48 bits of milliseconds at t, then 80 random bits.
// Ids made later sort later, which keeps B-tree inserts at the right edge.
func New(t time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(t.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // crypto/rand never returns an error since Go 1.24
	return encoding.EncodeToString(b[:])
}

// Secret returns n random bytes as lower-case text, for tokens that people never type.
func Secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return encoding.EncodeToString(b)
}

// Floor is a text that no id made at or after t sorts below.
func Floor(t time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(max(0, t.UnixMilli()))<<16)
	return encoding.EncodeToString(b[:])
}

// Time is when an id was made, to the millisecond; false for a text that is none.
func Time(text string) (time.Time, bool) {
	b, err := encoding.DecodeString(text)
	if err != nil || len(b) != 16 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC(), true
}

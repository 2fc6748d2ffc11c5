package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"unicode/utf8"

	"xueshi/internal/kernel/errs"
)

// sniffFile says by content which demuxer may read a file: mp4, matroska, mpegts, avi or flv, or one of the old ones that no
// lesson should come in, mpegps and asf.
// Errors: Invalid "media.unreadable" (empty, damaged, cut short), "media.forbidden_format" (anything that is known to be something else).
func sniffFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errs.New(errs.Invalid, "media.forbidden_format", "format", "not a file")
	}
	return sniff(f, info.Size())
}

// others are beginnings of files that people take for videos, or that would make ffmpeg open other files.
var others = []struct {
	magic  string
	format string
}{
	{"#EXTM3U", "playlist"}, {"ffconcat", "concat script"}, {"[playlist]", "playlist"}, {"<?xml", "XML"}, {"<svg", "SVG"}, {"<MPD", "playlist"},
	{"PK\x03\x04", "ZIP archive"}, {"Rar!", "RAR archive"}, {"7z\xbc\xaf", "7z archive"}, {"\x1f\x8b", "gzip archive"},
	{"MZ", "program"}, {"\x7fELF", "program"}, {"#!", "program"}, {"%PDF", "PDF"}, {"\xd0\xcf\x11\xe0", "Office file"},
	{"\x89PNG", "picture"}, {"\xff\xd8\xff", "picture"}, {"GIF8", "picture"}, {"BM", "picture"}, {"II*\x00", "picture"}, {"MM\x00*", "picture"},
}

// sniff is sniffFile over any bytes.
func sniff(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, 4096))
	if n, err := r.ReadAt(head, 0); err != nil && err != io.EOF || n == 0 {
		return "", unreadable(err)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, o := range others {
		if bytes.HasPrefix(head, []byte(o.magic)) || bytes.HasPrefix(text, []byte(o.magic)) {
			return "", errs.New(errs.Invalid, "media.forbidden_format", "format", o.format)
		}
	}
	switch {
	case isMOV(head):
		return "mp4", checkBoxes(r, size)
	case bytes.HasPrefix(head, []byte("\x1aE\xdf\xa3")):
		return "matroska", nil
	case isTS(head):
		return "mpegts", nil
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "AVI ":
		return "avi", nil
	case bytes.HasPrefix(head, []byte("FLV\x01")):
		return "flv", nil
	case bytes.HasPrefix(head, []byte("\x00\x00\x01\xba")):
		return "mpegps", nil
	case bytes.HasPrefix(head, []byte("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c")):
		return "asf", nil
	case isText(head):
		return "", errs.New(errs.Invalid, "media.forbidden_format", "format", "text")
	}
	return "", unreadable(nil)
}

// isMOV says whether the file begins with a box that MP4 and QuickTime files begin with.
func isMOV(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "free", "skip", "wide", "styp", "moof", "sidx":
		return true
	}
	return false
}

// isTS asks for three packets in a row.
func isTS(head []byte) bool {
	const packet = 188
	return len(head) > 2*packet && head[0] == 0x47 && head[packet] == 0x47 && head[2*packet] == 0x47
}

// isText says whether the beginning is text in UTF-8; the last character may be cut.
func isText(head []byte) bool {
	for i := 0; i < utf8.UTFMax && len(head) > 0; i++ {
		if utf8.Valid(head) {
			return bytes.IndexByte(head, 0) < 0
		}
		head = head[:len(head)-1]
	}
	return false
}

// parents are the boxes on the way to a data reference.
var parents = map[string]bool{"moov": true, "trak": true, "mdia": true, "minf": true, "dinf": true}

// maxBoxes bounds the walk: a real file has a few boxes a track and two a fragment.
const maxBoxes = 1_000_000

// checkBoxes walks an MP4: a box that goes past the end means that the upload was cut short, and a data reference that does
// not point into the file itself would make a reader open another one.
func checkBoxes(r io.ReaderAt, size int64) error {
	left := maxBoxes
	return walkBoxes(r, 0, size, &left, true)
}

func walkBoxes(r io.ReaderAt, at, end int64, left *int, top bool) error {
	for at+8 <= end {
		if *left--; *left < 0 {
			return unreadable(nil)
		}
		kind, head, length, err := box(r, at, end)
		switch {
		case err != nil:
			return unreadable(err)
		case length < head || length > end-at:
			return unreadable(nil)
		case kind == "dref":
			err = checkReferences(r, at+head, length-head)
		case parents[kind]:
			err = walkBoxes(r, at+head, at+length, left, false)
		}
		if err != nil {
			return err
		}
		at += length
	}
	if top && at != end {
		return unreadable(nil)
	}
	return nil
}

// box reads the head of the box at an offset: its name, the length of its head and of all of it.
func box(r io.ReaderAt, at, end int64) (kind string, head, length int64, err error) {
	var b [16]byte
	if _, err := r.ReadAt(b[:8], at); err != nil {
		return "", 0, 0, err
	}
	kind, head, length = string(b[4:8]), 8, int64(binary.BigEndian.Uint32(b[:4]))
	switch length {
	case 0: // to the end
		length = end - at
	case 1:
		if _, err := r.ReadAt(b[8:], at+8); err != nil {
			return "", 0, 0, err
		}
		head, length = 16, int64(binary.BigEndian.Uint64(b[8:])&(1<<62-1))
	}
	return kind, head, length, nil
}

// checkReferences refuses entries that do not carry the flag "in this file".
func checkReferences(r io.ReaderAt, at, length int64) error {
	if length < 8 || length > 1<<16 {
		return unreadable(nil)
	}
	body := make([]byte, length)
	if _, err := r.ReadAt(body, at); err != nil {
		return unreadable(err)
	}
	for entries := body[8:]; len(entries) >= 12; {
		n := binary.BigEndian.Uint32(entries)
		if n < 12 || uint64(n) > uint64(len(entries)) {
			return unreadable(nil)
		}
		if entries[11]&1 == 0 {
			return errs.New(errs.Invalid, "media.forbidden_format", "format", "reference to another file")
		}
		entries = entries[n:]
	}
	return nil
}

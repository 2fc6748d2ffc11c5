package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"xueshi/internal/kernel/errs"
)

// boxOf is an MP4 box.
func boxOf(kind string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), kind...), all...)
}

// claims is a box that says another length than it has.
func claims(length uint32, kind string, body ...byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, length), kind...), body...)
}

// reference is a data reference in an MP4, with flags 1 when it stays in the file.
func reference(flags byte, location string) []byte {
	entry := boxOf("url ", []byte{0, 0, 0, flags}, []byte(location))
	dref := boxOf("dref", []byte{0, 0, 0, 0, 0, 0, 0, 1}, entry)
	return bytes.Join([][]byte{boxOf("ftyp", []byte("isom")), boxOf("moov", boxOf("trak", boxOf("mdia", boxOf("minf", boxOf("dinf", dref)))))}, nil)
}

func TestSniff(t *testing.T) {
	ts := bytes.Repeat(append([]byte{0x47}, make([]byte, 187)...), 4)
	ftyp := boxOf("ftyp", []byte("isom\x00\x00\x02\x00"))
	deep := []byte{}
	for range 2000 {
		deep = boxOf("moov", deep)
	}
	for name, c := range map[string]struct {
		file []byte
		want string // container, or code and format
	}{
		"MP4":                          {append(ftyp, boxOf("mdat", make([]byte, 9))...), "mp4"},
		"QuickTime without ftyp":       {boxOf("moov"), "mp4"},
		"a box to the end":             {append(ftyp, claims(0, "mdat", 1, 2, 3)...), "mp4"},
		"a reference into itself":      {reference(1, ""), "mp4"},
		"Matroska":                     {[]byte("\x1aE\xdf\xa3\x01"), "matroska"},
		"transport stream":             {ts, "mpegts"},
		"program stream":               {[]byte("\x00\x00\x01\xba\x44"), "mpegps"},
		"ASF":                          {[]byte("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"), "asf"},
		"AVI":                          {[]byte("RIFF\x10\x00\x00\x00AVI LIST"), "avi"},
		"FLV":                          {[]byte("FLV\x01\x05"), "flv"},
		"nothing":                      {nil, "media.unreadable "},
		"one byte":                     {[]byte{0}, "media.unreadable "},
		"zeros":                        {make([]byte, 5000), "media.unreadable "},
		"WAV":                          {[]byte("RIFF\x10\x00\x00\x00WAVEfmt "), "media.unreadable "},
		"a playlist":                   {[]byte("#EXTM3U\n/etc/passwd"), "media.forbidden_format playlist"},
		"a playlist behind blanks":     {[]byte("\xef\xbb\xbf \r\n#EXTM3U\n"), "media.forbidden_format playlist"},
		"a concat script":              {[]byte("ffconcat version 1.0\nfile /etc/passwd"), "media.forbidden_format concat script"},
		"a DASH manifest":              {[]byte("<MPD xmlns='x'/>"), "media.forbidden_format playlist"},
		"XML":                          {[]byte("<?xml version='1.0'?><MPD/>"), "media.forbidden_format XML"},
		"SVG":                          {[]byte("<svg/>"), "media.forbidden_format SVG"},
		"an archive":                   {[]byte("PK\x03\x04....."), "media.forbidden_format ZIP archive"},
		"a program":                    {[]byte("\x7fELF\x02\x01"), "media.forbidden_format program"},
		"a script":                     {[]byte("#!/bin/sh\n"), "media.forbidden_format program"},
		"a picture":                    {[]byte("\x89PNG\r\n\x1a\n"), "media.forbidden_format picture"},
		"text":                         {[]byte("第一讲 教师的权利与义务"), "media.forbidden_format text"},
		"text cut in a character":      {[]byte(strings.Repeat("讲", 1400))[:4096], "media.forbidden_format text"},
		"an MP4 that ends early":       {append(ftyp, claims(5000, "mdat", 1, 2, 3)...), "media.unreadable "},
		"an absurd size":               {append(ftyp, claims(0xffffffff, "moov")...), "media.unreadable "},
		"a size of 64 bits, absurd":    {append(ftyp, claims(1, "moov", 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...), "media.unreadable "},
		"a size of 64 bits, too small": {append(ftyp, claims(1, "moov", 0, 0, 0, 0, 0, 0, 0, 3)...), "media.unreadable "},
		"a box smaller than its head":  {append(ftyp, claims(4, "moov")...), "media.unreadable "},
		"rest behind the last box":     {append(ftyp, 1, 2, 3), "media.unreadable "},
		"boxes in boxes":               {deep, "mp4"},
		"a reference out of the file":  {reference(0, "file:///etc/passwd\x00"), "media.forbidden_format reference to another file"},
		"a broken reference":           {append(ftyp, boxOf("moov", boxOf("dref", []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 'u', 'r', 'l', ' ', 0, 0, 0, 0}))...), "media.unreadable "},
	} {
		got, err := sniff(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			e := errs.As(err)
			got = e.Code + " "
			if f, ok := e.Params["format"].(string); ok {
				got += f
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add(reference(0, "x"))
	f.Add(append(boxOf("ftyp"), claims(1, "moov", 0, 0, 0, 0, 0, 0, 0, 16)...))
	f.Add([]byte("#EXTM3U"))
	f.Fuzz(func(t *testing.T, file []byte) {
		kind, err := sniff(bytes.NewReader(file), int64(len(file)))
		if err == nil && kind == "" || err != nil && errs.As(err).Kind != errs.Invalid {
			t.Errorf("%q %v", kind, err)
		}
	})
}

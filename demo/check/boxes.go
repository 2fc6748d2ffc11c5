package main

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"path"
)

// track is what the boxes of a fragmented MP4 say of one track: its clock, and of one segment its begin and length.
type track struct {
	timescale, begin, length uint64
	video                    bool
}

// checkSegments reads the fMP4 boxes: every segment's picture begins exactly at its number and lasts exactly as long as the playlist says.
func checkSegments(r *report, files fs.FS, l *lesson) {
	dir := path.Join("media", l.ID)
	head, err := fs.ReadFile(files, path.Join(dir, "init.mp4"))
	if err != nil {
		return // checkManifest has said so
	}
	tracks := map[uint32]*track{}
	readInit(head, tracks)
	r.expect(len(tracks) == 2, "%d tracks", len(tracks))
	for n := range l.manifest.Segments {
		body, err := fs.ReadFile(files, path.Join(dir, fmt.Sprintf("%d.m4s", n)))
		if err != nil {
			continue
		}
		for _, t := range tracks {
			t.begin, t.length = ^uint64(0), 0
		}
		readSegment(body, tracks)
		from := n * segmentMS
		length := min(segmentMS, l.manifest.DurationMS-from)
		for _, t := range tracks {
			begin, lasts := float64(t.begin)*1000/float64(t.timescale), float64(t.length)*1000/float64(t.timescale)
			slack := 0.01
			if !t.video {
				slack = 1024 * 1000 / 48000.0 // AAC frames do not divide a segment
			}
			r.expect(abs(begin-float64(from)) <= slack && abs(lasts-float64(length)) <= 2*slack, "segment %d (video %v) begins at %.1f ms and lasts %.1f ms", n, t.video, begin, lasts)
		}
	}
}

// boxes calls f for each box; boxes cut short are not handed over.
func boxes(b []byte, f func(kind string, body []byte)) {
	for len(b) >= 8 {
		n := binary.BigEndian.Uint32(b)
		if n < 8 || uint64(n) > uint64(len(b)) {
			return
		}
		f(string(b[4:8]), b[8:n])
		b = b[n:]
	}
}

func readInit(b []byte, tracks map[uint32]*track) {
	boxes(b, func(kind string, moov []byte) {
		if kind != "moov" {
			return
		}
		boxes(moov, func(kind string, trak []byte) {
			if kind == "trak" {
				var t track
				id := readTrack(trak, &t)
				tracks[id] = &t
			}
		})
	})
}

// readTrack walks trak and mdia, whose children it needs lie on one level each.
func readTrack(trak []byte, t *track) (id uint32) {
	boxes(trak, func(kind string, body []byte) {
		switch {
		case kind == "tkhd" && len(body) >= 16 && body[0] == 0:
			id = binary.BigEndian.Uint32(body[12:])
		case kind == "mdhd" && len(body) >= 16 && body[0] == 0:
			t.timescale = uint64(binary.BigEndian.Uint32(body[12:]))
		case kind == "hdlr" && len(body) >= 12:
			t.video = string(body[8:12]) == "vide"
		case kind == "mdia":
			readTrack(body, t)
		}
	})
	return id
}

func readSegment(b []byte, tracks map[uint32]*track) {
	boxes(b, func(kind string, moof []byte) {
		if kind != "moof" {
			return
		}
		boxes(moof, func(kind string, traf []byte) {
			if kind == "traf" {
				readFragment(traf, tracks)
			}
		})
	})
}

func readFragment(traf []byte, tracks map[uint32]*track) {
	var t *track
	var usual uint32 // default sample duration
	boxes(traf, func(kind string, b []byte) {
		switch {
		case kind == "tfhd" && len(b) >= 8:
			t = tracks[binary.BigEndian.Uint32(b[4:])]
			flags, at := binary.BigEndian.Uint32(b)&0xffffff, 8
			for flag, size := range map[uint32]int{0x1: 8, 0x2: 4} {
				if flags&flag != 0 {
					at += size
				}
			}
			if flags&0x8 != 0 && len(b) >= at+4 {
				usual = binary.BigEndian.Uint32(b[at:])
			}
		case kind == "tfdt" && t != nil && len(b) >= 8:
			begin := uint64(binary.BigEndian.Uint32(b[4:]))
			if b[0] == 1 && len(b) >= 12 {
				begin = binary.BigEndian.Uint64(b[4:])
			}
			t.begin = min(t.begin, begin)
		case kind == "trun" && t != nil:
			t.length += runLength(b, usual)
		}
	})
}

// runLength is the sum of a trun's sample durations.
func runLength(b []byte, usual uint32) (sum uint64) {
	if len(b) < 8 {
		return 0
	}
	flags, count, at, each := binary.BigEndian.Uint32(b)&0xffffff, int(binary.BigEndian.Uint32(b[4:])), 8, 0
	for _, flag := range []uint32{0x1, 0x4} {
		if flags&flag != 0 {
			at += 4
		}
	}
	for _, flag := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if flags&flag != 0 {
			each += 4
		}
	}
	if flags&0x100 == 0 {
		return uint64(count) * uint64(usual)
	}
	for ; count > 0 && len(b) >= at+4; count-- {
		sum += uint64(binary.BigEndian.Uint32(b[at:]))
		at += each
	}
	return sum
}

func abs(v float64) float64 { return max(v, -v) }

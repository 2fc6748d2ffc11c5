package media

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// groupMS is the least length of a group of segments under one key (playback.md 2.7, option B): long enough that keys are a
// small part of the traffic, short enough that the release window stays a window.
const groupMS = 12_000

// Sealer encrypts segments for caches that need not know who learns: whole-segment AES-128 as RFC 8216 4.3.2.4 has it. A key is
// of one group of one rendition of one revision, and derived, so that every process has the same and none is stored.
type Sealer struct{ secret []byte }

// NewSealer makes a sealer of 32 secret bytes.
func NewSealer(secret []byte) *Sealer { return &Sealer{secret} }

// GroupSize is how many segments in a row share a key.
func (m *Media) GroupSize() int64 { return max(1, (groupMS+m.SegmentMS-1)/m.SegmentMS) }

// Group gives the segments first … last of a group; ok is false where there is none of that number.
func (m *Media) Group(group int64) (first, last int64, ok bool) {
	size := m.GroupSize()
	if group < 0 || group > (m.Segments-1)/size {
		return 0, 0, false
	}
	return group * size, min((group+1)*size, m.Segments) - 1, true
}

// Key is the AES-128 key of a group, 16 bytes.
func (s *Sealer) Key(m *Media, rendition string, group int64) []byte {
	h := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(h, "segment group v1\n%s\n%d\n%s\n%d", m.ID, m.Rev, rendition, group)
	return h.Sum(nil)[:aes.BlockSize]
}

// Seal reads the plain bytes of segment no from f, and gives the sealed ones: CBC with PKCS #7, the segment's number as vector.
func (s *Sealer) Seal(m *Media, rendition string, no int64, f io.ReadSeeker, plain int64) (*Sealed, error) {
	block, err := aes.NewCipher(s.Key(m, rendition, no/m.GroupSize()))
	if err != nil {
		return nil, err
	}
	out := &Sealed{plain: f, block: block, left: plain, size: plain, space: make([]byte, sealedBuffer)}
	binary.BigEndian.PutUint64(out.iv[8:], uint64(no))
	out.mode = cipher.NewCBCEncrypter(block, out.iv[:])
	return out, nil
}

// sealedBuffer is how much of a segment is in memory at once; bytes, whole blocks.
const sealedBuffer = 64 << 10

// Sealed is a sealed segment as it is read. It needs the same memory for every length.
type Sealed struct {
	plain io.ReadSeeker
	block cipher.Block
	mode  cipher.BlockMode
	iv    [aes.BlockSize]byte
	size  int64  // of the plain bytes
	left  int64  // plain bytes not read yet
	at    int64  // where the next Read begins
	space []byte // of the piece that is sealed
	buf   []byte // what of it is not given yet
	ended bool
}

// Size is the number of sealed bytes: the plain ones and what fills their last block, always at least one byte.
func (s *Sealed) Size() int64 { return s.size/aes.BlockSize*aes.BlockSize + aes.BlockSize }

// Read implements io.Reader.
func (s *Sealed) Read(p []byte) (int, error) {
	if len(s.buf) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.buf)
	s.buf, s.at = s.buf[n:], s.at+int64(n)
	return n, nil
}

// fill seals the next piece; the last one is filled up as PKCS #7 says.
func (s *Sealed) fill() error {
	piece := min(s.left, sealedBuffer-aes.BlockSize)
	s.buf = s.space[:piece]
	if _, err := io.ReadFull(s.plain, s.buf); err != nil {
		return errors.Join(errors.New("media: a segment is shorter than its store says"), err)
	}
	if s.left -= piece; s.left == 0 {
		pad := aes.BlockSize - int(piece)%aes.BlockSize
		for range pad {
			s.buf = append(s.buf, byte(pad))
		}
		s.ended = true
	}
	s.mode.CryptBlocks(s.buf, s.buf)
	return nil
}

// Seek implements io.Seeker. Every block hangs on the ones before it, so going anywhere begins at the start: a range of a
// segment is rare, and a segment is short.
func (s *Sealed) Seek(offset int64, whence int) (int64, error) {
	to := offset + map[int]int64{io.SeekStart: 0, io.SeekCurrent: s.at, io.SeekEnd: s.Size()}[whence]
	if to < 0 {
		return 0, errors.New("media: seek before the start")
	}
	if to >= s.Size() { // the end is asked for to learn the size
		s.buf, s.ended, s.at = nil, true, to
		return to, nil
	}
	if _, err := s.plain.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	s.buf, s.ended, s.left, s.at = nil, false, s.size, 0
	s.mode = cipher.NewCBCEncrypter(s.block, s.iv[:])
	_, err := io.CopyN(io.Discard, s, to)
	return to, err
}

// Playlist is Media.Playlist for a cache: segments at their sealed address below base, keys ("N.key") beside the playlist. What
// stands before the first key is not encrypted: the head of the file, which shows nothing.
func (s *Sealer) Playlist(m *Media, base, rendition string) string {
	var b strings.Builder
	at := base + s.Path(m, rendition) + "/"
	fmt.Fprintf(&b, playlistHead, (m.SegmentMS+999)/1000, at+"init.mp4")
	for n := range m.Segments {
		if n%m.GroupSize() == 0 {
			fmt.Fprintf(&b, "#EXT-X-KEY:METHOD=AES-128,URI=\"%d.key\"\n", n/m.GroupSize())
		}
		m.writeSegment(&b, n, at)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

// Path is where the sealed files of a rendition are served: the same for everybody and for good. Its first part is made of the
// secret, so that it is known only from a playlist.
func (s *Sealer) Path(m *Media, rendition string) string {
	return path.Join("/media/sealed", s.name(m.ID, m.Rev), m.ID, strconv.FormatInt(m.Rev, 10), rendition)
}

// Names tells whether seal is the first part of the address of a revision.
func (s *Sealer) Names(seal, mediaID string, rev int64) bool {
	return hmac.Equal([]byte(seal), []byte(s.name(mediaID, rev)))
}

func (s *Sealer) name(mediaID string, rev int64) string {
	h := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(h, "address v1\n%s\n%d", mediaID, rev)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

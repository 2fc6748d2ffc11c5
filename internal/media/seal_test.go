package media

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// open undoes what a player undoes: RFC 8216 4.3.2.4, from the key, the vector and the bytes alone.
func open(t *rapid.T, key, sealed []byte, no int64) []byte {
	block, err := aes.NewCipher(key)
	if err != nil || len(sealed)%16 != 0 || len(sealed) == 0 {
		t.Fatalf("%d sealed bytes, key of %d: %v", len(sealed), len(key), err)
	}
	iv := make([]byte, 16)
	for i := range 8 {
		iv[15-i] = byte(no >> (8 * i))
	}
	out := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, sealed)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > 16 || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		t.Fatalf("padding %v", out[len(out)-16:])
	}
	return out[:len(out)-pad]
}

func TestSealedSegmentsOpenWithTheKeyOfTheirGroup(t *testing.T) {
	t.Parallel()
	s := NewSealer(bytes.Repeat([]byte{7}, 32))
	rapid.Check(t, func(t *rapid.T) {
		m := &Media{ID: "m", Rev: rapid.Int64Range(1, 9).Draw(t, "rev"), SegmentMS: rapid.Int64Range(500, 15_000).Draw(t, "segment"), Segments: 400}
		no := rapid.Int64Range(0, 399).Draw(t, "no")
		size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(sealedBuffer-40, sealedBuffer+40), rapid.IntRange(0, 300_000)).Draw(t, "size")
		plain := bytes.Repeat([]byte("segment bytes"), size/13+1)[:size]
		sealed, err := s.Seal(m, "720p", no, bytes.NewReader(plain), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(sealed)
		if err != nil || int64(len(all)) != sealed.Size() {
			t.Fatalf("%d of %d bytes: %v", len(all), sealed.Size(), err)
		}
		if got := open(t, s.Key(m, "720p", no/m.GroupSize()), all, no); !bytes.Equal(got, plain) {
			t.Fatal("other bytes come out than went in")
		}
		// A cache may ask for any part, and later for another.
		for range 3 {
			from := rapid.Int64Range(0, sealed.Size()).Draw(t, "from")
			if _, err := sealed.Seek(from, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(sealed); err != nil || !bytes.Equal(rest, all[from:]) {
				t.Fatalf("from %d: %d bytes, %v", from, len(rest), err)
			}
		}
	})
}

func TestEveryGroupRenditionRevisionAndLessonHasItsKey(t *testing.T) {
	t.Parallel()
	s := NewSealer(bytes.Repeat([]byte{7}, 32))
	seen := map[string]string{}
	note := func(what string, key []byte) {
		if at, twice := seen[string(key)]; twice {
			t.Errorf("%s has the key of %s", what, at)
		}
		seen[string(key)] = what
	}
	for _, id := range []string{"a", "b"} {
		for rev := range int64(2) {
			for _, rendition := range []string{"", "360p", "audio"} {
				for group := range int64(3) {
					note(fmt.Sprint(id, rev, rendition, group), s.Key(&Media{ID: id, Rev: rev}, rendition, group))
				}
			}
		}
	}
	note("another installation's", NewSealer(bytes.Repeat([]byte{8}, 32)).Key(&Media{ID: "a"}, "", 0))
}

func TestGroupsCoverEverySegmentOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &Media{SegmentMS: rapid.Int64Range(100, 20_000).Draw(t, "segment"), Segments: rapid.Int64Range(1, 500).Draw(t, "segments")}
		next := int64(0)
		for group := int64(0); ; group++ {
			first, last, ok := m.Group(group)
			if !ok {
				break
			}
			if first != next || last < first || last < m.Segments-1 && (last-first+1)*m.SegmentMS < groupMS {
				t.Fatalf("group %d is %d to %d after %d", group, first, last, next)
			}
			next = last + 1
		}
		if next != m.Segments {
			t.Fatalf("groups end at %d of %d", next, m.Segments)
		}
	})
}

func TestSealedPlaylist(t *testing.T) {
	t.Parallel()
	s := NewSealer(bytes.Repeat([]byte{7}, 32))
	m := &Media{ID: "m", Rev: 3, DurationMS: 33_500, SegmentMS: 6000, Segments: 6}
	at := "https://cdn.example.cn" + s.Path(m, "720p")
	want := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{at}/init.mp4\"\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"0.key\"\n#EXTINF:6.000,\n{at}/0.m4s\n#EXTINF:6.000,\n{at}/1.m4s\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"1.key\"\n#EXTINF:6.000,\n{at}/2.m4s\n#EXTINF:6.000,\n{at}/3.m4s\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"2.key\"\n#EXTINF:6.000,\n{at}/4.m4s\n#EXTINF:3.500,\n{at}/5.m4s\n#EXT-X-ENDLIST\n"
	if got := s.Playlist(m, "https://cdn.example.cn", "720p"); got != strings.ReplaceAll(want, "{at}", at) {
		t.Error(got)
	}
	if !strings.HasPrefix(s.Path(m, ""), "/media/sealed/") || s.Names(strings.Split(at, "/")[5], "m", 4) || !s.Names(strings.Split(at, "/")[5], "m", 3) {
		t.Errorf("address %s", at)
	}
}

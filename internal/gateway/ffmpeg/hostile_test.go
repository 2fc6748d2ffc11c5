package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/media"
)

// made runs ffmpeg and gives the path of the file it made; OUT stands for it.
func made(t *testing.T, file, args string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), file)
	tool(t, "ffmpeg", append([]string{"-loglevel", "error", "-y"}, append(strings.Fields(args), out)...)...)
	return out
}

// written is a file of bytes.
func written(t *testing.T, file string, content []byte) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), file)
	if err := os.WriteFile(out, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

func bytesOf(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

const (
	testFilm = "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=d=2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac "
	testH264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p "
)

// refusal is the code of an error, "" for none, and "machine" for one that is not the file's fault.
func refusal(err error) string {
	switch {
	case err == nil:
		return ""
	case errs.As(err).Kind != errs.Invalid:
		return fmt.Sprintf("machine: %v", err)
	}
	return errs.As(err).Code
}

// TestHostileFiles: whatever is uploaded, the answer is a sentence about the file, and nothing outside it is read.
func TestHostileFiles(t *testing.T) {
	whole := bytesOf(t, made(t, "whole.mp4", testFilm))
	fast := bytesOf(t, made(t, "fast.mp4", testFilm+"-movflags +faststart"))
	ts := bytesOf(t, made(t, "whole.ts", testFilm))
	secret := written(t, "secret", []byte("root:x:0:0"))
	broken := bytes.Clone(fast)
	at := bytes.Index(broken, []byte("stsz"))
	binary.BigEndian.PutUint32(broken[at+12:], 0xfffffff0) // of samples
	random := bytes.Clone(ts)
	for i := range random {
		if i%188 > 4 {
			random[i] = byte(i * 7919 >> 3)
		}
	}
	for name, c := range map[string]struct {
		path string
		want []string // codes that will do
	}{
		"empty":                         {written(t, "a.mp4", nil), []string{"media.unreadable"}},
		"zeros":                         {written(t, "a.mp4", make([]byte, 100_000)), []string{"media.unreadable"}},
		"text":                          {written(t, "a.mp4", []byte("hello")), []string{"media.forbidden_format"}},
		"cut short":                     {written(t, "a.mp4", whole[:len(whole)/2]), []string{"media.unreadable"}},
		"cut in the middle of pictures": {written(t, "a.mp4", fast[:len(fast)*2/3]), []string{"media.unreadable"}},
		"absurd number of samples":      {written(t, "a.mp4", broken), []string{"media.unreadable", "media.inspection_limit", "media.not_video"}},
		"packets of noise":              {written(t, "a.ts", random), []string{"media.unreadable", "media.not_video"}},
		"HLS playlist":                  {written(t, "a.mp4", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"+secret+"\n#EXT-X-ENDLIST\n")), []string{"media.forbidden_format"}},
		"HLS behind MP4":                {written(t, "a.mp4", boxOf("free", []byte("\n#EXTM3U\n#EXTINF:10,\n"+secret+"\n"))), []string{"media.unreadable"}},
		"ffconcat":                      {written(t, "a.mp4", []byte("ffconcat version 1.0\nfile '"+secret+"'\n")), []string{"media.forbidden_format"}},
		"ffconcat behind a comment":     {written(t, "a.mp4", []byte("# x\nffconcat version 1.0\nfile '"+secret+"'\n")), []string{"media.forbidden_format"}},
		"reference to another file":     {written(t, "a.mov", reference(0, "file://"+secret+"\x00")), []string{"media.forbidden_format"}},
		"one frame":                     {made(t, "a.mp4", "-f lavfi -i testsrc2=s=320x180:r=25 -frames:v 1 "+testH264), []string{"media.not_video"}},
		"picture":                       {made(t, "a.png", "-f lavfi -i testsrc2=s=320x180 -frames:v 1"), []string{"media.forbidden_format"}},
		"sound alone":                   {made(t, "a.mp4", "-f lavfi -i sine=d=2 -c:a aac"), []string{"media.not_video"}},
		"picture larger than any":       {made(t, "a.mp4", "-f lavfi -i color=s=8000x4200:r=2:d=2 "+testH264), []string{"media.too_large_picture"}},
		"picture narrower than any":     {made(t, "a.mkv", "-f lavfi -i color=s=8000x16:r=2:d=2 "+testH264), []string{"media.too_large_picture"}},
		"a codec of games":              {made(t, "a.avi", "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v zmbv"), []string{"media.forbidden_format", "media.unreadable", "media.not_video"}},
		"not a file":                    {t.TempDir(), []string{"media.forbidden_format"}},
	} {
		m, err := NewInspector().Measure(context.Background(), c.path, func(int64, int64) {})
		if got := refusal(err); m != nil || !strings.Contains(strings.Join(c.want, " "), got) || got == "" {
			t.Errorf("%s: %q, want one of %v", name, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "root:x") {
			t.Errorf("%s: tells what is in another file: %v", name, err)
		}
		picture := filepath.Join(t.TempDir(), "e.jpg")
		if name != "one frame" && name != "sound alone" && !strings.HasPrefix(name, "picture ") && !strings.Contains(name, "absurd") && !strings.Contains(name, "noise") {
			if err := NewInspector().Evidence(context.Background(), c.path, media.Finding{Kind: "black_tail", ToMS: 100}, picture); err == nil {
				t.Errorf("%s: has evidence", name)
			}
		}
	}
}

// TestStrangeFilesThatPlay are measured for what they are.
func TestStrangeFilesThatPlay(t *testing.T) {
	mp4 := bytesOf(t, made(t, "whole.mp4", testFilm))
	ts := bytesOf(t, made(t, "whole.ts", testFilm))
	for name, c := range map[string]struct {
		path, container string
	}{
		"MP4 named .avi":                  {written(t, "a.avi", mp4), "mp4"},
		"MP4 named .m3u8":                 {written(t, "a.m3u8", mp4), "mp4"},
		"MP4 without a name":              {written(t, "-i", mp4), "mp4"},
		"name that looks like a pattern":  {written(t, "%03d;concat:a|b.mp4", mp4), "mp4"},
		"transport stream cut short":      {written(t, "a.mp4", ts[:len(ts)*2/3/188*188]), "mpegts"},
		"two pictures, the first a cover": {made(t, "a.mp4", "-f lavfi -i testsrc2=s=64x64:r=1:d=1 -f lavfi -i testsrc2=s=320x180:r=25:d=2 -map 1 -map 0 -c:v:1 mjpeg -c:v:0 libx264 -preset ultrafast -pix_fmt yuv420p -disposition:v:1 attached_pic"), "mp4"},
	} {
		m, err := NewInspector().Measure(context.Background(), c.path, func(int64, int64) {})
		if err != nil || m.Container != c.container || m.Picture.Width != 320 || m.Picture.Frames < 20 {
			t.Errorf("%s: %+v %v", name, m, err)
		}
	}
}

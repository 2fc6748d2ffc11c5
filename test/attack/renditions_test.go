package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"xueshi/internal/client"
	"xueshi/internal/media"
	"xueshi/internal/platform/sqldb"
	"xueshi/internal/platform/sqldb/sqltest"
	"xueshi/internal/verify"
	"xueshi/test/city"
)

// folder is a packaged lesson of three renditions that only delivery looks at.
func folder(durationMS int64) fs.FS {
	m := media.Manifest{DurationMS: durationMS, SegmentMS: client.SegmentMS, Segments: (durationMS + client.SegmentMS - 1) / client.SegmentMS, Slides: []media.Slide{{Title: "开篇", EndMS: durationMS}},
		Renditions: []media.Rendition{{Name: "360p", Width: 640, Height: 360, Bandwidth: 500_000, Codecs: "avc1.64001e,mp4a.40.2"},
			{Name: "720p", Width: 1280, Height: 720, Bandwidth: 2_000_000, Codecs: "avc1.64001f,mp4a.40.2"}, {Name: "audio", Bandwidth: 64_000, Codecs: "mp4a.40.2", AudioOnly: true}}}
	raw, _ := json.Marshal(m)
	dir := fstest.MapFS{"lesson.json": {Data: raw}, "captions.vtt": {Data: []byte("WEBVTT\n")}}
	for _, r := range m.Renditions {
		dir[r.Name+"/init.mp4"] = &fstest.MapFile{Data: []byte("init of " + r.Name)}
		for n := range m.Segments {
			dir[fmt.Sprintf("%s/%d.m4s", r.Name, n)] = &fstest.MapFile{Data: fmt.Appendf(nil, "segment %d of %s", n, r.Name)}
		}
	}
	return dir
}

// publish gives a lesson a revision of media, as publishing does.
func publish(t testing.TB, c *city.City, lesson, mediaID string, rev, durationMS int64, from media.TimeMap) {
	t.Helper()
	m, err := media.Stage(context.Background(), c.Store, folder(durationMS), mediaID, rev)
	if err != nil {
		t.Fatal(err)
	}
	m.TimeMap = from
	ctx := context.Background()
	for range 2 { // a job that was killed runs again
		if err := c.DB.Write(ctx, func(tx *sqldb.Tx) error { return media.AddTx(ctx, tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	err = c.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE lesson SET media_id = $1, media_rev = $2 WHERE id = $3`, mediaID, rev, lesson)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var renditionAttacks = []attack{
	{"T03", "only the sound is fetched, and watched on", 60_000, func(r *rig) {
		r.p.Folder = "audio/"
		watch(r.T, r.c, r.p, 0, 60_000)
		if got := r.credited(); got != 60_000 {
			r.Errorf("credited %d ms of 60000: any rendition is delivery", got)
		}
	}},
	{"T03", "the quality changes with every segment", 60_000, func(r *rig) {
		for at := int64(0); at < 60_000; at += 12_000 {
			r.p.Folder = []string{"360p/", "720p/", "audio/"}[at/12_000%3]
			watch(r.T, r.c, r.p, at, at+12_000)
		}
		if got := r.credited(); got != 60_000 {
			r.Errorf("credited %d ms of 60000", got)
		}
	}},
	{"T03", "one segment fetched in every rendition", 6_000, func(r *rig) {
		for _, r.p.Folder = range []string{"360p/", "720p/", "audio/"} {
			r.fetch(0, 6_000)
		}
		for at := int64(0); at < 120_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T03", "keys instead of segments, where no cache sends them", 0, func(r *rig) {
		for group := range 6 {
			if status, _, _ := r.get(fmt.Sprintf("360p/%d.key", group)); status != http.StatusNotFound {
				r.Errorf("key %d: %d, want 404", group, status)
			}
		}
		for at := int64(0); at < 60_000; at += 10_000 {
			r.wait(10 * time.Second)
			r.beat("playing", at, at+10_000)
		}
	}},
	{"T25", "bulk download in each rendition", 0, func(r *rig) {
		for _, r.p.Folder = range []string{"360p/", "720p/", "audio/"} {
			for n := range 20 {
				want := http.StatusOK
				if n >= 15 {
					want = http.StatusTooEarly
				}
				if status, _, _ := r.p.Segment(n); status != want {
					r.Errorf("%s%d: %d, want %d", r.p.Folder, n, status, want)
				}
			}
		}
	}},
	{"T15", "renditions that do not exist, and folders that are none", 0, func(r *rig) {
		for _, r.p.Folder = range []string{"1080p/", "..%2f..%2f1/", "%2e%2e/", "720p%2f../", ""} {
			if status, _, _ := r.p.Segment(0); status != http.StatusNotFound {
				r.Errorf("%q: %d, want 404", r.p.Folder, status)
			}
		}
		r.p.Folder = "720p/"
		for _, n := range []int{-1, 999} {
			if status, _, _ := r.p.Segment(n); status != http.StatusNotFound {
				r.Errorf("segment %d: %d, want 404", n, status)
			}
		}
		r.wait(10 * time.Second)
		r.beat("playing", 0, 10_000)
	}},
	{"T25", "an ended lease downloads no rendition", 0, func(r *rig) {
		if _, err := r.d.Acquire(long, true); err != nil {
			r.Fatal(err)
		}
		for _, r.p.Folder = range []string{"360p/", "audio/"} {
			if status, _, _ := r.p.Segment(0); status != http.StatusGone {
				r.Errorf("superseded token: %d, want 410", status)
			}
		}
	}},
	{"T15", "another lesson's token", 0, func(r *rig) {
		forged := strings.Replace(r.p.Playlist, long, "l0101", 1)
		res, err := r.d.HTTP.Get(r.d.Base + strings.Replace(forged, "index.m3u8", "360p/0.m4s", 1))
		if err != nil || res.StatusCode != http.StatusNotFound {
			r.Errorf("%v %v", res, err)
		}
		if res != nil {
			_ = res.Body.Close()
		}
	}},
}

func TestRenditions(t *testing.T) {
	t.Parallel()
	sqltest.Each(t, func(t *testing.T, env *sqltest.Env) {
		c := city.New(t, env)
		publish(t, c, long, "many", 1, 1_468_000, nil)
		for _, a := range renditionAttacks {
			t.Run(a.threat+" "+a.name, func(t *testing.T) {
				r := &rig{T: t, c: c}
				r.person, r.d = c.Enrolled(t, "c04")
				var err error
				if r.p, err = r.d.Acquire(long, false); err != nil {
					t.Fatal(err)
				}
				r.p.Run = 1
				a.run(r)
				if got := r.credited(); got > a.most {
					t.Errorf("earned %d ms, at most %d", got, a.most)
				}
			})
		}
		playlists(t, c)
		agreed(t, c)
	})
}

// agreed runs the verifier over everything.
func agreed(t *testing.T, c *city.City) {
	t.Helper()
	report, err := verify.Run(context.Background(), c.DB, c.Signer)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("verify: %v %v", report.Findings, err)
	}
}

// playlists: the first names the renditions, each of them its segments.
func playlists(t *testing.T, c *city.City) {
	t.Helper()
	_, d := c.Enrolled(t, "c04")
	p, err := d.Acquire(long, false)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"index.m3u8":      "720p/index.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360\n360p/index.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\naudio/index.m3u8\n",
		"360p/index.m3u8": "#EXTINF:4.000,\n244.m4s\n#EXT-X-ENDLIST\n",
		"audio/init.mp4":  "init of audio",
	} {
		res, err := d.HTTP.Get(d.Base + strings.Replace(p.Playlist, "index.m3u8", file, 1))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || !strings.HasSuffix(string(body), want) {
			t.Errorf("%s: %d %v\n%s", file, res.StatusCode, err, body)
		}
	}
}

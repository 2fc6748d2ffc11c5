// Package media holds packaged lessons: timeline, segments, slides and captions. A re-encode is a new revision.
package media

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

// Slide is a page of a slide lesson with the time it is shown.
type Slide struct {
	Title   string `json:"title"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Thumb   string `json:"thumb"`
}

// Media is one revision of a packaged lesson; its timeline is the server's truth.
type Media struct {
	ID         string
	Rev        int64
	DurationMS int64
	SegmentMS  int64
	Segments   int64
	Width      int64
	Height     int64
	Codecs     string
	Slides     []Slide
}

// Key is where a file of the media lies in the blob store.
func (m *Media) Key(file string) string {
	return path.Join("media", m.ID, strconv.FormatInt(m.Rev, 10), file)
}

// Playlist is the HLS playlist; segments stand beside it as init.mp4 and N.m4s.
func (m *Media) Playlist() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n", (m.SegmentMS+999)/1000)
	for n := range m.Segments {
		length := min(m.SegmentMS, m.DurationMS-n*m.SegmentMS)
		fmt.Fprintf(&b, "#EXTINF:%d.%03d,\n%d.m4s\n", length/1000, length%1000, n)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

// manifest is lesson.json of a packaged lesson.
type manifest struct {
	DurationMS int64   `json:"duration_ms"`
	SegmentMS  int64   `json:"segment_ms"`
	Segments   int64   `json:"segments"`
	Width      int64   `json:"width"`
	Height     int64   `json:"height"`
	Codecs     string  `json:"codecs"`
	Slides     []Slide `json:"slides"`
}

// ImportTx is Keep and InsertTx for a lesson that came packaged with the program, as its first revision.
func ImportTx(ctx context.Context, tx *sqldb.Tx, store blob.Store, dir fs.FS, mediaID string) (*Media, error) {
	m, err := Keep(store, dir, mediaID, 1)
	if err != nil {
		return nil, err
	}
	return m, InsertTx(ctx, tx, m)
}

// Keep stores the files of a packaged lesson folder (lesson.json, init.mp4, 0.m4s …, captions.vtt, poster.jpg, slides) as a
// revision of a media; it may be repeated.
// Errors: Invalid "media.manifest" when the manifest and the files do not fit each other.
func Keep(store blob.Store, dir fs.FS, mediaID string, rev int64) (*Media, error) {
	raw, err := fs.ReadFile(dir, "lesson.json")
	if err != nil {
		return nil, err
	}
	var mf manifest
	if err := json.Unmarshal(raw, &mf); err != nil {
		return nil, errs.New(errs.Invalid, "media.manifest").WithCause(err)
	}
	if mf.SegmentMS <= 0 || mf.DurationMS <= 0 || mf.Segments != (mf.DurationMS+mf.SegmentMS-1)/mf.SegmentMS {
		return nil, errs.New(errs.Invalid, "media.manifest", "media", mediaID)
	}
	m := &Media{ID: mediaID, Rev: rev, DurationMS: mf.DurationMS, SegmentMS: mf.SegmentMS, Segments: mf.Segments, Width: mf.Width, Height: mf.Height, Codecs: mf.Codecs, Slides: mf.Slides}
	for n := range m.Segments {
		if _, err := fs.Stat(dir, strconv.FormatInt(n, 10)+".m4s"); err != nil {
			return nil, errs.New(errs.Invalid, "media.manifest", "media", mediaID, "segment", n).WithCause(err)
		}
	}
	return m, copyFiles(store, dir, m)
}

// InsertTx names a kept revision in the database; one that is there already stays.
func InsertTx(ctx context.Context, tx *sqldb.Tx, m *Media) error {
	slides, err := json.Marshal(m.Slides)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id, rev) DO NOTHING`, m.ID, m.Rev, m.DurationMS, m.SegmentMS, m.Segments, m.Width, m.Height, m.Codecs, string(slides))
	return err
}

func copyFiles(store blob.Store, dir fs.FS, m *Media) error {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		f, err := dir.Open(e.Name())
		if err != nil {
			return err
		}
		err = store.Put(m.Key(e.Name()), f)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Tx reads one revision. Errors: NotFound "media.no_media".
func Tx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64) (*Media, error) {
	m, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (*Media, error) {
		m := &Media{}
		var slides string
		err := row.Scan(&m.ID, &m.Rev, &m.DurationMS, &m.SegmentMS, &m.Segments, &m.Width, &m.Height, &m.Codecs, &slides)
		if err == nil {
			err = json.Unmarshal([]byte(slides), &m.Slides)
		}
		return m, err
	}, `SELECT id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides FROM media WHERE id = $1 AND rev = $2`, mediaID, rev)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_media")
	}
	return m, err
}

package media

import (
	"context"
	"encoding/json"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"xueshi/internal/kernel/errs"
	"xueshi/internal/platform/blob"
	"xueshi/internal/platform/sqldb"
)

// Manifest is lesson.json of a packaged lesson. Without renditions the segments stand in the folder itself.
type Manifest struct {
	DurationMS int64       `json:"duration_ms"`
	SegmentMS  int64       `json:"segment_ms"`
	Segments   int64       `json:"segments"`
	Width      int64       `json:"width"`
	Height     int64       `json:"height"`
	Codecs     string      `json:"codecs"`
	Slides     []Slide     `json:"slides"`
	Renditions []Rendition `json:"renditions,omitempty"`
}

// read takes a packaged folder's manifest and holds its files against it.
func read(dir fs.FS, m *Media) error {
	refused := func(cause error, params ...any) error {
		return errs.New(errs.Invalid, "media.manifest", append([]any{"media", m.ID}, params...)...).WithCause(cause)
	}
	raw, err := fs.ReadFile(dir, "lesson.json")
	if err != nil {
		return err
	}
	var mf Manifest
	if err := json.Unmarshal(raw, &mf); err != nil {
		return refused(err)
	}
	if mf.SegmentMS <= 0 || mf.DurationMS <= 0 || mf.Segments != (mf.DurationMS+mf.SegmentMS-1)/mf.SegmentMS {
		return refused(nil)
	}
	m.DurationMS, m.SegmentMS, m.Segments, m.Width, m.Height, m.Codecs, m.Slides = mf.DurationMS, mf.SegmentMS, mf.Segments, mf.Width, mf.Height, mf.Codecs, mf.Slides
	m.Renditions = mf.Renditions
	for _, folder := range m.folders() {
		if folder == "" || !fs.ValidPath(folder) || strings.Contains(folder, "/") {
			return refused(nil, "rendition", folder)
		}
		if _, err := fs.Stat(dir, path.Join(folder, "init.mp4")); err != nil {
			return refused(err, "rendition", folder)
		}
		for n := range m.Segments {
			if _, err := fs.Stat(dir, path.Join(folder, strconv.FormatInt(n, 10)+".m4s")); err != nil {
				return refused(err, "rendition", folder, "segment", n)
			}
		}
	}
	return nil
}

// folders are where segments stand.
func (m *Media) folders() []string {
	if len(m.Renditions) == 0 {
		return []string{"."}
	}
	out := make([]string, len(m.Renditions))
	for i, r := range m.Renditions {
		out[i] = r.Name
	}
	return out
}

// ImportTx stores a packaged lesson folder (lesson.json, segments, captions.vtt, poster.jpg, slides …) as the first revision.
// Errors: Invalid "media.manifest" when the manifest and the files do not fit each other.
func ImportTx(ctx context.Context, tx *sqldb.Tx, store blob.Store, dir fs.FS, mediaID string) (*Media, error) {
	m, err := Stage(ctx, store, dir, mediaID, 1)
	if err != nil {
		return nil, err
	}
	return m, AddTx(ctx, tx, m)
}

// Stage stores the files of a packaged folder as a revision that no row names yet; it takes long, so it needs no transaction.
// Repeating it stores the same files again. Errors: Invalid "media.manifest".
func Stage(ctx context.Context, store blob.Store, dir fs.FS, mediaID string, rev int64) (*Media, error) {
	m := &Media{ID: mediaID, Rev: rev}
	if err := read(dir, m); err != nil {
		return nil, err
	}
	return m, copyFiles(ctx, store, dir, m)
}

// AddTx makes a staged revision known, with its TimeMap from BaseRev. Repeating it changes nothing: a job that was killed may
// begin anew. Errors: Invalid "media.time_map"; Conflict "media.revision" when the revision exists with another timeline, or
// its base does not exist.
func AddTx(ctx context.Context, tx *sqldb.Tx, m *Media) error {
	if m.BaseRev > 0 {
		base, err := Tx(ctx, tx, m.ID, m.BaseRev)
		if err != nil || m.BaseRev == m.Rev {
			return errs.New(errs.Conflict, "media.revision", "media", m.ID, "rev", m.Rev).WithCause(err)
		}
		if err := m.TimeMap.check(base.DurationMS, m.DurationMS); err != nil {
			return err
		}
	}
	return m.insert(ctx, tx)
}

func (m *Media) insert(ctx context.Context, tx *sqldb.Tx) error {
	slides, err := json.Marshal(m.Slides)
	if err != nil {
		return err
	}
	renditions, err := json.Marshal(append([]Rendition{}, m.Renditions...))
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO media (id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides, renditions, base_rev, time_map)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id, rev) DO NOTHING`,
		m.ID, m.Rev, m.DurationMS, m.SegmentMS, m.Segments, m.Width, m.Height, m.Codecs, string(slides), string(renditions), m.BaseRev, m.TimeMap.String())
	if err != nil || n == 1 {
		return err
	}
	there, err := Tx(ctx, tx, m.ID, m.Rev)
	if err == nil && (there.DurationMS != m.DurationMS || there.SegmentMS != m.SegmentMS || there.BaseRev != m.BaseRev || there.TimeMap.String() != m.TimeMap.String()) {
		err = errs.New(errs.Conflict, "media.revision", "media", m.ID, "rev", m.Rev)
	}
	return err
}

// copyFiles stores every file of the folder; the store keeps the shape of the folder.
func copyFiles(ctx context.Context, store blob.Store, dir fs.FS, m *Media) error {
	return fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := dir.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		return store.Put(ctx, m.Key(name), f)
	})
}

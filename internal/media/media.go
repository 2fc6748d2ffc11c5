// Package media holds packaged lessons: timeline, segments, slides and captions. A re-encode is a new revision.
package media

import (
	"context"
	"encoding/json"
	"strconv"

	"xueshi/internal/kernel/errs"
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
	Renditions []Rendition // none: one encoding, in the folder itself
	BaseRev    int64       // the revision that TimeMap starts from; 0 = none
	TimeMap    TimeMap
}

// Key is where a file of the media lies in the blob store. It is not cleaned: a name with dots in it is no key, and leads nowhere.
func (m *Media) Key(file string) string {
	return "media/" + m.ID + "/" + strconv.FormatInt(m.Rev, 10) + "/" + file
}

// Tx reads one revision. Errors: NotFound "media.no_media".
func Tx(ctx context.Context, tx *sqldb.Tx, mediaID string, rev int64) (*Media, error) {
	m, found, err := sqldb.One(ctx, tx, func(row sqldb.Scanner) (*Media, error) {
		m := &Media{}
		var slides, renditions, timeMap string
		err := row.Scan(&m.ID, &m.Rev, &m.DurationMS, &m.SegmentMS, &m.Segments, &m.Width, &m.Height, &m.Codecs, &slides, &renditions, &m.BaseRev, &timeMap)
		if err == nil {
			err = json.Unmarshal([]byte(slides), &m.Slides)
		}
		if err == nil {
			err = json.Unmarshal([]byte(renditions), &m.Renditions)
		}
		if err == nil {
			m.TimeMap, err = ParseTimeMap(timeMap)
		}
		return m, err
	}, `SELECT id, rev, duration_ms, segment_ms, segments, width, height, codecs, slides, renditions, base_rev, time_map FROM media WHERE id = $1 AND rev = $2`, mediaID, rev)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "media.no_media")
	}
	return m, err
}

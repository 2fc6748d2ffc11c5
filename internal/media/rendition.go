package media

import (
	"fmt"
	"slices"
	"strings"
)

// Rendition is one encoding of a lesson. All renditions of a revision are cut at the same instants: segment n of each holds
// the same media time, so that the delivery of either is evidence for it.
type Rendition struct {
	Name      string `json:"name" doc:"Its folder, e.g. 720p; audio for the sound alone"`
	Width     int64  `json:"width"`
	Height    int64  `json:"height"`
	Bandwidth int64  `json:"bandwidth" doc:"Bits a second of its heaviest segment"`
	Codecs    string `json:"codecs"`
	AudioOnly bool   `json:"audio_only"`
}

// Has tells whether the media has a rendition of that name. A lesson packaged in one folder has none with a name.
func (m *Media) Has(rendition string) bool {
	return slices.ContainsFunc(m.Renditions, func(r Rendition) bool { return r.Name == rendition })
}

// Master is the playlist of playlists, or the only playlist of a lesson that was packaged without renditions. Players begin
// with the first entry, so that is the middle one.
func (m *Media) Master() string {
	if len(m.Renditions) == 0 {
		return m.Playlist()
	}
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	for _, r := range m.inOrder() {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,CODECS=\"%s\"", r.Bandwidth, r.Codecs)
		if !r.AudioOnly {
			fmt.Fprintf(&b, ",RESOLUTION=%dx%d", r.Width, r.Height)
		}
		fmt.Fprintf(&b, "\n%s/index.m3u8\n", r.Name)
	}
	return b.String()
}

// inOrder puts the second picture first: a phone on a poor line does not begin with the heaviest, nor a good screen with the
// poorest.
func (m *Media) inOrder() []Rendition {
	out := slices.Clone(m.Renditions)
	if len(out) > 1 && !out[1].AudioOnly {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// playlistHead begins every playlist of segments: the target length in seconds, and where the head of the file is.
const playlistHead = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"%s\"\n"

// Playlist is the HLS playlist of one rendition; segments stand beside it as init.mp4 and N.m4s.
func (m *Media) Playlist() string {
	var b strings.Builder
	fmt.Fprintf(&b, playlistHead, (m.SegmentMS+999)/1000, "init.mp4")
	for n := range m.Segments {
		m.writeSegment(&b, n, "")
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

func (m *Media) writeSegment(b *strings.Builder, no int64, at string) {
	length := min(m.SegmentMS, m.DurationMS-no*m.SegmentMS)
	fmt.Fprintf(b, "#EXTINF:%d.%03d,\n%s%d.m4s\n", length/1000, length%1000, at, no)
}

package media

// Measured is what one decode of a file found; numbers only, no judgement. Times are of the file's own time line, which begins
// at 0 with its earliest stream. A curve holds one value for each second begun, so a lesson of three hours stays below a
// megabyte. Levels of luma and chroma are 8-bit video levels (black 16, white 235, neutral chroma 128).
type Measured struct {
	Container  string  `json:"container" doc:"mp4, matroska, mpegts, avi, flv, mpegps or asf: by content, never by name"`
	SizeBytes  int64   `json:"size_bytes"`
	DurationMS int64   `json:"duration_ms" doc:"To the end of the stream that ends last"`
	Picture    Picture `json:"picture"`
	Sound      *Sound  `json:"sound" doc:"null: the file has no sound"`
	Sync       Sync    `json:"sync"`
}

// Span is a piece of a file's time line.
type Span struct {
	FromMS int64 `json:"from_ms"`
	ToMS   int64 `json:"to_ms"`
}

// Length is how long the span is, ms.
func (s Span) Length() int64 { return s.ToMS - s.FromMS }

// Picture is what was measured of the first picture stream.
type Picture struct {
	Codec      string  `json:"codec" doc:"ffprobe's name, e.g. h264"`
	Width      int64   `json:"width" doc:"px"`
	Height     int64   `json:"height" doc:"px"`
	Interlaced bool    `json:"interlaced"`
	Kbps       float64 `json:"kbps" doc:"Mean bitrate of the stream's packets, kbit/s"`
	StartMS    int64   `json:"start_ms"`
	EndMS      int64   `json:"end_ms" doc:"End of the last frame shown"`

	Frames     int64   `json:"frames"`
	FPS        float64 `json:"fps" doc:"By the usual interval of frames"`
	Uneven     float64 `json:"uneven" doc:"% of intervals that differ from the median by more than a tenth; gaps are not among them"`
	Lost       int64   `json:"lost" doc:"Frames that fit into the gaps of the time line"`
	Gaps       []Span  `json:"gaps" doc:"Where the next frame came later than one and a half intervals; the longest 1000"`
	OutOfOrder int64   `json:"out_of_order" doc:"Packets whose decoding or presentation time does not grow"`
	Duplicated float64 `json:"duplicated" doc:"% of the frames of moving stretches that repeat the frame before"`
	Repeats    []Span  `json:"repeats" doc:"Seconds in which more than a tenth of the frames repeat"`

	Blacks  []Span `json:"blacks" doc:"At least 98 % of the picture is black; from 100 ms on"`
	Freezes []Span `json:"freezes" doc:"No block of the picture changes; from 2 s on"`

	Luma       []float64 `json:"luma" doc:"Mean level"`
	Contrast   []float64 `json:"contrast" doc:"99th less 1st percentile of luma, levels"`
	Saturation []float64 `json:"saturation" doc:"Mean distance of chroma from neutral, levels"`
	OffGamut   []float64 `json:"off_gamut" doc:"% of the picture with colours that no RGB screen has"`
	Cast       []float64 `json:"cast" doc:"Chroma of the brightest quarter, if the rest leans the same way; levels; 0 while nothing moves"`
	Shake      []float64 `json:"shake" doc:"RMS of the picture's movement around its own mean of a second, % of its width"`
}

// Sound is what was measured of the first sound stream.
type Sound struct {
	Codec    string  `json:"codec"`
	Hz       int64   `json:"hz"`
	Channels int64   `json:"channels"`
	Kbps     float64 `json:"kbps" doc:"Mean bitrate of the stream's packets, kbit/s"`
	StartMS  int64   `json:"start_ms"`
	EndMS    int64   `json:"end_ms"`
	Gaps     []Span  `json:"gaps" doc:"Holes of the time line from 40 ms on; the longest 1000"`

	Loudness  float64   `json:"loudness" doc:"Integrated, LUFS (BS.1770); −70 when there is nothing to hear"`
	TruePeak  float64   `json:"true_peak" doc:"dBTP"`
	Range     float64   `json:"range" doc:"LRA, LU (EBU Tech 3342)"`
	ShortTerm []float64 `json:"short_term" doc:"Short-term loudness at the end of each second, LUFS"`

	Clipped  []float64 `json:"clipped" doc:"Samples of each second that stand in a row at full scale, ‰"`
	Silences []Span    `json:"silences" doc:"Below −50 dBFS for at least 1 s"`
	Speech   float64   `json:"speech" doc:"95th percentile of the level of 50 ms, dBFS"`
	Noise    float64   `json:"noise" doc:"Level of the pauses above 150 Hz, dBFS; −120 when they are silent"`
	Hum      float64   `json:"hum" doc:"Level of 50, 100 and 150 Hz together where they stand out steadily from their neighbours, dBFS; −120 when they do not"`
	Balance  float64   `json:"balance" doc:"Left less right channel, dB; 0 with one channel"`
	Pitch    float64   `json:"pitch" doc:"Median fundamental of the voiced parts, Hz; 0 when there are fewer than 5 s of them"`
}

// Sync is how sound and picture fit together where the file has sync marks: short flashes with a short beep of 1 kHz.
type Sync struct {
	Marks    int64   `json:"marks" doc:"Pairs of a flash and a beep; nothing is said with fewer than two"`
	OffsetMS float64 `json:"offset_ms" doc:"Median of the pairs; + = sound early"`
	DriftMS  float64 `json:"drift_ms" doc:"How much the offset grows from the first pair to the last"`
}

package media

// Measured is what one decode of a file found; numbers only, no judgement.
type Measured struct {
	DurationMS int64 `json:"duration_ms"`
}

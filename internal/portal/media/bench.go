//go:build bench

package media

import "net/http"

// Unchecked serves a file of the store without token, release window or accounting: what a measurement compares with.
func (s Services) Unchecked(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.file(w, r, r.URL.Path, "video/mp4")
}

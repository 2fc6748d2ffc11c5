package static

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRoutesGetThePageAndFilesDoNot(t *testing.T) {
	t.Parallel()
	h := Handler()
	for path, want := range map[string]int{"/": 200, "/learn/l0103": 200, "/courses": 200, "/assets/none.js": 404, "/../go.mod": 404, "/media/x": 404} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
		if want == 200 && !strings.Contains(rec.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s", path, rec.Header().Get("Content-Type"))
		}
	}
}

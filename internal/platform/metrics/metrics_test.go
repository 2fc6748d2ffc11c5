package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestRequestsAreCountedByRouteAndClass(t *testing.T) {
	t.Parallel()
	r := New()
	q := NewRequests(r)
	for _, status := range []int{200, 204, 404, 503, 0} {
		q.Observe("GET /a/{id}", status, 400*time.Millisecond)
	}
	want := `
# HELP xueshi_http_requests_total Requests answered, by route and class of the status.
# TYPE xueshi_http_requests_total counter
`
	for class, n := range map[int]int{0: 0, 1: 1, 2: 2, 3: 0, 4: 1, 5: 1} {
		want += fmt.Sprintf("xueshi_http_requests_total{class=\"%dxx\",route=\"GET /a/{id}\"} %d\n", class, n)
	}
	if err := testutil.GatherAndCompare(r.Registry, strings.NewReader(want), "xueshi_http_requests_total"); err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(q.took); n != 1 {
		t.Errorf("%d histograms for one route", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	q := NewRequests(New())
	for b.Loop() {
		q.Observe("POST /api/learner/playback/beat", 200, time.Millisecond)
	}
}

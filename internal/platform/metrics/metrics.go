// Package metrics tells Prometheus what this process does. Names follow its conventions: base units, _total behind what only grows.
// A label has few values and never an id.
package metrics

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry is what a process tells.
type Registry struct{ *prometheus.Registry }

// New tells what Go and the kernel know of the process.
func New() Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return Registry{r}
}

// Handler answers with everything, in Prometheus's text format.
func (r Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Counter tells a figure that only grows, read when somebody asks.
func (r Registry) Counter(name, help string, read func() float64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Gauge tells a figure that goes up and down, read when somebody asks.
func (r Registry) Gauge(name, help string, read func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// buckets hold the notice's limits, a mean of 2 s in daily use and 5 s at peak load (R1.4a, R1.4b), and our own 0.3 s; in seconds.
var buckets = []float64{.005, .025, .1, .3, 1, 2, 5}

// Requests counts requests by route: by the pattern, never by the path.
type Requests struct {
	done *prometheus.CounterVec
	took *prometheus.HistogramVec
	seen sync.Map // route → *route
}

// route is one pattern's figures, so that a request costs no look-up of labels.
type route struct {
	class [6]prometheus.Counter // by the status's first digit
	took  prometheus.Observer
}

// NewRequests begins to count.
func NewRequests(r Registry) *Requests {
	q := &Requests{
		done: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "xueshi_http_requests_total", Help: "Requests answered, by route and class of the status."}, []string{"route", "class"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "xueshi_http_request_seconds", Help: "Time from a request's header to the end of its answer, by route.", Buckets: buckets}, []string{"route"}),
	}
	r.MustRegister(q.done, q.took)
	return q
}

// Observe notes an answered request; pattern is empty where no route was found.
func (q *Requests) Observe(pattern string, status int, took time.Duration) {
	v, ok := q.seen.Load(pattern)
	if !ok {
		v, _ = q.seen.LoadOrStore(pattern, q.route(pattern))
	}
	r := v.(*route)
	r.class[min(max(status/100, 1), 5)].Inc()
	r.took.Observe(took.Seconds())
}

func (q *Requests) route(pattern string) *route {
	r := &route{took: q.took.WithLabelValues(pattern)}
	for i := range r.class {
		r.class[i] = q.done.WithLabelValues(pattern, strconv.Itoa(i)+"xx")
	}
	return r
}

// Info tells names as labels of a constant 1.
func (r Registry) Info(name, help string, labels map[string]string) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, func() float64 { return 1 }))
}

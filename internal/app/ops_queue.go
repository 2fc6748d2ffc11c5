package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"xueshi/internal/platform/jobs"
)

// queueCollector tells how the durable jobs stand. They are the database's, so each process tells the same.
type queueCollector struct {
	queue        *jobs.Queue
	jobs, oldest *prometheus.Desc
}

func newQueueCollector(q *jobs.Queue) *queueCollector {
	labels := []string{"kind", "state"}
	return &queueCollector{queue: q,
		jobs:   prometheus.NewDesc("xueshi_jobs", "Durable jobs that wait or run, by kind and state.", labels, nil),
		oldest: prometheus.NewDesc("xueshi_jobs_oldest_seconds", "How long ago the oldest of them was put.", labels, nil)}
}

// Describe implements prometheus.Collector.
func (c *queueCollector) Describe(out chan<- *prometheus.Desc) { out <- c.jobs; out <- c.oldest }

// Collect implements prometheus.Collector. A database that does not answer is told by other figures.
func (c *queueCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkIn)
	defer cancel()
	loads, err := c.queue.Loads(ctx)
	if err != nil {
		return
	}
	for _, l := range loads {
		out <- prometheus.MustNewConstMetric(c.jobs, prometheus.GaugeValue, float64(l.Jobs), l.Kind, l.State)
		out <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, l.Oldest.Seconds(), l.Kind, l.State)
	}
}

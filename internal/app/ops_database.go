package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"xueshi/internal/platform/installation"
	"xueshi/internal/platform/jobs"
	"xueshi/internal/platform/sqldb"
)

// databaseCollector tells how the durable jobs and the backups stand. They are the database's, so each process tells the same.
type databaseCollector struct {
	db                   *sqldb.DB
	queue                *jobs.Queue
	jobs, oldest, backup *prometheus.Desc
}

func newDatabaseCollector(db *sqldb.DB, q *jobs.Queue) *databaseCollector {
	labels := []string{"kind", "state"}
	return &databaseCollector{db: db, queue: q,
		backup: prometheus.NewDesc("xueshi_backup_timestamp_seconds", "The instant of the last complete backup; 0 = there is none.", nil, nil),
		jobs:   prometheus.NewDesc("xueshi_jobs", "Durable jobs that wait or run, by kind and state.", labels, nil),
		oldest: prometheus.NewDesc("xueshi_jobs_oldest_seconds", "How long ago the oldest of them was put.", labels, nil)}
}

// Describe implements prometheus.Collector.
func (c *databaseCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.jobs
	out <- c.oldest
	out <- c.backup
}

// Collect implements prometheus.Collector. A database that does not answer is told by other figures.
func (c *databaseCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkIn)
	defer cancel()
	if at, err := installation.BackedUp(ctx, c.db); err == nil {
		seconds := 0.0
		if !at.IsZero() {
			seconds = float64(at.UnixMicro()) / 1e6
		}
		out <- prometheus.MustNewConstMetric(c.backup, prometheus.GaugeValue, seconds)
	}
	loads, err := c.queue.Loads(ctx)
	if err != nil {
		return
	}
	for _, l := range loads {
		out <- prometheus.MustNewConstMetric(c.jobs, prometheus.GaugeValue, float64(l.Jobs), l.Kind, l.State)
		out <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, l.Oldest.Seconds(), l.Kind, l.State)
	}
}

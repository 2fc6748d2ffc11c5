//go:build bench

package playback

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// AckAtOnce turns durability off to measure what it costs; the build tag keeps it out of every release. Batches whose
// learners are all cached are evaluated and acknowledged without the database; the others are stored as always.
func (s *Service) AckAtOnce() {
	c := s.beats
	c.transact = func(ctx context.Context, b *batchRun, batch []*item) error {
		for _, it := range batch {
			if it.beat == nil || c.cache.get(it.beat.LearnerID) == nil {
				return c.durable(ctx, b, batch)
			}
		}
		b.reset()
		tx := c.db.Nowhere()
		for _, it := range batch {
			e, err := b.entry(ctx, tx, it.beat.LearnerID)
			if err == nil {
				err = b.beat(ctx, tx, it, e)
			}
			it.err = err
		}
		for learner := range b.items {
			b.touched[learner].study.Version++
		}
		return nil
	}
}

// FillCache fills the heartbeat cache with copies of one learner in it, up to n, to measure what one takes.
func (s *Service) FillCache(n int) error {
	c := &s.beats.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.m {
		for i := len(c.m); i < n; i++ {
			e := *k
			no := strconv.Itoa(i)
			e.study.LearnerID = "x" + strings.Repeat("0", 25-len(no)) + no
			for _, s := range []*string{&e.study.SessionID, &e.study.LoginSessionID, &e.study.DeviceID, &e.study.DeviceName, &e.study.CourseID, &e.study.LessonID, &e.study.MediaID, &e.study.Prev} {
				*s = strings.Clone(*s)
			}
			e.study.ChainHash, e.credited, e.delivered = slices.Clone(k.study.ChainHash), slices.Clone(k.credited), maps.Clone(k.delivered)
			c.m[e.study.LearnerID] = &e
		}
		return nil
	}
	return errors.New("no learner is cached")
}

//go:build bench

package playback

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// AckAtOnce turns durability off to measure what it costs; the build tag keeps it out of every release. Batches whose
// learners are all cached are evaluated and acknowledged without the database; the others are stored as always.
func (s *Service) AckAtOnce() {
	c := s.beats
	c.transact = func(ctx context.Context, b *batchRun, batch []*item) error {
		for _, it := range batch {
			if it.beat == nil || !c.cache.has(it.beat.LearnerID) {
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

func (c *entries) has(learnerID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.m[learnerID]
	return ok
}

// FillCache fills the heartbeat cache with copies of one learner in it, up to n, to measure what one takes.
func (s *Service) FillCache(n int) error {
	c := &s.beats.cache
	for learner, k := range c.m {
		e := k.unpack(learner)
		for i := len(c.m); i < n; i++ {
			no := strconv.Itoa(i)
			c.put("x"+strings.Repeat("0", 25-len(no))+no, e)
		}
		return nil
	}
	return errors.New("no learner is cached")
}

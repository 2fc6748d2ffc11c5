package playback

import "sync"

// entries is the learners a process has in memory. It only saves reads: a stale entry misses its compare-and-swap, or its
// session does not fit, and is read again. An entry in it is never changed but for delivered, which only the committer's
// goroutine touches; the lock is held for a look and never over a commit, so that segments do not wait for the disk.
type entries struct {
	mu sync.Mutex
	m  map[string]*entry
}

func (c *entries) get(learnerID string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[learnerID]
}

func (c *entries) drop(learnerID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, learnerID)
}

// put keeps an entry; when there are too many, any other one goes.
func (c *entries) put(learnerID string, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= maxCached {
		for k := range c.m {
			delete(c.m, k)
			break
		}
	}
	c.m[learnerID] = e
}

// offer keeps what a reader has loaded, unless the committer has put something newer meanwhile.
func (c *entries) offer(learnerID string, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m[learnerID] == nil && len(c.m) < maxCached {
		c.m[learnerID] = e
	}
}

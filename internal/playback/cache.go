package playback

import "sync"

// entries is the learners a process has in memory. It only saves reads: a stale entry misses its compare-and-swap, or its
// session does not fit, and is read again. What get gives is the caller's own copy. The lock is held for a look and never
// over a commit, so that segments do not wait for the disk.
type entries struct {
	mu       sync.Mutex
	m        map[string]kept
	lessons  map[Lesson]*Lesson
	policies map[Policy]*Policy
}

func newEntries() entries {
	return entries{m: map[string]kept{}, lessons: map[Lesson]*Lesson{}, policies: map[Policy]*Policy{}}
}

func (c *entries) get(learnerID string) *entry {
	c.mu.Lock()
	k, ok := c.m[learnerID]
	c.mu.Unlock()
	if !ok {
		return nil
	}
	return k.unpack(learnerID)
}

func (c *entries) drop(learnerID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.m, learnerID)
}

// put keeps an entry; when there are too many, any other one goes.
func (c *entries) put(learnerID string, e *entry) {
	body := e.pack()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.m) >= maxCached {
		for k := range c.m {
			delete(c.m, k)
			break
		}
	}
	c.m[learnerID] = c.shared(e, body)
}

// offer keeps what a reader has loaded, unless the committer has put something newer meanwhile.
func (c *entries) offer(learnerID string, e *entry) {
	body := e.pack()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.m[learnerID]; !ok && len(c.m) < maxCached {
		c.m[learnerID] = c.shared(e, body)
	}
}

// shared is e's packed form with the lesson and the policy that others have too. The caller holds the lock.
func (c *entries) shared(e *entry, body string) kept {
	l, p := c.lessons[e.lesson], c.policies[*e.policy]
	if l == nil {
		own := e.lesson
		l = &own
		c.lessons[own] = l
	}
	if p == nil {
		p = e.policy
		c.policies[*p] = p
	}
	return kept{l, p, body}
}

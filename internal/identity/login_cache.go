package identity

import (
	"sync"
	"time"
)

// loginCache keeps the actors of tokens for a while. It never keeps what was read before rights were taken: a request that
// reads a login while its rights end would else store them again behind the back of the act that has just dropped them.
type loginCache struct {
	mu     sync.Mutex
	logins map[string]cached // by token hash
	drops  uint64
}

type cached struct {
	actor Actor
	read  time.Time
}

// get finds a login. mark goes to put with what is read instead.
func (c *loginCache) get(hash string) (found cached, ok bool, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok = c.logins[hash]
	return found, ok, c.drops
}

// put keeps what was read since get gave mark, unless rights were taken meanwhile, from whomever.
func (c *loginCache) put(hash string, v cached, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != mark {
		return
	}
	if c.logins == nil || len(c.logins) > 200_000 {
		c.logins = map[string]cached{}
	}
	c.logins[hash] = v
}

// forget drops a token that is no login any more. It is no drop of rights: anybody can send such tokens.
func (c *loginCache) forget(hash string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.logins, hash)
}

// drop drops the logins that match, and what is being read of any.
func (c *loginCache) drop(match func(Actor) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for k, v := range c.logins {
		if match(v.actor) {
			delete(c.logins, k)
		}
	}
}

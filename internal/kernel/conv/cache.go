package conv

import "sync"

// cache keeps plans. It forgets all of them when they hold more than maxEntries.
type cache[K comparable, P any] struct {
	sync.RWMutex
	m    map[K]P
	size int
}

const maxEntries = 16 << 20 // of four bytes

// get returns the plan of a key, or the zero value.
func (c *cache[K, P]) get(key K) P {
	c.RLock()
	defer c.RUnlock()
	return c.m[key]
}

// put keeps a plan of so many entries.
func (c *cache[K, P]) put(key K, p P, size int) {
	c.Lock()
	defer c.Unlock()
	if c.size += size; c.m == nil || c.size > maxEntries {
		c.m = map[K]P{}
		c.size = size
	}
	c.m[key] = p
}

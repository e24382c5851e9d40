package odb

import (
	"container/list"
	"sync"

	"github.com/git-swarm/git-swarm/refstore/object"
)

const (
	baseCacheLimit = 4 << 20 // bytes
	baseOverhead   = 256     // bytes that an entry takes beside its content
)

// baseCache keeps what was unpacked last, for the next object of a chain is
// most often a delta on it. Contents in it are never changed.
type baseCache struct {
	limit int

	mu    sync.Mutex
	size  int
	byKey map[baseKey]*list.Element
	order list.List // of *cachedBase, the latest used in front
}

type baseKey struct {
	pack *pack
	at   uint64
}

type cachedBase struct {
	key baseKey
	unpacked
}

// unpacked is an object out of a pack.
type unpacked struct {
	kind    object.Kind
	content []byte
}

func (c *baseCache) get(key baseKey) (unpacked, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return unpacked{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedBase).unpacked, true
}

func (c *baseCache) put(key baseKey, u unpacked) {
	if len(u.content) > c.limit/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[key]; ok {
		return
	}
	if c.byKey == nil {
		c.byKey = make(map[baseKey]*list.Element)
	}
	c.byKey[key] = c.order.PushFront(&cachedBase{key, u})
	c.size += len(u.content) + baseOverhead
	for c.size > c.limit {
		last := c.order.Remove(c.order.Back()).(*cachedBase)
		delete(c.byKey, last.key)
		c.size -= len(last.content) + baseOverhead
	}
}

func (c *baseCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size, c.byKey = 0, nil
	c.order.Init()
}

package cdn

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"sluice/shared/domain/errs"
	"sluice/shared/domain/playback"
)

// Memory is a CDN in memory, for tests. The zero Memory has an empty store.
type Memory struct {
	mu            sync.Mutex
	version       int
	keys          map[string]string
	invalidations map[string]*memoryInvalidation // by reference
	Updates       int                            // successful calls of UpdateDenyList
}

type memoryInvalidation struct {
	id    string
	paths []string
	ended bool
}

// LoadVersion is that of CloudFront.
func (m *Memory) LoadVersion(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strconv.Itoa(m.version), ctx.Err()
}

// UpdateDenyList is that of CloudFront.
func (m *Memory) UpdateDenyList(_ context.Context, version string, deny, allow []string) error {
	const op = "memory.UpdateDenyList"
	m.mu.Lock()
	defer m.mu.Unlock()
	if version != strconv.Itoa(m.version) {
		return errs.E(op, errs.Conflict, fmt.Errorf("version %s, not %d", version, m.version))
	}
	if n := len(deny) + len(allow); n == 0 || n > MaxKeys {
		return errs.E(op, errs.Conflict, fmt.Errorf("%d keys", n))
	}
	m.version++
	m.Updates++
	if m.keys == nil {
		m.keys = map[string]string{}
	}
	for _, id := range deny {
		m.keys[deniedKey(id)] = deniedValue
	}
	for _, id := range allow {
		delete(m.keys, deniedKey(id))
	}
	return nil
}

// StartInvalidation is that of CloudFront.
func (m *Memory) StartInvalidation(_ context.Context, i playback.Invalidation) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.invalidations == nil {
		m.invalidations = map[string]*memoryInvalidation{}
	}
	known := m.invalidations[i.Reference]
	if known == nil {
		known = &memoryInvalidation{id: "I" + strconv.Itoa(len(m.invalidations)+1), paths: slices.Clone(i.Paths)}
		m.invalidations[i.Reference] = known
	}
	if !slices.Equal(known.paths, i.Paths) {
		return "", errs.E("memory.StartInvalidation", errs.Internal,
			fmt.Errorf("the reference is that of %q", known.paths))
	}
	return known.id, nil
}

// IsInvalidated is that of CloudFront. An invalidation ends when EndInvalidations is called.
func (m *Memory) IsInvalidated(_ context.Context, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.invalidations {
		if i.id == id {
			return i.ended, nil
		}
	}
	return true, nil
}

// EndInvalidations ends the invalidations in progress and returns their paths, in the order of the ids.
func (m *Memory) EndInvalidations() (paths [][]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.SortedFunc(maps.Values(m.invalidations), func(a, b *memoryInvalidation) int {
		return len(a.id) - len(b.id)
	})
	for _, i := range all {
		if !i.ended {
			i.ended = true
			paths = append(paths, i.paths)
		}
	}
	return paths
}

// Keys returns the keys and values of the key value store, as the edge function reads them.
func (m *Memory) Keys() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.keys)
}

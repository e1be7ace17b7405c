package infer

import "testing"

// KeepCached sets how many elements steps keep in the caches, for the time of a test.
func KeepCached(t *testing.T, elements int) {
	old := cached
	cached = elements
	t.Cleanup(func() { cached = old })
}

//go:build (amd64 || arm64) && !purego

package parallel

// pause tells the processor that this thread waits, so that one that shares its core computes the faster.
func pause()

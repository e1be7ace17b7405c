//go:build (!amd64 && !arm64) || purego

package parallel

// pause would tell the processor that this thread waits.
func pause() {}

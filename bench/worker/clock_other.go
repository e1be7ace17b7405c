//go:build !unix

package worker

import "time"

// processorTime returns 0: unknown.
func processorTime() time.Duration { return 0 }

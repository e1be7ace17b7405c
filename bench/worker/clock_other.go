//go:build !unix

package worker

import "time"

// ProcessorTime returns 0: unknown.
func ProcessorTime() time.Duration { return 0 }

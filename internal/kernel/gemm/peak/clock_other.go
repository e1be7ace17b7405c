//go:build !linux

package peak

import "time"

var begin = time.Now()

// threadTime returns the time since the program began, for want of a clock of the thread.
func threadTime() time.Duration { return time.Since(begin) }

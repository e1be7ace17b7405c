package peak

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime returns the processor time that this thread has used: what a single-threaded kernel costs
// even while other programs take turns on the core.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

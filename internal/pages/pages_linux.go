package pages

import "syscall"

// enlarge asks for large pages for size bytes from an address on, all of them whole pages. What lies before and behind a slice
// is other memory of Go's, for which they are as good. A system that has none, or does not want to give any, says so to
// nobody's harm.
func enlarge(from, size uintptr) {
	syscall.Syscall(syscall.SYS_MADVISE, from, size, syscall.MADV_HUGEPAGE)
}

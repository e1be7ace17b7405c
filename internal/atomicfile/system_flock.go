//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// hold locks f for as long as it is open, which the system ends with the process. Where a file system
// has no locks, removeAbandoned fails too and removes nothing.
func hold(f *os.File) {
	for syscall.Flock(int(f.Fd()), syscall.LOCK_EX) == syscall.EINTR {
	}
}

// removeAbandoned removes the file at path unless somebody holds it.
func removeAbandoned(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close() // after the removal: who waits in hold then sees that the file is gone
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		os.Remove(path)
	}
}

// rename renames temp while it is open, and so held.
func rename(temp *os.File, target string) error { return os.Rename(temp.Name(), target) }

// inheritOwner gives f to the owner and group of old, or to the group alone, if the process may.
func inheritOwner(f *os.File, old fs.FileInfo) {
	was := old.Sys().(*syscall.Stat_t)
	if f.Chown(int(was.Uid), int(was.Gid)) != nil {
		_ = f.Chown(-1, int(was.Gid))
	}
}

//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package atomicfile

import (
	"io/fs"
	"os"
	"runtime"
)

func hold(*os.File) {}

// removeAbandoned relies on Windows, which does not let a file be removed that is open. Other systems
// do, and there everything stays.
func removeAbandoned(path string) {
	if runtime.GOOS == "windows" {
		os.Remove(path)
	}
}

// rename closes temp first, because Windows does not let an open file be renamed either. A Clean that comes
// in between makes the rename fail; the old file stands then.
func rename(temp *os.File, target string) error {
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), target)
}

func inheritOwner(*os.File, fs.FileInfo) {}

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

func inheritOwner(*os.File, fs.FileInfo) {}

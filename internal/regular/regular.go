// Package regular opens files that somebody else has named, and nothing that is none: to open a pipe is to wait for who
// writes it, and a device may have no end.
package regular

import (
	"fmt"
	"io/fs"
	"os"
)

// Open opens the file at path for reading. A folder, device or pipe is an error with the path.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path) // before it is opened, which may wait
	if err == nil {
		err = Check(path, info)
	}
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// ReadFile returns what is in the file that [Open] opens.
func ReadFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil {
		if err := Check(path, info); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(path)
}

// Check returns an error unless info is that of a regular file.
func Check(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file, mode %s", path, info.Mode())
	}
	return nil
}

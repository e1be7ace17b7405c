package weights

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// Save writes f to path. The file appears whole or not at all: it is written beside path under
// another name, flushed to the disk, and then renamed, which replaces what was there in one step.
// A process that is killed meanwhile leaves path as it was, and at worst a file path.*.tmp.
func Save(path string, f *File) (err error) {
	temp, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	defer func() {
		if err != nil {
			temp.Close() // a second Close is harmless
			os.Remove(temp.Name())
			err = fmt.Errorf("weights: write %s: %w", path, err)
		}
	}()
	w := bufio.NewWriterSize(temp, 1<<20)
	if err := Write(w, f); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// createBeside creates a new file in the folder of path, which a rename does not leave.
func createBeside(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// syncFolder makes a rename in the folder survive a power cut. Windows has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

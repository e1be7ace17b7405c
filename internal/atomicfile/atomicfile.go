// Package atomicfile replaces files whole: whoever opens one sees the old content or the new, even
// if the writer is killed half-way.
//
// A symbolic link stays and the file that it points to is replaced, or made if it does not exist. A
// file that is replaced keeps its permission bits, and its owner and group where the process may
// give files away; it is a new file all the same, so that other hard links keep the old content, and
// access lists and extended attributes are those of a new file. Permission to write is that of the
// folder: a file without write permission is replaced. Folders, devices, pipes and sockets are refused.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrNotRegular is matched by the error for a path at which there is something other than a file with
// content, such as a folder, a device or a pipe.
var ErrNotRegular = errors.New("not a regular file")

// Write replaces the file at path with data.
func Write(path string, data []byte) error {
	return WriteFunc(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFunc replaces the file at path with what fill writes. The new content is written to a hidden
// file in the same folder, flushed to the disk, and then renamed. What Check finds is an error before
// fill is called. On an error the old file stands as it was, and nothing else is left; a process that is
// killed leaves at worst the hidden file, which Clean removes.
func WriteFunc(path string, fill func(w io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	target, old, err := resolve(path)
	if err != nil {
		return err
	}
	temp, err := create(target, old)
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // also if fill panics
		if !renamed {
			discard(temp)
		}
	}()
	if err := fill(temp); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := rename(temp, target); err != nil {
		return err
	}
	renamed = true
	temp.Close() // what could fail has failed in Sync
	syncFolder(target)
	return nil
}

// Check reports, by trying, whether the file at path can be replaced: its folder must exist and take new
// files, and what is there already must be a regular file. It is for finding out before long work.
func Check(path string) error {
	target, old, err := resolve(path)
	if err == nil {
		var probe *os.File
		if probe, err = create(target, old); err == nil {
			discard(probe)
			return nil
		}
	}
	return fmt.Errorf("write %s: %w", path, err)
}

// resolve follows symbolic links from path to the file that would be opened, and describes it if it
// exists. Paths are joined as they are, not shortened, because folder/.. need not lead back where folder
// is a link itself.
func resolve(path string) (target string, old fs.FileInfo, err error) {
	for range 255 {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && path != "" && !os.IsPathSeparator(path[len(path)-1]):
			return path, nil, nil
		case err != nil:
			return "", nil, err
		case info.Mode().IsRegular():
			return path, info, nil
		case info.Mode()&fs.ModeSymlink == 0:
			return "", nil, fmt.Errorf("%w, mode %s", ErrNotRegular, info.Mode())
		}
		if path, err = follow(path); err != nil {
			return "", nil, err
		}
	}
	return "", nil, errors.New("too many symbolic links")
}

// discard closes and removes an unfinished file.
func discard(temp *os.File) {
	temp.Close() // a second Close is harmless
	os.Remove(temp.Name())
}

// syncFolder makes a rename in the folder of target survive a power cut, where the system can. That it
// cannot is no error: the new file is there and whole, and after a power cut it or the old one is.
func syncFolder(target string) {
	if d, err := os.Open(folder(target)); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/weights"
)

// target is a file that a trainer saves to.
type target struct {
	path string
	lock *filelock.Lock // while Run runs
	file fs.FileInfo    // what was read or written last
}

// claim makes the file this trainer's until release: it makes the folder, shows that the file can be written,
// keeps others away, makes sure that the file may be replaced, and clears away what a killed process left of an
// unfinished one. mine returns an error if the content of the file is none that a new training may replace.
func (t *target) claim(mine func(*weights.File) error) error {
	for _, step := range []func() error{
		t.makeFolder,
		func() error { return atomicfile.Check(t.path) }, // before a file .lock stands beside a device
		t.acquire,
		func() error { return t.checkReplaceable(mine) },
		func() error { return atomicfile.Clean(t.path) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return nil
}

func (t *target) makeFolder() error { return os.MkdirAll(filepath.Dir(t.path), 0o777) }

func (t *target) acquire() (err error) {
	t.lock, err = filelock.Acquire(t.path)
	return err
}

func (t *target) release() {
	if t.lock != nil {
		_ = t.lock.Release() // the checkpoint is whole, and the lock ends with the process
		t.lock = nil
	}
}

// checkReplaceable returns an error if there is something of which this trainer does not know that it may go. A new
// training may replace an old one of the same model, as when a program is run again. It may not replace other files,
// nor may a trainer write over what another one did since it read or wrote the checkpoint.
func (t *target) checkReplaceable(mine func(*weights.File) error) error {
	info, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case t.file != nil:
		if !os.SameFile(info, t.file) || !info.ModTime().Equal(t.file.ModTime()) {
			return fmt.Errorf("%s was replaced since this trainer read or wrote it: go on from there with Resume", t.path)
		}
		return nil
	case info.Size() > 0:
		content, err := weights.Load(t.path)
		if err == nil {
			err = mine(content)
		}
		if err != nil {
			return fmt.Errorf("%s is no checkpoint of this model, and is not replaced: remove it or choose another name: %w", t.path, err)
		}
	}
	t.file = info
	return nil
}

// read returns the content of the file, which Run may replace then.
func (t *target) read() (*weights.File, error) {
	info, err := os.Stat(t.path) // before it is read: should it be replaced meanwhile, Run will notice
	if err != nil {
		return nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	content, err := weights.Load(t.path)
	if err != nil {
		return nil, fmt.Errorf("train: checkpoint: %w", err)
	}
	t.file = info
	return content, nil
}

// write replaces the file.
func (t *target) write(content *weights.File) error {
	if err := t.keepFolder(); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	err := weights.Save(t.path, content)
	if err == nil {
		t.file, err = os.Stat(t.path)
	}
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// keepFolder makes the folder again if it was deleted since, and the lock with it.
func (t *target) keepFolder() error {
	if _, err := os.Stat(filepath.Dir(t.path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.release()
	if err := t.makeFolder(); err != nil {
		return err
	}
	return t.acquire()
}

package train

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// claim makes the checkpoint this trainer's until release: it makes the folder, shows that the file can be written,
// keeps others away, makes sure that the file may be replaced, and clears away what a killed process left of an
// unfinished one.
func (t *Trainer) claim() error {
	for _, step := range []func() error{
		t.makeFolder,
		func() error { return atomicfile.Check(t.Checkpoint) }, // before a file .lock stands beside a device
		t.acquire,
		t.checkReplaceable,
		func() error { return atomicfile.Clean(t.Checkpoint) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return nil
}

func (t *Trainer) makeFolder() error { return os.MkdirAll(filepath.Dir(t.Checkpoint), 0o777) }

func (t *Trainer) acquire() (err error) {
	t.lock, err = filelock.Acquire(t.Checkpoint)
	return err
}

func (t *Trainer) release() {
	if t.lock != nil {
		_ = t.lock.Release() // the checkpoint is whole, and the lock ends with the process
		t.lock = nil
	}
}

// keepFolder makes the checkpoint's folder again if it was deleted since, and the lock with it.
func (t *Trainer) keepFolder() error {
	if _, err := os.Stat(filepath.Dir(t.Checkpoint)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.release()
	if err := t.makeFolder(); err != nil {
		return err
	}
	return t.acquire()
}

// checkReplaceable returns an error if there is something of which this trainer does not know that it may go. A new
// training may replace an old one of the same model, as when a program is run again. It may not replace other files,
// nor may a trainer write over what another one did since it read or wrote the checkpoint.
func (t *Trainer) checkReplaceable() error {
	info, err := os.Stat(t.Checkpoint)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case t.file != nil:
		if !os.SameFile(info, t.file) || !info.ModTime().Equal(t.file.ModTime()) {
			return fmt.Errorf("%s was replaced since this trainer read or wrote it: go on from there with Resume", t.Checkpoint)
		}
		return nil
	case info.Size() > 0:
		if err := t.isOfModel(); err != nil {
			return fmt.Errorf("%s is no checkpoint of this model, and is not replaced: remove it or choose another name: %w", t.Checkpoint, err)
		}
	}
	t.file = info
	return nil
}

// isOfModel returns an error if the file at Checkpoint is not what a trainer of a model of the same shape has saved.
func (t *Trainer) isOfModel() error {
	file, err := weights.Load(t.Checkpoint)
	if err != nil {
		return err
	}
	if _, ok := file.Meta[progressKey]; !ok {
		return errNoCheckpoint
	}
	model, _ := split(file)
	same := map[string]*tensor.Tensor{}
	for name, x := range nn.State(t.Model) {
		same[name] = tensor.New(x.Shape()...)
	}
	return weights.Assign(maps.All(same), model)
}

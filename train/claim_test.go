package train_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/weights"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// requireWhole requires that path is the checkpoint that newTrainer("sgd") ends with.
func requireWhole(t *testing.T, path string) {
	t.Helper()
	straight := newTrainer("sgd", filepath.Join(t.TempDir(), "straight.safetensors"))
	_, err := straight.Run(t.Context())
	require.NoError(t, err)
	require.True(t, read(t, straight.Checkpoint) == read(t, path), "checkpoints differ")
}

func TestCheckpointThatCannotBeWrittenStopsBeforeTraining(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	folder := filepath.Join(dir, "folder.safetensors")
	require.NoError(t, os.Mkdir(folder, 0o700))
	closed := filepath.Join(dir, "closed")
	require.NoError(t, os.Mkdir(closed, 0o500))
	for name, path := range map[string]string{
		"a file for a folder": filepath.Join(file, "net.safetensors"),
		"a folder for a file": folder,
		"no permission":       filepath.Join(closed, "net.safetensors"),
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := os.Create(path); err == nil {
				f.Close()
				os.Remove(path)
				t.Skip("this user may write everywhere")
			}
			requireNoStep(t, newTrainer("sgd", path), filepath.Dir(path))
		})
	}
	_, err := newTrainer("sgd", folder).Run(t.Context())
	require.ErrorIs(t, err, atomicfile.ErrNotRegular)
}

// Run makes the folder and leaves nothing in it but the checkpoint and what others have there, like names included.
func TestRunMakesTheFolderAndLeavesTheFilesOfOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "net.safetensors")
	tr := newTrainer("sgd", path)
	tr.Epochs = 1
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	for _, suffix := range []string{".notes.tmp", ".0123.tmp", ".0123456789abcdef.tmp"} {
		require.NoError(t, os.WriteFile(path+suffix, []byte("mine"), 0o600))
	}
	tr = newTrainer("sgd", path)
	tr.Epochs = 2
	require.NoError(t, tr.Resume())
	_, err = tr.Run(t.Context())
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if runtime.GOOS != "windows" || filepath.Ext(e.Name()) != ".lock" {
			names = append(names, e.Name())
		}
	}
	require.Equal(t, []string{"net.safetensors", "net.safetensors.0123.tmp", "net.safetensors.0123456789abcdef.tmp",
		"net.safetensors.notes.tmp"}, names)
}

// The last save fails, and nothing is lost: the next Run makes good for it.
func TestSaveThatFailedIsTriedAgain(t *testing.T) {
	for name, stop := range map[string]int{"last": 24, "in the middle": 9} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net.safetensors")
			tr := newTrainer("sgd", path)
			tr.SaveEvery = 9
			tr.Each = func(p train.Step) {
				if p.Done == stop {
					require.NoError(t, os.Remove(path))
					require.NoError(t, os.Mkdir(path, 0o700))
				}
			}
			for range 2 {
				history, err := tr.Run(t.Context())
				require.ErrorIs(t, err, atomicfile.ErrNotRegular)
				require.ErrorContains(t, err, path)
				require.Len(t, history, stop/6)
			}
			require.NoError(t, os.Remove(path))
			steps := 0
			tr.Each = func(train.Step) { steps++ }
			history, err := tr.Run(t.Context())
			require.NoError(t, err)
			require.Len(t, history, 4)
			require.Equal(t, 24-stop, steps)
			requireWhole(t, path)
		})
	}
}

// A folder that is deleted while the training runs is made again, and guarded again.
func TestFolderThatIsDeletedMeanwhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	path := filepath.Join(dir, "net.safetensors")
	tr := newTrainer("sgd", path)
	tr.Each = func(p train.Step) {
		switch {
		case p.Epoch == 2 && p.Batch == 3:
			if err := os.RemoveAll(dir); err != nil { // Windows keeps open files
				t.Skip(err)
			}
		case p.Epoch == 3 && p.Batch == 1:
			require.FileExists(t, path)
			_, err := newTrainer("sgd", path).Run(t.Context())
			var held *filelock.HeldError
			require.ErrorAs(t, err, &held)
		}
	}
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	requireWhole(t, path)
}

func TestTwoTrainersOnOneCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	first := newTrainer("sgd", path)
	first.Each = func(p train.Step) {
		if p.Epoch < 2 {
			return
		}
		before := read(t, path)
		second := newTrainer("sgd", path)
		if p.Epoch == 3 {
			require.NoError(t, second.Resume()) // only reads
		}
		second.Each = func(train.Step) { t.Error("a step was done") }
		_, err := second.Run(t.Context())
		var held *filelock.HeldError
		require.ErrorAs(t, err, &held)
		require.ErrorContains(t, err, "train: checkpoint: "+path+" is in use by ")
		if runtime.GOOS != "windows" {
			require.ErrorContains(t, err, fmt.Sprint("process ", os.Getpid()))
		}
		require.True(t, before == read(t, path))
	}
	_, err := first.Run(t.Context())
	require.NoError(t, err)
	requireWhole(t, path)
	again := newTrainer("sgd", path)
	require.NoError(t, again.Resume())
	_, err = again.Run(t.Context())
	require.NoError(t, err, "the lock is gone with the run")
}

// A trainer does not write over what another one did in the meantime.
func TestTwoTrainersInTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	one, other := newTrainer("sgd", path), newTrainer("adamw", path)
	one.Epochs, other.Epochs = 1, 1
	_, err := one.Run(t.Context())
	require.NoError(t, err)
	reader := newTrainer("sgd", path)
	require.NoError(t, reader.Resume())
	_, err = other.Run(t.Context()) // a new training of the same model may begin
	require.NoError(t, err)
	before := read(t, path)
	for _, tr := range []*trainer{one, reader} {
		tr.Each = func(train.Step) { t.Error("a step was done") }
		_, err = tr.Run(t.Context())
		require.ErrorContains(t, err, path+" was replaced since this trainer read or wrote it")
		require.True(t, before == read(t, path))
	}
	_, err = other.Run(t.Context())
	require.NoError(t, err)
}

func TestOnlyACheckpointOfTheModelIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	small := newTrainer("sgd", path)
	small.Model = nn.Sequential{nn.Flatten{}, nn.NewLinear(36, 3, rand.New(rand.NewPCG(1, 1)))}
	small.Optimizer = sgd(small.Model, optim.SGDConfig{})
	_, err := small.Run(t.Context())
	require.NoError(t, err)
	plain := filepath.Join(dir, "weights.safetensors")
	require.NoError(t, weights.Save(plain, &weights.File{Tensors: weights.FromState(nn.State(newNet()))}))
	notes := filepath.Join(dir, "notes")
	require.NoError(t, os.WriteFile(notes, []byte("do not forget\n"), 0o600))
	for path, says := range map[string]string{path: "do not fit the model", plain: "not a checkpoint", notes: weights.ErrFormat.Error()} {
		before := read(t, path)
		tr := newTrainer("sgd", path)
		requireNoStep(t, tr, path+" is no checkpoint of this model, and is not replaced: remove it or choose another name")
		_, err := tr.Run(t.Context())
		require.ErrorContains(t, err, says)
		require.Equal(t, before, read(t, path))
	}

	empty := filepath.Join(dir, "empty") // as os.CreateTemp makes it
	require.NoError(t, os.WriteFile(empty, nil, 0o640))
	for range 2 {
		_, err = newTrainer("sgd", empty).Run(t.Context())
		require.NoError(t, err)
		requireWhole(t, empty)
	}
	if info, err := os.Stat(empty); runtime.GOOS != "windows" {
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode())
	}
}

func TestCheckpointBehindALink(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "disk"), 0o700))
	link, target := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "disk", "target.safetensors")
	if err := os.Symlink(filepath.Join("disk", "target.safetensors"), link); err != nil {
		t.Skip(err)
	}
	tr := newTrainer("sgd", link)
	tr.Each = func(train.Step) {
		_, err := newTrainer("sgd", target).Run(t.Context())
		var held *filelock.HeldError
		require.ErrorAs(t, err, &held)
	}
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&fs.ModeSymlink)
	requireWhole(t, target)
}

package train_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// Whatever stands in a checkpoint, reading it does not panic. A checkpoint that is refused changes nothing, and from one
// that is taken training can go on or ends with an error.
func FuzzCheckpoint(f *testing.F) {
	for _, optimizer := range []string{"sgd", "adamw"} {
		for _, step := range []int{4, 6} { // within an epoch and at its end
			tr := newTrainer(optimizer, filepath.Join(f.TempDir(), "net.safetensors"))
			runUntil(f, tr, step)
			b, err := os.ReadFile(tr.Checkpoint)
			require.NoError(f, err)
			elements := 8 + binary.LittleEndian.Uint64(b)
			f.Add(string(b[8:elements]), b[elements:])
		}
	}
	f.Add("{}", []byte{})
	path := filepath.Join(f.TempDir(), "net.safetensors")
	f.Fuzz(func(t *testing.T, header string, elements []byte) {
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		require.NoError(t, os.WriteFile(path, append(append(b, header...), elements...), 0o600))
		model := newNet()
		if train.LoadModel(path, model) != nil {
			requireSameState(t, newNet(), model)
		}
		for _, optimizer := range []string{"sgd", "adamw"} {
			tr, fresh := newTrainer(optimizer, path), newTrainer(optimizer, "")
			if tr.Resume() == nil {
				tr.Checkpoint = ""
				_, _ = tr.Run(t.Context())
				continue
			}
			requireSameState(t, fresh.Model, tr.Model)
			require.Equal(t, fresh.Loader.State(), tr.Loader.State())
			want := fresh.Optimizer.State()
			for name, s := range tr.Optimizer.State() {
				require.True(t, tensor.Equal(want[name], s), name)
			}
		}
	})
}

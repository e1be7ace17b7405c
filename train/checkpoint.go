package train

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A checkpoint is a safetensors file. The model's parameters have their own names, so that other
// programs find them; the optimiser's tensors come after a prefix; the rest is JSON in the metadata.
const (
	optimizerPrefix = "optimizer/"
	progressKey     = "residuum.train"
	progressVersion = 1
)

// progress is what a checkpoint holds beside tensors.
type progress struct {
	Version int        `json:"version"`
	Step    int        `json:"step"`
	Sampler data.State `json:"sampler"`
	Rand    []byte     `json:"rand"`
	Seen    totals     `json:"seen"`
	History []Metrics  `json:"history"`
}

// save writes a checkpoint, unless it would hold numbers that are not finite.
func (t *Trainer) save() error {
	random, err := t.tape.RandState()
	if err != nil {
		return fmt.Errorf("train: random state: %w", err)
	}
	meta, err := json.Marshal(progress{
		Version: progressVersion, Step: t.step, Sampler: t.Loader.State(),
		Rand: random, Seen: t.seen, History: t.history,
	})
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	tensors := weights.FromParams(t.params)
	for name, s := range t.Optimizer.State() {
		tensors[optimizerPrefix+name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		for _, v := range tensors[name].Data() {
			if v-v != 0 { // NaN for NaN and infinities
				return t.diverged(name, float64(v))
			}
		}
	}
	file := &weights.File{Tensors: tensors, Meta: map[string]string{progressKey: string(meta)}}
	if err := weights.Save(t.Checkpoint, file); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	t.saved = t.step
	return nil
}

// Resume continues from the checkpoint, which a Trainer with the same fields has saved (Epochs may
// differ): the Run that follows does exactly what that trainer would have done. If there is none,
// errors.Is(err, fs.ErrNotExist). On an error nothing has changed.
func (t *Trainer) Resume() (err error) {
	t.init()
	file, err := weights.Load(t.Checkpoint)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("train: checkpoint %s: %w", t.Checkpoint, err)
		}
	}()
	p, err := t.decode(file.Meta[progressKey])
	if err != nil {
		return err
	}
	tape := autograd.NewTape(t.Seed)
	if err := tape.SetRandState(p.Rand); err != nil {
		return fmt.Errorf("random state: %w", err)
	}
	if err := t.restore(file, p.Sampler); err != nil {
		return err
	}
	t.tape, t.step, t.seen, t.history = tape, p.Step, p.Seen, p.History
	return nil
}

// decode reads the metadata and checks that its parts agree.
func (t *Trainer) decode(text string) (*progress, error) {
	if text == "" {
		return nil, fmt.Errorf("no key %s in the metadata: not a checkpoint", progressKey)
	}
	var p progress
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if p.Version != progressVersion {
		return nil, fmt.Errorf("version %d, can read version %d", p.Version, progressVersion)
	}
	if p.Sampler.Batch < 1 || p.Sampler.Epoch != len(p.History) || p.Sampler.Next != p.Seen.Images ||
		p.Step != len(p.History)*t.Loader.Batches()+p.Sampler.Next/p.Sampler.Batch {
		return nil, fmt.Errorf("step %d, %d epochs and %d images of the next do not agree", p.Step, len(p.History), p.Seen.Images)
	}
	return &p, nil
}

// restore changes model, loader and optimiser, or none of them.
func (t *Trainer) restore(file *weights.File, sampler data.State) error {
	model, optimizer := split(file)
	oldModel, oldSampler := weights.FromParams(t.params), t.Loader.State()
	if err := t.Loader.SetState(sampler); err != nil {
		return err
	}
	err := weights.Assign(t.params, &weights.File{Tensors: model})
	if err == nil {
		if err = t.Optimizer.LoadState(optimizer); err == nil {
			return nil
		}
		_ = weights.Assign(t.params, &weights.File{Tensors: oldModel}) // fits, it is the model's own
	}
	_ = t.Loader.SetState(oldSampler) // likewise
	return err
}

// LoadModel copies the parameters in a checkpoint into a model, and leaves the rest of the
// checkpoint alone.
func LoadModel(path string, model nn.Module) error {
	file, err := weights.Load(path)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	params, _ := split(file)
	if err := weights.Assign(model.Params(), &weights.File{Tensors: params, Unsupported: file.Unsupported}); err != nil {
		return fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	return nil
}

func split(file *weights.File) (model, optimizer map[string]*tensor.Tensor) {
	model, optimizer = map[string]*tensor.Tensor{}, map[string]*tensor.Tensor{}
	for name, t := range file.Tensors {
		if rest, ok := strings.CutPrefix(name, optimizerPrefix); ok {
			optimizer[rest] = t
		} else {
			model[name] = t
		}
	}
	return model, optimizer
}

// prepareFolder makes the folder of a checkpoint, shows that it can be written to, and clears away
// what a killed process left of an unfinished checkpoint.
func prepareFolder(path string) error {
	fail := func(err error) error { return fmt.Errorf("train: checkpoint %s cannot be written: %w", path, err) }
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fail(&fs.PathError{Op: "write", Path: path, Err: fmt.Errorf("is a folder")})
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fail(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fail(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+".") && strings.HasSuffix(e.Name(), ".tmp") {
			_ = os.Remove(filepath.Join(dir, e.Name())) // it does not matter if it stays
		}
	}
	probe, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp")
	if err != nil {
		return fail(err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

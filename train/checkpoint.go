package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A checkpoint is a safetensors file. The model's tensors have their own names, so that other
// programs find them; the optimiser's tensors come after a prefix; the rest is JSON in the metadata.
const (
	standKey     = "residuum.train"
	standVersion = 2
)

var errNoCheckpoint = fmt.Errorf("no key %s in the metadata: not a checkpoint", standKey)

// stand is what a checkpoint holds beside tensors.
type stand struct {
	Version int        `json:"version"`
	Step    int        `json:"step"`
	Sampler data.State `json:"sampler"`
	Rand    []byte     `json:"rand"`
	Seen    data.Score `json:"seen"`
	History []Epoch    `json:"history"`
	Parts   int        `json:"micro_batches,omitempty"` // 0 if batches were not cut
	Synced  bool       `json:"sync_batch_norm,omitempty"`
}

// upgrade fills in what version 1 wrote otherwise: sums of the epoch under way, and means of those before it.
func (p *stand) upgrade(text []byte) error {
	var old struct {
		Seen struct {
			Images, Correct int
			Loss            float64
		}
		History []struct{ Loss, Accuracy float64 }
	}
	if err := json.Unmarshal(text, &old); err != nil {
		return err
	}
	p.Seen = data.Score{Examples: old.Seen.Images, Correct: old.Seen.Correct, LossSum: old.Seen.Loss}
	n := p.Sampler.Len
	for i, m := range old.History {
		p.History[i] = Epoch{Number: i + 1, Train: data.Score{
			Examples: n, Correct: int(math.Round(m.Accuracy * float64(n))), LossSum: m.Loss * float64(n),
		}}
	}
	return nil
}

// checkFinite refuses numbers that are not finite, in the model and in the optimiser.
func (t *Trainer) checkFinite() error {
	for name, x := range nn.State(t.model) {
		if i, ok := firstNotFinite(x); ok {
			return t.fail(name, float64(x.Data()[i]), t.step)
		}
	}
	state := t.optimizer.State()
	for _, name := range slices.Sorted(maps.Keys(state)) {
		if i, ok := firstNotFinite(state[name]); ok {
			return t.fail(weights.Optimizer+name, float64(state[name].Data()[i]), t.step)
		}
	}
	return nil
}

// save writes what checkpoints are due, the best one first: whoever finds the last one there need not make up for it.
func (t *Trainer) save() error {
	if err := t.checkFinite(); err != nil {
		return err
	}
	var due []*target
	if t.improved {
		due = append(due, &t.best)
	}
	if t.last.path != "" {
		due = append(due, &t.last)
	}
	if len(due) > 0 {
		content, err := t.content()
		if err != nil {
			return fmt.Errorf("train: checkpoint: %w", err)
		}
		for _, file := range due {
			if err := file.write(content); err != nil {
				return err
			}
		}
	}
	t.unsaved, t.improved = false, false
	return nil
}

// content returns what a checkpoint holds.
func (t *Trainer) content() (*weights.File, error) {
	random, err := t.tape.RandState()
	if err != nil {
		return nil, fmt.Errorf("random state: %w", err)
	}
	meta, err := json.Marshal(stand{
		Version: standVersion, Step: t.step, Sampler: t.loader.State(),
		Rand: random, Seen: t.seen, History: t.history, Parts: t.parts(), Synced: t.synced(),
	})
	if err != nil {
		return nil, err
	}
	tensors := weights.FromState(nn.State(t.model))
	for name, s := range t.optimizer.State() {
		tensors[weights.Optimizer+name] = s
	}
	file := &weights.File{Tensors: tensors, Meta: map[string]string{standKey: string(meta)}}
	about, err := t.describe()
	maps.Copy(file.Meta, about)
	return file, err
}

// parts returns how many parts batches are cut into, 0 if they are not.
func (t *Trainer) parts() int {
	if t.micro == nil {
		return 0
	}
	return t.micro.parts
}

// synced reports whether the parts of a batch share their statistics.
func (t *Trainer) synced() bool { return t.micro != nil && t.micro.joint != nil }

// describe returns what the model says of itself in the metadata of a file, if it does as a resnet.Net does, so that the
// file can be loaded without knowing it.
func (t *Trainer) describe() (meta map[string]string, err error) {
	m, ok := t.model.(interface {
		Describe(card data.Card) (meta map[string]string, err error)
	})
	if !ok {
		return nil, nil
	}
	return m.Describe(data.Card{Classes: t.config.Classes, Norm: t.loader.Norm()})
}

// isOfModel returns an error if a file is not what a trainer of a model of the same shape has saved.
func (t *Trainer) isOfModel(file *weights.File) error {
	if _, ok := file.Meta[standKey]; !ok {
		return errNoCheckpoint
	}
	model, _ := split(file)
	same := map[string]*tensor.Tensor{}
	for name, x := range nn.State(t.model) {
		same[name] = tensor.New(x.Shape()...)
	}
	return weights.Assign(maps.All(same), model)
}

// firstNotFinite returns the place of a NaN or infinity.
func firstNotFinite(x *tensor.Tensor) (int, bool) {
	for i, v := range x.Data() {
		if v-v != 0 {
			return i, true
		}
	}
	return 0, false
}

// Resume continues from Config.Checkpoint, which a trainer of the same model, data and configuration has saved: the Run
// that follows does exactly what that trainer would have done. Epochs may differ, which changes the learning rates. If
// there is no such file, errors.Is(err, fs.ErrNotExist). On an error nothing has changed.
func (t *Trainer) Resume() error {
	if t.config.Checkpoint == "" {
		return fmt.Errorf("train: Resume: Config.Checkpoint is not set: %w", fs.ErrNotExist)
	}
	if err := t.team.gone(); err != nil {
		return err
	}
	file := t.last
	content, err := t.read(&file)
	if err != nil {
		return err
	}
	if err := t.takeOver(content); err != nil {
		return t.team.agree(fmt.Errorf("train: checkpoint %s: %w", t.config.Checkpoint, err))
	}
	t.last = file
	return t.team.agree(nil)
}

// read returns what is in a checkpoint. Rank 0 reads it for all.
func (t *Trainer) read(file *target) (content *weights.File, err error) {
	if t.team == nil {
		return file.read()
	}
	var text bytes.Buffer
	if t.team.first() {
		if content, err = file.read(); err == nil {
			err = weights.Write(&text, content)
		}
	}
	if err := t.team.agree(err); err != nil {
		return nil, err
	}
	all, err := t.team.broadcast(text.Bytes())
	if err != nil {
		return nil, err
	}
	return weights.Read(bytes.NewReader(all), int64(len(all)))
}

func (t *Trainer) takeOver(file *weights.File) error {
	p, err := t.decode(file.Meta[standKey])
	if err != nil {
		return err
	}
	if err := checkTensors(file.Tensors); err != nil {
		return err
	}
	tape := autograd.NewTape(t.config.Seed)
	if err := tape.SetRandState(p.Rand); err != nil {
		return fmt.Errorf("random state: %w", err)
	}
	if err := t.restore(file, p.Sampler); err != nil {
		return err
	}
	t.tape, t.step, t.seen, t.history = tape, p.Step, p.Seen, p.History
	t.unsaved, t.improved, t.diverged = false, false, nil
	return nil
}

// checkTensors refuses numbers in a file that are not finite.
func checkTensors(tensors map[string]*tensor.Tensor) error {
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if i, ok := firstNotFinite(tensors[name]); ok {
			return fmt.Errorf("tensor %s holds %v, as of a training that has diverged", name, tensors[name].Data()[i])
		}
	}
	return nil
}

// decode reads the metadata and checks that its parts agree.
func (t *Trainer) decode(text string) (*stand, error) {
	if text == "" {
		return nil, errNoCheckpoint
	}
	var p stand
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	switch p.Version {
	case standVersion:
	case 1:
		if err := p.upgrade([]byte(text)); err != nil {
			return nil, fmt.Errorf("metadata: %w", err)
		}
	default:
		return nil, fmt.Errorf("version %d, can read versions 1 and %d", p.Version, standVersion)
	}
	if p.Parts != t.parts() {
		return nil, fmt.Errorf("its batches were cut into %d micro-batches, now into %d", max(p.Parts, 1), t.config.MicroBatches)
	}
	if p.Synced != t.synced() {
		return nil, fmt.Errorf("SyncBatchNorm was %t, now it is %t", p.Synced, t.synced())
	}
	if was, now := p.Sampler, t.loader.State(); was.Batch >= 1 && (was.Len != now.Len || was.Batch != now.Batch) {
		return nil, fmt.Errorf("it is of a run on %d images in batches of %d, now there are %d in batches of %d", was.Len, was.Batch, now.Len, now.Batch)
	}
	if s := p.Sampler; s.Batch < 1 || s != place(s, len(p.History), p.Seen.Examples) || p.Seen.Correct < 0 || p.Seen.Correct > p.Seen.Examples ||
		p.Step != s.Epoch*t.loader.Steps()+s.Next/s.Batch {
		return nil, fmt.Errorf("step %d, %d epochs and %d images of the next do not agree", p.Step, len(p.History), p.Seen.Examples)
	}
	return &p, nil
}

// restore changes model, loader and optimiser, or none of them.
func (t *Trainer) restore(file *weights.File, sampler data.State) error {
	model, optimizer := split(file)
	oldModel, oldSampler := &weights.File{Tensors: weights.FromState(nn.State(t.model))}, t.loader.State()
	if err := t.loader.SetState(sampler); err != nil {
		return err
	}
	err := weights.Assign(nn.State(t.model), model)
	if err == nil {
		if err = t.optimizer.LoadState(optimizer); err == nil {
			return nil
		}
		_ = weights.Assign(nn.State(t.model), oldModel) // fits, it is the model's own
	}
	_ = t.loader.SetState(oldSampler) // likewise
	return err
}

// LoadModel copies the parameters in a checkpoint, or in any safetensors file with the same names, into a model,
// and leaves the rest of the checkpoint alone. On an error, such as a tensor that holds NaN or does not fit, the
// model is as it was.
func LoadModel(path string, model nn.Module) error {
	if model == nil {
		return errors.New("train: LoadModel: the model is nil")
	}
	file, err := weights.Load(path)
	if err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	own, _ := split(file)
	if err := checkTensors(own.Tensors); err != nil {
		return fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	if err := weights.Assign(nn.State(model), own); err != nil {
		return fmt.Errorf("train: checkpoint %s: %w", path, err)
	}
	return nil
}

// split tells the model's part of a checkpoint from the optimiser's.
func split(file *weights.File) (model *weights.File, optimizer map[string]*tensor.Tensor) {
	model = &weights.File{Tensors: map[string]*tensor.Tensor{}, Unsupported: file.Unsupported}
	optimizer = map[string]*tensor.Tensor{}
	for name, t := range file.Tensors {
		if rest, ok := strings.CutPrefix(name, weights.Optimizer); ok {
			optimizer[rest] = t
		} else {
			model.Tensors[name] = t
		}
	}
	return model, optimizer
}

package unravel_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/unravel"
)

// weighted is what ShortPaths is, by weights of the branches.
type weighted struct {
	*resnet.Net
	k int
}

func (s weighted) Forward(x *autograd.Var) *autograd.Var {
	if !x.Training() {
		return s.Net.Forward(x)
	}
	weights := make([]float64, s.Len())
	for _, i := range x.Tape().Rand().Perm(s.Len())[:s.k] {
		weights[i] = float64(s.Len()) / float64(s.k)
	}
	return s.ForwardWeighted(x, weights)
}

// noise returns random images in two classes, the second one brighter.
func noise(n int) *data.Dataset {
	rng := rand.New(rand.NewPCG(1, 2))
	d := &data.Dataset{Height: 8, Width: 8, Channels: 1, Classes: 2}
	for i := range n {
		for range 64 {
			d.Pixels = append(d.Pixels, uint8(80*(i%2)+rng.IntN(150)))
		}
		d.Labels = append(d.Labels, i%2)
	}
	return d
}

func smallNet() *resnet.Net {
	net, err := resnet.New(resnet.Config{
		Blocks: []int{2, 2}, Width: 3, Image: resnet.Shape{Height: 8, Width: 8, Channels: 1}, Classes: 2,
	}, rand.New(rand.NewPCG(3, 3)))
	if err != nil {
		panic(err)
	}
	return net
}

func trainerOf(model nn.Module, c train.Config) *train.Trainer {
	set := noise(40)
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 8, Shuffle: true, Norm: set.Norm(), Seed: 7})
	if err != nil {
		panic(err)
	}
	sgd, err := optim.NewSGD(nn.Params(model), optim.SGDConfig{Momentum: 0.9})
	if err != nil {
		panic(err)
	}
	c.Schedule, c.Epochs, c.Seed = optim.Constant(0.05), 3, 5
	trainer, err := train.New(model, loader, sgd, c)
	if err != nil {
		panic(err)
	}
	return trainer
}

// Any network can be trained on its effective paths alone; what is drawn for each batch follows from the
// trainer's Seed and is part of its checkpoints.
func ExampleShortPaths() {
	trainer := trainerOf(unravel.ShortPaths(smallNet(), 2), train.Config{})
	history, err := trainer.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(history), "epochs with 2 of 4 blocks active in every batch")
	fmt.Println("learns:", history[2].Train.Loss() < history[0].Train.Loss())
	// Output:
	// 3 epochs with 2 of 4 blocks active in every batch
	// learns: true
}

// A study over training time, after each epoch.
func ExampleStudy_Iterative() {
	ctx := context.Background()
	model, set := smallNet(), noise(40)
	study, err := unravel.NewStudy(model, []data.Batch{set.Batch(set.Norm(), 0, 40)}, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var removed []float64 // by epoch: the loss that all blocks remove together
	trainer := trainerOf(model, train.Config{OnEpoch: func(e train.Epoch) error {
		r, err := study.Iterative(ctx)
		if err != nil {
			return err
		}
		last := r.Blocks[len(r.Blocks)-1]
		removed = append(removed, r.Stem.Loss()-last.Exit.Loss())
		fmt.Println("epoch", e.Number, "block", last.Block, "points down the loss:", last.Cosine.Mean > 0)
		return nil
	}})
	if _, err := trainer.Run(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the blocks remove more and more:", slices.IsSorted(removed))
	// Output:
	// epoch 1 block 3 points down the loss: true
	// epoch 2 block 3 points down the loss: true
	// epoch 3 block 3 points down the loss: true
	// the blocks remove more and more: true
}

// One process of a sweep that is split over machines, as a Slurm array or a Kubernetes Indexed Job runs it. When
// all are done, MergeJournals makes one journal of theirs, and a study with it knows all scores.
func ExampleShard() {
	ctx := context.Background()
	model, set := smallNet(), noise(40)
	plans := unravel.DeletePairs(model)
	env := map[string]string{"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "3"} // os.Getenv in earnest
	shard, err := unravel.ShardFrom(func(name string) string { return env[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "sweep")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, fmt.Sprintf("shard-%d.jsonl", shard.Index))
	for attempt := range 2 { // the second finds what the first has left
		journal, err := unravel.OpenJournal(path, unravel.Identity(nn.State(model)))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("attempt %d of shard %d of %d: %d of %d plans known\n", attempt, shard.Index, shard.Count, journal.Len(), len(shard.Plans(plans)))
		study, err := unravel.NewStudy(model, []data.Batch{set.Batch(set.Norm(), 0, 40)}, unravel.Options{Journal: journal})
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := study.Evaluate(ctx, shard.Plans(plans)); err != nil {
			fmt.Println(err)
			return
		}
		if err := journal.Close(); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// attempt 0 of shard 1 of 3: 0 of 2 plans known
	// attempt 1 of shard 1 of 3: 2 of 2 plans known
}

// Training on short paths has the bits of weights of 0 and n/k, and goes on with them after a stop.
func TestTrainingOnRandomBlocks(t *testing.T) {
	straight := weighted{smallNet(), 2}
	want, err := trainerOf(straight, train.Config{}).Run(t.Context())
	require.NoError(t, err)
	for name, model := range map[string]func() nn.Module{
		"plans":   func() nn.Module { return unravel.ShortPaths(smallNet(), 2) },
		"weights": func() nn.Module { return weighted{smallNet(), 2} },
	} {
		t.Run("by="+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net.safetensors")
			ctx, cancel := context.WithCancel(t.Context())
			first := trainerOf(model(), train.Config{Checkpoint: path, OnStep: func(s train.Step) error {
				if s.Epoch == 2 && s.Batch == 3 {
					cancel()
				}
				return nil
			}})
			_, err := first.Run(ctx)
			require.ErrorIs(t, err, context.Canceled)
			resumed := model()
			second := trainerOf(resumed, train.Config{Checkpoint: path})
			require.NoError(t, second.Resume())
			got, err := second.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, got)
			state := maps.Collect(nn.State(resumed))
			for name, want := range nn.State(straight) {
				require.True(t, tensor.Equal(want, state[name]), name)
			}
		})
	}
}

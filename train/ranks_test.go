package train_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/train"
)

// job is a number of ranks that are goroutines.
type job struct {
	wires  [][]chan []byte // from a rank, to a rank
	broken chan struct{}   // closed when a rank is lost
	once   sync.Once
}

// seat is a rank of a job.
type seat struct {
	*job
	rank  int
	calls int
	dies  int // in which call of Exchange; 0 means never
}

var errLost = errors.New("a rank is lost")

func newJob(ranks int) (seats []*seat) {
	j := &job{broken: make(chan struct{})}
	for range ranks {
		var from []chan []byte
		for range ranks {
			from = append(from, make(chan []byte, 1))
		}
		j.wires = append(j.wires, from)
	}
	for r := range ranks {
		seats = append(seats, &seat{job: j, rank: r})
	}
	return seats
}

func (s *seat) Rank() int { return s.rank }

func (s *seat) Size() int { return len(s.wires) }

func (s *seat) Exchange(to, from [][]byte) error {
	if s.calls++; s.calls == s.dies {
		s.once.Do(func() { close(s.broken) })
		return errLost
	}
	for r := range s.wires {
		if r != s.rank && len(to[r]) > 0 {
			select {
			case s.wires[s.rank][r] <- append([]byte(nil), to[r]...):
			case <-s.broken:
				return errLost
			}
		}
	}
	for r := range s.wires {
		if r == s.rank || len(from[r]) == 0 {
			continue
		}
		select {
		case got := <-s.wires[r][s.rank]:
			if copy(from[r], got) != len(got) || len(got) != len(from[r]) {
				panic(fmt.Sprintf("rank %d has sent %d bytes to rank %d, which takes %d", r, len(got), s.rank, len(from[r])))
			}
		case <-s.broken:
			return errLost
		}
	}
	return nil
}

// outcome is a rank and what its Run returned.
type outcome struct {
	*trainer
	history []train.Epoch
	err     error
}

// together trains by so many ranks, from the checkpoint if there is one. A single one is a process alone.
func together(t *testing.T, ranks int, make func(s *seat) *trainer) (all []outcome) {
	t.Helper()
	for _, s := range newJob(ranks) {
		tr := make(s)
		if ranks > 1 {
			tr.Ranks = s
		}
		all = append(all, outcome{trainer: tr})
	}
	var group sync.WaitGroup
	for r := range all {
		group.Go(func() {
			o := &all[r]
			if o.err = o.Resume(); o.err == nil || errors.Is(o.err, fs.ErrNotExist) {
				o.history, o.err = o.Run(t.Context())
			}
		})
	}
	group.Wait()
	return all
}

// parted is a trainer whose batches of 8, and a last one of 3, are cut into 4 parts.
func parted(optimizer, path string) *trainer {
	tr := newTrainer(optimizer, path)
	tr.MicroBatches, tr.ClipNorm = 4, 1
	tr.Best = path + ".best"
	return tr
}

// synced has batch norms see all parts.
func synced(optimizer, path string) *trainer {
	tr := parted(optimizer, path)
	tr.SyncBatchNorm = true
	return tr
}

// both are the ways of parts.
var both = map[string]func(optimizer, path string) *trainer{"one after the other": parted, "synced": synced}

// requireSame requires that all ranks have come through with the same.
func requireSame(t *testing.T, all []outcome) {
	t.Helper()
	for r, o := range all {
		require.NoError(t, o.err, "rank %d of %d", r, len(all))
		requireSameState(t, all[0].Model, o.Model)
		require.Equal(t, all[0].history, o.history)
	}
}

// The same bits come of any number of ranks: weights, running statistics, histories, checkpoints.
func TestAnyNumberOfRanksHasTheSameBits(t *testing.T) {
	for name, vary := range map[string]func(*trainer){
		"sgd": func(*trainer) {}, "adamw": func(*trainer) {}, "buckets of a tensor": func(*trainer) {},
		"mixed": func(tr *trainer) {
			set := stripes(images)
			tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8, Shuffle: true, Norm: set.Norm(), Seed: 7, Mix: data.Mix{MixUp: 0.2, CutMix: 1}})
		},
		"frozen now and then": func(tr *trainer) {
			tr.OnEpoch = func(e train.Epoch) error {
				tr.Model.(*net).conv.Weight.Frozen = e.Number%2 == 1
				return nil
			}
		},
		"batches of 4": batchesOf4,
		"synced":       func(tr *trainer) { tr.SyncBatchNorm = true },
		"synced, batches of 4": func(tr *trainer) {
			tr.SyncBatchNorm = true
			batchesOf4(tr)
		},
		"synced, frozen now and then": func(tr *trainer) {
			tr.SyncBatchNorm = true
			tr.OnEpoch = func(e train.Epoch) error {
				n := tr.Model.(*net)
				n.conv.Weight.Frozen, n.bn.Weight.Frozen, n.bn.Bias.Frozen = e.Number%2 == 1, e.Number == 2, e.Number > 1
				return nil
			}
		},
		"synced, blocks left out": func(tr *trainer) {
			tr.SyncBatchNorm = true
			tr.Model = newResNet(0.5)
			tr.Optimizer = sgd(tr.Model, optim.SGDConfig{Momentum: 0.9})
		},
	} {
		t.Run(name, func(t *testing.T) {
			optimizer := map[bool]string{true: "adamw", false: "sgd"}[name == "adamw"]
			if name == "buckets of a tensor" {
				defer train.SetBucketLen(1)()
			}
			var want [2]string
			var history []train.Epoch
			for _, ranks := range []int{1, 2, 3, 4} {
				path := filepath.Join(t.TempDir(), "net.safetensors")
				all := together(t, ranks, func(*seat) *trainer {
					tr := parted(optimizer, path)
					vary(tr)
					return tr
				})
				requireSame(t, all)
				got := [2]string{read(t, path), read(t, path+".best")}
				if ranks == 1 {
					want, history = got, all[0].history
				}
				require.Equal(t, history, all[0].history, "%d ranks", ranks)
				require.True(t, want == got, "checkpoints of %d ranks differ", ranks)
			}
		})
	}
}

// batchesOf4 has parts of one image, and a last batch with a part without.
func batchesOf4(tr *trainer) {
	set := stripes(images)
	tr.Loader = newLoader(set, data.LoaderConfig{Batch: 4, Shuffle: true, Norm: set.Norm(), Seed: 7})
}

// A run that is stopped, by the context or the hook of any rank, goes on with another number of ranks, and ends with the
// checkpoints of one that was never stopped.
func TestResumeWithAnotherNumberOfRanks(t *testing.T) {
	for way, parted := range both {
		t.Run(way, func(t *testing.T) { resumeWithAnotherNumberOfRanks(t, parted) })
	}
}

func resumeWithAnotherNumberOfRanks(t *testing.T, parted func(optimizer, path string) *trainer) {
	straight := filepath.Join(t.TempDir(), "net.safetensors")
	requireSame(t, together(t, 1, func(*seat) *trainer { return parted("sgd", straight) }))
	for _, ranks := range [][]int{{3, 2, 1}, {1, 3, 2}, {2, 1, 4}} {
		t.Run(fmt.Sprint(ranks), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net.safetensors")
			for i, stop := range []int{6, 15} { // 6 is the last step of an epoch
				all := together(t, ranks[i], func(s *seat) *trainer {
					tr := parted("sgd", path)
					tr.OnStep = func(at train.Step) error {
						if at.Done == stop && s.rank == (1+i)%ranks[i] {
							return errCause
						}
						return nil
					}
					return tr
				})
				for r, o := range all {
					if r == (1+i)%ranks[i] {
						require.ErrorIs(t, o.err, errCause)
					} else {
						require.ErrorContains(t, o.err, fmt.Sprintf("rank %d ended it: train: stopped in epoch ", (1+i)%ranks[i]))
						require.ErrorContains(t, o.err, errCause.Error())
					}
					requireStopped(t, o.err, stop)
				}
			}
			requireSame(t, together(t, ranks[2], func(*seat) *trainer { return parted("sgd", path) }))
			require.True(t, read(t, straight) == read(t, path), "checkpoints differ")
			require.True(t, read(t, straight+".best") == read(t, path+".best"), "best checkpoints differ")
		})
	}
}

// Wherever a rank is lost, the others end, the checkpoint is whole, and from there the run ends as if nothing had been.
func TestALostRankEndsAll(t *testing.T) {
	for way, parted := range both {
		t.Run(way, func(t *testing.T) { aLostRankEndsAll(t, parted) })
	}
}

func aLostRankEndsAll(t *testing.T, parted func(optimizer, path string) *trainer) {
	defer train.SetBucketLen(40)() // several
	straight := filepath.Join(t.TempDir(), "net.safetensors")
	requireSame(t, together(t, 1, func(*seat) *trainer { return parted("sgd", straight) }))
	goroutines := countGoroutines()
	for call := 1; call < 60; call += 3 {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		all := together(t, 3, func(s *seat) *trainer {
			tr := parted("sgd", path)
			tr.SaveEvery = 2
			if s.rank == call%3 {
				s.dies = call
			}
			return tr
		})
		for r, o := range all {
			require.ErrorIs(t, o.err, errLost, "rank %d, call %d", r, call)
			_, err := o.Run(t.Context())
			require.ErrorIs(t, err, errLost)
			require.ErrorIs(t, o.Resume(), errLost)
		}
		requireSame(t, together(t, 2, func(*seat) *trainer { return parted("sgd", path) }))
		require.True(t, read(t, straight) == read(t, path), "checkpoints differ after call %d", call)
	}
	requireGoroutines(t, goroutines)
}

// A panic on one rank, in whichever of its parts, leaves no goroutine behind once the others are told, as they are when a
// process ends; that rank does not go on.
func TestAPanicLeavesTheOthers(t *testing.T) {
	defer train.SetBucketLen(40)()
	for way, parted := range both {
		for pass := 1; pass <= 6; pass++ {
			goroutines := countGoroutines()
			seats := newJob(2)
			trainers := make([]*trainer, len(seats))
			for r, s := range seats {
				trainers[r] = parted("sgd", filepath.Join(t.TempDir(), "net.safetensors"))
				trainers[r].Ranks = s
			}
			model := &bursting{net: newNet()}
			trainers[0].Model, trainers[0].Optimizer = model, sgd(model, optim.SGDConfig{Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3})
			var group sync.WaitGroup
			require.NoError(t, trainers[0].make())
			model.left = pass
			var told error
			group.Go(func() { _, told = trainers[1].Run(t.Context()) })
			require.PanicsWithValue(t, "burst", func() { _, _ = trainers[0].Run(t.Context()) }, way)
			seats[0].once.Do(func() { close(seats[0].broken) })
			group.Wait()
			require.ErrorIs(t, told, errLost, way)
			_, err := trainers[0].Run(t.Context())
			require.EqualError(t, err, "train: rank 0 of 2 has left the others by a panic")
			require.EqualError(t, trainers[0].Resume(), "train: rank 0 of 2 has left the others by a panic")
			requireGoroutines(t, goroutines)
		}
	}
}

// What one rank alone runs into ends all, and says where it was.
func TestWhatOneRankMeetsEndsAll(t *testing.T) {
	for says, spoil := range map[string]func(tr *trainer, s *seat){
		"rank 2 ended it: train: stopped in epoch 1 of 4 after ": func(tr *trainer, s *seat) {
			set := &files{stripes(images), -1}
			if s.rank == 2 {
				set.bad = 20 // of the second batch, in its third part
			}
			tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8, Norm: set.Norm(), Seed: 7})
		},
		"rank 2 ended it: train: stopped in epoch 1 of 4 after 43 of 43 images: train: Evaluate: cat/1.jpg": func(tr *trainer, s *seat) {
			valid := &files{stripes(20), -1}
			if s.rank == 2 {
				valid.bad = 19
			}
			tr.Valid = valid
		},
		"train: rank 2 has another model or optimizer than rank 0": func(tr *trainer, s *seat) {
			if s.rank == 2 {
				tr.Model.(*net).fc.Bias.Value.Set(1, 0)
			}
		},
		"train: rank 2 has another loader than rank 0": func(tr *trainer, s *seat) {
			if s.rank == 2 {
				set := stripes(images)
				set.Labels[17]++
				set.Labels[17] %= 3
				tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8, Norm: set.Norm(), Seed: 7})
			}
		},
		"train: rank 2 has another configuration than rank 0": func(tr *trainer, s *seat) {
			if s.rank == 2 {
				tr.ClipNorm = 2
			}
		},
		"train: rank 1 has another configuration than rank 0": func(tr *trainer, s *seat) { tr.SyncBatchNorm = s.rank == 0 },
		"train: epoch 1, step 2: loss is NaN, after a step at learning rate 0.02": func(tr *trainer, _ *seat) {
			tr.Loss = func(logits *autograd.Var, b *data.Batch) *autograd.Var {
				loss := autograd.CrossEntropy(logits, b.Labels, 0)
				if slices.Contains(b.Index, 12) { // in the third part of the second batch
					loss = autograd.Scale(loss, float32(math.NaN()))
				}
				return loss
			}
			set := stripes(images)
			tr.Loader = newLoader(set, data.LoaderConfig{Batch: 8, Norm: set.Norm(), Seed: 7})
		},
		"rank 0 ended it: train: stopped after epoch 4 of 4": func(tr *trainer, s *seat) {
			tr.OnEpoch = func(e train.Epoch) error {
				if s.rank == 0 && e.Number == 4 {
					return errCause
				}
				return nil
			}
		},
	} {
		t.Run(says, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "net.safetensors")
			all := together(t, 3, func(s *seat) *trainer {
				tr := parted("sgd", path)
				spoil(tr, s)
				return tr
			})
			for r, o := range all {
				require.Error(t, o.err, "rank %d", r)
			}
			require.ErrorContains(t, all[1].err, says)
		})
	}
}

// A context that is cancelled on one rank is a cancelled run on all, and when it returns on any, rank 0 has saved.
func TestCancelOnOneRank(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seats, errs, saved := newJob(2), make([]error, 2), make([][]byte, 2)
	var group sync.WaitGroup
	for r, s := range seats {
		group.Go(func() {
			tr := parted("sgd", path)
			tr.Ranks, tr.Model = s, slowlySaved{tr.Model.(*net)}
			of := t.Context()
			if r == 1 {
				of = ctx
				tr.Each = func(s train.Step) {
					if s.Done == 8 {
						cancel()
					}
				}
			}
			_, errs[r] = tr.Run(of)
			saved[r], _ = os.ReadFile(path)
		})
	}
	group.Wait()
	for r, err := range errs {
		require.ErrorIs(t, err, context.Canceled)
		requireStopped(t, err, 8)
		require.True(t, string(saved[r]) == read(t, path), "rank %d has returned before the checkpoint was there", r)
	}
}

// slowlySaved takes its time to be saved.
type slowlySaved struct{ *net }

func (slowlySaved) Describe(data.Card) (map[string]string, error) {
	time.Sleep(20 * time.Millisecond)
	return nil, nil
}

package data_test

import (
	"context"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
)

type copied struct {
	images []float32
	labels []int
	index  []int
}

// newLoader is data.NewLoader for what it takes.
func newLoader(t *testing.T, d *data.Dataset, c data.LoaderConfig) *data.Loader {
	t.Helper()
	l, err := data.NewLoader(d, c)
	require.NoError(t, err)
	return l
}

// take copies n batches, over as many epochs as that needs.
func take(t *testing.T, l *data.Loader, n int) []copied {
	t.Helper()
	var out []copied
	for len(out) < n {
		for b := range l.Epoch(t.Context()) {
			out = append(out, copied{slices.Clone(b.X.Data()), slices.Clone(b.Labels), slices.Clone(b.Index)})
			if len(out) == n {
				break
			}
		}
	}
	return out
}

var varied = data.LoaderConfig{Batch: 4, Shuffle: true, Seed: 3, Augment: data.Augment{Pad: 2, Flip: true}}

func TestEpochYieldsEveryImageOnce(t *testing.T) {
	d := numbered(23, 3, 5, 2, 7)
	for _, shuffle := range []bool{false, true} {
		t.Run(fmt.Sprintf("shuffle=%v", shuffle), func(t *testing.T) {
			l := newLoader(t, d, data.LoaderConfig{Batch: 4, Shuffle: shuffle, Seed: 1})
			require.Equal(t, 6, l.Steps())
			var orders [2][]int
			for epoch := range orders {
				require.Equal(t, epoch, l.State().Epoch)
				for b := range l.Epoch(t.Context()) {
					require.Equal(t, b.X.Dim(0), len(b.Labels))
					for i, k := range b.Index {
						require.Equal(t, d.Labels[k], b.Labels[i])
						require.Equal(t, d.Batch(data.Norm{}, k, k+1).X.Data(), b.X.Slice(i, i+1).Data())
					}
					orders[epoch] = append(orders[epoch], b.Index...)
				}
			}
			require.Equal(t, shuffle, !slices.IsSorted(orders[0]))
			require.Equal(t, shuffle, !slices.Equal(orders[0], orders[1]))
			for _, o := range orders {
				slices.Sort(o)
				for i, k := range o {
					require.Equal(t, i, k)
				}
				require.Len(t, o, 23)
			}
		})
	}
}

func TestBatchesAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	d := numbered(50, 4, 6, 3, 10)
	want := take(t, newLoader(t, d, varied), 30)
	for _, workers := range []int{1, 2, 3, 5, 20} {
		c := varied
		c.Workers = workers
		require.Equal(t, want, take(t, newLoader(t, d, c), 30), "%d workers", workers)
	}
	c := varied
	c.Seed++
	require.NotEqual(t, want, take(t, newLoader(t, d, c), 30))
}

func TestStateResumesExactlyAtEveryBatch(t *testing.T) {
	d := numbered(18, 4, 4, 1, 3) // 5 batches an epoch, the last one short
	want := take(t, newLoader(t, d, varied), 12)
	for stop := range 11 {
		first := newLoader(t, d, varied)
		require.Equal(t, want[:stop], append([]copied{}, take(t, first, stop)...))
		c := varied
		c.Seed = 99 // the state brings its own
		second := newLoader(t, d, c)
		require.NoError(t, second.SetState(first.State()))
		require.Equal(t, want[stop:], take(t, second, 12-stop), "stopped after %d", stop)
	}
}

// Erased and mixed images too depend on seed, epoch, sample and batch alone.
func TestErasedAndMixedBatches(t *testing.T) {
	d := numbered(18, 6, 8, 2, 3)
	c := varied
	c.Augment.Erase, c.Mix = 0.5, data.Mix{MixUp: 0.2, CutMix: 1}
	type mixed struct {
		copied
		targets []float32
	}
	take := func(l *data.Loader, n int) (all []mixed) {
		for len(all) < n {
			for b := range l.Epoch(t.Context()) {
				require.Equal(t, []int{len(b.Labels), 3}, b.Targets.Shape())
				for i, label := range b.Labels {
					row := b.Targets.Data()[3*i : 3*i+3]
					require.InDelta(t, 1, row[0]+row[1]+row[2], 1e-6)
					require.Equal(t, slices.Max(row), row[label])
				}
				all = append(all, mixed{copied{slices.Clone(b.X.Data()), slices.Clone(b.Labels), slices.Clone(b.Index)}, slices.Clone(b.Targets.Data())})
				if len(all) == n {
					break
				}
			}
		}
		return all
	}
	want := take(newLoader(t, d, c), 12)
	require.NotEqual(t, want[0].targets, want[1].targets)
	for _, workers := range []int{2, 5} {
		c.Workers = workers
		require.Equal(t, want, take(newLoader(t, d, c), 12))
	}
	first := newLoader(t, d, c)
	require.Equal(t, want[:7], take(first, 7))
	second := newLoader(t, d, c)
	require.NoError(t, second.SetState(first.State()))
	require.Equal(t, want[7:], take(second, 5))

	// Erasing alone blots a rectangle out of about every second image, and changes nothing else.
	c.Mix = data.Mix{}
	plain := varied
	plain.Batch, c.Batch = 1, 1
	erased := 0
	whole := newLoader(t, d, plain)
	next, stop := iter.Pull(whole.Epoch(t.Context()))
	defer stop()
	for b := range newLoader(t, d, c).Epoch(t.Context()) {
		require.Nil(t, b.Targets)
		w, _ := next()
		differs := false
		for i, v := range b.X.Data() {
			if v != w.X.Data()[i] {
				require.Zero(t, v)
				differs = true
			}
		}
		if differs {
			erased++
		}
	}
	require.True(t, erased > 3 && erased < 15, "%d", erased)

	one := newLoader(t, numbered(1, 6, 8, 2, 3), data.LoaderConfig{Batch: 4, Mix: data.Mix{MixUp: 1}})
	for b := range one.Epoch(t.Context()) {
		require.Equal(t, float32(1), b.Targets.Data()[b.Labels[0]], "alone")
	}
}

func TestSetStateRefusesWhatDoesNotFit(t *testing.T) {
	l := newLoader(t, numbered(18, 1, 1, 1, 3), data.LoaderConfig{Batch: 4})
	good := l.State()
	for name, edit := range map[string]func(*data.State){
		"other dataset": func(s *data.State) { s.Len = 20 },
		"other batch":   func(s *data.State) { s.Batch = 5 },
		"between":       func(s *data.State) { s.Next = 6 },
		"past the end":  func(s *data.State) { s.Next = 20 },
		"negative":      func(s *data.State) { s.Next = -4 },
		"epoch":         func(s *data.State) { s.Epoch = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			edit(&s)
			require.Error(t, l.SetState(s))
			require.Equal(t, good, l.State())
		})
	}
}

func TestAugmentationCropsAndFlips(t *testing.T) {
	d := numbered(1, 5, 6, 2, 1)
	for i := range d.Pixels {
		d.Pixels[i]++ // 0 is left for what is outside
	}
	at := func(y, x, c int) float32 {
		if y < 0 || y >= 5 || x < 0 || x >= 6 {
			return 0
		}
		return float32(d.Pixels[(y*6+x)*2+c]) / 255
	}
	var want [][]float32 // every view that may come up
	for _, flip := range []bool{false, true} {
		for top := -2; top <= 2; top++ {
			for left := -2; left <= 2; left++ {
				var v []float32
				for y := range 5 {
					for x := range 6 {
						if flip {
							x = 5 - x
						}
						v = append(v, at(y+top, x+left, 0), at(y+top, x+left, 1))
					}
				}
				want = append(want, v)
			}
		}
	}
	count := make([]int, len(want))
	c := varied
	c.Batch = 1
	const draws = 5000
	for _, b := range take(t, newLoader(t, d, c), draws) {
		k := slices.IndexFunc(want, func(v []float32) bool { return slices.Equal(v, b.images) })
		require.GreaterOrEqual(t, k, 0, "%v", b.images)
		count[k]++
	}
	// Chi-squared with 49 degrees of freedom exceeds 85 once in a thousand seeds.
	var chi2 float64
	for _, n := range count {
		e := float64(draws) / float64(len(want))
		chi2 += (float64(n) - e) * (float64(n) - e) / e
	}
	require.Less(t, chi2, 85.0)
}

// A synctest bubble fails when a goroutine started in it is left behind.
func TestEpochLeavesNoGoroutine(t *testing.T) {
	for name, loop := range map[string]func(*testing.T, *data.Loader){
		"break": func(t *testing.T, l *data.Loader) {
			for range l.Epoch(t.Context()) {
				break
			}
		},
		"end": func(t *testing.T, l *data.Loader) {
			for range l.Epoch(t.Context()) {
			}
		},
		"cancel": func(t *testing.T, l *data.Loader) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := 0
			for range l.Epoch(ctx) {
				n++
				cancel()
			}
			require.Equal(t, 1, n)
		},
		"panic": func(t *testing.T, l *data.Loader) {
			require.Panics(t, func() {
				for range l.Epoch(t.Context()) {
					panic("model")
				}
			})
		},
		"nested": func(t *testing.T, l *data.Loader) {
			require.PanicsWithValue(t, "data: Loader: Epoch inside a loop over Epoch", func() {
				for range l.Epoch(t.Context()) {
					for range l.Epoch(t.Context()) {
					}
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLoader(t, numbered(100, 2, 2, 1, 10), data.LoaderConfig{Batch: 3, Workers: 4})
				loop(t, l)
				synctest.Wait()
				require.Len(t, take(t, l, 40), 40, "still usable")
			})
		})
	}
}

func TestBuffersAreRecycled(t *testing.T) {
	l := newLoader(t, numbered(4096, 4, 4, 1, 10), data.LoaderConfig{Batch: 8, Shuffle: true, Augment: varied.Augment})
	epoch := func() {
		for range l.Epoch(t.Context()) {
		}
	}
	require.Less(t, testing.AllocsPerRun(3, epoch), 60.0, "for 512 batches")
}

func TestNewLoaderRefusesNonsense(t *testing.T) {
	set := numbered(3, 4, 5, 1, 3)
	for says, spoil := range map[string]func(*data.LoaderConfig){
		"Batch is 0: want at least 1":                                                                             func(c *data.LoaderConfig) { c.Batch = 0 },
		"Batch is -1: want at least 1":                                                                            func(c *data.LoaderConfig) { c.Batch = -1 },
		"Workers is -1: want goroutines, or 0 for 1":                                                              func(c *data.LoaderConfig) { c.Workers = -1 },
		"Augment.Pad is -1: want 0 to 3, or crops could show nothing of the images":                               func(c *data.LoaderConfig) { c.Augment.Pad = -1 },
		"Augment.Pad is 4: want 0 to 3, or crops could show nothing of the images":                                func(c *data.LoaderConfig) { c.Augment.Pad = 4 },
		fmt.Sprintf("Augment.Pad is %d: want 0 to 3, or crops could show nothing of the images", math.MaxInt/2+1): func(c *data.LoaderConfig) { c.Augment.Pad = math.MaxInt/2 + 1 },
		"Norm is {[0] []}: 1 means, 0 deviations for 1 channels":                                                  func(c *data.LoaderConfig) { c.Norm.Mean = []float32{0} },
		"Norm is {[0] [0]}: mean 0 and deviation 0 of channel 0: want finite numbers, the deviation positive": func(c *data.LoaderConfig) {
			c.Norm = data.Norm{Mean: []float32{0}, Std: []float32{0}}
		},
		"Augment.Erase is 1.5: want a probability":                                 func(c *data.LoaderConfig) { c.Augment.Erase = 1.5 },
		"Mix.MixUp is 0.01: want 0 for none, or a finite number of at least 0.05":  func(c *data.LoaderConfig) { c.Mix.MixUp = 0.01 },
		"Mix.CutMix is -1: want 0 for none, or a finite number of at least 0.05":   func(c *data.LoaderConfig) { c.Mix.CutMix = -1 },
		"Mix.CutMix is +Inf: want 0 for none, or a finite number of at least 0.05": func(c *data.LoaderConfig) { c.Mix.CutMix = math.Inf(1) },
	} {
		c := data.LoaderConfig{Batch: 1, Augment: data.Augment{Pad: 3}}
		spoil(&c)
		_, err := data.NewLoader(set, c)
		require.EqualError(t, err, "data: LoaderConfig."+says)
		var config *residuum.ConfigError
		require.ErrorAs(t, err, &config)
	}
	short := numbered(3, 4, 5, 1, 3)
	short.Pixels = short.Pixels[1:]
	for _, c := range []struct {
		says string
		set  *data.Dataset
	}{
		{"data: NewLoader.source is *data.Dataset: want one with images", nil},
		{"data: NewLoader.source is *data.Dataset: want one with images", &data.Dataset{}},
		{"data: NewLoader.source is *data.Dataset: want one with images", numbered(0, 4, 5, 1, 3)},
		{"data: Dataset.Pixels is 59 bytes: want 60 for 3 labels of 4x5x1 pixels", short},
	} {
		_, err := data.NewLoader(c.set, data.LoaderConfig{Batch: 1})
		require.EqualError(t, err, c.says)
		require.ErrorAs(t, err, new(*residuum.ConfigError))
	}
	_, err := data.NewLoader(nil, data.LoaderConfig{Batch: 1})
	require.EqualError(t, err, "data: NewLoader.source is <nil>: want one with images")
	require.Equal(t, 1, newLoader(t, set, data.LoaderConfig{Batch: 100, Augment: data.Augment{Pad: 3}}).Steps())
}

// A worker has memory of its own, so there are no more than there are batches to prepare.
func TestWorkersThatAreNotNeededCostNothing(t *testing.T) {
	d := numbered(4, 64, 64, 1, 4)
	l := newLoader(t, d, data.LoaderConfig{Batch: 2, Workers: 1 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.Len(t, take(t, l, 2), 2)
	runtime.ReadMemStats(&after)
	require.Less(t, int(after.TotalAlloc-before.TotalAlloc), 1<<20)
}

package unravel

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// methods are what a study can be asked, by name.
var methods = map[string]func(ctx context.Context, s *Study) error{
	"Evaluate": func(ctx context.Context, s *Study) error {
		_, err := s.Evaluate(ctx, []Plan{Whole(6), Whole(6).With(Delete, 1)})
		return err
	},
	"Evaluate a dataset mean": func(ctx context.Context, s *Study) error {
		_, err := s.Evaluate(ctx, []Plan{Whole(6).With(DatasetMean, 1)})
		return err
	},
	"Evaluate nothing": func(_ context.Context, s *Study) error { _, err := s.Evaluate(context.Background(), nil); return err },
	"Measure":          func(ctx context.Context, s *Study) error { return s.Measure(ctx, []Point{{Plans: DeleteEach(6)}}) },
	"Greedy":           func(ctx context.Context, s *Study) error { _, err := s.Greedy(ctx, 2); return err },
	"PatchPaths": func(ctx context.Context, s *Study) error {
		_, err := s.PatchPaths(ctx, Step{Do: Zero}, AllPatches(6))
		return err
	},
	"PatchPaths with a dataset mean": func(ctx context.Context, s *Study) error {
		_, err := s.PatchPaths(ctx, Step{Do: DatasetMean}, AllPatches(6))
		return err
	},
	"Picard":    func(ctx context.Context, s *Study) error { _, err := s.Picard(ctx, 6); return err },
	"Iterative": func(ctx context.Context, s *Study) error { _, _, err := s.Iterative(ctx); return err },
	"Lengths":   func(ctx context.Context, s *Study) error { _, err := s.Lengths(ctx, LengthOptions{}); return err },
	"SampleGradients": func(ctx context.Context, s *Study) error {
		_, err := s.SampleGradients(ctx, SampleOptions{Draws: 40})
		return err
	},
}

func TestStudiesNameWhatIsMissing(t *testing.T) {
	for want, spoil := range map[string]func(s *Study){
		"Study.Net is nil":                                      func(s *Study) { s.Net = nil },
		"Study.Batches is empty":                                func(s *Study) { s.Batches = nil },
		"Study.Reference is empty":                              func(s *Study) { s.Reference = []data.Batch{} },
		"Study.Batches[1].X is nil":                             func(s *Study) { s.Batches[1].X = nil },
		"Study.Reference[0].X is nil":                           func(s *Study) { s.Reference = []data.Batch{{}} },
		"Study.Batches[1].X [0 6 6 2] has no examples":          func(s *Study) { s.Batches[1] = data.Batch{X: tensor.New(0, 6, 6, 2)} },
		"Study.Batches[1] has 1 labels for the 2 examples of X": func(s *Study) { s.Batches[1].Labels = []int{1} },
		"Study.Batches[0] has 5 labels for the 4 examples of X": func(s *Study) { s.Batches[0].Labels = []int{1, 1, 1, 1, 1} },
		"Study.Batches[0] has 0 labels for the 4 examples of X": func(s *Study) { s.Batches[0].Labels = nil },
		"Study.Batches[1].Labels[1] is -1: classes count":       func(s *Study) { s.Batches[1].Labels = []int{0, -1} },
		"Study.Batches[1].Labels[0] is 3: the net has 3 cla":    func(s *Study) { s.Batches[1].Labels = []int{3, 0} },
	} {
		for name, method := range methods {
			s, _ := journalled()
			spoil(&s)
			worked := 0
			s.Progress = func(int, int) { worked++ }
			err := method(t.Context(), &s)
			if name == "Evaluate nothing" && err == nil {
				require.Contains(t, want, "the net has 3 cla", "no net has run")
				continue
			}
			require.ErrorContains(t, err, want, name)
			require.LessOrEqual(t, worked, 12, "found before the work, or in the first forward pass")
		}
	}
	// The examples behind dataset means need no labels.
	s, _ := journalled()
	s.Reference = []data.Batch{{X: s.Batches[0].X}}
	require.NoError(t, methods["Evaluate a dataset mean"](t.Context(), &s))
}

func TestOptionsThatDoNotFit(t *testing.T) {
	s, _ := journalled() // a net of 6 blocks, one of them plain
	sample := func(o SampleOptions) error { _, err := s.SampleGradients(t.Context(), o); return err }
	lengths := func(o LengthOptions) error { _, err := s.Lengths(t.Context(), o); return err }
	squares := func(draws int) error {
		_, err := Squares(t.Context(), s.Net, s.Batches[0], -1, draws, 1, nil)
		return err
	}
	gradient := func(net Network, b data.Batch) error {
		_, err := GradientByLength(t.Context(), net, b, -1, nil)
		return err
	}
	for want, err := range map[string]error{
		"SampleOptions.Draws is 0":                                 sample(SampleOptions{}),
		"SampleOptions.Draws is -1":                                sample(SampleOptions{Draws: -1}),
		"SampleOptions.Lengths[1] is 7: the net's paths have leng": sample(SampleOptions{Draws: 1, Lengths: []int{2, 7}}),
		"SampleOptions.Lengths[0] is 0":                            sample(SampleOptions{Draws: 1, Lengths: []int{0}}),
		"LengthOptions.Draws is -1":                                lengths(LengthOptions{Draws: -1}),
		"LengthOptions.Signs is -2":                                lengths(LengthOptions{Signs: -2}),
		"LengthOptions.Limit is -3":                                lengths(LengthOptions{Limit: -3}),
		"0 draws: want at least 1":                                 squares(0),
		"the network is nil":                                       gradient(nil, s.Batches[0]),
		"batch.X is nil":                                           gradient(s.Net, data.Batch{}),
		"batch has 3 labels for the 4 examples":                    gradient(s.Net, data.Batch{X: s.Batches[0].X, Labels: []int{0, 1, 2}}),
		"batch.Labels[3] is 3: the net has 3 classes":              gradient(s.Net, data.Batch{X: s.Batches[0].X, Labels: []int{0, 1, 2, 3}}),
	} {
		require.ErrorContains(t, err, want)
	}
	plain := zoo()["plain"] // whose 5 blocks are on every path
	_, err := (&Study{Net: plain.net, Batches: []data.Batch{plain.batch}}).Lengths(t.Context(), LengthOptions{Limit: 1})
	require.ErrorContains(t, err, "LengthOptions.Limit is 1: want 0, or at least 5")
	require.NoError(t, lengths(LengthOptions{Limit: 100, Draws: 1}))

	for want, wrong := range map[string]func(){
		"unravel: Contributions: direction [4 2] for logits [4 3]": func() {
			_, _ = Contributions(t.Context(), s.Net, s.Batches[0].X, Centred([]int{0, 1, 0, 1}, 2), nil)
		},
		"unravel: BlockContributions: direction [3 3] for logits [4 3]": func() {
			BlockContributions(s.Net, s.Batches[0].X, tensor.New(3, 3))
		},
		"unravel: Record: batch 2 of 2":                     func() { s.Record(Whole(6), 2, false) },
		"unravel: Record: Study.Net is nil: it is the netw": func() { (&Study{Batches: s.Batches}).Record(Whole(6), 0, false) },
		"unravel: RMS: no draws":                            func() { RMS(paths.New(3), nil) },
		"unravel: choose 2 of 6 blocks in 0 draws":          func() { DeletionCurve(6, []int{2}, 0, 1) },
		"unravel: SwapCurve: 0 draws":                       func() { SwapCurve(6, [][]int{{0, 1}}, []int{2}, 0, 1) },
		"unravel: Picard: orders up to -1":                  func() { _, _ = s.Picard(t.Context(), -1) },
		"unravel: Greedy: -1 of 6 blocks":                   func() { _, _ = s.Greedy(t.Context(), -1) },
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), want) }()
			wrong()
		}()
	}
}

// A context that is done ends everything with its error and with the cause it was given.
func TestContextsWithACause(t *testing.T) {
	why := errors.New("the machine is needed")
	all := map[string]func(ctx context.Context) error{
		"GradientByLength": func(ctx context.Context) error {
			_, err := GradientByLength(ctx, newMLP(rand.New(rand.NewPCG(1, 1)), 3, 1, 0), data.Batch{X: tensor.New(2, 4), Labels: []int{0, 1}}, -1, nil)
			return err
		},
		"Squares": func(ctx context.Context) error {
			_, err := Squares(ctx, newMLP(rand.New(rand.NewPCG(1, 1)), 3, 1, 0), data.Batch{X: tensor.New(2, 4), Labels: []int{0, 1}}, -1, 2, 1, nil)
			return err
		},
		"Contributions": func(ctx context.Context) error {
			_, err := Contributions(ctx, newMLP(rand.New(rand.NewPCG(1, 1)), 3, 1, 0), tensor.New(2, 4), Centred([]int{0, 1}, 3), nil)
			return err
		},
	}
	for name, method := range methods {
		if name != "Evaluate nothing" {
			all[name] = func(ctx context.Context) error { s, _ := journalled(); return method(ctx, &s) }
		}
	}
	all["Evaluate, recalibrated"] = func(ctx context.Context) error {
		s := studiedNet()
		s.study.Recalibrate = recalibrating(s.net, tensor.New(2, 4, 4, 1))
		_, err := s.study.Evaluate(ctx, []Plan{Whole(3)})
		return err
	}
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	late, stop := context.WithDeadlineCause(t.Context(), time.Unix(0, 0), why)
	defer stop()
	plain, cancelPlain := context.WithCancel(t.Context())
	cancelPlain()
	for name, f := range all {
		err := f(cancelled)
		require.ErrorIs(t, err, context.Canceled, name)
		require.ErrorIs(t, err, why, name)
		err = f(late)
		require.ErrorIs(t, err, context.DeadlineExceeded, name)
		require.ErrorIs(t, err, why, name)
		err = f(plain)
		require.ErrorIs(t, err, context.Canceled, name)
		require.Regexp(t, "[^d]: context canceled$", err.Error(), "said once: %s", name)
	}
}

// Nets whose head gives no logits for each example are wrong in the program.
func TestHeadsThatGiveNoLogits(t *testing.T) {
	same := func(y *autograd.Var) *autograd.Var { return y }
	s := Study{Net: &toy{stem: same, head: same}, Batches: []data.Batch{{X: tensor.New(2, 3, 3), Labels: []int{0, 1}}}}
	require.PanicsWithValue(t, "unravel: Head: logits [2 3 3]: want [examples, classes]", func() {
		_, _ = s.Evaluate(t.Context(), []Plan{{}})
	})
}

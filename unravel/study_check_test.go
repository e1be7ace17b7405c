package unravel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// methods are what a study can be asked, by name.
var methods = map[string]func(ctx context.Context, s *Study) error{
	"Evaluate": func(ctx context.Context, s *Study) error {
		_, err := s.Evaluate(ctx, []Plan{Whole(ofLen(6)), Ablate(ofLen(6), Delete, 1)})
		return err
	},
	"Evaluate a dataset mean": func(ctx context.Context, s *Study) error {
		_, err := s.Evaluate(ctx, []Plan{Ablate(ofLen(6), DatasetMean, 1)})
		return err
	},
	"Evaluate nothing": func(_ context.Context, s *Study) error { _, err := s.Evaluate(context.Background(), nil); return err },
	"Measure": func(ctx context.Context, s *Study) error {
		return s.Measure(ctx, []Point{{Plans: DeleteEach(ofLen(6))}})
	},
	"Greedy": func(ctx context.Context, s *Study) error { _, err := s.Greedy(ctx, 2); return err },
	"PatchPaths": func(ctx context.Context, s *Study) error {
		_, err := s.PatchPaths(ctx, Step{Do: Zero}, AllPatches(ofLen(6)))
		return err
	},
	"PatchPaths with a dataset mean": func(ctx context.Context, s *Study) error {
		_, err := s.PatchPaths(ctx, Step{Do: DatasetMean}, AllPatches(ofLen(6)))
		return err
	},
	"Picard":    func(ctx context.Context, s *Study) error { _, err := s.Picard(ctx, 6); return err },
	"Iterative": func(ctx context.Context, s *Study) error { _, err := s.Iterative(ctx); return err },
	"Lengths":   func(ctx context.Context, s *Study) error { _, err := s.Lengths(ctx, LengthOptions{}); return err },
	"GradientByLength": func(ctx context.Context, s *Study) error {
		_, err := s.GradientByLength(ctx, GradientOptions{})
		return err
	},
	"Lengths with signs": func(ctx context.Context, s *Study) error {
		_, err := s.Lengths(ctx, LengthOptions{Signs: 1})
		return err
	},
	"Contributions": func(ctx context.Context, s *Study) error {
		_, err := s.Contributions(ctx, ContributionOptions{})
		return err
	},
	"BlockContributions": func(ctx context.Context, s *Study) error {
		_, err := s.BlockContributions(ctx, ContributionOptions{})
		return err
	},
	"Record a dataset mean": func(ctx context.Context, s *Study) error {
		_, err := s.Record(ctx, Ablate(ofLen(6), DatasetMean, 1), RecordOptions{})
		return err
	},
	"SampleGradients": func(ctx context.Context, s *Study) error {
		_, err := s.SampleGradients(ctx, SampleOptions{Draws: 40})
		return err
	},
}

func TestStudiesNameWhatIsMissing(t *testing.T) {
	for want, spoil := range map[string]func(s *Study){
		"Study.Net is <nil>: want the network":                                   func(s *Study) { s.net = nil },
		"Study.Batches is []: want the examples":                                 func(s *Study) { s.batches = nil },
		"Options.Reference is []: want examples":                                 func(s *Study) { s.opts.Reference = []data.Batch{} },
		"Options.Reference[0].X is <nil>: want examples":                         func(s *Study) { s.opts.Reference = []data.Batch{{}} },
		"Options.Memory is -1: want a number of bytes":                           func(s *Study) { s.opts.Memory = -1 },
		"Study.Batches[1].X is <nil>: want examples":                             func(s *Study) { s.batches[1].X = nil },
		"Study.Batches[1].X is [0 6 6 2]: want examples":                         func(s *Study) { s.batches[1] = data.Batch{X: tensor.New(0, 6, 6, 2)} },
		"Study.Batches[1].Labels is of length 1: want a label for each of the 2": func(s *Study) { s.batches[1].Labels = []int{1} },
		"Study.Batches[0].Labels is of length 5: want a label for each of the 4": func(s *Study) { s.batches[0].Labels = []int{1, 1, 1, 1, 1} },
		"Study.Batches[0].Labels is of length 0: want a label for each of the 4": func(s *Study) { s.batches[0].Labels = nil },
		"Study.Batches[1].Labels[1] is -1: classes count from 0":                 func(s *Study) { s.batches[1].Labels = []int{0, -1} },
	} {
		s, _ := journalled()
		spoil(&s)
		_, err := NewStudy(s.net, s.batches, s.opts)
		var bad *residuum.ConfigError
		require.ErrorAs(t, err, &bad, want)
		require.ErrorContains(t, err, "unravel: "+want)
	}
	// The examples behind dataset means need no labels.
	s, _ := journalled()
	made, err := NewStudy(s.net, s.batches, Options{Reference: []data.Batch{{X: s.batches[0].X}}})
	require.NoError(t, err)
	require.NoError(t, methods["Evaluate a dataset mean"](t.Context(), made))
	require.Equal(t, s.net, made.Net())
	require.Equal(t, s.batches, made.Batches())
	require.Len(t, made.Options().Reference, 1)
}

// How many classes there are, the first forward pass says.
func TestStudiesFindLabelsBeyondTheClasses(t *testing.T) {
	for name, method := range methods {
		s, _ := journalled()
		s.batches[1].Labels = []int{3, 0}
		worked := 0
		s.opts.Progress = func(int, int) { worked++ }
		err := method(t.Context(), &s)
		if name == "Evaluate nothing" || name == "Record a dataset mean" { // which runs no net, or reads no labels
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "Study.Batches[1].Labels[0] is 3: the net has 3 classes, from 0", name)
		require.LessOrEqual(t, worked, 12, "found in the first forward pass")
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	s, _ := journalled() // a net of 6 blocks, one of them plain
	sample := func(o SampleOptions) error { _, err := s.SampleGradients(t.Context(), o); return err }
	lengths := func(o LengthOptions) error { _, err := s.Lengths(t.Context(), o); return err }
	gradient := func(o GradientOptions) error { _, err := s.GradientByLength(t.Context(), o); return err }
	plain := zoo()["plain"] // whose 5 blocks are on every path
	short := func() error {
		_, err := studyOf(plain.net, plain.batch).Lengths(t.Context(), LengthOptions{Limit: 1})
		return err
	}
	for want, err := range map[string]error{
		"SampleOptions.Draws is 0":                                        sample(SampleOptions{}),
		"SampleOptions.Draws is -1":                                       sample(SampleOptions{Draws: -1}),
		"SampleOptions.Lengths[1] is 7: the net's paths have leng":        sample(SampleOptions{Draws: 1, Lengths: []int{2, 7}}),
		"SampleOptions.Lengths[0] is 0":                                   sample(SampleOptions{Draws: 1, Lengths: []int{0}}),
		"LengthOptions.Draws is -1":                                       lengths(LengthOptions{Draws: -1}),
		"LengthOptions.Signs is -2":                                       lengths(LengthOptions{Signs: -2}),
		"LengthOptions.Limit is -3":                                       lengths(LengthOptions{Limit: -3}),
		"LengthOptions.Limit is 1: want 0 for all lengths, or at least 5": short(),
		"GradientOptions.Limit is -1":                                     gradient(GradientOptions{Limit: -1}),
	} {
		var bad *residuum.ConfigError
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, "unravel: "+want)
	}
	require.NoError(t, lengths(LengthOptions{Limit: 100, Draws: 1}))
	require.NoError(t, gradient(GradientOptions{Limit: 100}))

	for want, wrong := range map[string]func(){
		"unravel: Contributions: direction [4 2] for logits [4 3]": func() {
			_, _ = s.Contributions(t.Context(), ContributionOptions{Direction: tensor.New(4, 2)})
		},
		"unravel: BlockContributions: direction [3 3] for logits [4 3]": func() {
			_, _ = s.BlockContributions(t.Context(), ContributionOptions{Direction: tensor.New(3, 3)})
		},
		"unravel: Record: batch 2 of 2":            func() { _, _ = s.Record(t.Context(), Whole(ofLen(6)), RecordOptions{Batch: 2}) },
		"unravel: GradientByLength: batch -1 of 2": func() { _ = gradient(GradientOptions{Batch: -1}) },
		"unravel: choose 2 of 6 blocks in 0 draws": func() { DeletionCurve(ofLen(6), CurveOptions{Counts: []int{2}}) },
		"unravel: SwapCurve: 0 draws":              func() { SwapCurve(ofLen(6), [][]int{{0, 1}}, CurveOptions{Counts: []int{2}}) },
		"unravel: Picard: orders up to -1":         func() { _, _ = s.Picard(t.Context(), -1) },
		"unravel: Greedy: -1 of 6 blocks":          func() { _, _ = s.Greedy(t.Context(), -1) },
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), want) }()
			wrong()
		}()
	}
}

// An error of OnLogits ends the call.
func TestOnLogitsEndsTheCall(t *testing.T) {
	s, plans := journalled()
	enough := errors.New("seen enough")
	seen := 0
	s.opts.OnLogits = func(plan, batch int, logits *tensor.Tensor) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil
	}
	_, err := s.Evaluate(t.Context(), plans)
	require.ErrorIs(t, err, enough)
	require.Equal(t, 3, seen)
}

// A context that is done ends everything with its error and with the cause it was given.
func TestContextsWithACause(t *testing.T) {
	why := errors.New("the machine is needed")
	all := map[string]func(ctx context.Context) error{}
	for name, method := range methods {
		if name != "Evaluate nothing" {
			all[name] = func(ctx context.Context) error { s, _ := journalled(); return method(ctx, &s) }
		}
	}
	all["Evaluate, recalibrated"] = func(ctx context.Context) error {
		s := studiedNet()
		s.study.opts.Recalibrate = recalibrating(s.net, tensor.New(2, 4, 4, 1))
		_, err := s.study.Evaluate(ctx, []Plan{Whole(ofLen(3))})
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
		require.Equal(t, 1, strings.Count(err.Error(), "context canceled"), "said once: %v", err)
	}
}

// Nets whose head gives no logits for each example are wrong in the program.
func TestHeadsThatGiveNoLogits(t *testing.T) {
	same := func(y *autograd.Var) *autograd.Var { return y }
	s := Study{net: &toy{stem: same, head: same}, batches: []data.Batch{{X: tensor.New(2, 3, 3), Labels: []int{0, 1}}}}
	require.PanicsWithValue(t, "unravel: Head: logits [2 3 3]: want [examples, classes]", func() {
		_, _ = s.Evaluate(t.Context(), []Plan{{}})
	})
}

package unravel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func TestHooksSeeWhatRecordKeeps(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			want := record(e.net, e.batch.X, true)
			got := &Activations{X: e.batch.X, State: make([]*tensor.Tensor, e.net.Len()+1), Branch: make([]*tensor.Tensor, e.net.Len())}
			skips := 0
			net := WithHooks(e.net, Hooks{
				State:  func(i int, y *autograd.Var) *autograd.Var { got.State[i] = y.Value(); return y },
				Branch: func(i int, f *autograd.Var) *autograd.Var { got.Branch[i] = f.Value(); return f },
				Skip:   func(_ int, s *autograd.Var) *autograd.Var { skips++; return s },
			})
			got.Logits = Forward(net, autograd.Const(e.batch.X)).Value()
			require.Equal(t, want, got)
			set := PathsOf(net)
			require.Equal(t, set.Blocks()-set.Shortest(), skips)
		})
	}
}

// What a hook returns takes the place of what it was given: here a lesion by hand.
func TestHooksReplace(t *testing.T) {
	e := zoo()["mlp"]
	scaled := WithHooks(e.net, Hooks{Branch: func(i int, f *autograd.Var) *autograd.Var {
		if i == 4 {
			return autograd.Scale(f, 0.5)
		}
		return f
	}})
	plan := Whole(ofLen(9))
	plan[4] = Step{Block: 4, Do: Scale, Amount: 0.5}
	x := autograd.Const(e.batch.X)
	require.True(t, tensor.Equal(Run(e.net, plan, x).Value(), Forward(scaled, x).Value()))

	without := WithHooks(e.net, Hooks{
		Skip:  func(_ int, s *autograd.Var) *autograd.Var { return autograd.Scale(s, 0) },
		State: func(_ int, y *autograd.Var) *autograd.Var { return autograd.ReLU(y) },
	})
	y := autograd.ReLU(e.net.Stem(x))
	for i := range 9 {
		y = autograd.ReLU(e.net.Join(i, nil, e.net.Branch(i, y)))
	}
	require.True(t, tensor.Equal(e.net.Head(y).Value(), Forward(without, x).Value()))
}

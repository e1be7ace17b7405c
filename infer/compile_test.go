package infer_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func compile(t testing.TB, m nn.Module, batch ...int) *infer.Program {
	p, err := infer.Compile(m, batch...)
	require.NoError(t, err)
	return p
}

func run(t testing.TB, p *infer.Program, x *tensor.Tensor) *tensor.Tensor {
	y, err := p.Run(context.Background(), nil, x)
	require.NoError(t, err)
	return y
}

// requireAgree compares with what the module itself gives.
func requireAgree(t testing.TB, m nn.Module, p *infer.Program, x *tensor.Tensor) {
	want := m.Forward(autograd.Const(x)).Value()
	got := run(t, p, x)
	require.Equal(t, want.Shape(), got.Shape())
	require.Less(t, tensor.Norm(tensor.Sub(nil, got, want)), 1e-5*tensor.Norm(want))
}

func TestProgramsGiveWhatNamedNetsGive(t *testing.T) {
	for _, name := range nettest.Names(t) {
		t.Run(name, func(t *testing.T) {
			net := nettest.Small(t, name)
			in := net.Config().Image
			requireAgree(t, net, compile(t, net, 2, in.Height, in.Width, 3), nettest.Images(1, 2, in.Height, in.Width, 3))
		})
	}
}

func TestProgramsGiveWhatNetsForCIFARGive(t *testing.T) {
	for _, c := range []resnet.Config{
		{Depth: 20, Classes: 10},
		{Depth: 20, Classes: 10, Kind: resnet.PreActivation},
		{Depth: 20, Classes: 10, Kind: resnet.Plain},
		{Depth: 20, Width: 32, Classes: 10, Kind: resnet.PreActivation},
	} {
		kerneltest.EachLevel(t, func(t *testing.T) {
			net := nettest.Drawn(t, c)
			requireAgree(t, net, compile(t, net, 5, 24, 20, 3), nettest.Images(1, 5, 24, 20, 3))
		})
	}
}

// odd is a module with all that fusing has to leave alone or take apart.
type odd struct {
	conv, twin *nn.Conv2D
	norm       *nn.BatchNorm2D
	row        *tensor.Tensor
}

func (o *odd) Forward(x *autograd.Var) *autograd.Var {
	a := o.conv.Forward(x)
	b := autograd.ReLU(o.norm.Forward(a)) // a is read twice: the norm stays out of its weights
	row := autograd.Const(o.row)
	c := autograd.Sub(autograd.Mul(o.twin.Forward(b), row), row)                   // into the weights and the bias
	d := autograd.Sub(row, autograd.Scale(o.conv.Forward(autograd.Square(x)), -2)) // what is subtracted from stays outside
	e := autograd.Clip(autograd.Add(autograd.SiLU(o.twin.Forward(c)), a), -1, 6)
	f := autograd.Add(o.twin.Forward(d), o.twin.Forward(e)) // one of two takes the other in
	return autograd.Reshape(autograd.Add(f, f), x.Shape()[0], -1)
}

func (o *odd) Parts() []nn.Part {
	return []nn.Part{{Name: "conv", Module: o.conv}, {Name: "twin", Module: o.twin}, {Name: "norm", Module: o.norm}}
}

func newOdd() *odd {
	rng := rand.New(rand.NewPCG(7, 8))
	same := tensor.ConvSpec{Pad: tensor.Both(1)}
	o := &odd{nn.NewConv2D(3, 5, tensor.Both(3), same, rng), nn.NewConv2D(5, 5, tensor.Both(3), same, rng), nn.NewBatchNorm2D(5), tensor.New(5)}
	nn.Uniform(o.row, 1, rng)
	nettest.Disturb(o)
	return o
}

func TestFusingLeavesWhatItMust(t *testing.T) {
	o := newOdd()
	p := compile(t, o, 4, 6, 7, 3)
	requireAgree(t, o, p, nettest.Images(1, 4, 6, 7, 3))
	assert.Contains(t, p.String(), "Conv2D 3x3 5-5 + SiLU")
	assert.Contains(t, p.String(), "Conv2D 3x3 5-5 + Add")
}

func TestAnImageHasTheSameBitsEverywhere(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
		infer.KeepCached(t, 3*24*20*16*2) // two images at once at first, then four and five
		p := compile(t, net, 5, 24, 20, 3)
		for _, at := range []string{"2", "3", "5"} {
			require.Regexp(t, `\.\d\d\d +`+at+` +\d+ +\d+\n`, p.String(), "%s images at once", at)
		}
		x := nettest.Images(1, 11, 24, 20, 3)
		defer residuum.SetWorkers(residuum.Workers())
		residuum.SetWorkers(1)
		want := run(t, p, x)
		for _, workers := range []int{1, 2, 3} {
			residuum.SetWorkers(workers)
			require.True(t, tensor.Equal(want, run(t, p, x)), "%d workers", workers)
			for _, at := range []int{0, 7, 10} {
				require.True(t, tensor.Equal(want.Slice(at, at+1), run(t, p, x.Slice(at, at+1))), "image %d alone", at)
				require.True(t, tensor.Equal(want.Slice(at/2, at), run(t, p, x.Slice(at/2, at))), "images %d to %d", at/2, at)
			}
		}
	})
}

func TestManyGoroutinesRunAProgram(t *testing.T) {
	o := newOdd()
	p := compile(t, o, 4, 6, 7, 3)
	x := nettest.Images(1, 16, 6, 7, 3)
	want := run(t, p, x)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				y, err := p.Run(context.Background(), nil, x.Slice(i, i+1))
				assert.NoError(t, err)
				assert.True(t, tensor.Equal(want.Slice(i, i+1), y))
			}
		})
	}
	wg.Wait()
}

// Calls of some images each, of which some are cancelled while others wait, run or go with them: who is answered has the
// bits of a lone call, whoever is not knows it, and nobody waits for ever.
func TestCancellingACallLeavesOthersAlone(t *testing.T) {
	o := newOdd()
	p := compile(t, o, 4, 6, 7, 3)
	x := nettest.Images(1, 30, 6, 7, 3)
	want := run(t, p, x)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			for k := range 40 {
				ctx, cancel := context.WithCancel(context.Background())
				if i%3 == 0 {
					go cancel()
				}
				lo, hi := 2*i, 2*i+1+(i+k)%5
				y, err := p.Run(ctx, nil, x.Slice(lo, hi))
				if i%3 == 0 && err != nil {
					assert.ErrorIs(t, err, context.Canceled)
				} else if assert.NoError(t, err) {
					assert.True(t, tensor.Equal(want.Slice(lo, hi), y))
				}
				cancel()
			}
		})
	}
	all.Wait()
}

func TestCancelledRunsSaySo(t *testing.T) {
	p := compile(t, newOdd(), 2, 6, 7, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.Run(ctx, nil, nettest.Images(1, 2, 6, 7, 3))
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "infer: Run: context canceled")
}

func TestEmptyBatch(t *testing.T) {
	p := compile(t, newOdd(), 2, 6, 7, 3)
	require.Equal(t, []int{0, 6 * 7 * 5}, run(t, p, tensor.New(0, 6, 7, 3)).Shape())
}

func TestCallersBugsPanic(t *testing.T) {
	p := compile(t, newOdd(), 2, 6, 7, 3)
	require.PanicsWithValue(t, "infer: Run: images [1 7 6 3], for a program of [6 7 3]", func() { run(t, p, nettest.Images(1, 1, 7, 6, 3)) })
	require.PanicsWithValue(t, "infer: Run: dst [1 2], result [1 210]: shapes differ", func() {
		_, _ = p.Run(context.Background(), tensor.New(1, 2), nettest.Images(1, 1, 6, 7, 3))
	})
}

// forward is a module of one function.
type forward func(x *autograd.Var) *autograd.Var

func (f forward) Forward(x *autograd.Var) *autograd.Var { return f(x) }
func (f forward) Parts() []nn.Part                      { return nil }

func TestWhatNoProgramComputes(t *testing.T) {
	for _, c := range []struct {
		f    forward
		want string
	}{
		{func(x *autograd.Var) *autograd.Var { return autograd.Sub(x, autograd.Mean(x)) },
			`infer: Compile: node "mean": a result that has no part of its own for each image`},
		{func(x *autograd.Var) *autograd.Var { return autograd.Concat(0, x, x) },
			`infer: Compile: node "concat": a result that has no part of its own for each image`},
		{func(x *autograd.Var) *autograd.Var {
			x = autograd.Mean(x, 1, 2, 3)
			return autograd.Mul(x, autograd.Softmax(x, 0))
		}, `infer: Compile: node "softmax": a result that has no part of its own for each image`},
		{func(x *autograd.Var) *autograd.Var { return autograd.Transpose(x, 1, 0, 2, 3) },
			`infer: Compile: node "transpose": a result that has no part of its own for each image`},
		{func(x *autograd.Var) *autograd.Var { return autograd.Const(tensor.New(2, 3)) },
			"infer: Compile: the output does not depend on the images"},
	} {
		_, err := infer.Compile(c.f, 1, 4, 4, 3)
		require.EqualError(t, err, c.want)
	}
	_, err := infer.Compile(newOdd(), 3)
	require.EqualError(t, err, "infer: Compile: batches of shape [3]: want N, H, W and C")
}

func TestProfileCountsTheWork(t *testing.T) {
	p := compile(t, newOdd(), 2, 6, 7, 3)
	profile, err := p.Profile(context.Background(), nettest.Images(1, 2, 6, 7, 3), 3)
	require.NoError(t, err)
	var work int64
	for _, s := range profile.Steps {
		work += s.MultiplyAdds
	}
	require.Equal(t, int64(2*6*7*9*(2*3*5+4*5*5)), work)
	require.Contains(t, profile.String(), "total")
}

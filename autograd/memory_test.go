package autograd

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// smallNet is a residual network with every kind of op that training one needs.
type smallNet struct{ params []*Param }

func newSmallNet() *smallNet {
	net := &smallNet{}
	r := rand.New(rand.NewPCG(5, 5))
	add := func(scale float64, shape ...int) {
		w := tensor.New(shape...)
		for i := range w.Data() {
			w.Data()[i] = float32(scale * r.NormFloat64())
		}
		net.params = append(net.params, NewParam(w))
	}
	add(0.3, 3, 3, 3, 8)
	for range 3 {
		add(1, 8)
		add(1, 8)
		add(0.2, 3, 3, 8, 8)
	}
	add(0.2, 8, 10)
	return net
}

func (net *smallNet) loss(x *Var, labels []int) *Var {
	var w [11]*Var
	for i, p := range net.params {
		w[i] = p.On(x)
	}
	x = MaxPool2D(Conv2D(x, w[0], tensor.ConvSpec{Pad: tensor.Both(1)}), tensor.PoolSpec{Size: tensor.Both(2)})
	for i := 1; i < 10; i += 3 {
		h, _, _ := BatchNorm(Norm{X: x, Gamma: w[i], Beta: w[i+1], Eps: 1e-5}, Then{ReLU: true})
		x = Add(x, Dropout(Conv2D(h, w[i+2], tensor.ConvSpec{Pad: tensor.Both(1)}), 0.1))
	}
	h := GlobalAvgPool(PadAxis(SliceAxis(x, 3, 1, 8), 3, 0, 1))
	return CrossEntropy(MatMul(Reshape(ReLU(h), -1, 8), w[10], tensor.NN), labels, 0.1)
}

func batch(n int) (*tensor.Tensor, []int) {
	x, labels := tensor.New(n, 8, 8, 3), make([]int, n)
	normal(rand.New(rand.NewPCG(6, 6)), x.Data())
	for i := range labels {
		labels[i] = i % 10
	}
	return x, labels
}

// stepper returns a function that takes one step of training and returns the loss.
func stepper(net *smallNet, tape *Tape, n int) func() float32 {
	x, labels := batch(n)
	return func() float32 {
		tape.Reset()
		ZeroGrad(net.params)
		loss := net.loss(tape.Input(x), labels)
		tape.Backward(loss)
		return loss.Value().Item()
	}
}

// bytes returns how much memory a tape's pool holds and how many pieces, after a Reset.
func (p *pool) bytes() (bytes, pieces int) {
	for _, s := range p.free {
		bytes += 4 * len(s.data)
	}
	return bytes, len(p.free)
}

func TestPoolStaysConstant(t *testing.T) {
	tape := NewTape(1)
	step := stepper(newSmallNet(), tape, 6)
	held := func() (int, int) {
		tape.Reset()
		return tape.pool.bytes()
	}
	for range 3 {
		step()
	}
	bytes, pieces := held()
	records := len(tape.records)
	for range 100 {
		step()
	}
	b, p := held()
	require.Equal(t, []int{bytes, pieces, records}, []int{b, p, len(tape.records)})
}

// A deep chain needs its activations and a few gradients, not a gradient for each activation.
func TestBackwardRecyclesGradients(t *testing.T) {
	const depth, size = 50, 5000
	chains := map[string]func(x *Var) *Var{
		"values": func(x *Var) *Var { return Tanh(Add(x, Square(x))) },
		"views":  func(x *Var) *Var { return Tanh(Reshape(Add(Square(x), Reshape(x, -1)), size)) },
	}
	backs := map[string]func(tape *Tape, x, y *Var){
		"Backward": func(tape *Tape, x, y *Var) { tape.Backward(Mean(y)) },
		"VJP":      func(tape *Tape, x, y *Var) { VJP(y, nil, x) },
	}
	x := tensor.Full(0.1, size)
	for layer, f := range chains {
		for walk, back := range backs {
			t.Run("of="+layer+"/walk="+walk, func(t *testing.T) {
				tape := NewTape(1)
				v := NewParam(x).On(tape.Input(x))
				y := v
				for range depth {
					y = f(y)
				}
				back(tape, v, y)
				tape.Reset()
				got, _ := tape.pool.bytes()
				const activation = 4 * size
				require.LessOrEqual(t, got, (3*depth+8)*activation)
			})
		}
	}
}

// Ops that can write their gradient over the one they are given need no memory for it, and leave alone what
// somebody else will read.
func TestGradientsAreWrittenOver(t *testing.T) {
	const rows, c = 500, 8
	x := tensor.New(rows, c)
	normal(rand.New(rand.NewPCG(1, 2)), x.Data())
	layer := func(x *Var) *Var {
		gamma, beta := Const(tensor.Full(0.5, c)), Const(tensor.New(c))
		y, _, _ := BatchNorm(Norm{X: ReLU(x), Gamma: gamma, Beta: beta, Eps: normEps}, Then{ReLU: true})
		skip := Norm{X: x, Gamma: gamma, Beta: beta, Eps: normEps}
		z, _, _ := BatchNorm(Norm{X: y, Gamma: gamma, Beta: beta, Eps: normEps}, Then{AddNorm: skip, ReLU: true})
		return z
	}
	const depth, activations = 10, 3 * 10
	step := func(tape *Tape) (seed, got []float32) {
		v := tape.Input(x)
		y := v
		for range depth {
			y = layer(y)
		}
		s := tape.Input(tensor.Full(1, rows, c)) // not the walk's own, so not to be written over
		return s.Value().Data(), VJP(y, s, v)[0].Value().Clone().Data()
	}
	tape := NewTape(1)
	tape.Poison()
	seed, first := step(tape)
	require.NotContains(t, seed, float32(0)) // no ReLU passed through it
	tape.Reset()
	bytes, _ := tape.pool.bytes()
	// Two gradients, one that waits at the fork and one that goes along the branch, and all vectors of channels.
	const activation, vectors = 4 * rows * c, 4 * rows * c / 2
	require.LessOrEqual(t, bytes, (activations+2)*activation+vectors)
	_, second := step(tape)
	require.Equal(t, first, second)
}

// A record that held a reference to someone's memory in one step must not write there in the next,
// when it stands for another op.
func TestReusedRecordsForgetReferences(t *testing.T) {
	t.Run("rows", func(t *testing.T) {
		tape := NewTape(1)
		rows := []int{1, 1, 0}
		Gather(tape.Input(tensor.New(2, 3)), rows)
		tape.Reset()
		Transpose(tape.Input(tensor.New(2, 3)))
		require.Equal(t, []int{1, 1, 0}, rows)
	})
	t.Run("indices", func(t *testing.T) {
		tape, window := NewTape(1), tensor.PoolSpec{Size: tensor.Both(2)}
		rising := tensor.From([]float32{1, 2, 3, 4}, 1, 2, 2, 1)
		falling := tensor.From([]float32{4, 3, 2, 1}, 1, 2, 2, 1)
		x := tape.Input(rising)
		g := Grad(MaxPool2D(x, window), nil, x)[0]
		at := g.index
		tape.Reset()
		x = tape.Input(rising)
		y := MaxPool2D(x, window)
		for tape.n < at-1 {
			tape.Input(rising)
		}
		require.Equal(t, at, MaxPool2D(tape.Input(falling), window).index)
		require.Equal(t, []float32{0, 0, 0, 1}, VJP(y, nil, x)[0].Value().Data())
	})
}

// Batch norm and ReLU keep their output and a few numbers per channel.
func TestOpsKeepLittle(t *testing.T) {
	const n, c = 1000, 16
	x, vec := tensor.Full(0.5, n, c), tensor.Full(1, c)
	for name, f := range map[string]func(x, v *Var) *Var{
		"BatchNorm": func(x, v *Var) *Var {
			y, _, _ := BatchNorm(Norm{X: x, Gamma: v, Beta: v, Eps: 1e-5}, Then{ReLU: true})
			return y
		},
		"ReLU":    func(x, v *Var) *Var { return ReLU(x) },
		"Add":     func(x, v *Var) *Var { return Add(x, v) },
		"Reshape": func(x, v *Var) *Var { return Reshape(ReLU(x), c, n) },
	} {
		t.Run(name, func(t *testing.T) {
			tape := NewTape(1)
			f(tape.Input(x), tape.Input(vec))
			tape.Reset()
			got, _ := tape.pool.bytes()
			require.LessOrEqual(t, got, 4*n*c+10*4*c)
		})
	}
}

func TestSameBitsForAnyNumberOfWorkers(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			net := newSmallNet()
			step := stepper(net, NewTape(1), 32)
			step()
			bits := []float32{step()}
			for _, p := range net.params {
				bits = append(bits, p.Grad.Data()...)
			}
			return bits
		})
	})
}

// Training on memory that was recycled and poisoned gives the same numbers as on new memory.
func TestRecycledMemory(t *testing.T) {
	x, labels := batch(5)
	recycled := NewTape(9)
	recycled.Poison()
	a, b := newSmallNet(), newSmallNet()
	var state []byte
	for range 4 {
		fresh := NewTape(9)
		if state != nil {
			require.NoError(t, fresh.SetRandState(state))
		}
		recycled.Reset()
		la, lb := a.loss(fresh.Input(x), labels), b.loss(recycled.Input(x), labels)
		requireSameBits(t, la.Value(), lb.Value(), "loss")
		fresh.Backward(la)
		recycled.Backward(lb)
		for i, p := range a.params {
			requireSameBits(t, p.Grad, b.params[i].Grad, "gradient")
			for _, p := range []*Param{p, b.params[i]} {
				tensor.AddScaled(p.Value, p.Value, -0.01, p.Grad)
			}
		}
		var err error
		state, err = recycled.RandState()
		require.NoError(t, err)
	}
}

func TestPoolFits(t *testing.T) {
	p := &pool{}
	a, b, c := p.get([]int{4, 1000}), p.get([]int{4000}), p.get([]int{6000})
	p.put(a)
	p.put(c)
	p.put(b)
	require.Same(t, b, p.get([]int{4000}), "of equals the last")
	require.Same(t, a, p.get([]int{2, 1900}), "the smallest that is large enough")
	require.Equal(t, []int{2, 1900}, a.view([]int{2, 1900}).Shape())
	require.Same(t, a.view([]int{2, 1900}), a.view([]int{2, 1900}))
	for i := range 100 {
		require.Equal(t, []int{i, 2}, a.view([]int{i, 2}).Shape())
	}
	require.Less(t, len(a.views), 10, "old views are forgotten")
	require.Same(t, c, p.get([]int{6000}))
	p.put(c)
	require.NotSame(t, c, p.get([]int{2000}), "too large")
	require.Empty(t, p.get([]int{0, 3}).view([]int{0, 3}).Data())
}

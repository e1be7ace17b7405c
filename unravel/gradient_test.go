package unravel

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// pathGradient takes the gradient of the loss along one path.
func pathGradient(net Network, b data.Batch, path paths.Path) *tensor.Tensor {
	acts := record(net, b.X, false)
	in := evaluationTape().Input(acts.State[net.Len()])
	g := autograd.VJP(autograd.CrossEntropy(net.Head(in), b.Labels, 0), nil, in)[0].Value()
	return along(net, acts, path, g)
}

// along takes g, a gradient by y_n, along one path to y_0, written with Detach instead of the package's own
// cuts, so as to be independent of it.
func along(net Network, acts *Activations, path paths.Path, g *tensor.Tensor) *tensor.Tensor {
	tape := evaluationTape()
	for i := net.Len() - 1; i >= 0; i-- {
		tape.Reset()
		y := tape.Input(acts.State[i])
		branch := net.Branch(i, y)
		var skip *autograd.Var
		if net.Sums(i) {
			skip = net.Skip(i, y)
			if path[i] {
				skip = autograd.Detach(skip)
			} else {
				branch = autograd.Detach(branch)
			}
		}
		g = autograd.VJP(net.Join(i, skip, branch), autograd.Const(g), y)[0].Value().Clone()
	}
	return g
}

// ordinary returns the gradient of the loss by y_0, from one tape.
func ordinary(net Network, b data.Batch) *tensor.Tensor {
	tape := evaluationTape()
	y0 := tape.Input(record(net, b.X, false).State[0])
	y := y0
	for i := range net.Len() {
		y = whole(net, i, y)
	}
	return autograd.VJP(autograd.CrossEntropy(net.Head(y), b.Labels, 0), nil, y0)[0].Value().Clone()
}

// requireClose compares within 1e-5 of the norm of want.
func requireClose(t *testing.T, want, got *tensor.Tensor) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape())
	require.LessOrEqual(t, tensor.Norm(tensor.Sub(nil, got, want)), 1e-5*tensor.Norm(want))
}

func TestGradientByLengthEqualsBruteForce(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			set := PathsOf(e.net)
			n := set.Blocks()
			g, err := gradientOf(context.Background(), e.net, e.batch, 0)
			require.NoError(t, err)
			whole := ordinary(e.net, e.batch)
			requireClose(t, whole, g.Sum())
			require.InDelta(t, math.Log(tensor.Norm(whole)), float64(g.Whole), 1e-5)
			for k := 0; k <= n; k++ {
				want := make([]scaled, 0)
				for path := range set.OfLength(k) {
					want = append(want, scaled{t: pathGradient(e.net, e.batch, path)})
				}
				got, exp := g.At(k)
				sum := sumScaled(want, g.shape)
				if got == nil {
					require.Zero(t, tensor.Norm(sum))
					require.Equal(t, paths.LogZero, g.Norm[0][k])
					continue
				}
				requireClose(t, sum, tensor.Scale(nil, got, float32(math.Ldexp(1, exp))))
				require.InDelta(t, math.Log(tensor.Norm(sum)), float64(g.Norm[0][k]), 1e-5)
			}
		})
	}
}

func TestGradientByLengthUpToALimit(t *testing.T) {
	e := zoo()["mlp"]
	all, err := gradientOf(context.Background(), e.net, e.batch, 0)
	require.NoError(t, err)
	some, err := gradientOf(context.Background(), e.net, e.batch, 3)
	require.NoError(t, err)
	for i, norms := range some.Norm {
		require.Equal(t, all.Norm[i][:4], norms)
	}
}

func TestNormsAtEveryState(t *testing.T) {
	// The gradient at y_i of a net is that at y_0 of the net that begins there.
	e := zoo()["mlp"]
	net := e.net.(*toy)
	g, err := gradientOf(context.Background(), net, e.batch, 0)
	require.NoError(t, err)
	acts := record(net, e.batch.X, false)
	for i := range net.blocks {
		rest := &toy{stem: func(y *autograd.Var) *autograd.Var { return y }, head: net.head, blocks: net.blocks[i:]}
		h, err := gradientOf(context.Background(), rest, data.Batch{X: acts.State[i], Labels: e.batch.Labels}, 0)
		require.NoError(t, err)
		require.Equal(t, h.Norm[0], g.Norm[i][:len(rest.blocks)+1])
		part, err := gradientOf(context.Background(), From(net, i), e.batch, 0)
		require.NoError(t, err)
		require.Equal(t, h, part)
	}
}

// TestDeepLinearNet checks the closed form: with all A_i equal to A, paths of length k carry
// C(n,k) g (A^T)^k.
func TestDeepLinearNet(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n, width = 10, 3
	net, as := newLinear(rng, n, width, 0.5)
	for i := range as {
		tensor.Copy(as[i], as[0])
	}
	b := randomBatch(rng, width, 4, width)
	g, err := gradientOf(context.Background(), net, b, 0)
	require.NoError(t, err)
	logits := record(net, b.X, false).Logits
	gn := tensor.Softmax(nil, logits)
	for i, l := range b.Labels {
		gn.Set(gn.At(i, l)-1, i, l)
	}
	power := tensor.Scale(nil, gn, 1/float32(len(b.Labels))).Dense()
	a := as[0].Dense()
	for k := 0; k <= n; k++ {
		want := new(mat.Dense)
		count := float64(paths.New(n).CountOfLength(k).Int64())
		want.Scale(count, power)
		got, exp := g.At(k)
		requireClose(t, tensor.FromDense(want), tensor.Scale(nil, got, float32(math.Ldexp(1, exp))))
		next := new(mat.Dense)
		next.Mul(power, a.T())
		power = next
	}
}

// TestAThousandBlocks checks norms that float32, and with a gain of 3 even float64, cannot hold: with
// every A_i = a I, |G_k| = C(n,k) a^k |g|.
func TestAThousandBlocks(t *testing.T) {
	const n = 1000
	for _, a := range []float32{3, 1e-3} {
		if testing.Short() && a < 1 {
			continue
		}
		t.Run(fmt.Sprintf("a=%g", a), func(t *testing.T) {
			net, as := newLinear(rand.New(rand.NewPCG(1, 1)), n, 2, 0)
			for i := range as {
				as[i].Zero()
				as[i].Set(a, 0, 0)
				as[i].Set(a, 1, 1)
			}
			// Zero inputs keep the states themselves within float32; the gradient does not need them.
			b := data.Batch{X: tensor.New(2, 2), Labels: []int{0, 1}}
			g, err := gradientOf(context.Background(), net, b, 0)
			require.NoError(t, err)
			size := math.Log(0.5) // both rows are (-1/2, 1/2)/2
			set := paths.New(n)
			for k := 0; k <= n; k++ {
				want := size + float64(set.LogCount(k)) + float64(k)*math.Log(float64(a))
				require.InDelta(t, want, float64(g.Norm[0][k]), 1e-3, "k=%d", k)
			}
			study := studyOf(net, b)
			sampled, err := study.SampleGradients(context.Background(), SampleOptions{Lengths: []int{0, 500, n}, Draws: 2})
			require.NoError(t, err)
			for _, l := range sampled {
				require.InDelta(t, size+float64(l.Length)*math.Log(float64(a)), float64(l.Mean), 1e-3, "k=%d", l.Length)
			}
			squares, err := study.squares(context.Background(), 0, 20, 1, nil)
			require.NoError(t, err)
			for k, square := range squares[0] { // sums over C(n,k) products of signs: no more than C(n,k)
				require.LessOrEqual(t, float64(square), 2*float64(g.Norm[0][k])+1e-3)
				require.Greater(t, float64(square), 2*(size+float64(k)*math.Log(float64(a)))-20)
			}
		})
	}
}

// trials returns n, or fewer if tests are to be short.
func trials(n int) int {
	if testing.Short() {
		return n / 6
	}
	return n
}

func TestSquaresEqualBruteForceOnAverage(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			set := PathsOf(e.net)
			draws := trials(400)
			squares, err := (&Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Seed: 1}}).squares(context.Background(), 0, set.Blocks(), draws, nil)
			require.NoError(t, err)
			rms := rmsNorms(set, squares)
			for k := 0; k <= set.Blocks(); k++ {
				var sum float64
				for path := range set.OfLength(k) {
					norm := tensor.Norm(pathGradient(e.net, e.batch, path))
					sum += norm * norm
				}
				if sum == 0 {
					require.Equal(t, paths.LogZero, rms[k])
					continue
				}
				values := make([]float64, draws)
				for d := range values {
					values[d] = squares[d][k].Value() / sum
				}
				s := SpreadOf(values)
				require.InDelta(t, 1, s.Mean, 4*s.Std/math.Sqrt(float64(draws))+1e-5, "k=%d", k)
				count, _ := set.CountOfLength(k).Float64()
				require.InDelta(t, math.Sqrt(sum*s.Mean/count), rms[k].Value(), 1e-5*math.Sqrt(sum))
			}
		})
	}
}

// TestSquaresOverAllSigns: with every draw of signs once, the same for all examples, the cross terms cancel
// exactly and the mean square is the sum over paths.
func TestSquaresOverAllSigns(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			mean := make([]float64, n+1)
			r, seed, err := studyOf(e.net, e.batch).recursion(0, n)
			require.NoError(t, err)
			for draw := range 1 << n {
				bits := draw
				r.signs = func() []float32 {
					sign := float32(1 - 2*(bits&1))
					bits >>= 1
					return slices.Repeat([]float32{sign}, e.batch.X.Dim(0))
				}
				norms, err := r.run(context.Background(), seed.Clone())
				require.NoError(t, err)
				for k, l := range norms[0] {
					mean[k] += (2 * l).Value() / float64(int(1)<<n)
				}
			}
			for k, got := range mean {
				var want float64
				for path := range PathsOf(e.net).OfLength(k) {
					norm := tensor.Norm(pathGradient(e.net, e.batch, path))
					want += norm * norm
				}
				require.InDelta(t, want, got, 1e-5*want)
			}
		})
	}
}

func TestSampledGradientsEqualBruteForceWhenExhaustive(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			set := PathsOf(e.net)
			s := Study{net: e.net, batches: []data.Batch{e.batch}, opts: Options{Memory: 1}} // one sample at a time
			samples, err := s.SampleGradients(context.Background(), SampleOptions{Draws: 1 << 20})
			require.NoError(t, err)
			require.Len(t, samples, set.Blocks()-set.Shortest()+1)
			for _, got := range samples {
				require.True(t, got.Exhaustive)
				require.Equal(t, got.Mean, got.Low)
				j := 0
				for path := range set.OfLength(got.Length) {
					g := pathGradient(e.net, e.batch, path)
					require.InDelta(t, math.Log(tensor.Norm(g)), float64(got.Norms[j]), 1e-5)
					j++
				}
				require.Len(t, got.Norms, j)
			}
			s.opts.Memory = 0
			again, err := s.SampleGradients(context.Background(), SampleOptions{Draws: 1 << 20})
			require.NoError(t, err)
			require.Equal(t, samples, again)
		})
	}
}

// TestConfidenceIntervalsCover checks that the intervals of sampled norms hold the exact mean at their stated
// rate of 95 %, up to three standard errors and 1 % for so few draws of norms this skewed.
func TestConfidenceIntervalsCover(t *testing.T) {
	e := zoo()["mlp"]
	rng := rand.New(rand.NewPCG(5, 5))
	batches := []data.Batch{e.batch, randomBatch(rng, 3, 7, 4), randomBatch(rng, 3, 7, 4)}
	s := Study{net: e.net, batches: batches}
	lengths := []int{3, 4, 6}
	exact, err := s.SampleGradients(context.Background(), SampleOptions{Lengths: lengths, Draws: 1 << 20})
	require.NoError(t, err)
	trials := trials(600)
	covered := make([]float64, len(lengths))
	for seed := range trials {
		s.opts.Seed = uint64(seed)
		got, err := s.SampleGradients(context.Background(), SampleOptions{Lengths: lengths, Draws: 40})
		require.NoError(t, err)
		for i := range got {
			require.False(t, got[i].Exhaustive)
			if got[i].Low <= exact[i].Mean && exact[i].Mean <= got[i].High {
				covered[i] += 1 / float64(trials)
			}
		}
	}
	for i := range covered {
		require.InDelta(t, 0.95, covered[i], 3*math.Sqrt(0.95*0.05/float64(trials))+0.01, "length %d", lengths[i])
	}
	t.Log(covered)
}

func TestLengthsSetsTheNormsAgainstEachOther(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			s := studyOf(e.net, e.batch, e.batch)
			var done, total int
			s.opts.Progress = func(d, t int) { done, total = d, t }
			defer func() { require.Equal(t, total, done) }()
			r, err := s.Lengths(context.Background(), LengthOptions{Draws: 1 << 20, Signs: trials(100)})
			require.NoError(t, err)
			share := 0.0
			for _, l := range r.ByLength {
				share += l.Share
				require.InDelta(t, math.Log(math.Max(1, math.Exp(float64(l.Count)))), float64(l.Count), 1e-9)
				require.LessOrEqual(t, float64(l.Cancellation), 1e-6) // no sum exceeds the sum of norms
				if l.RMS == paths.LogZero {
					require.Equal(t, paths.LogZero, l.Exact)
					continue
				}
				require.LessOrEqual(t, float64(l.Sampled.Mean), float64(l.RMS)+0.2)
				require.InDelta(t, float64(l.Exact-l.Incoherent), float64(l.Alignment), 1e-12)
			}
			require.InDelta(t, 1, share, 1e-12)
			require.Len(t, r.EffectiveExact, 3)
			require.Len(t, r.EffectiveSampled, 3)
			require.Len(t, r.State, e.net.Len()+1)
		})
	}
}

func TestGradientStopsWhenCancelled(t *testing.T) {
	e := zoo()["mlp"]
	ctx, cancel := context.WithCancel(context.Background())
	s, err := NewStudy(e.net, []data.Batch{e.batch}, Options{Progress: func(done, total int) {
		require.Equal(t, 9*10/2, total)
		cancel()
	}})
	require.NoError(t, err)
	_, err = s.GradientByLength(ctx, GradientOptions{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.SampleGradients(ctx, SampleOptions{Draws: 3})
	require.ErrorIs(t, err, context.Canceled)
}

package vec

import (
	"fmt"
	"math"
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

var stepLengths = []int{0, 1, 7, 8, 15, 16, 17, 31, 33, 64, 100, 129, 70001}

func TestSGDStep(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []struct {
			momentum, weightDecay float32
			nesterov              bool
		}{{0, 0, false}, {0, 0.1, false}, {0.9, 0, false}, {0.9, 0.1, false}, {0.9, 0.1, true}} {
			for _, n := range stepLengths {
				t.Run(fmt.Sprintf("momentum=%v/decay=%v/nesterov=%v/n=%d", c.momentum, c.weightDecay, c.nesterov, n), func(t *testing.T) {
					p0, g, m0 := normal(random(1), n), guardedNormal(t, 2, n), normal(random(3), n)
					p64, m64 := float64s(p0), float64s(m0)
					SGDStepRef(p64, float64s(g), m64, 0.1, float64(c.momentum), float64(c.weightDecay), c.nesterov)
					kerneltest.SameBitsForWorkers(t, func() []float32 {
						p, m := kerneltest.Guarded(t, n), kerneltest.Guarded(t, n)
						copy(p, p0)
						copy(m, m0)
						SGDStep(p, g, m, 0.1, c.momentum, c.weightDecay, c.nesterov)
						size := func(i int) float64 {
							return math.Abs(float64(p0[i])) + math.Abs(float64(g[i])) + math.Abs(float64(m0[i]))
						}
						requireClose(t, p64, p, size, 4*eps)
						requireClose(t, m64, m, size, 4*eps)
						return append(append([]float32{}, p...), m...)
					})
				})
			}
		}
		SGDStep(make([]float32, 3), make([]float32, 3), nil, 1, 0, 0, false)
	})
}

func TestAdamStep(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, decoupled := range []bool{false, true} {
			for _, step := range []int{1, 2, 1000} {
				for _, n := range stepLengths {
					t.Run(fmt.Sprintf("decoupled=%v/step=%d/n=%d", decoupled, step, n), func(t *testing.T) {
						p0, g, m0, v0 := normal(random(1), n), guardedNormal(t, 2, n), normal(random(3), n), normal(random(4), n)
						AbsRef(v0, v0)
						p64, m64, v64 := float64s(p0), float64s(m0), float64s(v0)
						b1, b2 := 0.9, 0.999
						AdamStepRef(p64, float64s(g), m64, v64, 0.01, b1, b2, 1e-8, 0.1, decoupled, step)
						kerneltest.SameBitsForWorkers(t, func() []float32 {
							p, m, v := kerneltest.Guarded(t, n), kerneltest.Guarded(t, n), kerneltest.Guarded(t, n)
							copy(p, p0)
							copy(m, m0)
							copy(v, v0)
							AdamStep(p, g, m, v, 0.01, b1, b2, 1e-8, 0.1, decoupled, step)
							size := func(i int) float64 {
								return math.Abs(float64(p0[i])) + math.Abs(float64(g[i])) + math.Abs(float64(m0[i]))
							}
							requireClose(t, m64, m, size, 4*eps)
							requireClose(t, v64, v, func(i int) float64 { return v64[i] }, 8*eps)
							requireClose(t, p64, p, func(i int) float64 {
								return math.Abs(float64(p0[i])) + math.Abs(p64[i]-float64(p0[i])) +
									size(i)/(math.Sqrt(v64[i])+1e-8)
							}, 8*eps)
							return append(append([]float32{}, p...), v...)
						})
					})
				}
			}
		}
	})
}

// Float32 rounds these to 1. Then the moments would stay zero, or the correction of their start divide by zero.
func TestAdamStepWithBetasNearOne(t *testing.T) {
	const n = 100
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, beta := range []float64{0.99999999, 1 - 1e-12} {
			p, m, v := normal(random(1), n), make([]float32, n), make([]float32, n)
			p64, m64, v64 := float64s(p), float64s(m), float64s(v)
			for step := 1; step <= 3; step++ {
				g := normal(random(uint64(step)+1), n)
				AdamStep(p, g, m, v, 0.01, beta, beta, 1e-8, 0, false, step)
				AdamStepRef(p64, float64s(g), m64, v64, 0.01, beta, beta, 1e-8, 0, false, step)
				requireClose(t, m64, m, func(int) float64 { return 4 * (1 - beta) }, 8*eps)
				requireClose(t, v64, v, func(i int) float64 { return v64[i] }, 8*eps)
				requireClose(t, p64, p, func(int) float64 { return 4 }, 8*eps)
			}
		}
	})
}

package main

import (
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/data"
)

func TestCasesOfEverySuite(t *testing.T) {
	for _, suite := range suiteNames() {
		t.Run(suite, func(t *testing.T) {
			cases, err := selected([]string{suite}, regexp.MustCompile(""))
			require.NoError(t, err)
			names := map[string]bool{}
			for _, c := range cases {
				require.False(t, names[c.Name], "%s: twice", c.Name)
				names[c.Name] = true
				require.Positive(t, c.Bound, c.Name)
				require.NotEmpty(t, c.Outputs, c.Name)
				if c.Op == "start" { // of whole processes, whose rate says nothing
					continue
				}
				require.NotNil(t, ops[c.Op], c.Op)
				require.Positive(t, max(c.Bytes, c.Flops), c.Name)
			}
		})
	}
	_, err := selected([]string{"none"}, regexp.MustCompile(""))
	require.ErrorContains(t, err, `no suite "none"`)
}

// Every op runs on this side, on the smallest case that has it, and gives finite outputs.
func TestOpsRun(t *testing.T) {
	smallest := map[string]*Case{}
	for _, suite := range suiteNames() {
		cases, err := selected([]string{suite}, regexp.MustCompile("^[^3]|3x3/16"))
		require.NoError(t, err)
		for _, c := range cases {
			if c.Op == "start" {
				continue // see TestStart
			}
			if s := smallest[c.Op]; s == nil || c.Bytes+c.Flops < s.Bytes+s.Flops {
				smallest[c.Op] = c
			}
		}
	}
	for op, c := range smallest {
		if op == "train" && testing.Short() {
			continue
		}
		t.Run(op, func(t *testing.T) {
			o := &options{peers: nil}
			p := &peers{folder: t.TempDir(), options: o}
			inputs, err := p.writeInputs(c)
			require.NoError(t, err)
			wc := &worker.Case{Op: c.Op, Args: c.Args, Inputs: inputs, Check: 1, Outputs: map[string]string{}}
			for _, name := range c.Outputs {
				wc.Outputs[name] = p.output(ours, name)
			}
			require.NoError(t, worker.Check(wc, ops[op]))
			for _, name := range c.Outputs {
				v, err := worker.ReadFile(p.output(ours, name))
				require.NoError(t, err)
				require.NotEmpty(t, v)
				require.Zero(t, relativeError(v, v), "finite")
				require.True(t, slices.ContainsFunc(v, func(x float32) bool { return x != 0 }), "%s is all zeros", name)
			}
		})
	}
}

func TestStart(t *testing.T) {
	dir := t.TempDir()
	net, image, answer := filepath.Join(dir, "net.safetensors"), filepath.Join(dir, "image"), filepath.Join(dir, "answer")
	require.NoError(t, model{18, 224}.build().Save(net, data.Card{}))
	require.NoError(t, worker.WriteFile(image, make([]float32, 224*224*3)))
	require.NoError(t, startOurs([]string{net, image, answer}))
	y, err := worker.ReadFile(answer)
	require.NoError(t, err)
	require.Len(t, y, 1000)
	require.Error(t, startOurs([]string{net}))
}

func TestInputsAreTheSameInEveryRun(t *testing.T) {
	a, b := make([]float32, 9), make([]float32, 9)
	uniform(rand.New(rand.NewPCG(1, 2)), a)
	uniform(rand.New(rand.NewPCG(1, 2)), b)
	require.Equal(t, a, b)
}

func TestEnvironment(t *testing.T) {
	env := environment([]string{"A=1", "OPENBLAS_CORETYPE=Haswell", "OPENBLAS_L2_SIZE=512"}, 3)
	require.Equal(t, []string{"A=1", "GOMAXPROCS=3", "OMP_NUM_THREADS=3", "MKL_NUM_THREADS=3", "OPENBLAS_NUM_THREADS=3"}, env)
}

func TestTurnsAlternate(t *testing.T) {
	a, b := &participant{name: "a"}, &participant{name: "b"}
	require.Equal(t, []*participant{a, b, b, a, a, b}, order([]*participant{a, b}, 3))
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-suite", "conv,gemm", "-threads", "1,2", "-case", "n8$", "-rounds", "3"})
	require.NoError(t, err)
	require.Equal(t, []string{"conv", "gemm"}, o.suites)
	require.Equal(t, []int{1, 2}, o.threads)
	require.Equal(t, 3, o.rounds)
	require.Empty(t, o.from)
	for _, bad := range [][]string{{"-threads", "0"}, {"-case", "("}, {"-rounds", "x"}} {
		_, err := parse(bad)
		require.Error(t, err)
	}
}

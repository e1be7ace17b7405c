package main

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/unravel"
)

// tinyPair has 6 blocks, two in each stage; layer2.0 and layer3.0 change the shape.
func tinyPair(t testing.TB) pair {
	t.Helper()
	nets, err := newPair(config{blocks: 6, width: 2, seed: 1})
	require.NoError(t, err)
	return nets
}

func tinyBlocks(t testing.TB) []resnet.Block {
	net := tinyPair(t).residual
	var bs []resnet.Block
	for i := range net.Len() {
		bs = append(bs, net.Block(i))
	}
	return bs
}

// named writes a plan of tinyPair by the names of its blocks, of which numbers gives the places from 1 on: "1 -2 3".
func named(numbers string) string {
	names := strings.NewReplacer("1", "layer1.0", "2", "layer1.1", "3", "layer2.0", "4", "layer2.1", "5", "layer3.0", "6", "layer3.1", " ", ",")
	return names.Replace(numbers)
}

func TestParsePlan(t *testing.T) {
	text := "layer1.1,-layer1.0,layer1.0,-layer2.0,layer2.1,layer3.0,layer3.1,layer3.1"
	require.Equal(t, text, named("2 -1 1 -3 4 5 6 6"))
	p, err := parsePlan(text, tinyBlocks(t))
	require.NoError(t, err)
	require.Equal(t, unravel.Plan{{Block: 1}, {Block: 0, Do: unravel.Delete}, {Block: 0}, {Block: 2, Do: unravel.Delete},
		{Block: 3}, {Block: 4}, {Block: 5}, {Block: 5}}, p)
	require.Equal(t, text, formatPlan(p, tinyBlocks(t)))
}

func TestParsePlanSaysWhatIsWrong(t *testing.T) {
	blocks := tinyBlocks(t)
	for text, want := range map[string]string{
		"":                                   "the plan is empty",
		"layer1.0,x":                         `step 2: there is no block "x": the net has layer1.0 to layer3.1`,
		"layer1.0,":                          `step 2: there is no block "": the net has layer1.0 to layer3.1`,
		"-":                                  `step 1: there is no block "": the net has layer1.0 to layer3.1`,
		"--layer1.0":                         `step 1: there is no block "-layer1.0": the net has layer1.0 to layer3.1`,
		"layer1.2":                           `step 1: there is no block "layer1.2": the net has layer1.0 to layer3.1`,
		"layer1.00":                          `step 1: there is no block "layer1.00": the net has layer1.0 to layer3.1`,
		" layer1.0":                          `step 1: there is no block " layer1.0": the net has layer1.0 to layer3.1`,
		strings.Repeat("x", 100):             `step 1: there is no block "xxxxxxxxxxxxxxxxxxxx": the net has layer1.0 to layer3.1`,
		strings.Repeat(",", 1_000_000):       "1000001 steps are too many: at most 12",
		named("1 2 3 2"):                     "layer1.1 reads 14×14×2, but layer2.0 before it gives 7×7×4",
		named("3 1"):                         "layer1.0 reads 14×14×2, but layer2.0 before it gives 7×7×4",
		named("4 1 2 3 5 6"):                 "layer2.1 reads 7×7×4, but the stem before it gives 14×14×2",
		named("1 2 3 3 4 5 6"):               "layer2.0 reads 14×14×2, but layer2.0 before it gives 7×7×4",
		named("1 2 3 4"):                     "the head reads 4×4×8, but layer2.1 before it gives 7×7×4",
		named("1 2 -3 4 -6"):                 "layer3.1 reads 4×4×8, but layer2.1 before it gives 7×7×4",
		named("1 1 1 1 1 1 1 1 1 1 3 4 5 6"): "14 steps are too many: at most 12",
	} {
		_, err := parsePlan(text, blocks)
		require.EqualError(t, err, want, "plan %.50q", text)
	}
}

// What parsePlan accepts can run, and is written back as it was read.
func FuzzParsePlan(f *testing.F) {
	blocks := tinyBlocks(f)
	for _, text := range []string{named("1 2 3 4 5 6"), named("-1 2 2 -3 4 5 6"), named("1 2 3 2"), "", "-", "layer1.0,,layer1.1", "+layer1.0", "layer１.0", "layer1.0\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlan(text, blocks)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, text, formatPlan(p, blocks))
		require.LessOrEqual(t, len(p), maxSteps(len(blocks)))
		at := blocks[0].In
		for _, s := range p {
			require.Equal(t, at, blocks[s.Block].In)
			at = blocks[s.Block].Out
		}
	})
}

func TestEveryAcceptedPlanRuns(t *testing.T) {
	e := tinyExperiment(t)
	rng := rand.New(rand.NewPCG(1, 1))
	ran := 0
	for range 3000 {
		words := make([]string, 0, 8)
		for b := range 6 { // near the whole net, so that some plans fit
			for range []int{1, 1, 1, 0, 2}[rng.IntN(5)] {
				words = append(words, []string{"", "", "-"}[rng.IntN(3)]+e.blocks[b].Name)
			}
		}
		if rng.IntN(2) == 0 && len(words) > 1 {
			i := rng.IntN(len(words) - 1)
			words[i], words[i+1] = words[i+1], words[i]
		}
		p, err := parsePlan(strings.Join(words, ","), e.blocks)
		if err == nil && ran < 20 {
			_, err = e.measure(t.Context(), p)
			require.NoError(t, err)
			ran++
		}
	}
	require.Equal(t, 20, ran)
}

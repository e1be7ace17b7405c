package main

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/unravel"
)

// tinyNet has 6 blocks, two in each stage; blocks 3 and 5 change the shape.
func tinyNet(t testing.TB) *resnet.Net {
	t.Helper()
	net, err := newNet(config{blocks: 6, width: 2, seed: 1})
	require.NoError(t, err)
	return net
}

func blocksOf(net *resnet.Net) []resnet.Block {
	var bs []resnet.Block
	for i := range net.Len() {
		bs = append(bs, net.Block(i))
	}
	return bs
}

func TestParsePlan(t *testing.T) {
	blocks := blocksOf(tinyNet(t))
	p, err := parsePlan("2.-1.1.-3.4.5.6.6", blocks)
	require.NoError(t, err)
	require.Equal(t, unravel.Plan{{Block: 1}, {Block: 0, Do: unravel.Delete}, {Block: 0}, {Block: 2, Do: unravel.Delete},
		{Block: 3}, {Block: 4}, {Block: 5}, {Block: 5}}, p)
	require.Equal(t, "2.-1.1.-3.4.5.6.6", formatPlan(p))
}

func TestParsePlanSaysWhatIsWrong(t *testing.T) {
	blocks := blocksOf(tinyNet(t))
	for text, want := range map[string]string{
		"":                                   "the plan is empty",
		"1.2.x":                              `step 3: "x" is not the number of a block`,
		"1.2.":                               `step 3: "" is not the number of a block`,
		"1.-":                                `step 2: "-" is not the number of a block`,
		"01":                                 `step 1: "01" is not the number of a block`,
		"--1":                                `step 1: "--1" is not the number of a block`,
		"0":                                  `step 1: "0" is not the number of a block`,
		"1.7":                                "step 2: there is no block 7: the net has blocks 1 to 6",
		"99999999999999999999999999999":      `step 1: "99999999999999999999" is not the number of a block`,
		strings.Repeat("1.", 1_000_000):      "1000001 steps are too many: at most 12",
		"1.2.3.2":                            "block 2 reads 14×14×2, but block 3 before it gives 7×7×4",
		"3.1":                                "block 1 reads 14×14×2, but block 3 before it gives 7×7×4",
		"4.1.2.3.5.6":                        "block 4 reads 7×7×4, but the stem before it gives 14×14×2",
		"1.2.3.3.4.5.6":                      "block 3 reads 14×14×2, but block 3 before it gives 7×7×4",
		"1.2.3.4":                            "the classifier reads 4×4×8, but block 4 before it gives 7×7×4",
		"1.2.-3.4.-6":                        "block 6 reads 4×4×8, but block 4 before it gives 7×7×4",
		strings.Repeat("1.", 10) + "3.4.5.6": "14 steps are too many: at most 12",
	} {
		_, err := parsePlan(text, blocks)
		require.EqualError(t, err, want, "plan %.50q", text)
	}
}

// What parsePlan accepts can run, and is written back as it was read.
func FuzzParsePlan(f *testing.F) {
	net := tinyNet(f)
	blocks := blocksOf(net)
	for _, text := range []string{"1.2.3.4.5.6", "-1.2.2.-3.4.5.6", "1.2.3.2", "", "-", "1..2", "+1", "１", "1.2\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlan(text, blocks)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, text, formatPlan(p))
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
				words = append(words, []string{"", "", "-"}[rng.IntN(3)]+strconv.Itoa(1+b))
			}
		}
		if rng.IntN(2) == 0 && len(words) > 1 {
			i := rng.IntN(len(words) - 1)
			words[i], words[i+1] = words[i+1], words[i]
		}
		p, err := parsePlan(strings.Join(words, "."), e.blocks)
		if err == nil && ran < 20 {
			_, err = e.measure(t.Context(), p)
			require.NoError(t, err)
			ran++
		}
	}
	require.Equal(t, 20, ran)
}

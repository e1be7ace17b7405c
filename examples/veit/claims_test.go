package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

// scored returns scores on 100 images with these numbers of them right.
func scored(right ...int) []data.Score {
	var all []data.Score
	for _, n := range right {
		all = append(all, data.Score{Examples: 100, Correct: n})
	}
	return all
}

// cut returns the results of a net with 90 of 100 images right, after deletions of single blocks.
func cut(name string, right ...int) *Net {
	return &Net{Name: name, DeleteOne: scored(right...), Whole: &scored(90)[0], Blocks: make([]BlockInfo, len(right))}
}

func TestVerdictsOnDeletions(t *testing.T) {
	verdicts := func(n *Net) (all []string) {
		for _, c := range deletionClaims(&Results{Config: Config{Nets: allNets}, Nets: []*Net{n}}) {
			all = append(all, c.Verdict())
		}
		return all
	}
	require.Equal(t, []string{"yes", "yes"}, verdicts(cut("residual", 89, 90, 88)))
	require.Equal(t, []string{"yes, but for the first block", "no, not the first block"}, verdicts(cut("residual", 20, 90, 89)))
	require.Equal(t, []string{"yes", "no, not block 2"}, verdicts(cut("residual", 90, 79, 90)))
	require.Equal(t, []string{"no", "no, not blocks 1 to 2"}, verdicts(cut("residual", 60, 70, 90)))
	require.Equal(t, []string{"yes"}, verdicts(cut("vgg", 10, 11, 12)))
	require.Equal(t, []string{"yes, to chance or near it"}, verdicts(cut("plain", 10, 12, 50)))
	require.Equal(t, []string{"partly, to 20.0 % in the median"}, verdicts(cut("vgg-nobn", 10, 20, 50)))
	require.Equal(t, []string{"no"}, verdicts(cut("vgg", 60, 80, 85)))
	require.Empty(t, verdicts(&Net{Name: "residual"}))
}

func TestVerdictsOnCurves(t *testing.T) {
	first, other := "1-2", "0 2" // plans of three blocks without the first, and without the second
	verdict := func(plans [2]string, right ...[2]int) string {
		n := &Net{Name: "residual", Blocks: make([]BlockInfo, 54)}
		for i, both := range right {
			n.DeleteRandom = append(n.DeleteRandom, Lesions{Count: 5 * i, Plans: plans[:], Tau: []float64{1, 1}, Scores: scored(both[:]...)})
		}
		return severalBlocks([]*Net{n}).Verdict()
	}
	require.Equal(t, "yes", verdict([2]string{other, other}, [2]int{90, 90}, [2]int{80, 84}, [2]int{78, 76}, [2]int{50, 56}))
	require.Equal(t, "yes, but worse than there: 2.5 times the error at 10", verdict([2]string{other, other}, [2]int{90, 90}, [2]int{70, 70}, [2]int{50, 50}))
	require.Equal(t, "no", verdict([2]string{other, other}, [2]int{90, 90}, [2]int{50, 50}), "a jump")
	require.Equal(t, "no", verdict([2]string{other, other}, [2]int{60, 60}, [2]int{80, 80}), "the wrong direction")
	require.Equal(t, "partly, only while the first block stays", verdict([2]string{first, other}, [2]int{90, 90}, [2]int{60, 85}))
}

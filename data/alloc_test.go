//go:build !race

package data_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// Training scores every batch.
func TestScoreOfABatchAllocatesNothing(t *testing.T) {
	logits, labels := tensor.New(256, 10), make([]int, 256)
	require.Zero(t, testing.AllocsPerRun(10, func() { data.ScoreOf(logits, labels) }))
}

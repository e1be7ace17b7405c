package unravel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestRecordOfAPlan(t *testing.T) {
	e := zoo()["conv"]
	s := studyOf(e.net, e.batch)
	whole, err := s.Record(t.Context(), Whole(ofLen(6)), RecordOptions{Branches: true})
	require.NoError(t, err)
	require.Equal(t, record(e.net, e.batch.X, true), whole)
	a, err := s.Record(t.Context(), Ablate(ofLen(6), DatasetMean, 1), RecordOptions{Branches: true})
	require.NoError(t, err)
	require.True(t, tensor.Equal(whole.State[1], a.State[1]))
	require.True(t, tensor.Equal(whole.Branch[1], a.Branch[1]))
	require.False(t, tensor.Equal(whole.State[2], a.State[2]))
}

func TestStages(t *testing.T) {
	e := zoo()["conv"]
	require.Equal(t, [][]int{{0, 1}, {2, 3}, {4, 5}}, Stages(e.net, e.batch.X.Slice(0, 1)))
	require.Equal(t, []int{2, 3}, DeleteGroups(ofLen(6), Stages(e.net, e.batch.X))[1].Deleted())
	require.Equal(t, []int{3, 4}, DeleteRuns(ofLen(5), 2)[3].Deleted())
	require.Len(t, DeleteRuns(ofLen(5), 2), 4)
}

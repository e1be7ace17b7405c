package unravel

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// rebranched is a net with other branches.
type rebranched struct {
	Network
	branch func(i int, y *autograd.Var) *autograd.Var
}

func (r rebranched) Branch(i int, y *autograd.Var) *autograd.Var { return r.branch(i, y) }

// TestPatchesByDefinition recomputes every patch of every net from the definition: the changed
// input of block j comes from a net whose other branches are constants.
func TestPatchesByDefinition(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			acts := record(e.net, e.batch.X, true)
			s := studyOf(e.net, e.batch)
			patches := AllPatches(ofLen(n))
			require.Len(t, patches, n*(n+1)/2)
			scores, err := s.PatchPaths(context.Background(), Step{Do: Zero}, patches)
			require.NoError(t, err)
			for _, got := range scores {
				frozen := rebranched{e.net, func(i int, _ *autograd.Var) *autograd.Var {
					if i == got.From {
						return autograd.Const(tensor.New(acts.Branch[i].Shape()...))
					}
					return autograd.Const(acts.Branch[i])
				}}
				input := autograd.Const(record(frozen, e.batch.X, false).State[got.To])
				var want *tensor.Tensor
				if got.To == n {
					want = e.net.Head(input).Value()
				} else {
					patched := rebranched{e.net, func(i int, y *autograd.Var) *autograd.Var {
						if i == got.To {
							y = input
						}
						return e.net.Branch(i, y)
					}}
					want = Forward(patched, autograd.Const(e.batch.X)).Value()
				}
				require.InDelta(t, data.ScoreOf(want, e.batch.Labels).LossSum, got.Score.LossSum, 1e-5)
				distance := tensor.Norm(tensor.Sub(nil, want, acts.Logits)) / tensor.Norm(acts.Logits)
				require.InDelta(t, distance, got.Distance, 1e-5)
			}
		})
	}
}

// TestPatchesOfALinearNet: with identity skips and an identity head, the patch to the head removes the
// branch output itself from the logits.
func TestPatchesOfALinearNet(t *testing.T) {
	e := zoo()["linear"]
	n := e.net.Len()
	acts := record(e.net, e.batch.X, true)
	s := studyOf(e.net, e.batch)
	scores, err := s.PatchPaths(context.Background(), Step{Do: Delete}, []Patch{{2, n}, {n - 1, n}})
	require.NoError(t, err)
	for _, got := range scores {
		want := tensor.Norm(acts.Branch[got.From]) / tensor.Norm(acts.Logits)
		require.InDelta(t, want, got.Distance, 1e-5)
	}
	same, err := s.PatchPaths(context.Background(), Step{Do: Keep}, AllPatches(ofLen(n)))
	require.NoError(t, err)
	for _, got := range same {
		require.InDelta(t, 0, got.Distance, 1e-6)
	}
	require.Panics(t, func() { _, _ = s.PatchPaths(context.Background(), Step{}, []Patch{{3, 3}}) })
}

// Patches that a journal holds are not computed again, those of another lesion are.
func TestPatchesAreRemembered(t *testing.T) {
	s, _ := journalled()
	want, err := s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6)))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "patches.jsonl")
	s.opts.Journal = openJournal(t, path, "net 1")
	_, err = s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6))[:9])
	require.NoError(t, err)
	require.NoError(t, s.opts.Journal.Close())
	s.opts.Journal = openJournal(t, path, "net 1")
	require.Equal(t, 2*9, s.opts.Journal.Len())
	got, err := s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6)))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 2*21, s.opts.Journal.Len())

	s.net = &editedNet{blocks: span(0, 6)} // has a length, and computes nothing
	got, err = s.PatchPaths(t.Context(), Step{Do: Zero}, AllPatches(ofLen(6)))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Panics(t, func() { _, _ = s.PatchPaths(t.Context(), Step{Do: BatchMean}, AllPatches(ofLen(6))) })
}

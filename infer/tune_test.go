package infer_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/resnet"
)

// Every algorithm gives what the net gives, whichever was the fastest, and what was measured survives a file.
func TestTunedPrograms(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
		x := nettest.Images(1, 3, 24, 20, 3)
		tuning, err := infer.Tune(context.Background(), net, 3, 24, 20, 3)
		require.NoError(t, err)
		require.Len(t, tuning, 3, "one for each stage: the stem has 3 channels, the others a stride")
		file, err := json.Marshal(tuning)
		require.NoError(t, err)
		for _, algorithm := range []string{"", "direct", "F(4x4, 3x3)", "F(2x2, 3x3)"} {
			var read infer.Tuning
			require.NoError(t, json.Unmarshal(file, &read))
			require.Equal(t, tuning, read)
			for shape := range read {
				if algorithm != "" {
					read[shape] = algorithm
				}
			}
			p, err := read.Compile(net, 3, 24, 20, 3)
			require.NoError(t, err)
			require.Contains(t, p.String(), algorithm)
			requireAgree(t, net, p, x)
		}
	})
}

func TestTuningErrors(t *testing.T) {
	net := nettest.Drawn(t, resnet.Config{Depth: 8, Classes: 10})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := infer.Tune(ctx, net, 3, 24, 20, 3)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, `infer: Tune: node "layer3.0.conv2": `)
	tuning, err := infer.Tune(context.Background(), net, 1, 8, 8, 3)
	require.NoError(t, err)
	for shape := range tuning {
		tuning[shape] = "FFT"
	}
	_, err = tuning.Compile(net, 1, 8, 8, 3)
	require.ErrorContains(t, err, `infer: Tuning.Compile: node "layer3.0.conv2": tuning: "FFT" for "`)
	require.ErrorContains(t, err, `1 images 2x2x64 to 2x2x64": want one of ["direct" "F(2x2, 3x3)" "F(4x4, 3x3)"]`)
}

//go:build !race

package infer_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func TestRunAllocatesNothing(t *testing.T) {
	net := nettest.Drawn(t, resnet.Config{Depth: 20, Classes: 10})
	for name, p := range map[string]*infer.Program{
		"float32": compile(t, net, 5, 32, 32, 3),
		"bytes":   quantize(t, net, nettest.Images(1, 5, 32, 32, 3), infer.Quantization{}),
	} {
		for _, n := range []int{1, 5} {
			x, y := nettest.Images(1, n, 32, 32, 3), tensor.New(n, 10)
			least := 1e9 // pools grow when more workers than ever before work at the same moment, which may be in any call
			for range 5 {
				least = min(least, testing.AllocsPerRun(5, func() { _, _ = p.Run(context.Background(), y, x) }))
			}
			require.Zero(t, least, "%s, %d images", name, n)
		}
	}
}

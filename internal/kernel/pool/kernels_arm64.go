//go:build !purego

package pool

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) [cpu.AVX512 + 1]kernels {
	t := everywhere(generic)
	t[cpu.NEON] = kernels{max: maxWindowsNEON, avg: avgWindowsNEON, maxGrad: maxGradWindowsNEON}
	return t
}

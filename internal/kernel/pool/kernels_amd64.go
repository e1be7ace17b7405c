//go:build !purego

package pool

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) [cpu.AVX512 + 1]kernels {
	t := everywhere(generic)
	t[cpu.AVX2] = kernels{max: maxWindowsAVX2, avg: avgWindowsAVX2, maxGrad: maxGradWindowsAVX2}
	t[cpu.AVX512] = kernels{max: maxWindowsAVX512, avg: avgWindowsAVX512, maxGrad: maxGradWindowsAVX512}
	return t
}

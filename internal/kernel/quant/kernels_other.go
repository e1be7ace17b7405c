//go:build (!amd64 && !arm64) || purego

package quant

import "github.com/residuum-go/residuum/internal/cpu"

func kernelsFor(cpu.Level) *kernels { return generic }

func largest(a, b []uint8) { largestRef(a, b) }

func roundQuads([]uint8, []float32, int, int, Params) int { return 0 }

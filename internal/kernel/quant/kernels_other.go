//go:build !amd64 || purego

package quant

import "github.com/residuum-go/residuum/internal/cpu"

func kernelsFor(cpu.Level) *kernels { return generic }

func largest(a, b []uint8) { largestRef(a, b) }

//go:build purego || !(amd64 || arm64)

package pool

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) [cpu.AVX512 + 1]kernels { return everywhere(generic) }

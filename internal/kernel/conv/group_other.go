//go:build purego || !(amd64 || arm64)

package conv

import "github.com/residuum-go/residuum/internal/cpu"

// groupKernelsFor returns the kernels for so many channels, nil if there are none.
func groupKernelsFor(_ cpu.Level, channels int) *groupKernels {
	if channels >= 4 {
		return genericGroups
	}
	return nil
}

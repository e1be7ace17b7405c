//go:build purego || !(amd64 || arm64)

package conv

// groupLevels are the kernels.
var groupLevels = []*groupKernels{genericGroups}

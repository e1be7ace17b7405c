//go:build !purego

package conv

import "github.com/residuum-go/residuum/internal/cpu"

// groupLevels are the kernels.
var groupLevels = []*groupKernels{
	{
		level: cpu.NEON, lanes: 4, rows: 6, quadRows: 6, taps: 9, quadTaps: 5, page: 1024,
		depthwise:     []func(*groupTile){depthwise1NEON, depthwise2NEON, depthwise3NEON, depthwise4NEON},
		depthwiseGrad: []func(*groupGrad){depthwiseGrad1NEON, depthwiseGrad2NEON},
		quads:         []func(*groupTile){quads1NEON},
		quadsGrad:     []func(*groupGrad){quadsGradNEON},
	},
	genericGroups,
}

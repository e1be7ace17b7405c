//go:build !purego

package conv

import "github.com/residuum-go/residuum/internal/cpu"

// groupLevels are the kernels, the widest vectors first.
var groupLevels = []*groupKernels{
	{
		level: cpu.AVX512, lanes: 16, rows: 6, quadRows: 6, taps: 9, quadTaps: 6, page: 1024,
		depthwise:     []func(*groupTile){depthwise1AVX512, depthwise2AVX512, depthwise3AVX512, depthwise4AVX512},
		depthwiseGrad: []func(*groupGrad){depthwiseGrad1AVX512, depthwiseGrad2AVX512},
		quads:         []func(*groupTile){quads1AVX512, quads2AVX512, quads4AVX512},
		quadsGrad:     []func(*groupGrad){quadsGrad0AVX512, quadsGrad1AVX512, quadsGrad2AVX512, quadsGrad3AVX512},
	},
	{
		level: cpu.AVX2, lanes: 8, rows: 6, quadRows: 3, taps: 9, quadTaps: 3, page: 512,
		depthwise:     []func(*groupTile){depthwise1AVX2, depthwise2AVX2},
		depthwiseGrad: []func(*groupGrad){depthwiseGrad1AVX2},
		quads:         []func(*groupTile){quads1AVX2, quads2AVX2},
		quadsGrad:     []func(*groupGrad){quadsGrad0AVX2, quadsGrad1AVX2},
	},
	genericGroups,
}

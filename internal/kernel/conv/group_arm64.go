//go:build !purego

package conv

import "github.com/residuum-go/residuum/internal/cpu"

// groupKernelsFor returns the kernels of level l for so many channels, nil if they do not fill a vector.
func groupKernelsFor(l cpu.Level, channels int) *groupKernels {
	switch {
	case channels < 4:
		return nil
	case l < cpu.NEON:
		return genericGroups
	}
	return neonGroups
}

var neonGroups = &groupKernels{
	lanes: 4, rows: 6, quadRows: 6,
	depthwise: []func(*groupTile){depthwise1NEON, depthwise2NEON, depthwise3NEON, depthwise4NEON},
	depthwiseGrad: [][]func(*groupGrad){
		{depthwiseGrad1x1NEON, depthwiseGrad1x2NEON, depthwiseGrad1x3NEON, depthwiseGrad1x4NEON, depthwiseGrad1x5NEON},
		{depthwiseGrad2x1NEON, depthwiseGrad2x2NEON, depthwiseGrad2x3NEON, depthwiseGrad2x4NEON, depthwiseGrad2x5NEON},
		{depthwiseGrad3x1NEON, depthwiseGrad3x2NEON, depthwiseGrad3x3NEON, depthwiseGrad3x4NEON, depthwiseGrad3x5NEON},
		{depthwiseGrad4x1NEON, depthwiseGrad4x2NEON, depthwiseGrad4x3NEON, depthwiseGrad4x4NEON, depthwiseGrad4x5NEON},
	},
	quads: []func(*groupTile){quads1NEON},
	quadsGrad: [][]func(*groupGrad){
		{quadsGrad0x1NEON, quadsGrad0x2NEON, quadsGrad0x3NEON, quadsGrad0x4NEON, quadsGrad0x5NEON},
	},
}

//go:build !purego

package conv

import "github.com/residuum-go/residuum/internal/cpu"

// groupKernelsFor returns the kernels with the widest vectors of level l that so many channels fill, nil if there are none.
func groupKernelsFor(l cpu.Level, channels int) *groupKernels {
	switch {
	case l >= cpu.AVX512 && channels >= 16:
		return avx512Groups
	case l >= cpu.AVX2 && channels >= 8:
		return avx2Groups
	case channels >= 4:
		return genericGroups
	}
	return nil
}

var avx512Groups = &groupKernels{
	lanes: 16, rows: 6, quadRows: 6,
	depthwise: []func(*groupTile){depthwise1AVX512, depthwise2AVX512, depthwise3AVX512, depthwise4AVX512},
	depthwiseGrad: [][]func(*groupGrad){
		{depthwiseGrad1x1AVX512, depthwiseGrad1x2AVX512, depthwiseGrad1x3AVX512, depthwiseGrad1x4AVX512, depthwiseGrad1x5AVX512},
		{depthwiseGrad2x1AVX512, depthwiseGrad2x2AVX512, depthwiseGrad2x3AVX512, depthwiseGrad2x4AVX512, depthwiseGrad2x5AVX512},
		{depthwiseGrad3x1AVX512, depthwiseGrad3x2AVX512, depthwiseGrad3x3AVX512, depthwiseGrad3x4AVX512, depthwiseGrad3x5AVX512},
		{depthwiseGrad4x1AVX512, depthwiseGrad4x2AVX512, depthwiseGrad4x3AVX512, depthwiseGrad4x4AVX512, depthwiseGrad4x5AVX512},
	},
	quads: []func(*groupTile){quads1AVX512, quads2AVX512, quads4AVX512},
	quadsGrad: [][]func(*groupGrad){
		{quadsGrad0x1AVX512, quadsGrad0x2AVX512, quadsGrad0x3AVX512},
		{quadsGrad1x1AVX512, quadsGrad1x2AVX512, quadsGrad1x3AVX512},
		{quadsGrad2x1AVX512, quadsGrad2x2AVX512, quadsGrad2x3AVX512},
		{quadsGrad3x1AVX512, quadsGrad3x2AVX512, quadsGrad3x3AVX512},
	},
}

var avx2Groups = &groupKernels{
	lanes: 8, rows: 6, quadRows: 3,
	depthwise: []func(*groupTile){depthwise1AVX2, depthwise2AVX2},
	depthwiseGrad: [][]func(*groupGrad){
		{depthwiseGrad1x1AVX2, depthwiseGrad1x2AVX2, depthwiseGrad1x3AVX2, depthwiseGrad1x4AVX2, depthwiseGrad1x5AVX2},
		{depthwiseGrad2x1AVX2, depthwiseGrad2x2AVX2, depthwiseGrad2x3AVX2, depthwiseGrad2x4AVX2, depthwiseGrad2x5AVX2},
	},
	quads: []func(*groupTile){quads1AVX2, quads2AVX2},
	quadsGrad: [][]func(*groupGrad){
		{quadsGrad0x1AVX2, quadsGrad0x2AVX2, quadsGrad0x3AVX2},
		{quadsGrad1x1AVX2, quadsGrad1x2AVX2, quadsGrad1x3AVX2},
	},
}

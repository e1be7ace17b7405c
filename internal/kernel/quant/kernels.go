package quant

// kernels are the loops of a level.
type kernels struct {
	offset  int32 // what the loops take off each byte of pixels, which the beginning of a sum has to make up for
	heights []height
}

// height is the kernels for tiles of so many rows: pairs computes an even number of panels, single any.
type height struct {
	rows          int
	pairs, single func(*tile)
}

// maxRows is the most rows of a tile.
const maxRows = 12

var generic = &kernels{heights: []height{
	{8, tileRef8, tileRef8},
	{1, tileRef1, tileRef1},
}}

func tileRef8(t *tile) { tileRef(t, 8) }
func tileRef1(t *tile) { tileRef(t, 1) }

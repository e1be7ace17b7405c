package conv

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/vec"
)

// unevenness is the most that the norm of a tile may be, in units of the norm of a window in it.
//
// Let x be the window of an output, its 3 x 3 pixels of all C channels, w the weights of its channel, and ‖·‖ the root
// of the sum of the squares. The direct sum errs by at most 9C u ‖x‖‖w‖, to first order in u = 2^-24. The bound of
// [winograd] is, with the 6 x 6 pixels d of the tile, a sum over channels of bilinear forms in |d_c| and |g_c|, the
// largest of which has the norm 65.6, whence
//
//	|error| <= 66 (C + 20) u ‖d‖‖w‖
//
// So where a tile has a value that is far larger than all that an output depends on, that output loses its digits. A
// tile is even if ‖d‖ <= unevenness ‖x‖ for each output the centre of whose window is in the image; with padding of at
// most 1 that is every output. An image with an uneven tile is computed directly, so
//
//	|error| <= 4200 (C + 20) u ‖x‖‖w‖
//
// which is 470 + 9300/C times the bound of the direct sum. Errors being random, they are less: beside a value that just
// passes, the root mean square of an image's errors is 16 to 60 times the direct sum's, instead of 2 to 4. The weights
// are not looked at: w is all of them, those that meet zeros and padding too.
//
// Images and gradients that occur are even. In ResNet-18 and -20, a plain net of 20 layers and VGG, trained on
// Fashion-MNIST, ‖d‖ is 2 to 15 ‖x‖ at the most uneven place of an ordinary image, and of 35,000 images and gradients
// one had more than 64. What is uneven is images that are zero in all channels in some places, or nearly so.
const unevenness = 64

// quartersEven reports whether tile t is even, from sums over some of its channels, and is the quick way to find out:
// every window has one of the quarters whole. It may be wrong about what is even, but for tiles below 2e-23, whose
// squares are zero in float32, not about what is uneven. If it holds for parts of the channels, it holds for all.
func (p *tilePlan) quartersEven(t int, squares *[8]float32) bool {
	border := squares[4] + squares[5] + squares[6] + squares[7]
	sum := border + squares[0] + squares[1] + squares[2] + squares[3]
	least, unseen := sum*(1./(unevenness*unevenness)), p.unseen[4*t:][:4]
	return squares[0]+unseen[0] >= least && squares[1]+unseen[1] >= least &&
		squares[2]+unseen[2] >= least && squares[3]+unseen[3] >= least &&
		sum <= math.MaxFloat32 && (sum >= 1e-30 || sum == 0)
}

// windowsEven reports whether tile t of image x is even.
func (p *tilePlan) windowsEven(t int, x []float32, channels int) bool {
	var squares [36]float64
	for i, o := range p.in[36*t:][:36] {
		if o >= 0 {
			pixel := x[o:][:channels]
			squares[i] = vec.Dot(pixel, pixel)
		}
	}
	return windowsEven(squares[:], 6, func(a, b int) bool { return p.guarded(t, a, b) })
}

// windowsEven reports whether a tile is even, given the squares of the norms of its pixels, width in a row, and which of the
// outputs, a window for each, are guarded.
func windowsEven(squares []float64, width int, guarded func(a, b int) bool) bool {
	var sum float64
	for _, v := range squares {
		sum += v
	}
	for a := range width - 2 {
		for b := range width - 2 {
			if !guarded(a, b) {
				continue
			}
			var window float64
			for i := a; i < a+3; i++ {
				row := squares[width*i+b:][:3]
				window += row[0] + row[1] + row[2]
			}
			if !(sum <= unevenness*unevenness*window) { // or NaN
				return false
			}
		}
	}
	return true
}

// guarded reports whether output (a, b) of tile t is there and has the centre of its window in the image.
func (p *tilePlan) guarded(t, a, b int) bool {
	return p.out[16*t+4*a+b] >= 0 && p.in[36*t+6*(a+1)+b+1] >= 0
}

// unseenQuarters returns, for each quarter of the middle of tile t, row by row, infinity if no guarded output has it in
// its window and has no other quarter, else 0.
func (p *tilePlan) unseenQuarters(t int) [4]float32 {
	inf := float32(math.Inf(1))
	unseen := [4]float32{inf, inf, inf, inf}
	for a := range 4 {
		for b := range 4 {
			if p.guarded(t, a, b) {
				unseen[a/2*2+b/2] = 0
			}
		}
	}
	return unseen
}

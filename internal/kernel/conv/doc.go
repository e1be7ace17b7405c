// Package conv convolves batches of NHWC images in float32, and computes the gradients with
// respect to the images and to the weights.
//
// With ih = oh*StrideH - PadH + r*DilationH, iw likewise, g = k / (K/Groups), Cg = C/Groups:
//
//	y[n, oh, ow, k] = Σ_{r, s, c} x[n, ih, iw, g*Cg+c] · w[r, s, c, k]
//
// x is zero outside the image. Those zeros take part in [Forward] and, for gradients outside the
// output, in [InputGrad]: an infinite weight makes NaN of the border, as it does in an explicitly
// padded image. [WeightGrad] skips them.
//
// # Ways
//
// Each of the three takes the first that applies (conv.go):
//
//	matrix product  1x1 kernels without padding and groups (pointwise.go). Forward and InputGrad unless they go from many
//	                channels to few, InputGrad without stride only ([Shape].productWins); WeightGrad if there are many
//	                weights, or some and few pixels or a stride (pointwiseGradWins).
//	reference       images beyond the 32-bit offsets of the tables (ref.go).
//	Winograd        3x3 kernels with stride 1, no dilation, no groups, multiples of 16 channels, and outputs that mostly
//	                fill their 4x4 tiles (winograd.go; winogradWins). WeightGrad also wants enough tiles to pay for its 36
//	                sums, and not NEON (winograd_weightgrad.go; winogradGradWins). [SetWinograd] and
//	                RESIDUUM_WINOGRAD=off turn it off; its errors are larger, see the types winograd and winogradGrad
//	                for the bounds, and winograd_even.go for the images that it is not good enough for. Forward and
//	                InputGrad also compute groups of 32 channels so (winograd_group.go).
//	narrow groups   as many input as output channels, of which a group has one, or 4, 8 or 16, in WeightGrad 32 (group.go):
//	                a vector has channels of several groups (group_tile.go, group_grad.go).
//	direct sum      everything else: direct.go along a plan (plan.go), WeightGrad in weightgrad.go along a gradPlan.
//
// Forward and InputGrad look at the shape of one image alone, so that an image has the same bits in every batch.
//
// The direct sums copy nothing into columns and pad nothing: tiles read pixels through a table of offsets
// that depends on the shape alone (M. Dukhan, The Indirect Convolution Algorithm, 2019,
// arXiv:1907.02129), so that any stride, dilation and width runs the same loop. Plans are kept (cache.go).
//
// [Prepare] decides once for weights that do not change, packs or transforms them once, and applies a bias, an addition
// and an activation to each tile (prepared.go). It keeps one form of the weights: Winograd's are turned back for the few
// images that are summed directly (winograd_again.go). Linear layers are 1x1 convolutions of 1x1 images there, and 1x1
// convolutions are direct sums. For one image of few pixels and many channels it takes Winograd's F(2x2, 3x3), which has
// fewer weights to read (winograd_small.go).
//
// # How the work is cut
//
// A piece is what a worker computes at a time, about 2^21 multiply-adds, whose operands stay in the second-level cache.
// Small convolutions are cut finer if there are several workers, whole sums never:
//
//	direct.go               tiles by panels of output channels. When all panels fit the cache, each tile passes over all
//	                        of them, else each panel over all tiles (direct.split).
//	weightgrad.go           strips of pixels by bands of input channels by panels; where dw is small the strips are cut
//	                        into chunks with sums of their own, which are added in order (weightGrad.split).
//	group_tile.go           tiles with all their channels.
//	group_grad.go           bands of channels by chunks of rows, each of which has sums of its own.
//	winograd.go             tiles from input to output, all weights being transformed before, or panels, all inputs
//	                        being transformed before: the smaller operand is shared (manyTiles).
//	winograd_weightgrad.go  units of a band and a panel, for chunks of tiles that are transformed for all; with few
//	                        weights, parts of the tiles with sums of their own (byParts, byChunks).
package conv

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
// Where it is faster, all three use Winograd's algorithm, whose errors are larger: see the types winograd
// and winogradGrad for the bounds. [SetWinograd] and RESIDUUM_WINOGRAD=off turn it off.
//
// Otherwise nothing is copied into columns or padded: the kernels read pixels through a table of offsets
// that depends on the shape alone (M. Dukhan, The Indirect Convolution Algorithm, 2019,
// arXiv:1907.02129), so that any stride, dilation and width runs the same loop.
package conv

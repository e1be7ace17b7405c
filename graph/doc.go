// Package graph holds what a network computes as a list of ops with shapes and parameters.
//
// [Trace] makes a [Graph] of any module by running it; a [Builder] makes one by hand, as a reader of files does. A Graph
// is an nn.Module with the parameters of what it was made of, under the same names, so it evaluates, trains and is saved.
// [Graph.String] lists it as a table, [Graph.DOT] draws it, [Graph.Chain] finds its residual blocks, for package unravel.
//
// Each op gives one value, a [Node]. Parameters and constants are nodes, too. What package autograd computes together, such
// as a batch norm with its ReLU, stands here as ops of their own, which have the same bits. Images are [N, H, W, C] as
// everywhere; a graph holds for any batch size N, but for images of one size.
package graph

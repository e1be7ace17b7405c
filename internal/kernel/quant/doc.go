// Package quant computes convolutions and matrix products of bytes, with exact sums of int32, and what nets of bytes need
// besides: rounding to bytes and back, and pooling.
//
// A byte q stands for the number Scale*(q-Zero), see [Params]; weights are int8 with a scale for each output channel
// (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference").
// Images are [N, H, W, C] with [Pitch] bytes for a pixel, so that four channels are always one word.
//
// # Numbers
//
// A sum of products of bytes is exact. What follows it is float32 arithmetic in which each operation is rounded by itself,
//
//	v = float32(sum)*mul + bias + float32(add)*addMul
//
// then bounds, then rounding to nearest, ties to even. So all levels give the same bits.
//
// # Ways
//
// All convolutions are computed by one loop, a [tile]: some pixels by panels of 16 output channels. Offsets say where each
// pixel finds the pixels of a tap; outside the image it reads a row of zero points. Weights are packed so that a vector
// holds four channels of each of its outputs, which VPDPBUSD and SDOT multiply by a word of the pixel and add up at once.
//
//   - AVX-512 with VNNI: tiles of 12 pixels by two panels, VPDPBUSD.
//   - AVX-VNNI: tiles of 6 pixels by one panel, the same instruction on shorter vectors.
//   - AVX2, and AVX-512 without VNNI: pairs of products of int16, VPMADDWD, since sums of two products of bytes, as
//     VPMADDUBSW makes them, may not fit into int16.
//   - NEON with SDOT (Armv8.2): signed bytes, so pixels become x-128, and the beginning of each sum makes up for it.
//   - elsewhere, also on older arm64, tileRef in plain Go.
package quant

//go:generate go -C ../_asm run ./quant -out ../quant/asm_amd64.s -stubs ../quant/asm_amd64.go -pkg quant
//go:generate go -C ../_asm run ./neon/quant -out ../quant/asm_arm64.s -declarations ../quant/asm_arm64.go

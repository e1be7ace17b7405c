// Package pool holds two-dimensional pooling over images stored as [N, H, W, C].
//
// Each function has a reference, the same name with the suffix Ref, that is plain Go, generic over
// float32 and float64, and compiled everywhere; its text is the definition. Results have the same
// bits for any number of workers.
//
// # Ways
//
// Forward, each output pixel looks at its window of the input; backward, each input pixel looks at the outputs whose
// windows cover it, so that both write every pixel once and no two workers write the same one. A row of pixels is cut
// into runs whose windows have the same number of columns, borders apart (task.findRuns), and a kernel takes a run: one
// of three loops for each level, over pixels, window and vectors of channels (kernels.go). The usual sizes, 2x2 and 3x3
// and the parts of them that cover a pixel backward, have loops without counters.
//
// Dilated windows and the gather of [MaxGather] are plain Go. [GlobalAvg] is a mean of package vec, and [GlobalAvgGrad]
// scales one pixel and copies it to all others.
package pool

// Package gemm multiplies float32 matrices in row-major order.
//
// [Mul] computes
//
//	for i := range m { for j := range n {
//		s := 0
//		for p := range k { s += op(a)(i, p) * op(b)(p, j) }
//		c[i*ldc+j] = s        // or += s
//	}}
//
// where op is the identity or the transpose. A result depends on the operands and the
// instruction-set level, never on the number of workers.
//
// # Ways
//
// A product with one column is first turned round, into one with one row. Then job.multiply chooses, by shape and level:
//
//	dots          b is transposed and a is not, so that both have the sum along their rows, and b would be
//	              transposed for few: m = 1, or m or n up to fewDots and k from longDots on. A few rows of a meet a
//	              few of b.
//	combinations  b is not transposed and is used, or c is written, once or a few times: m up to fewRows or k up to
//	              fewSteps. Whole rows of b are added up, in the order of memory.
//	strips        all else: columns of tiles, whose sums stay in registers ([tile.Strip]).
//
// NEON has strips alone.
//
// # How the work is cut
//
// A piece is what a worker computes at a time: rows and columns of c, and a chunk of k. job.split wants a power of two
// of them, up to 16, none below a few microseconds, and as equal as whole tiles allow; a large a is cut into more, of
// which each fits the second-level cache. Chunks of k have sums of their own, which are added in order. They are for
// long sums into a small c (job.long).
//
// Strips read operands in place or from copies, of which there are two:
//
//	of b  in panels as wide as a tile: when b is transposed, or a piece has more rows than a tile and the panel as it
//	      lies exceeds the first-level cache (job.copiesB). Where a fits half a second-level cache (job.whole), or there
//	      are few rows, each piece copies the panels that it uses; else all panels are copied first, for all pieces
//	      (job.shares).
//	of a  when its rows compete for the same lines of the cache, or it is transposed and large, unless there are few
//	      columns to use the copy (job.copiesA).
package gemm

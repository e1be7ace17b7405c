package conv

import "github.com/residuum-go/residuum/internal/work"

// buffers hold what a piece of work packs for itself.
var buffers work.Pool[[]float32]

// packedXs hold the copies of x of a piece of work.
var packedXs work.Pool[packedX]

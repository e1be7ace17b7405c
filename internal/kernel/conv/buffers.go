package conv

import "github.com/residuum-go/residuum/internal/portions"

// buffers hold what a piece of work packs for itself.
var buffers portions.Pool[[]float32]

// packedXs hold the copies of x of a piece of work.
var packedXs portions.Pool[packedX]

package conv

// Algorithm is a way to compute the convolution of a [Prepared].
type Algorithm int

// The algorithms.
const (
	Direct    Algorithm = iota // a sum over the taps
	Winograd4                  // Winograd's F(4x4, 3x3), 2.25 multiplications for each output and channel
	Winograd2                  // Winograd's F(2x2, 3x3), 4 of them, with smaller weights
)

// Algorithms returns those that can compute convolutions of s, first the one that is expected to be the fastest for
// batches of N; if N is 0, for large ones.
func Algorithms(s Shape) []Algorithm {
	image := s
	image.N = 1
	switch {
	case !Winograd() || !s.winograds() || image.huge():
		return []Algorithm{Direct}
	case !s.winogradWins(false):
		return []Algorithm{Direct, Winograd2, Winograd4}
	case s.smallWins():
		return []Algorithm{Winograd2, Winograd4, Direct}
	}
	return []Algorithm{Winograd4, Winograd2, Direct}
}

// Algorithm returns how p computes images. Single ones may be computed directly nevertheless, see [Prepared].
func (p *Prepared) Algorithm() Algorithm {
	switch {
	case p.small != nil:
		return Winograd2
	case p.tiles != nil:
		return Winograd4
	}
	return Direct
}

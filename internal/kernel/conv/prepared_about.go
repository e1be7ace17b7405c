package conv

// ByWinograd reports whether images are computed by Winograd's algorithm, else by a direct sum.
func (p *Prepared) ByWinograd() bool { return p.tiles != nil }

// Weights returns how many weights there are.
func (p *Prepared) Weights() int { return p.shape.weights() }

// Bytes returns what they take, packed or transformed.
func (p *Prepared) Bytes() int {
	return 4 * (len(p.weights) + len(p.packed) + len(p.tiles) + len(p.groups))
}

package conv

// ByWinograd reports whether images are computed by Winograd's algorithm, else by a direct sum.
func (p *Prepared) ByWinograd() bool { return p.tiles != nil }

// Weights returns how many weights there are.
func (p *Prepared) Weights() int { return p.shape.weights() }

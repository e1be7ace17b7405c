package conv

// Way says how the convolution is computed.
func (p *Prepared) Way() string {
	switch {
	case p.byReference():
		return "reference"
	case p.tiles != nil:
		return "Winograd F(4x4)"
	}
	return "direct"
}

// Numbers returns how many numbers the weights are.
func (p *Prepared) Numbers() int { return len(p.weights) }

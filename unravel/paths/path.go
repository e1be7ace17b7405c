package paths

// Path says for each block whether the path takes its branch (true) or its skip.
type Path []bool

// Length returns the number of branches that the path takes.
func (p Path) Length() int {
	k := 0
	for _, taken := range p {
		if taken {
			k++
		}
	}
	return k
}

// Branches returns the blocks whose branch the path takes, ascending.
func (p Path) Branches() []int {
	blocks := make([]int, 0, len(p))
	for i, taken := range p {
		if taken {
			blocks = append(blocks, i)
		}
	}
	return blocks
}

// String returns the path as one character per block, first block first: f for a branch, - for a skip.
func (p Path) String() string {
	s := make([]byte, len(p))
	for i, taken := range p {
		s[i] = '-'
		if taken {
			s[i] = 'f'
		}
	}
	return string(s)
}

package descend

// Lanes is how many rows or trees go down side by side at best.
const Lanes = 8

// Forest is nodes of trees. From node i, a value below Nodes[i].Cut or NaN leads to First[i], others to First[i]+1. A leaf
// has the Cut NaN and leads to itself.
type Forest struct {
	Nodes []Node
	First []int32
}

// Node says what is compared.
type Node struct {
	Column int32 // where the values of the column begin
	Cut    float32
}

// Rows goes depth steps down from at[i] with the values x[Column+i], for each i, and leaves in at where it came to.
func (f Forest) Rows(at []int32, x []float32, depth int) {
	if depth > 0 && len(at) > 0 {
		f.rows(at, x, depth)
	}
}

// Trees goes depth steps down from at[i] with the values x[Column], for each i, and leaves in at where it came to.
func (f Forest) Trees(at []int32, x []float32, depth int) {
	if depth > 0 && len(at) > 0 {
		f.trees(at, x, depth)
	}
}

func (f Forest) rowsRef(at []int32, x []float32, depth int) {
	for i := range at {
		at[i] = f.down(at[i], x[i:], depth)
	}
}

func (f Forest) treesRef(at []int32, x []float32, depth int) {
	for i := range at {
		at[i] = f.down(at[i], x, depth)
	}
}

func (f Forest) down(at int32, x []float32, depth int) int32 {
	for range depth {
		n := f.Nodes[at]
		at = f.First[at]
		if x[n.Column] >= n.Cut {
			at++
		}
	}
	return at
}

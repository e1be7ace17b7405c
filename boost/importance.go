package boost

// Importance says how much the columns of the inputs were used by trees, see [Ensemble.Importance].
type Importance struct {
	Gain   []float64 // sum of the gains of the splits of each column
	Splits []int     // their number
}

// Importance returns what the columns of the inputs contribute to the trees of the ensemble, zero where there are none.
func (e *Ensemble) Importance() Importance {
	out := Importance{Gain: make([]float64, e.inputs), Splits: make([]int, e.inputs)}
	for _, s := range e.stages {
		t, ok := s.learner.(*trees)
		if !ok {
			continue
		}
		for _, nodes := range t.roots {
			for _, n := range nodes {
				if n.left != 0 {
					out.Gain[n.column] += float64(n.gain)
					out.Splits[n.column]++
				}
			}
		}
	}
	return out
}

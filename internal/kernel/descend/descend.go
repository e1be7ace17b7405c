package descend

// Step is a node of a tree: a row goes to step First if its value of the column is below Cut or NaN, else to the next one.
// That of a leaf has the Cut NaN and leads to itself.
type Step struct {
	Column int32
	Cut    float32
	First  int32
	Value  float32
}

// Ref goes depth steps down from step at[i] with the row rows[i*stride:], for each i, and leaves in at where it came to.
// It defines [Down].
func Ref(steps []Step, at []int32, rows []float32, stride, depth int) {
	for i, node := range at {
		row := rows[i*stride:]
		for range depth {
			s := &steps[node]
			node = s.First
			if row[s.Column] >= s.Cut {
				node++
			}
		}
		at[i] = node
	}
}

// Down goes depth steps down from step at[i] with the row rows[i*stride:], for each i, and leaves in at where it came to.
// A stride of 0 takes one row down several trees. All that steps lead to must be there.
func Down(steps []Step, at []int32, rows []float32, stride, depth int) {
	if depth > 0 {
		down(steps, at, rows, stride, depth)
	}
}

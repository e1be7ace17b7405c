package hist

// search is what a loop looks for the best cut of a column with.
type search struct {
	Cells          []int64
	Bins           int     // a multiple of 4
	Target, Weight float64 // of all rows
	L2, Least      float64
	Counted, Mask  int64      // bits that count, and these bits
	Shift          int64      // what is added to a number so that it is not negative
	Back           float64    // what is subtracted again, behind the counting bits, with 2^52
	Score          [4]float64 // the best of bins i, i+4, ..., at first what there has to be more than
	Bin            [4]float64 // whose it is, at first -1
	At             [4]float64 // 0, 1, 2, 3
}

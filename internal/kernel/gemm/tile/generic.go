package tile

// rowsGo computes a tile of at most 4 x 4 in Go, two rows at a time: eight sums, four elements of B
// and two of A fit in sixteen registers.
func rowsGo(t *Rows) {
	for i := 0; i < t.Rows; i += 2 {
		two := min(i+1, t.Rows-1)
		var s pairSums
		for tap := range t.Taps {
			s.add(t.row(tap, i), t.row(tap, two), 1, t.Inner, t.B[tap*t.Inner*t.LDB:], t.LDB, t.Cols)
		}
		t.put(i, s[0][:t.Cols])
		if two > i {
			t.put(two, s[1][:t.Cols])
		}
	}
}

// put does with the sums of row i what comes after them, and stores the results. An element of Add is read before that of
// C is written, so C may be Add.
func (t *Rows) put(i int, sums []float32) {
	o := t.Out[i]
	c := t.C[o:][:len(sums)]
	for j, v := range sums {
		if t.Acc != 0 {
			v += c[j]
		}
		if t.Bias != nil {
			v += t.Bias[j]
		}
		if t.Add != nil {
			v += t.Add[int(o)+j]
		}
		if t.Bounds >= 1 && v < t.Lo {
			v = t.Lo
		}
		if t.Bounds == 2 && v > t.Hi {
			v = t.Hi
		}
		c[j] = v
	}
}

func (t *Rows) row(tap, i int) []float32 {
	if off := t.Off[tap*t.Rows+i]; off >= 0 {
		return t.A[off:]
	}
	return t.Zero
}

// outerGo computes a tile of at most 4 x 4 in Go.
func outerGo(t *Outer) {
	for i := 0; i < t.Rows; i += 2 {
		two := min(i+1, t.Rows-1)
		var s pairSums
		for g := range t.Segs {
			seg := t.Seg[3*g : 3*g+3]
			a := t.A[seg[0]:]
			s.add(a[i:], a[two:], t.LDA, int(seg[2]), t.B[seg[1]:], t.LDB, t.Cols)
		}
		s.put(0, t.C[i*t.LDC:], t.Cols, t.Acc)
		if two > i {
			s.put(1, t.C[two*t.LDC:], t.Cols, t.Acc)
		}
	}
}

// pairSums is the sums of two rows and four columns.
type pairSums [2][4]float32

// add adds, for n steps, the product of column p*lda of the rows x and y with the row b[p*ldb:].
func (s *pairSums) add(x, y []float32, lda, n int, b []float32, ldb, cols int) {
	if cols < 4 {
		for p := range n {
			for j := range cols {
				s[0][j] += x[p*lda] * b[p*ldb+j]
				s[1][j] += y[p*lda] * b[p*ldb+j]
			}
		}
		return
	}
	x0, x1, x2, x3 := s[0][0], s[0][1], s[0][2], s[0][3]
	y0, y1, y2, y3 := s[1][0], s[1][1], s[1][2], s[1][3]
	for p := range n {
		u, v := x[p*lda], y[p*lda]
		r := b[p*ldb : p*ldb+4]
		x0 += u * r[0]
		x1 += u * r[1]
		x2 += u * r[2]
		x3 += u * r[3]
		y0 += v * r[0]
		y1 += v * r[1]
		y2 += v * r[2]
		y3 += v * r[3]
	}
	s[0] = [4]float32{x0, x1, x2, x3}
	s[1] = [4]float32{y0, y1, y2, y3}
}

// put stores row i of them, or adds it to c.
func (s *pairSums) put(i int, c []float32, cols, acc int) {
	for j, v := range s[i][:cols] {
		if acc != 0 {
			v += c[j]
		}
		c[j] = v
	}
}

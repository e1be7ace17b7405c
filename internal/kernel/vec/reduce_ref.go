package vec

// SumRef is the reference of [Sum].
func SumRef[T Float](a []T) float64 {
	var s float64
	for _, v := range a {
		s += float64(v)
	}
	return s
}

// DotRef is the reference of [Dot].
func DotRef[T Float](a, b []T) float64 {
	var s float64
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return s
}

// MaxOfRef is the reference of [MaxOf].
func MaxOfRef[T Float](a []T) T {
	best := a[0]
	for _, v := range a {
		best = max(best, v)
	}
	return best
}

// MaxIndexRef is the reference of [MaxIndex].
func MaxIndexRef[T Float](a []T) int {
	best := 0
	for i, v := range a {
		if v != v {
			return i
		}
		if v > a[best] {
			best = i
		}
	}
	return best
}

// SumRowsRef is the reference of [SumRows].
func SumRowsRef[T Float](dst, x []T, c int, scale float64) {
	for j := range c {
		var s float64
		for i := j; i < len(x); i += c {
			s += float64(x[i])
		}
		dst[j] = T(s * scale)
	}
}

// MeanGroupsRef is the reference of [MeanGroups].
func MeanGroupsRef[T Float](dst, x []T, groups, rows, c int) {
	for g := range groups {
		SumRowsRef(dst[g*c:(g+1)*c], x[g*rows*c:(g+1)*rows*c], c, 1/float64(rows))
	}
}

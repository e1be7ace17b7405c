package hist

import "math"

// SumBits is how large sums of pairs may be, 2^SumBits in magnitude, for [Layout.BestCut]: a float64 holds them exactly.
const SumBits = 50

// TargetBits is how large the sums above so many bits that count may be.
func TargetBits(counted int) int { return min(61-counted, SumBits) }

// Criterion says what a cut of a column is worth that parts rows with the sums T and W into those on the left and on the
// right: T_l^2/(W_l + L2) + T_r^2/(W_r + L2), if both W are MinWeight at least. All is in units of the sums.
type Criterion struct {
	Target, Weight int64 // T and W of all rows
	L2, MinWeight  float64
	Counted        int // of a cell of one number, how many lower bits are W; the others are T
}

// BestCut returns up to which of the first n bins of a column rows go left in the cut that is worth most, the lowest of
// equals, and its worth, if that is more than least; else -1. No row is in another bin.
func (l Layout) BestCut(cells []int64, n int, c Criterion, least float64) (bin int, worth float64) {
	s := search{
		Cells: cells, Bins: (n + 3) &^ 3,
		Target: float64(c.Target), Weight: float64(c.Weight), L2: c.L2, Least: c.MinWeight,
		Score: [4]float64{least, least, least, least}, Bin: [4]float64{-1, -1, -1, -1}, At: [4]float64{0, 1, 2, 3},
	}
	if l.Numbers == 1 {
		bits := TargetBits(c.Counted) + 1
		s.Counted, s.Mask = int64(c.Counted), 1<<c.Counted-1
		s.Shift, s.Back = 1<<(bits+c.Counted), 0x1p52+math.Ldexp(1, bits)
		searchNumbers(&s)
	} else {
		searchPairs(&s)
	}
	bin, worth = -1, least
	for i, b := range s.Bin {
		if b >= 0 && (s.Score[i] > worth || s.Score[i] == worth && int(b) < bin) {
			bin, worth = int(b), s.Score[i]
		}
	}
	return bin, worth
}

func searchNumbersRef(s *search) {
	sum := int64(0)
	for bin, v := range s.Cells[:s.Bins] {
		sum += v
		s.try(bin, float64(sum>>s.Counted), float64(sum&s.Mask))
	}
}

func searchPairsRef(s *search) {
	target, weight := int64(0), int64(0)
	for bin := range s.Bins {
		target, weight = target+s.Cells[2*bin], weight+s.Cells[2*bin+1]
		s.try(bin, float64(target), float64(weight))
	}
}

// try keeps a cut if it is better. Conversions keep multiplications and additions apart.
func (s *search) try(bin int, tl, wl float64) {
	tr, wr := s.Target-tl, s.Weight-wl
	if !(wl >= s.Least && wr >= s.Least) {
		return
	}
	wl, wr = wl+s.L2, wr+s.L2
	score := (float64(tl*tl*wr) + float64(tr*tr*wl)) / (wl * wr)
	if i := bin % 4; score > s.Score[i] {
		s.Score[i], s.Bin[i] = score, float64(bin)
	}
}

// Divide orders rows so that those whose bin in a column goes left come first, each side in its old order, and returns
// their number. goes has a 1 for bins that go left, else 0. The column is byte k of words. spare is room for as many rows.
// Each row is written to both sides, and stays on the one that moves on: no branch to guess.
func Divide(rows, spare []int32, words []uint64, k int, goes []uint8) (lefts int) {
	if len(rows) == 0 {
		return 0
	}
	lefts = divide(rows, spare[:len(rows)], words, k, (*[Bins]uint8)(goes))
	copy(rows[lefts:], spare)
	return lefts
}

func divideRef(rows, spare []int32, words []uint64, k int, goes *[Bins]uint8) int {
	n, others := 0, 0
	for _, i := range rows {
		left := int(goes[uint8(words[i]>>(8*k))])
		rows[n], spare[others] = i, i
		n, others = n+left, others+1-left
	}
	return n
}

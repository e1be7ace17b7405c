package tile

import (
	"math"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/portions"
)

// StripRows returns how many rows a tile of a [Strip] may have at level l, given its columns: twice as
// many when those take half of the widest tile.
func StripRows(l cpu.Level, cols int) int {
	rows, wide := Size(l)
	if cols <= wide/2 && (l == cpu.AVX2 || l == cpu.AVX512) {
		return 2 * rows
	}
	return rows
}

// stripGo computes a strip with the tiles that level l has. These may read B in whole vectors: where its
// last row is too short for that, what is left of the columns is computed in Go.
func stripGo(s *Strip, l cpu.Level) {
	whole := *s
	vectors := portions.RoundUp(s.Cols, Whole(l))
	if len(s.B) < (s.K-1)*s.LDB+vectors {
		whole.Cols -= s.Cols % Whole(l)
	}
	if whole.Cols > 0 {
		whole.byTiles(l)
	}
	if whole.Cols < s.Cols {
		rest := *s
		rest.Cols, rest.Rows = s.Cols-whole.Cols, 4
		rest.B, rest.C = s.B[whole.Cols:], s.C[whole.Cols:]
		rest.byTiles(cpu.Generic)
	}
}

// byTiles computes a strip tile by tile: by [Rows] when the elements of a row of A are neighbours, else
// by [Outer], for which those of a column must be.
func (s *Strip) byTiles(l cpu.Level) {
	var off, out [6]int32
	tall := s.Rows
	if max(s.RowA, s.LDC) > math.MaxInt32/tall {
		tall = 1 // distances in a tile have 32 bits
	}
	for i := range tall {
		off[i], out[i] = int32(i*s.RowA), int32(i*s.LDC)
	}
	seg := [3]int32{2: int32(s.K)}
	ahead, perTile := s.Ahead, (s.AheadStep*s.K+s.AheadTile)/4
	for i := 0; i < s.M; i += tall {
		rows, a, c := min(tall, s.M-i), s.A[i*s.RowA:], s.C[i*s.LDC:]
		if s.StepA == 1 {
			t := Rows{Rows: rows, Taps: 1, Inner: s.K, Off: off[:], A: a, B: s.B, LDB: s.LDB, Out: out[:], C: c, Cols: s.Cols, Acc: s.Acc,
				Ahead: ahead, AheadStep: s.AheadStep}
			t.Run(l)
		} else {
			t := Outer{Rows: rows, Segs: 1, Seg: seg[:], A: a, B: s.B, LDA: s.StepA, LDB: s.LDB, C: c, LDC: s.LDC, Cols: s.Cols, Acc: s.Acc,
				Ahead: ahead, AheadStep: s.AheadStep}
			t.Run(l)
		}
		ahead = ahead[min(perTile, len(ahead)):]
	}
}

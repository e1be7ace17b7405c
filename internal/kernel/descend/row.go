package descend

const (
	rowLevels = 4  // that a row goes down at once
	rowLanes  = 16 // trees side by side
	rowWidth  = 64 // columns at most
)

// rowTop is the splits of the first levels for loops that keep a row in registers. 16 trees lie together: the first split of
// each, then the second of each and so on, level by level.
type rowTop struct {
	columns []uint8 // their numbers, from 0
	cuts    []float32
	width   int     // of a row
	trees   []int32 // their numbers
}

// newRowTop takes splits as complete lays them out, of at least rowLevels levels. It has none if rows are too wide.
func newRowTop(splits []split, trees, apart int) rowTop {
	const each = 1<<rowLevels - 1
	var r rowTop
	for _, s := range splits[:trees*each] {
		r.width = max(r.width, int(s.column)/apart+1)
	}
	if r.width > rowWidth {
		return rowTop{}
	}
	groups := (trees + rowLanes - 1) / rowLanes
	r.columns, r.cuts = make([]uint8, groups*each*rowLanes), make([]float32, groups*each*rowLanes)
	for t := range trees {
		r.trees = append(r.trees, int32(t))
		for d := range rowLevels {
			for p := range 1 << d {
				s := splits[trees*(1<<d-1)+t<<d+p]
				to := (t/rowLanes*each+1<<d-1+p)*rowLanes + t%rowLanes
				r.columns[to], r.cuts[to] = uint8(int(s.column)/apart), s.cut
			}
		}
	}
	return r
}

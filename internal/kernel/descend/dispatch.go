//go:build (amd64 || arm64) && !purego

package descend

import "github.com/residuum-go/residuum/internal/cpu"

// vectored returns how many of n rows or trees the assembly takes.
func vectored(n int) int {
	if cpu.Active() == cpu.Generic {
		return 0
	}
	return n - n%Lanes
}

func (f *Forest) listRows(at []int32, x []float32, t int) {
	n, depth := vectored(len(at)), f.depths[t]
	if n > 0 {
		done := f.top(f.tops, at[:n], x, t)
		if done > 0 {
			for i, place := range at[:n] {
				at[i] = f.lands[place]
			}
		}
		if done < depth {
			listRowsByLanes(&f.splits[0].column, &f.first[0], &at[0], n, &x[0], depth-done)
		}
	}
	f.listRowsRef(at[n:], x[n:], depth)
}

func (f *Forest) listTrees(at []int32, x []float32) {
	n, done := vectored(len(at)), 0
	if n > 0 {
		if done = f.row.top(at[:n], x, f.apart); done > 0 {
			for i, place := range at[:n] {
				at[i] = f.rowLands[place]
			}
		}
		listTreesByLanes(&f.splits[0].column, &f.first[0], &at[0], n, &x[0], f.depth-done)
	}
	f.listTreesRef(at[n:], x, f.depth)
}

func (f *Forest) completeRows(at []int32, x []float32, t int) {
	n := vectored(len(at))
	if n > 0 {
		done := 0
		if f.depth >= topLevels {
			done = f.top(f.splits, at[:n], x, t)
		}
		if level := f.trees * (1<<done - 1); done < f.depth {
			completeRowsByLanes(&f.splits[level].column, f.trees<<done, &at[0], n, &x[0], f.depth-done)
		}
	}
	f.completeRowsRef(at[n:], x[n:])
}

func (f *Forest) completeTrees(at []int32, x []float32) {
	n := vectored(len(at))
	if n > 0 {
		done := f.row.top(at[:n], x, f.apart)
		if level := f.trees * (1<<done - 1); done < f.depth {
			completeTreesByLanes(&f.splits[level].column, f.trees<<done, &at[0], n, &x[0], f.depth-done)
		}
	}
	f.completeTreesRef(at[n:], x)
}
